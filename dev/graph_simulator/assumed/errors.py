"""Assumptions about tokens, refusals and throttling."""

from dev.graph_simulator.assumed.assumption import UNKNOWN, Assumption

ERRORS = (
    Assumption(
        id="token-messages",
        what="a request without a token is a 401 `InvalidAuthenticationToken` `Access token is empty.`; a token "
        "without dots is the same code with a text that begins with `IDX14100`",
        why="seen in public reports; clients must not rely on the texts",
        source="field: https://github.com/microsoftgraph/msgraph-sdk-powershell/issues/2731, "
        "https://github.com/MaikuB/flutter_appauth/issues/575",
        if_wrong="Nothing: any 401 or 403 is `notAllowed`, is tried seven times in about 50 minutes, and parks the "
        "user.",
        check="bad-token",
    ),
    Assumption(
        id="foreign-tenant-401",
        what="a token of another tenant is a 401",
        why="one simulator holds one tenant",
        source=UNKNOWN,
        if_wrong="Nothing: the app has one identity in one tenant.",
        unchecked="needs a token of a second tenant",
    ),
    Assumption(
        id="methods-denied-code",
        what="without the permission, method calls are a 403 `accessDenied`, `Request Authorization failed`",
        why="two reports show code and text",
        source="field: https://github.com/microsoftgraph/msgraph-sdk-powershell/issues/2602, msgraph-sdk-go issue 441",
        if_wrong="Nothing: the app judges a 403 by its status; the code only appears in the log and in the history.",
        check="denied-calls",
    ),
    Assumption(
        id="methods-user-404",
        what="method calls for an unknown user are a 404 `Request_ResourceNotFound`",
        why="the same family of addresses as the user object",
        source="inferred: https://learn.microsoft.com/graph/api/authentication-list-phonemethods",
        if_wrong="Another code changes nothing. With another 4xx a user who was just created is `graphRefused` "
        "instead of `notFoundYet`: the same seven attempts in about 50 minutes, and parked at their end either way.",
        check="unknown-user",
    ),
    Assumption(
        id="wrong-method-405",
        what="a wrong HTTP method is a 405; from the authentication-method back end perhaps without the `error` object",
        why="HTTP says so; back-end answers with `Message` and `MessageDetail` instead of `error` have been reported",
        source="field: https://github.com/microsoftgraph/msgraph-sdk-powershell/issues/937 (for the missing object)",
        if_wrong="Nothing: the app sends no such request, and an error without the object reads as one without a code.",
        check="wrong-method",
    ),
    Assumption(
        id="undeclared-everywhere-400",
        what="an undeclared property is a 400 in the body of any write: MFA state, users, subscriptions, group checks",
        why="the types are closed in the metadata; the refusal was seen for mail and contacts",
        source="field: https://github.com/microsoftgraph/msgraph-sdk-python/issues/440",
        if_wrong="Nothing: the app sends declared properties only.",
        check="undeclared-properties",
    ),
    Assumption(
        id="misfit-codes",
        what="a declared property of the wrong kind is a 400",
        why="OData says so; the codes are not known",
        source="inferred: https://learn.microsoft.com/graph/errors",
        if_wrong="Nothing: the app sends texts where texts are declared.",
        check="misfit-values",
    ),
    Assumption(
        id="query-options-400",
        what="a system query option that an address does not document is a 400",
        why="OData says so; the pages of phoneMethods and methods name none",
        source="inferred: https://learn.microsoft.com/graph/api/authentication-list-phonemethods",
        if_wrong="Nothing: the app sends documented options only.",
        check="query-options",
    ),
    Assumption(
        id="partial-roles",
        what="a role for some properties of an object opens all of them",
        why="clients of the simulator need no more",
        source=UNKNOWN,
        if_wrong="Nothing: the app holds the roles that docs/permissions.md names, none of which is partial.",
        unchecked="a limit of the simulator, not a belief about Graph",
    ),
    Assumption(
        id="throttle-body",
        what="a 429 carries the code `TooManyRequests`; one of privileged identity management carries `UnknownError`",
        why="the throttling page, and reports about role management",
        source="field: https://github.com/cisagov/ScubaGear/issues/2157, "
        "https://github.com/cisagov/ScubaGear/issues/2193",
        if_wrong="Nothing: the app judges a 429 by its status and its Retry-After, and reads no code from it.",
        check="throttle-shape",
    ),
    Assumption(
        id="retry-after-seconds",
        what="Retry-After is a number of seconds: whole ones, inside a batch also with decimals",
        why="the throttling page names seconds; decimals have been reported inside batches",
        source="field: https://github.com/microsoftgraph/microsoft-graph-docs/issues/3877",
        if_wrong="A value that cannot be read counts as none: the app then waits 30 seconds, which may be too short, "
        "and meets the 429 again; it never gives up on a throttled user.",
        check="throttle-shape",
        simulated=False,
    ),
    Assumption(
        id="method-calls-quota",
        what="authentication-method calls have a quota of their own, apart from that of users",
        why="two documented limits are candidates: 5 requests in 10 s, or the general one",
        source="inferred: https://learn.microsoft.com/graph/throttling-limits",
        if_wrong="A backfill is faster or slower than estimated; the pace follows the 429 answers either way.",
        check="method-quota",
    ),
    Assumption(
        id="pim-quota",
        what="200 eligibility reads in a row are answered without a 429",
        why="the app asks privileged identity management about each user before a write",
        source="inferred: https://learn.microsoft.com/graph/throttling-limits (role management is in no list)",
        if_wrong="Writes wait as long as the role service asked, on all instances; looks that write "
        "nothing go on with the list that is known, for up to an hour. No user is parked for it.",
        check="pim-quota",
        simulated=False,
    ),
    Assumption(
        id="role-quota",
        what="all of role management shares one quota: after a 429 for eligible roles, role assignments are a 429 too",
        why="seen for policies of privileged identity management only",
        source="inferred: https://github.com/cisagov/ScubaGear/issues/2157",
        if_wrong="Nothing: the app waits for all of role management after a 429 of any part of it.",
        check="pim-quota",
    ),
)
