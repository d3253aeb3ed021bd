"""Assumptions about phone methods."""

from dev.graph_simulator.assumed.assumption import UNKNOWN, Assumption

_POST = "https://learn.microsoft.com/graph/api/authentication-post-phonemethods"
_UPDATE = "https://learn.microsoft.com/graph/api/phoneauthenticationmethod-update"
_RUNBOOK = "github.com/realmjoin/realmjoin-runbooks user/security/set-or-remove-mobile-phone-MFA.ps1"
_HELLOID = "github.com/Tools4everBV/HelloID-Conn-Prov-Target-EntraID"
_HAMILTON = "https://github.com/manicminer/hamilton/pull/89"

PHONES = (
    Assumption(
        id="documented-phone-body-201",
        what="a phone body of exactly `phoneNumber` and `phoneType` is a 201 with the phone",
        why="the page shows it",
        source=_POST,
        if_wrong="Every first fill fails and every user parks as `graphRefused`; the MFA state is never set.",
        check="phone-bodies",
        simulated=False,
    ),
    Assumption(
        id="undeclared-property-400",
        what="a property that the type does not declare is a 400, also when it is null",
        why="the types are closed in the metadata; Graph refused `OdataType` in another type's body",
        source="field: https://github.com/microsoftgraph/msgraph-sdk-python/issues/440",
        if_wrong="Nothing: the app sends declared properties only.",
        check="phone-bodies",
        simulated=False,
    ),
    Assumption(
        id="odata-type-in-method-body-400",
        what="`@odata.type` in the body of an authentication method is a 400, `Unable to parse request body`",
        why="reported for email methods, which the same back end serves",
        source="field: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1901",
        if_wrong="Nothing: the app does not send it.",
        check="phone-bodies",
        simulated=False,
    ),
    Assumption(
        id="phone-exists-400",
        what="a POST for a type that is registered already is a 400",
        why="documented as failing, without a status",
        source=f"inferred: {_POST}",
        if_wrong="Nothing for the user: every answer to a write is judged by reading the phone back. Another 4xx or a "
        "5xx only changes the word in the history.",
        check="phone-second",
    ),
    Assumption(
        id="alternate-without-mobile-400",
        what="an alternate mobile phone before a mobile one is a 400",
        why="documented as failing, without a status",
        source=f"inferred: {_POST}",
        if_wrong="Nothing: the app writes mobile phones only.",
        check="phone-alternate-first",
    ),
    Assumption(
        id="absent-phone-404",
        what="GET, PATCH and DELETE of a phone type that is not registered are a 404",
        why="the habit of such interfaces",
        source=UNKNOWN,
        if_wrong="PATCH is the app's way to change a number that it has just read. If the person removed it in "
        "between and PATCH creates it anew, a removed phone comes back; with any 4xx the look is repeated and finds "
        "it removed.",
        check="phone-absent",
    ),
    Assumption(
        id="phone-format-400",
        what="text that is not `+`, country code and digits is a 400; the code is not known",
        why="documented as rejected, without a status",
        source="inferred: "
        "https://learn.microsoft.com/entra/identity/authentication/concept-authentication-phone-options",
        if_wrong="Nothing: the app sends numbers that libphonenumber has formatted.",
        check="phone-formats",
    ),
    Assumption(
        id="national-zero-kept",
        what="a number with the national zero after the country code is accepted and returned as it is",
        why="another client's acceptance tests store one",
        source=f"field: {_HAMILTON}",
        if_wrong="Nothing: the app compares numbers without spelling, and never writes that zero.",
        check="phone-formats",
        simulated=False,
    ),
    Assumption(
        id="unspaced-number-accepted",
        what="plain E.164 is accepted, and returned with a space after the country code",
        why="two shipping tools write it so",
        source=f"field: {_RUNBOOK}, {_HELLOID}",
        if_wrong="Nothing: the app writes the space and compares without it.",
        check="phone-unspaced",
    ),
    Assumption(
        id="unspaced-number-hidden",
        what="a phone that was stored without the space is in the list like any other",
        why="a report of 2022 says that such phones were hidden until they were saved anew (Azure AD B2C)",
        source="field: https://github.com/microsoftgraph/microsoft-graph-docs/issues/16571 (against it)",
        if_wrong="The list is empty although a phone exists: the app tries a first fill over it, POST fails, and the "
        "user parks as `graphRefused` with the MFA state untouched.",
        check="phone-unspaced",
        simulated=False,
    ),
    Assumption(
        id="any-line-type",
        what="landline and premium numbers are accepted as `mobile`",
        why="no check at registration is documented",
        source=f"inferred: {_POST}",
        if_wrong="Nothing: the app refuses such numbers itself (`notMobile`).",
        check="phone-line-types",
    ),
    Assumption(
        id="phone-type-change-400",
        what="changing the type of a phone is a 400",
        why="documented as immutable",
        source=f"inferred: {_UPDATE}",
        if_wrong="Nothing: the app sends the type that the phone has.",
        check="phone-type-change",
    ),
    Assumption(
        id="phone-type-null",
        what="the mobile phone is listed with its fixed id and the phoneType `mobile`",
        why="the resource page lists the ids",
        source="https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod",
        if_wrong="Nothing: the app knows the mobile phone by its fixed id, whatever the type says.",
        check="phone-list",
        simulated=False,
    ),
    Assumption(
        id="app-only-unmasked",
        what="an application reads complete phone numbers",
        why="tools compare complete numbers; masking is only known for some delegated roles",
        source=f"field: {_HELLOID}",
        if_wrong="A masked number differs from the directory's: the user ends as `differs`, and the number that the "
        "app wrote is not recognised as its own. The MFA state is still set, because a phone is there.",
        check="phone-list",
        simulated=False,
    ),
    Assumption(
        id="masked-form",
        what="where a number is masked, its last two digits are kept",
        why="the page says masked and shows no sample",
        source=UNKNOWN,
        if_wrong="Nothing: the app never compares a masked number with part of another.",
        unchecked="only some persons' roles see masked numbers; applications see none",
    ),
    Assumption(
        id="any-target",
        what="app-only writes work on guests, and on administrators outside restricted management administrative units",
        why="the page ties limits by role to delegated calls only; restricted units are another rule",
        source=f"inferred: {_POST}",
        if_wrong="Where guests are included, each of them parks as `notAllowed` or `graphRefused`.",
        check="guest",
    ),
    Assumption(
        id="delete-default-400",
        what="the mobile phone cannot be deleted while an alternate one is registered, nor the default one beside "
        "others",
        why="notes of two vendors",
        source=f"field: {_HELLOID}",
        if_wrong="Nothing: the app deletes no method.",
        check="phone-delete-beside",
    ),
    Assumption(
        id="sms-sign-in-409-saved",
        what="409 `phoneNumberNotUnique` for a number that signs another user in; the phone is saved all the same",
        why="a comment in a shipping runbook",
        source=f"field: {_RUNBOOK}",
        if_wrong="Nothing: the write is judged by reading back. A phone that was not saved is tried seven times and "
        "parks.",
        unchecked="needs a change of the tenant's SMS sign-in policy and a second user",
    ),
    Assumption(
        id="phone-read-lag",
        what="a phone that was written shows within five minutes",
        why="reads lag behind writes elsewhere in the directory, without a bound",
        source="inferred: "
        "https://devblogs.microsoft.com/identity/designing-for-eventual-consistency-for-microsoft-entra/",
        if_wrong="A number that shows later than five minutes after it was accepted counts as removed by a person: "
        "`removedByHuman`, and the MFA state is not set until an operator clears the user.",
        check="phone-lag",
    ),
    Assumption(
        id="auth-writes-notify",
        what="a write to methods or to the MFA state raises `updated` for the user",
        why="the careful assumption",
        source=UNKNOWN,
        if_wrong="Nothing: a second look finds nothing to do, and without a notification there is none.",
        check="write-notifications",
    ),
)
