"""Groups, directory roles, and who may activate one."""

from dev.verify_tenant.bench import Bench
from dev.verify_tenant.check import NotTried, Trace, answers, check, shows
from dev.verify_tenant.exchange import Answer
from dev.verify_tenant.permissions import (
    BROADER_THAN_MEMBERS,
    READ_ELIGIBILITY,
    READ_GROUP_ELIGIBILITY,
    READ_MEMBERS,
    READ_ROLES,
    READ_USERS,
)

LICENCE = "AadPremiumLicenseRequired"
ASSIGNMENTS = "/roleManagement/directory/roleAssignments"
ELIGIBLE = "/roleManagement/directory/roleEligibilitySchedules"
GROUP_ELIGIBLE = "/identityGovernance/privilegedAccess/group/eligibilitySchedules"


def about(path: str, principal: str) -> str:
    """A role list about one principal."""
    return f"{path}?$filter=principalId eq '{principal}'"


def _names_licence(answer: Answer) -> bool:
    return LICENCE.casefold() in f"{answer.code} {answer.message}".casefold()


@check(
    "role-unknown-principal",
    "The roles of a principal that does not exist",
    shows(
        "role-404-not-user",
        "assignments",
        "200 and an empty list",
        lambda trace: trace["assignments"].ok and not trace["assignments"].values,
    ),
    needs=(READ_ROLES,),
)
async def role_unknown_principal(bench: Bench) -> None:
    """One read with an id that no principal has."""
    await bench.ask("assignments", "GET", about(ASSIGNMENTS, bench.stranger()))


@check(
    "role-list",
    "All role assignments of the tenant at once, and five of them",
    answers("role-list-whole", "assignments", 200),
    answers("role-list-top", "five", 200),
    needs=(READ_ROLES,),
)
async def role_list(bench: Bench) -> None:
    """Two reads; only ids are kept, and those are masked."""
    await bench.ask("assignments", "GET", f"{ASSIGNMENTS}?$select=principalId")
    await bench.ask("five", "GET", f"{ASSIGNMENTS}?$select=principalId&$top=5")


def _no_licence(trace: Trace) -> bool | None:
    answer = trace["eligible"]
    return None if answer.ok else answer.status == 400 and _names_licence(answer)


def _plain_code(trace: Trace) -> bool | None:
    answer = trace["eligible"]
    return answer.code == LICENCE if not answer.ok and _names_licence(answer) else None


@check(
    "role-eligibility",
    "The eligible roles of a user, in a tenant with or without Entra ID P2",
    shows(
        "no-licence-400", "eligible", f"400 that names {LICENCE}", _no_licence, unclear="this tenant has Entra ID P2"
    ),
    shows(
        "licence-code-wrapped",
        "eligible",
        f"the code is {LICENCE}",
        _plain_code,
        unclear="there was no error about a licence",
    ),
    needs=(READ_ELIGIBILITY,),
)
async def role_eligibility(bench: Bench) -> None:
    """One read."""
    await bench.ask("eligible", "GET", about(ELIGIBLE, bench.tenant.user_id))


@check(
    "pim-groups",
    "The eligible group memberships of a user",
    shows(
        "pim-groups-elsewhere",
        "eligible",
        f"200 with a list, or an error that names {LICENCE}",
        lambda trace: trace["eligible"].ok or _names_licence(trace["eligible"]),
    ),
    shows(
        "group-eligibility-filter-400",
        "unfiltered",
        "400 about something else than the licence",
        lambda trace: None if _names_licence(trace["unfiltered"]) else trace["unfiltered"].status == 400,
        unclear="the tenant has no licence for it",
    ),
    needs=(READ_GROUP_ELIGIBILITY,),
)
async def pim_groups(bench: Bench) -> None:
    """Two reads."""
    await bench.ask("eligible", "GET", about(GROUP_ELIGIBLE, bench.tenant.user_id))
    await bench.ask("unfiltered", "GET", GROUP_ELIGIBLE)


@check(
    "group-check",
    "checkMemberGroups with a group that does not exist",
    shows(
        "group-check-permission",
        "check",
        "200 and an empty list",
        lambda trace: trace["check"].ok and trace["check"].field("value") == [],
    ),
    needs=(READ_MEMBERS,),
)
async def group_check(bench: Bench) -> None:
    """One POST, which only asks."""
    await bench.ask("check", "POST", f"{bench.user}/checkMemberGroups", {"groupIds": [bench.stranger()]})


@check(
    "memberships",
    "Properties of groups in the list of a user's memberships",
    answers("derived-select", "memberships", 200),
    needs=(READ_USERS,),
)
async def memberships(bench: Bench) -> None:
    """One read."""
    select = "$select=id,securityEnabled,isAssignableToRole"
    await bench.ask("memberships", "GET", f"{bench.user}/transitiveMemberOf?{select}&$top=999")


def _ordinary(trace: Trace) -> bool | None:
    groups = trace["groups"].values
    if any("isAssignableToRole" not in group for group in groups):
        return False
    return True if any(group["isAssignableToRole"] is not True for group in groups) else None


def _shown(trace: Trace) -> bool | None:
    values = trace["groups"].values
    shown = all(isinstance(g.get("securityEnabled"), bool) and "isAssignableToRole" in g for g in values)
    return shown if values and not trace.failure else None


@check(
    "group-properties",
    "What GroupMember.Read.All shows of the tenant's groups",
    shows(
        "ordinary-groups-null",
        "groups",
        "isAssignableToRole is null or false for ordinary groups",
        _ordinary,
        unclear="the tenant shows no ordinary group",
    ),
    shows(
        "limited-group-info",
        "groups",
        "securityEnabled and isAssignableToRole are there",
        _shown,
        unclear="the tenant has no group",
    ),
    answers("group-filters", "assignable", 200),
    needs=(READ_MEMBERS,),
)
async def group_properties(bench: Bench) -> None:
    """Two reads of a few groups: ids, which are masked, and two flags."""
    await bench.ask("assignable", "GET", "/groups?$select=id&$filter=isAssignableToRole eq true&$top=5")
    await bench.ask("groups", "GET", "/groups?$select=id,securityEnabled,isAssignableToRole&$top=5")
    broader = sorted(BROADER_THAN_MEMBERS & bench.identity.permissions)
    if broader:
        raise NotTried(f"the token also holds {broader[0]}, which shows more")
