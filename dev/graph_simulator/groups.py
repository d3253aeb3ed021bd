"""Groups and directory roles of a user, as far as a scope check needs them.

https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups · https://learn.microsoft.com/graph/api/user-list-transitivememberof
https://learn.microsoft.com/graph/api/rbacapplication-list-roleassignments · https://learn.microsoft.com/graph/api/rbacapplication-list-roleeligibilityschedules
"""

import re

from dev.graph_simulator.directory import find_user, lookup
from dev.graph_simulator.errors import bad_request, unsupported_query
from dev.graph_simulator.exchange import GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.tenant import Tenant

MOST_GROUPS = 20
"""checkMemberGroups takes at most 20 group ids."""
_PRINCIPAL = re.compile(r"\s*principalId\s+eq\s+'([^']+)'\s*", re.IGNORECASE)


def all_groups(tenant: Tenant, direct: set[str]) -> set[str]:
    """The groups and every group those are nested in."""
    found: set[str] = set()
    waiting = list(direct)
    while waiting:
        group = waiting.pop()
        if group not in found:
            found.add(group)
            waiting.extend(tenant.group_parents.get(group, ()))
    return found


def check_member_groups(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Which of the given groups the user is in, nested membership included."""
    user = find_user(tenant, request.params["user"])
    asked = request.fields().get("groupIds")
    if not isinstance(asked, list) or not asked:
        raise bad_request("The property 'groupIds' is required.", "Request_BadRequest")
    if len(asked) > MOST_GROUPS:
        raise bad_request("The number of groupIds exceeds the maximum of 20.", "Request_BadRequest")
    member = all_groups(tenant, user.groups)
    value = [group for group in asked if str(group).casefold() in member]
    return GraphResponse(200, {"@odata.context": f"{request.root}/$metadata#Collection(Edm.String)", "value": value})


def transitive_member_of(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """The groups and active roles of a user."""
    user = find_user(tenant, request.params["user"])
    value = [
        {"@odata.type": "#microsoft.graph.group", "id": group} for group in sorted(all_groups(tenant, user.groups))
    ]
    value += [{"@odata.type": "#microsoft.graph.directoryRole", "roleTemplateId": role} for role in sorted(user.roles)]
    return GraphResponse(200, {"@odata.context": f"{request.root}/$metadata#directoryObjects", "value": value})


def role_assignments(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Active directory roles of one principal."""
    return _roles(tenant, request, "roleAssignments", eligible=False)


def role_eligibilities(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Directory roles one principal may activate."""
    return _roles(tenant, request, "roleEligibilitySchedules", eligible=True)


def _roles(tenant: Tenant, request: GraphRequest, what: str, *, eligible: bool) -> GraphResponse:
    clause = _PRINCIPAL.fullmatch(request.query.get("$filter", ""))
    if clause is None:
        # [assume: role-filter-required]
        raise unsupported_query("Only $filter=principalId eq '{id}' is supported.")
    user = lookup(tenant, clause[1])
    held: set[str] = set()
    if user is not None:
        held = user.eligible_roles if eligible else user.roles
    value: list[JsonObject] = [
        {"id": f"{role}-{clause[1]}", "principalId": clause[1], "roleDefinitionId": role, "directoryScopeId": "/"}
        for role in sorted(held)
    ]
    return GraphResponse(
        200, {"@odata.context": f"{request.root}/$metadata#roleManagement/directory/{what}", "value": value}
    )
