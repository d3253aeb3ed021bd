"""Everything the simulator does that Microsoft does not document: what, why, and how good the evidence is.

Code that relies on one carries `[assume: <id>]`; a test keeps both sides complete. Sources: `field` = another public
program or report relies on it, `inferred` = follows from documentation without being said, `chosen` = nothing is known.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Assumption:
    """One thing that only a real tenant can confirm."""

    id: str
    what: str
    why: str
    source: str


ASSUMPTIONS = (
    # tokens and errors
    Assumption(
        "token-messages", "the texts of 401 answers", "seen in public reports; clients must not rely on them", "field"
    ),
    Assumption("foreign-tenant-401", "a token of another tenant is a 401", "one simulator holds one tenant", "chosen"),
    Assumption(
        "methods-denied-code", "403 of method calls has the code accessDenied", "only the text was seen", "field"
    ),
    Assumption(
        "methods-user-404", "method calls for an unknown user say Request_ResourceNotFound", "same family", "inferred"
    ),
    Assumption("wrong-method-405", "a wrong HTTP method is a 405", "HTTP says so", "chosen"),
    Assumption(
        "throttle-body", "method calls use the general body of a 429", "the general throttling page", "inferred"
    ),
    Assumption(
        "method-calls-quota", "method calls have a quota of their own", "two documented limits are candidates", "chosen"
    ),
    # what is refused because Microsoft's metadata does not know it
    Assumption(
        "undeclared-everywhere-400",
        "every body with an undeclared property is a 400 RequestBodyRead",
        "seen for mail and contacts; all these types are closed or judged as if they were",
        "field",
    ),
    Assumption("misfit-codes", "a declared property of a wrong kind is a 400, and its codes", "OData", "inferred"),
    Assumption("query-options-400", "an undocumented system query option is a 400", "OData", "inferred"),
    Assumption(
        "partial-roles",
        "a role for some properties of an object opens all of them",
        "clients here need no more",
        "chosen",
    ),
    # users and delta
    Assumption("replication-404", "a new user answers 404 for a while", "reported by Microsoft support staff", "field"),
    Assumption(
        "skeleton-first", "a new user has no mobilePhone at first", "reported by Microsoft support staff", "field"
    ),
    Assumption("creation-fans-out", "one creation raises about three items", "support answer in a docs issue", "field"),
    Assumption("unknown-select-400", "an unknown name in $select is a 400", "OData", "inferred"),
    Assumption(
        "list-options", "the list takes $select, $top and simple filters only", "clients here need no more", "chosen"
    ),
    Assumption(
        "auth-not-in-delta",
        "changes of methods and MFA state do not surface in delta",
        "no user properties",
        "inferred",
    ),
    Assumption("options-beside-token-400", "options beside a delta token are a 400", "docs only say: do not", "chosen"),
    Assumption(
        "delta-link-spelling", "delta links repeat delta or delta() as it was asked for", "links are opaque", "chosen"
    ),
    Assumption("unreadable-token-400", "a token that cannot be read is a 400", "nothing documented", "chosen"),
    Assumption(
        "expired-token-codes", "410 says resyncRequired, 40x is 400 syncStateNotFound", "docs: '40X', 410", "inferred"
    ),
    # phones
    Assumption(
        "phone-exists-400", "POST of a registered type is a 400", "documented as failing, without a status", "inferred"
    ),
    Assumption(
        "alternate-without-mobile-400", "alternateMobile before mobile is a 400", "failing, no status", "inferred"
    ),
    Assumption("absent-phone-404", "GET, PATCH, DELETE of an absent phone is a 404", "REST habit", "chosen"),
    Assumption(
        "phone-format-400", "a bad number is a 400 badRequest; digits only", "documented as rejected", "inferred"
    ),
    Assumption("phone-type-change-400", "changing phoneType is a 400", "documented as immutable", "inferred"),
    Assumption(
        "unspaced-number-accepted", "plain E.164 is accepted, returned with a space", "two shipping tools", "field"
    ),
    Assumption("any-line-type", "landline and premium numbers are accepted", "no check is documented", "inferred"),
    Assumption(
        "any-target", "app-only writes work on guests and administrators", "limits are for delegated calls", "inferred"
    ),
    Assumption(
        "restricted-unit-403",
        "method and state writes on users in a restricted unit are a 403",
        "docs: application permissions do not apply; methods are not named",
        "inferred",
    ),
    Assumption(
        "agents-have-no-methods",
        "a phone for an agent user is a 400",
        "they cannot have factors; no status",
        "inferred",
    ),
    Assumption(
        "delete-default-400", "default or mobile beside others cannot be deleted", "two vendors' notes", "field"
    ),
    Assumption(
        "sms-sign-in-409-saved", "409 phoneNumberNotUnique, yet the phone is saved", "a runbook's comment", "field"
    ),
    Assumption("masked-form", "a masked number keeps its last two digits", "docs: masked, without a sample", "chosen"),
    Assumption("phone-read-lag", "phoneMethods may lag behind writes", "eventual consistency elsewhere", "inferred"),
    Assumption("auth-writes-notify", "method and state writes raise `updated`", "the careful assumption", "chosen"),
    # MFA state and preferences
    Assumption("bad-mfa-state-400", "an unknown perUserMfaState is a 400", "nothing documented", "chosen"),
    Assumption(
        "promotion-at-once", "enabled turns into enforced at once, any phone counts", "no delay documented", "inferred"
    ),
    Assumption(
        "preferred-unregistered-400", "preferring an unregistered method is a 400", "nothing documented", "chosen"
    ),
    Assumption(
        "system-preferred-per-user", "isSystemPreferred… can be patched per user", "listed as updatable", "inferred"
    ),
    Assumption(
        "role-filters",
        "role lists filter by eq on principal, role or group only",
        "clients here need no more",
        "chosen",
    ),
    Assumption(
        "role-list-top", "role lists take $top, which their pages do not name", "a dozen public programs do so", "field"
    ),
    Assumption(
        "role-quota", "all of role management shares one quota and PIM's 429", "seen for PIM policies only", "inferred"
    ),
    Assumption(
        "group-eligibility-filter-400",
        "eligibilities of groups without a filter are a 400",
        "docs: requires",
        "inferred",
    ),
    Assumption(
        "no-licence-forms",
        "the missing licence may also come in another case or wrapped",
        "as its 403 is",
        "inferred",
    ),
    Assumption(
        "group-filters", "groups filter by isAssignableToRole eq true without more", "public tools do so", "field"
    ),
    Assumption(
        "state-unavailable", "requirements or preferences may be a 400 or 404 for some users", "back end", "chosen"
    ),
    Assumption(
        "no-licence-400", "without P2 eligibilities are a 400 AadPremiumLicenseRequired", "several tools' code", "field"
    ),
    Assumption("ordinary-groups-null", "isAssignableToRole is null for ordinary groups", "samples in docs", "field"),
    Assumption(
        "derived-select", "$select works on memberships without a cast", "two public tools and a runbook do so", "field"
    ),
    # subscriptions and notifications
    Assumption(
        "created-in-a-list", "created is accepted beside others and never fires", "one author's answer", "field"
    ),
    Assumption(
        "filtered-resource-400", "users?$filter=… is refused as resource", "not in the supported list", "inferred"
    ),
    Assumption("loopback-http", "http is fine on loopback", "the simulator has no certificates", "chosen"),
    Assumption(
        "long-client-state-400", "clientState over 128 characters is a 400", "only the limit is known", "inferred"
    ),
    Assumption(
        "expiry-cap-code", "too long a life is ExtensionError for users as well", "seen for other resources", "field"
    ),
    Assumption("past-expiry-400", "an end in the past is a 400", "nothing documented", "chosen"),
    Assumption(
        "handshake-content-type-checked", "an answer that is not text/plain fails", "docs demand text/plain", "inferred"
    ),
    Assumption(
        "twin-code", "the 409 of a twin is ObjectIdentifierInUse, for users as well", "seen for another one", "field"
    ),
    Assumption(
        "subscription-reads-denied", "without the role reads of subscriptions are the usual 403", "REST habit", "chosen"
    ),
    Assumption(
        "twin-normalised", "users and /users, and any order of types, are the same", "the stricter guess", "chosen"
    ),
    Assumption("unknown-subscription-404", "an unknown, expired or foreign id is a 404", "REST habit", "inferred"),
    Assumption(
        "get-hides-client-state", "GET by id and PATCH hide clientState like the list", "the stricter guess", "chosen"
    ),
    Assumption(
        "patch-other-fields-400", "PATCH of other fields is a 400", "lifecycle URL cannot be changed", "inferred"
    ),
    Assumption("patched-url-revalidated", "a patched notificationUrl is proved again", "nothing documented", "chosen"),
    Assumption("reauthorize-204", "reauthorize answers 204", "docs: 2xx", "chosen"),
    Assumption(
        "challenge-before-end", "reauthorizationRequired comes 15 minutes before the end", "docs: repeats", "inferred"
    ),
    Assumption("user-payload-shape", "the fields of an item about a user", "one captured payload of 2019", "field"),
    Assumption(
        "lifecycle-payload-shape",
        "lifecycle items about users are sent like those about mail: organizationId, no tenantId",
        "four reports from 2023 to 2026, none of them about users",
        "field",
    ),
    Assumption("retry-schedule", "retries start at 10 s and double", "docs: exponential, up to 4 h", "inferred"),
    Assumption("endpoint-state-samples", "ten answers before an endpoint is judged", "no number documented", "chosen"),
    # batch
    Assumption("batch-refusals", "what makes a whole batch a 400, and the codes", "general knowledge", "inferred"),
    Assumption("batch-424", "a failed dependency is an inner 424", "general knowledge", "inferred"),
)
"""All of them, grouped as the rooms are."""
