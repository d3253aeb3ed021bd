"""Who holds a directory role, who may activate one, and who may activate a membership of a group.

https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments
https://learn.microsoft.com/graph/api/rbacapplication-list-roleeligibilityschedules
https://learn.microsoft.com/graph/api/privilegedaccessgroup-list-eligibilityschedules
"""

import re
import uuid
from collections.abc import Iterator

from dev.graph_simulator.clock import iso
from dev.graph_simulator.errors import bad_request, no_licence, unsupported_query
from dev.graph_simulator.exchange import GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.model import User
from dev.graph_simulator.paging import page_of
from dev.graph_simulator.selection import project, selected
from dev.graph_simulator.tenant import Tenant

_CLAUSE = re.compile(r"\s*(\w+)\s+eq\s+'([^']*)'\s*")
NEVER_MODIFIED = "0001-01-01T08:00:00Z"
"""What the documented samples of schedules show."""


def role_assignments(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Active directory roles, of one principal or of all ([assume: role-list-top])."""
    held = {user.id: user.roles for user in _present(tenant)} | tenant.group_roles
    rows = [_assignment(principal, role) for principal, role in _pairs(held)]
    allowed = frozenset({"principalId", "roleDefinitionId"})
    return _answer(request, "roleManagement/directory/roleAssignments", "unifiedRoleAssignment", rows, allowed)


def role_eligibilities(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Directory roles that may be activated, of one principal or of all."""
    _refuse_without_licence(tenant)
    offered = {user.id: user.eligible_roles for user in _present(tenant)} | tenant.group_eligible_roles
    rows = [_assignment(principal, role) | _schedule(tenant, principal, role) for principal, role in _pairs(offered)]
    allowed = frozenset({"principalId", "roleDefinitionId"})
    what = "roleManagement/directory/roleEligibilitySchedules"
    return _answer(request, what, "unifiedRoleEligibilitySchedule", rows, allowed)


def group_eligibilities(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Memberships and ownerships of groups that may be activated; needs one group or one principal.

    [assume: group-eligibility-filter-400]
    """
    _refuse_without_licence(tenant)
    clauses = _clauses(request, frozenset({"groupId", "principalId", "accessId"}))
    if not clauses.keys() & {"groupId", "principalId"}:
        raise bad_request("The $filter query parameter must scope the request to a principalId or a groupId.")
    rows = [
        _membership(tenant, user, group, access)
        for user in _present(tenant)
        for group, access in sorted(user.eligible_groups)
    ]
    allowed = frozenset(clauses)
    what = "identityGovernance/privilegedAccess/group/eligibilitySchedules"
    return _answer(request, what, "privilegedAccessGroupEligibilitySchedule", rows, allowed)


def _refuse_without_licence(tenant: Tenant) -> None:
    """Privileged Identity Management is a part of Entra ID P2 ([assume: no-licence-400])."""
    if not tenant.has_p2:
        raise no_licence(tenant.no_licence_form)


def _present(tenant: Tenant) -> Iterator[User]:
    return (user for user in tenant.users.values() if user.life == "active")


def _pairs(held: dict[str, set[str]]) -> Iterator[tuple[str, str]]:
    return ((principal, role) for principal, roles in held.items() for role in sorted(roles))


def _assignment(principal: str, role: str) -> JsonObject:
    return {
        "id": f"{role}-{principal}",
        "principalId": principal,
        "roleDefinitionId": role,
        "directoryScopeId": "/",
        "appScopeId": None,
    }


def _schedule(tenant: Tenant, principal: str, subject: str) -> JsonObject:
    """What every schedule of this service has; it has no end."""
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant.id}/{principal}/{subject}"))
    created = iso(tenant.users[principal].created_at if principal in tenant.users else tenant.now())
    return {
        "id": identifier,
        "createdUsing": identifier,
        "createdDateTime": created,
        "modifiedDateTime": NEVER_MODIFIED,
        "status": "Provisioned",
        "memberType": "Direct",
        "scheduleInfo": {
            "startDateTime": created,
            "recurrence": None,
            "expiration": {"type": "noExpiration", "endDateTime": None, "duration": None},
        },
    }


def _membership(tenant: Tenant, user: User, group: str, access: str) -> JsonObject:
    schedule = _schedule(tenant, user.id, f"{group}/{access}")
    return {
        **schedule,
        "id": f"{group}_{access}_{schedule['id']}",
        "memberType": "direct",
        "accessId": access,
        "groupId": group,
        "principalId": user.id,
    }


def _answer(
    request: GraphRequest, what: str, type_name: str, rows: list[JsonObject], allowed: frozenset[str]
) -> GraphResponse:
    clauses = _clauses(request, allowed)
    found = [row for row in rows if all(str(row[name]).casefold() == value for name, value in clauses.items())]
    shown, link = page_of(request, found)
    names = selected(request, type_name)
    value = [project(request, type_name, row, names) if names else row for row in shown]
    return GraphResponse(200, {"@odata.context": f"{request.root}/$metadata#{what}", **link, "value": value})


def _clauses(request: GraphRequest, allowed: frozenset[str]) -> dict[str, str]:
    """`$filter` as `name eq 'value'` joined by `and`; anything else is refused ([assume: role-filters])."""
    text = request.query.get("$filter", "")
    found = [_CLAUSE.fullmatch(part) for part in re.split(r"\sand\s", text)] if text.strip() else []
    clauses = {clause[1]: clause[2].casefold() for clause in found if clause}
    if len(clauses) < len(found) or not clauses.keys() <= allowed:
        raise unsupported_query("Unsupported or invalid query filter clause specified.")
    return clauses
