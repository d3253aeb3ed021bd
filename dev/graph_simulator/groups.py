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
GROUP_DETAILS = frozenset({"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"})
"""Without one of these a membership is shown by type and id only.

https://learn.microsoft.com/graph/permissions-overview#limited-information-returned-for-inaccessible-member-objects
"""
USUAL_PAGE, LARGEST_PAGE = 100, 999
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
    """The groups and active roles of a user, in pages."""
    user = find_user(tenant, request.params["user"])
    readable = bool(GROUP_DETAILS & request.caller.roles)
    value = [_group(tenant, group, readable) for group in sorted(all_groups(tenant, user.groups))]
    value += [{"@odata.type": "#microsoft.graph.directoryRole", "roleTemplateId": role} for role in sorted(user.roles)]
    body: JsonObject = {"@odata.context": f"{request.root}/$metadata#directoryObjects"}
    size = _page_size(request.query.get("$top", str(USUAL_PAGE)))
    start = int(request.query.get("$skiptoken", "0"))
    if len(value) > start + size:
        link = f"{request.root}/users/{user.id}/transitiveMemberOf?$top={size}&$skiptoken={start + size}"
        body["@odata.nextLink"] = link
    wanted = request.query.get("$select", "").split(",")
    return GraphResponse(200, body | {"value": [_selected(item, wanted) for item in value[start : start + size]]})


def _page_size(text: str) -> int:
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise bad_request(f"Invalid page size specified: '{text}'.", "Request_UnsupportedQuery")
    return int(text)


def _group(tenant: Tenant, group: str, readable: bool) -> JsonObject:
    """isAssignableToRole is null where it was never set ([assume: ordinary-groups-null])."""
    assignable = True if group in tenant.role_assignable_groups else None
    return {
        "@odata.type": "#microsoft.graph.group",
        "id": group,
        "securityEnabled": True if readable else None,
        "isAssignableToRole": assignable if readable else None,
    }


def _selected(item: JsonObject, wanted: list[str]) -> JsonObject:
    """$select names properties of groups although the list is of directory objects ([assume: derived-select])."""
    return {name: value for name, value in item.items() if wanted == [""] or name == "@odata.type" or name in wanted}


def role_assignments(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Active directory roles of one principal."""
    return _roles(tenant, request, "roleAssignments", eligible=False)


def role_eligibilities(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Directory roles one principal may activate; privileged identity management is a part of Entra ID P2."""
    if not tenant.has_p2:
        # [assume: no-licence-400]
        text = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license."
        raise bad_request(text, "AadPremiumLicenseRequired")
    return _roles(tenant, request, "roleEligibilitySchedules", eligible=True)


def _roles(tenant: Tenant, request: GraphRequest, what: str, *, eligible: bool) -> GraphResponse:
    if "$filter" not in request.query:
        every: list[JsonObject] = [
            {"id": f"{role}-{user.id}", "principalId": user.id}
            for user in tenant.users.values()
            for role in sorted(user.eligible_roles if eligible else user.roles)
        ]
        return GraphResponse(
            200, {"@odata.context": f"{request.root}/$metadata#roleManagement/directory/{what}", "value": every}
        )
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


def list_groups(tenant: Tenant, _: GraphRequest) -> GraphResponse:
    """Only those that can hold roles."""
    return GraphResponse(200, {"value": [{"id": group} for group in sorted(tenant.role_assignable_groups)]})


def group_eligibilities(tenant: Tenant, _: GraphRequest) -> GraphResponse:
    if not tenant.has_p2:
        text = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license."
        raise bad_request(text, "AadPremiumLicenseRequired")
    return GraphResponse(200, {"value": []})
