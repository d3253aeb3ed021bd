"""Graph as it would be if an assumption were wrong: one entry for each assumption that can be turned round.

What `dev.verify_tenant` calls "as assumed" here is only worth something if it says "different" there. Set through
/sim/flips; nothing is flipped unless a test asks for it. A flip changes answers, and as little else as possible.
"""

import base64
import json
import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from urllib.parse import unquote

from dev.graph_simulator.administration import administered
from dev.graph_simulator.directory import lookup
from dev.graph_simulator.errors import error_body
from dev.graph_simulator.exchange import GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.tenant import Tenant

type Rules = Callable[[], Awaitable[GraphResponse]]
type Fits = Callable[[Tenant, GraphRequest], bool]
type Otherwise = Callable[[Tenant, GraphRequest, GraphResponse], GraphResponse]


@dataclass(frozen=True, slots=True)
class Flip:
    """One assumption turned round. `instead`: the rules are not asked, so that nothing is done either."""

    fits: Fits
    otherwise: Otherwise
    instead: bool = False


async def answered(tenant: Tenant, request: GraphRequest, rules: Rules) -> GraphResponse:
    """The answer of the rules, or of an administrator's address, turned round where that was asked for."""
    active = [FLIPS[name] for name in sorted(tenant.flipped)]
    for flip in active:
        if flip.instead and flip.fits(tenant, request):
            return flip.otherwise(tenant, request, GraphResponse(0))
    answer = administered(tenant, request) or await rules()
    for flip in active:
        if not flip.instead and flip.fits(tenant, request):
            answer = flip.otherwise(tenant, request, answer)
    return answer


def known_flips(names: Iterable[str]) -> frozenset[str]:
    """The names, if all of them are known; ValueError says which are."""
    asked = frozenset(names)
    unknown = sorted(asked - FLIPS.keys())
    if unknown:
        raise ValueError(f"unknown flips {unknown}; known are {sorted(FLIPS)}")
    return asked


# --- which requests --------------------------------------------------------------------------------------------------


def _at(method: str, pattern: str, *conditions: Callable[[GraphRequest], bool]) -> Fits:
    """Requests of a method whose path, without the version, fits a pattern, and whose body fits the conditions."""
    compiled = re.compile(pattern, re.IGNORECASE)

    def fits(tenant: Tenant, request: GraphRequest) -> bool:
        del tenant
        here = request.method == method and compiled.fullmatch(unquote(request.path)) is not None
        return here and all(condition(request) for condition in conditions)

    return fits


def _type_is(phone_type: str) -> Callable[[GraphRequest], bool]:
    return lambda request: request.fields().get("phoneType") == phone_type


def _number_fits(pattern: str) -> Callable[[GraphRequest], bool]:
    return lambda request: _is(pattern, request.fields().get("phoneNumber"))


def _has(name: str, pattern: str = ".*") -> Callable[[GraphRequest], bool]:
    return lambda request: name in request.fields() and _is(pattern, request.fields()[name])


def _asks(name: str, pattern: str = ".*") -> Callable[[GraphRequest], bool]:
    return lambda request: name in request.query and _is(pattern, request.query[name])


def _is(pattern: str, value: object) -> bool:
    return re.fullmatch(pattern, str(value)) is not None


def _holds_only(*names: str) -> Callable[[GraphRequest], bool]:
    return lambda request: set(request.fields()) <= set(names)


def _is_text(name: str) -> Callable[[GraphRequest], bool]:
    return lambda request: isinstance(request.fields().get(name), str)


def _not(condition: Callable[[GraphRequest], bool]) -> Callable[[GraphRequest], bool]:
    return lambda request: not condition(request)


def _of_user(life: str, fits: Fits) -> Fits:
    """Only requests about a user in this state of life; `none`: about an unknown one."""

    def both(tenant: Tenant, request: GraphRequest) -> bool:
        user = lookup(tenant, request.params.get("user", ""))
        return (user.life if user else "none") == life and fits(tenant, request)

    return both


# --- which answers ---------------------------------------------------------------------------------------------------


def _refusal(status: int, code: str) -> Otherwise:
    """Another refusal."""

    def otherwise(tenant: Tenant, request: GraphRequest, answer: GraphResponse) -> GraphResponse:
        del answer
        body = error_body(code, "Turned round by a test.", request.request_id, request.request_id, tenant.now())
        return GraphResponse(status, body)

    return otherwise


def _where_refused(status: int, code: str, seen: int = 400) -> Otherwise:
    """Another refusal in place of one that the rules gave."""

    def otherwise(tenant: Tenant, request: GraphRequest, answer: GraphResponse) -> GraphResponse:
        return _refusal(status, code)(tenant, request, answer) if answer.status == seen else answer

    return otherwise


def _other_code(seen: str, code: str) -> Otherwise:
    """Another code in place of one that came with a 400."""

    def otherwise(tenant: Tenant, request: GraphRequest, answer: GraphResponse) -> GraphResponse:
        fits = answer.status == 400 and (answer.body or {}).get("error", {}).get("code") == seen
        return _refusal(400, code)(tenant, request, answer) if fits else answer

    return otherwise


def _body(change: Callable[[Tenant, GraphRequest, JsonObject], JsonObject]) -> Otherwise:
    """Another body of a good answer."""

    def otherwise(tenant: Tenant, request: GraphRequest, answer: GraphResponse) -> GraphResponse:
        good = 200 <= answer.status < 300 and answer.body is not None
        return replace(answer, body=change(tenant, request, dict(answer.body or {}))) if good else answer

    return otherwise


def _status(status: int) -> Otherwise:
    def otherwise(tenant: Tenant, request: GraphRequest, answer: GraphResponse) -> GraphResponse:
        del tenant, request
        return replace(answer, status=status) if answer.status < 400 else answer

    return otherwise


def _items(change: Callable[[JsonObject], JsonObject]) -> Otherwise:
    """Another form of every item of a list."""
    return _plain(lambda body: body | {"value": [change(dict(item)) for item in body["value"]]})


def _plain(change: Callable[[JsonObject], JsonObject]) -> Otherwise:
    """Another body, whatever was asked."""

    def otherwise(tenant: Tenant, request: GraphRequest, body: JsonObject) -> JsonObject:
        del tenant, request
        return change(body)

    return _body(otherwise)


def _masked(item: JsonObject) -> JsonObject:
    return item | {"phoneNumber": "+XX XXXXXXXX" + str(item["phoneNumber"])[-2:]}


def _inner(code: int, seen: int) -> Otherwise:
    """Another status of the parts of a batch."""

    def change(tenant: Tenant, request: GraphRequest, body: JsonObject) -> JsonObject:
        del tenant, request
        parts = [part | {"status": code if part["status"] == seen else part["status"]} for part in body["responses"]]
        return body | {"responses": parts}

    return _body(change)


def _with_written(tenant: Tenant, request: GraphRequest, body: JsonObject) -> JsonObject:
    """A delta that also shows whose phones have changed since the link was made."""
    token = request.query.get("$deltatoken", "latest")
    if token == "latest":  # noqa: S105  (a word of the delta query)
        return body
    issued = float(json.loads(base64.urlsafe_b64decode(token))[1])
    written = [user for user in tenant.users.values() if user.earlier_phones and user.earlier_phones[-1][0] > issued]
    return body | {"value": [*body["value"], *({"id": user.id} for user in written if user.life == "active")]}


def _without_restored(tenant: Tenant, request: GraphRequest, body: JsonObject) -> JsonObject:
    """A delta that keeps quiet about who was restored."""
    del request
    restored = {user.id for user in tenant.users.values() if user.life == "active" and user.life_sequence}
    return body | {"value": [item for item in body["value"] if item["id"] not in restored]}


def _client_state(tenant: Tenant, request: GraphRequest, body: JsonObject) -> JsonObject:
    found = tenant.subscriptions.get(request.params["subscription"].casefold())
    return body | {"clientState": found.client_state if found else None}


def _other_host(tenant: Tenant, request: GraphRequest, body: JsonObject) -> JsonObject:
    del tenant
    link = body.get("@odata.nextLink")
    return body | ({"@odata.nextLink": link.replace(request.base_url, "https://other.example")} if link else {})


def _created(tenant: Tenant, request: GraphRequest, answer: GraphResponse) -> GraphResponse:
    """A subscription that is said to be made, and is not."""
    del answer
    return GraphResponse(201, {**request.fields(), "id": tenant.new_id()})


def _accepted(tenant: Tenant, request: GraphRequest, answer: GraphResponse) -> GraphResponse:
    """A good answer to something that was not done."""
    del tenant, answer
    return GraphResponse(200, {**request.fields()})


def _nothing(tenant: Tenant, request: GraphRequest, answer: GraphResponse) -> GraphResponse:
    del tenant, request, answer
    return GraphResponse(204)


# --- the table -------------------------------------------------------------------------------------------------------

_USER = r"/users/[^/]+"
_PHONES = rf"{_USER}/authentication/phoneMethods"
_PHONE = rf"{_PHONES}/[^/]+"
_OFFICE = rf"{_PHONES}/e37fc753-ff3b-4958-9484-eaa9425c82bc"
_REQUIREMENTS = rf"{_USER}/authentication/requirements"
_PREFERENCES = rf"{_USER}/authentication/signInPreferences"
_SUBSCRIPTION = r"/subscriptions/[^/]+"
_DELTA = r"/users/delta"
_SPACED = r"\+[1-9][0-9]{0,2} [0-9]{4,14}"
_UNSPACED = r"\+[1-9][0-9]{6,14}"
_ZERO = r"\+[1-9][0-9]{0,2} 0[0-9]+"
_NO_MOBILE = r"\+(49 30|44 90)[0-9]+"
_GOOD_NUMBER = rf"{_SPACED}|{_UNSPACED}"

FLIPS: dict[str, Flip] = {
    # errors
    "token-messages": Flip(_at("GET", _USER), _where_refused(401, "AuthenticationError", seen=401)),
    "methods-user-404": Flip(_of_user("none", _at("GET", rf"{_USER}/.*")), _where_refused(404, "NotFound", seen=404)),
    "misfit-codes": Flip(_at("POST", _PHONES, _not(_is_text("phoneNumber"))), _where_refused(422, "invalid")),
    "wrong-method-405": Flip(_at("PUT", _PHONES), _where_refused(501, "NotImplemented", seen=405)),
    # users and delta
    "replication-404": Flip(_of_user("active", _at("GET", _USER)), _where_refused(404, "ResourceNotFound", seen=404)),
    "unknown-select-400": Flip(_at("GET", _USER, _asks("$select", ".*noSuch.*")), _accepted, instead=True),
    "next-link-host": Flip(_at("GET", "/users"), _body(_other_host)),
    "soft-deleted-404": Flip(_of_user("softDeleted", _at("GET", _USER)), _where_refused(410, "Gone", seen=404)),
    "options-beside-token-400": Flip(
        _at("GET", _DELTA, _asks("$select"), _not(_asks("$deltatoken", "latest"))), _where_refused(409, "Conflict")
    ),
    "unreadable-token-400": Flip(
        _at("GET", _DELTA, _asks("$deltatoken", "no-.*")), _where_refused(410, "resyncRequired")
    ),
    "auth-not-in-delta": Flip(_at("GET", _DELTA), _body(_with_written)),
    "restore-in-delta": Flip(_at("GET", _DELTA), _body(_without_restored)),
    # phones
    "phone-exists-400": Flip(
        _at("POST", _PHONES, _type_is("mobile"), _number_fits(_SPACED), _holds_only("phoneNumber", "phoneType")),
        _where_refused(409, "conflict"),
    ),
    "alternate-without-mobile-400": Flip(
        _at("POST", _PHONES, _type_is("alternateMobile")), _where_refused(422, "unprocessable")
    ),
    "absent-phone-404": Flip(_at("DELETE", _OFFICE), _nothing, instead=True),
    "phone-format-400": Flip(
        _at("POST", _PHONES, _is_text("phoneNumber"), _not(_number_fits(_GOOD_NUMBER))), _where_refused(422, "invalid")
    ),
    "national-zero-kept": Flip(_at("POST", _PHONES, _number_fits(_ZERO)), _refusal(400, "invalid"), instead=True),
    "unspaced-number-accepted": Flip(
        _at("POST", _PHONES, _number_fits(_UNSPACED)), _refusal(400, "invalid"), instead=True
    ),
    "any-line-type": Flip(_at("POST", _PHONES, _number_fits(_NO_MOBILE)), _refusal(400, "invalid"), instead=True),
    "phone-type-change-400": Flip(_at("PATCH", _PHONE, _type_is("office")), _where_refused(409, "conflict")),
    "phone-type-null": Flip(_at("GET", _PHONES), _items(lambda item: item | {"phoneType": None})),
    "app-only-unmasked": Flip(_at("GET", _PHONES), _items(_masked)),
    "delete-default-400": Flip(_at("DELETE", _PHONE), _where_refused(409, "conflict")),
    # MFA state and preferences
    "bad-mfa-state-400": Flip(
        _at("PATCH", _REQUIREMENTS, _has("perUserMfaState", "sometimes")), _where_refused(422, "invalid")
    ),
    "promotion-at-once": Flip(
        _at("GET", _REQUIREMENTS),
        _plain(
            lambda body: body | ({"perUserMfaState": "enabled"} if body.get("perUserMfaState") == "enforced" else {})
        ),
    ),
    "preferred-unregistered-400": Flip(_at("PATCH", _PREFERENCES), _where_refused(404, "notFound")),
    "system-preferred-per-user": Flip(
        _at("GET", _PREFERENCES),
        _plain(lambda body: body | {"isSystemPreferredAuthenticationMethodEnabled": True}),
    ),
    # groups and roles
    "role-404-not-user": Flip(
        _at("GET", "/roleManagement/directory/roleAssignments", _asks("$filter")),
        _refusal(404, "ResourceNotFound"),
        instead=True,
    ),
    "group-check-permission": Flip(
        _at("POST", rf"{_USER}/checkMemberGroups", _holds_only("groupIds")),
        _refusal(404, "Request_ResourceNotFound"),
        instead=True,
    ),
    "derived-select": Flip(_at("GET", rf"{_USER}/transitiveMemberOf"), _refusal(400, "BadRequest"), instead=True),
    # subscriptions
    "created-refused": Flip(_at("POST", "/subscriptions", _has("changeType", "created")), _created, instead=True),
    "filtered-resource-400": Flip(
        _at("POST", "/subscriptions", _has("resource", ".*filter.*")), _created, instead=True
    ),
    "long-client-state-400": Flip(
        _at("POST", "/subscriptions", _has("clientState", "x{129,}")), _created, instead=True
    ),
    "expiry-cap-code": Flip(_at("POST", "/subscriptions"), _other_code("ExtensionError", "InvalidRequest")),
    "created-in-a-list": Flip(
        _at("POST", "/subscriptions", _has("changeType", "created,updated")),
        _refusal(400, "InvalidRequest"),
        instead=True,
    ),
    "twin-normalised": Flip(_at("POST", "/subscriptions", _has("resource", "/users")), _created, instead=True),
    "unknown-subscription-404": Flip(_at("GET", _SUBSCRIPTION), _where_refused(410, "Gone", seen=404)),
    "get-hides-client-state": Flip(_at("GET", _SUBSCRIPTION), _body(_client_state)),
    "patch-other-fields-400": Flip(
        _at("PATCH", _SUBSCRIPTION, _has("lifecycleNotificationUrl")), _accepted, instead=True
    ),
    "patched-url-revalidated": Flip(_at("PATCH", _SUBSCRIPTION, _has("notificationUrl")), _accepted, instead=True),
    "reauthorize-204": Flip(_at("POST", rf"{_SUBSCRIPTION}/reauthorize"), _status(202)),
    # batch
    "batch-refusals": Flip(_at("POST", r"/\$batch"), _where_refused(413, "TooLarge")),
    "batch-424": Flip(_at("POST", r"/\$batch"), _inner(400, seen=424)),
}
"""By the id of the assumption."""
