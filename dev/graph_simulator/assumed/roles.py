"""Assumptions about groups and directory roles."""

from dev.graph_simulator.assumed.assumption import UNKNOWN, Assumption

_ELIGIBLE = "https://learn.microsoft.com/graph/api/rbacapplication-list-roleeligibilityschedules"
_LIMITED = "https://learn.microsoft.com/graph/permissions-overview#limited-information-returned-for-inaccessible-member-objects"

ROLES = (
    Assumption(
        id="role-filters",
        what="role lists filter by `eq` on principal, role or group only",
        why="clients of the simulator need no more",
        source=UNKNOWN,
        if_wrong="Nothing: the app sends such a filter or none.",
        unchecked="a limit of the simulator, not a belief about Graph",
    ),
    Assumption(
        id="role-list-top",
        what="role lists take `$top`, which their pages do not name",
        why="a dozen public programs send it",
        source="field: github.com/microsoft/Microsoft365DSC and others",
        if_wrong="An app that sends it cannot tell who is privileged: users are skipped as `unknown` while "
        "`PREFILL_EXCLUDE_PRIVILEGED` is on.",
        check="role-list",
    ),
    Assumption(
        id="group-eligibility-filter-400",
        what="eligibilities of groups without a filter are a 400",
        why="the page says that a filter is required",
        source="inferred: https://learn.microsoft.com/graph/api/privilegedaccessgroup-list-eligibilityschedules",
        if_wrong="Nothing: the app sends a filter where it asks for them.",
        check="pim-groups",
    ),
    Assumption(
        id="no-licence-forms",
        what="the missing licence may also come in another case, or wrapped into the message",
        why="the 403 of the same service is wrapped",
        source=UNKNOWN,
        if_wrong="Nothing: a form that never comes costs nothing.",
        unchecked="role-eligibility shows the form that one tenant gets; that no other exists cannot be shown",
    ),
    Assumption(
        id="group-filters",
        what="groups filter by `isAssignableToRole eq true` without an advanced query",
        why="public tools do so, and the resource page marks the property so",
        source="https://learn.microsoft.com/graph/api/resources/group",
        if_wrong="Looks that write nothing cannot tell who is privileged and skip users as `unknown`. "
        "First looks ask about each user; any eligibility through PIM for Groups counts as "
        "privileged there.",
        check="group-properties",
    ),
    Assumption(
        id="role-list-whole",
        what="role assignments can be listed without a filter, in pages",
        why="the page shows the list without one",
        source="https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments",
        if_wrong="Looks that write nothing cannot tell who is privileged and skip users as `unknown`, "
        "while `PREFILL_EXCLUDE_PRIVILEGED` is on. First looks ask about each user and work.",
        check="role-list",
        simulated=False,
    ),
    Assumption(
        id="role-404-not-user",
        what="role lists about an unknown principal are an empty 200; a 404 there says nothing about the user",
        why="a filter that nothing fits",
        source="inferred: https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments",
        if_wrong="Nothing: the app takes a 404 of role management for an unknown fact. The user is skipped "
        "as `unknown` and asked about again.",
        check="role-unknown-principal",
        simulated=False,
    ),
    Assumption(
        id="no-licence-400",
        what="without Entra ID P2 the eligible roles are a 400 that names `AadPremiumLicenseRequired`",
        why="several programs match it",
        source="field: github.com/microsoft/Microsoft365DSC, github.com/mondoohq/mql",
        if_wrong="In a tenant without P2 no user's roles can be read: while `PREFILL_EXCLUDE_PRIVILEGED` is on, every "
        "user is skipped as `unknown`, and asked about again every day.",
        check="role-eligibility",
    ),
    Assumption(
        id="licence-code-wrapped",
        what="that code is the error's own code, spelled exactly so, and not wrapped into a JSON text in the message",
        why="programs match the plain code; other errors of this service have been seen wrapped",
        source="field: github.com/microsoft/Microsoft365DSC (plain code)",
        if_wrong="Nothing: the app finds the code in any case, in the message or wrapped, and knows two "
        "texts that come with it.",
        check="role-eligibility",
        simulated=False,
    ),
    Assumption(
        id="pim-denied-wrapped",
        what="without the permission, eligible roles are a 403 `UnknownError` whose message is JSON with the errorCode "
        "`PermissionScopeNotGranted`",
        why="quoted in reports about this service",
        source="field: https://github.com/kayasax/EasyPIM/issues/37",
        if_wrong="Nothing: the app judges a 403 by its status and skips the users as `unknown`.",
        check="denied-calls",
        simulated=False,
    ),
    Assumption(
        id="pim-groups-elsewhere",
        what="eligibility for a membership of a group is listed below identityGovernance/privilegedAccess/group",
        why="the permissions file has the address",
        source="metadata: microsoftgraph/microsoft-graph-devx-content permissions/new/permissions.json",
        if_wrong="Users who may only activate a membership of a group that can hold roles are not "
        "recognised as privileged, and get a phone.",
        check="pim-groups",
        simulated=False,
    ),
    Assumption(
        id="group-check-permission",
        what="checkMemberGroups takes any group id and is open to an app that may read group members",
        why="the permissions file names GroupMember.Read.All and, alone, User.Read.All",
        source="metadata: microsoftgraph/microsoft-graph-devx-content permissions/new/permissions.json",
        if_wrong="With include or exclude groups set, every user is skipped as `unknown`.",
        check="group-check",
        simulated=False,
    ),
    Assumption(
        id="derived-select",
        what="`$select` of group properties works on memberships without a cast",
        why="two public tools and a runbook do so",
        source="field: github.com/realmjoin/realmjoin-runbooks",
        if_wrong="Memberships cannot be read: while `PREFILL_EXCLUDE_PRIVILEGED` is on, users are skipped as "
        "`unknown`.",
        check="memberships",
    ),
    Assumption(
        id="ordinary-groups-null",
        what="isAssignableToRole is null, or false, for ordinary groups",
        why="samples in the documentation",
        source="https://learn.microsoft.com/graph/api/resources/group",
        if_wrong="If it were true for ordinary groups, their members would be skipped as `privileged`.",
        check="group-properties",
    ),
    Assumption(
        id="limited-group-info",
        what="GroupMember.Read.All shows securityEnabled and isAssignableToRole of groups",
        why="without it the page promises id and type only",
        source=f"inferred: {_LIMITED}",
        if_wrong="Then securityEnabled is null: no membership tells, and users in any group are skipped as `unknown`.",
        check="group-properties",
        simulated=False,
    ),
)
