"""Assumptions about user objects, lookups and the delta query."""

from dev.graph_simulator.assumed.assumption import UNKNOWN, Assumption

_DELTA_PAGE = "https://learn.microsoft.com/graph/delta-query-overview"

USERS = (
    Assumption(
        id="replication-404",
        what="a new user answers 404 `Request_ResourceNotFound` for a while, also below `authentication`",
        why="reported by Microsoft's support staff; another client retries it on purpose",
        source="field: https://blogs.aaddevsup.xyz/2021/08/ (why do I sometimes get a 404), "
        "github.com/manicminer/hamilton msgraph/authentication_methods.go",
        if_wrong="With another 4xx a new user is waited for just as long (about 50 minutes), as `graphRefused` "
        "instead of `notFoundYet`, and is parked at the end instead of `gone`.",
        check="user-creation",
    ),
    Assumption(
        id="skeleton-first",
        what="a new user can be read before its mobilePhone is there",
        why="reported by Microsoft's support staff",
        source="field: "
        "https://blogs.aaddevsup.xyz/2020/04/some-notes-regarding-the-microsoft-graph-subscription-and-webhook/",
        if_wrong="Nothing: a user without a number is `noNumber`, and the next notification or sweep looks again.",
        check="user-creation",
    ),
    Assumption(
        id="creation-fans-out",
        what="creating one user raises more than one notification, about three",
        why="an answer of Microsoft's support",
        source="field: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/1098",
        if_wrong="Nothing: repeated hints within a moment become one look; a single one is enough.",
        check="creation-notifications",
    ),
    Assumption(
        id="null-user-type",
        what="a new user has the userType `Member` and a boolean accountEnabled; userType is null on old accounts only",
        why="the page allows null, and old accounts have been seen without a userType",
        source="inferred: https://learn.microsoft.com/graph/api/resources/user",
        if_wrong="A null userType counts as a member unless the name holds `#EXT#`. A null accountEnabled makes the "
        "user `unknown`: nothing is written, and the user is asked about again every day.",
        check="user-shape",
        simulated=False,
    ),
    Assumption(
        id="unknown-select-400",
        what="an unknown name in `$select` is a 400",
        why="OData says so",
        source="inferred: https://learn.microsoft.com/graph/query-parameters",
        if_wrong="Nothing: the app selects names that the metadata has.",
        check="select-names",
    ),
    Assumption(
        id="management-restricted-selectable",
        what="`isManagementRestricted` can be selected on a user",
        why="the metadata has the property, and says that only `$select` shows it",
        source="https://learn.microsoft.com/graph/api/resources/user",
        if_wrong="Selecting it would be a 400 for every look: every user parks as `graphRefused` and "
        "nothing is written.",
        check="select-names",
        simulated=False,
    ),
    Assumption(
        id="restricted-unit-403",
        what="a phone write to a user in a restricted management administrative unit is a 403",
        why="the page says that application permissions do not apply; it does not name authentication methods",
        source="https://learn.microsoft.com/entra/identity/role-based-access-control/admin-units-restricted-management",
        if_wrong="The app skips such users without trying. If writes do work, they can only be prefilled "
        "by hand or outside the unit.",
        check="restricted-unit",
    ),
    Assumption(
        id="agent-users-listed",
        what="agent users are listed among users, with the type `#microsoft.graph.agentUser`",
        why="the type derives from user in the metadata",
        source="https://learn.microsoft.com/entra/backup/scope-supported-objects-limitations",
        if_wrong="Without the type and without identityParentId an agent user looks like a person: with a "
        "mobilePhone it gets a phone write, which fails, and it is parked.",
        check="agent-users",
        simulated=False,
    ),
    Assumption(
        id="agents-have-no-methods",
        what="a phone for an agent user is a 400",
        why="agent users cannot have passwords, passkeys or MFA factors; no status is named",
        source="field: https://brandonwerner.com/entraclaw-identity-research/platform-learnings/entra-agent-users/",
        if_wrong="If the write succeeded, an agent user with a mobilePhone would get a phone.",
        unchecked="needs an agent user, which this run can neither make nor may write to",
    ),
    Assumption(
        id="dollar-name-key-syntax",
        what="`/users/$name@domain` is a 400; `/users('$name@domain')` finds the user, or is a 404",
        why="OData takes a segment that begins with a dollar for an option",
        source="field: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/2635",
        if_wrong="An operator cannot ask for such a user by name; the object id works.",
        check="dollar-name",
        simulated=False,
    ),
    Assumption(
        id="list-options",
        what="the list of users takes `$select`, `$top` and simple filters only",
        why="clients of the simulator need no more",
        source=UNKNOWN,
        if_wrong="Nothing: the app does not list users.",
        unchecked="a limit of the simulator, not a belief about Graph",
    ),
    Assumption(
        id="next-link-host",
        what="`@odata.nextLink` names the host that was asked",
        why="seen in the public cloud",
        source="inferred: https://learn.microsoft.com/graph/paging",
        if_wrong="The sweep stops with the advice to correct PREFILL_GRAPH_URL, and health says that it is "
        "late. Notifications still work.",
        check="next-link",
        simulated=False,
    ),
    Assumption(
        id="soft-deleted-404",
        what="a deleted user is a 404 `Request_ResourceNotFound` and stays readable below `directory/deletedItems`",
        why="an answer by a Microsoft employee",
        source="field: https://stackoverflow.com/questions/54205899",
        if_wrong="A deleted user is retried for about 50 minutes and then parked, instead of ending as `gone`.",
        check="soft-delete",
        simulated=False,
    ),
    Assumption(
        id="delta-both-spellings",
        what="`/users/delta` and `/users/delta()` are the same address",
        why="the documentation writes the first, the generated clients send the second",
        source=_DELTA_PAGE,
        if_wrong="Nothing: the app writes the first one, and follows links as they come.",
        check="delta-spellings",
        simulated=False,
    ),
    Assumption(
        id="delta-link-spelling",
        what="delta links repeat the spelling that was asked for",
        why="links are opaque, and nothing says which spelling they have",
        source=UNKNOWN,
        if_wrong="Nothing: the app follows links as they come.",
        check="delta-spellings",
    ),
    Assumption(
        id="latest-with-select",
        what="`$deltatoken=latest` beside `$select` answers an empty list and a delta link",
        why="the overview shows it",
        source=_DELTA_PAGE,
        if_wrong="The doctor reports that users cannot be read although they can; nothing else uses it.",
        check="delta-spellings",
        simulated=False,
    ),
    Assumption(
        id="options-beside-token-400",
        what="options beside a delta token are a 400",
        why="the page only says that they must not be given",
        source=f"inferred: {_DELTA_PAGE}",
        if_wrong="Nothing: the app follows delta links as they are.",
        check="delta-tokens",
    ),
    Assumption(
        id="unreadable-token-400",
        what="a delta token that cannot be read is a 400",
        why="nothing is documented",
        source=UNKNOWN,
        if_wrong="Any 4xx but 401, 403, 408 and 429 makes the sweep begin anew. A 5xx would be retried for ever with a "
        "link that never works.",
        check="delta-tokens",
    ),
    Assumption(
        id="expired-token-codes",
        what="an expired delta token is a 410 `resyncRequired` or a 400 `syncStateNotFound`",
        why="the page says 40x with such a code, and 410",
        source=f"inferred: {_DELTA_PAGE}",
        if_wrong="Any 4xx but 401, 403, 408 and 429 makes the sweep begin anew, whatever the code says.",
        unchecked="a delta token of users expires after seven days; a run lasts a quarter of an hour",
    ),
    Assumption(
        id="auth-not-in-delta",
        what="changes of methods and of the MFA state do not surface in a delta query that selects user properties",
        why="phones and state are no user properties in the v1.0 metadata",
        source="metadata: microsoftgraph/msgraph-metadata schemas/v1.0-Prod.csdl, type user",
        if_wrong="Every user whom the app writes to is found again by the next sweep, and looked at once more for "
        "nothing.",
        check="delta-after-writes",
    ),
    Assumption(
        id="restore-in-delta",
        what="a restored user surfaces in a delta query with `$select`",
        why="the overview says that restored users reappear; one report says that `$select` hides them",
        source="field: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/6555 (against it)",
        if_wrong="A restored user whose notification was lost stays `gone` until the full sweep of the next day.",
        check="restore",
        simulated=False,
    ),
)
