"""Groups of the tenant, and the memberships of a user, as far as a scope check needs them.

https://learn.microsoft.com/graph/api/directoryobject-checkmembergroups · https://learn.microsoft.com/graph/api/user-list-transitivememberof
https://learn.microsoft.com/graph/api/group-list
"""

import uuid

from dev.graph_simulator.directory import find_user
from dev.graph_simulator.errors import bad_request
from dev.graph_simulator.exchange import GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.model import User
from dev.graph_simulator.paging import page_of
from dev.graph_simulator.selection import passes, project, selected
from dev.graph_simulator.tenant import Tenant

MOST_GROUPS = 20
"""checkMemberGroups takes at most 20 group ids."""
GROUP_DETAILS = frozenset({"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"})
"""Without one of these a membership is shown by type and id only.

https://learn.microsoft.com/graph/permissions-overview#limited-information-returned-for-inaccessible-member-objects
"""
UNIT_DETAILS = frozenset({"AdministrativeUnit.Read.All", "Directory.Read.All"})
"""The same for administrative units."""


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
    """The groups, active roles and restricted administrative unit of a user, in pages."""
    user = find_user(tenant, request.params["user"])
    names = selected(request, "directoryObject")
    shown, link = page_of(request, _memberships(tenant, request, user))
    body: JsonObject = {"@odata.context": f"{request.root}/$metadata#directoryObjects", **link}
    return GraphResponse(200, body | {"value": [_only(item, names) for item in shown]})


def _memberships(tenant: Tenant, request: GraphRequest, user: User) -> list[JsonObject]:
    readable = not GROUP_DETAILS.isdisjoint(request.caller.roles)
    found = [_membership(tenant, group, readable) for group in sorted(all_groups(tenant, user.groups))]
    found += [_role(tenant, role) for role in sorted(user.roles)]
    if user.is_restricted:
        found.append(_unit(tenant, readable=not UNIT_DETAILS.isdisjoint(request.caller.roles)))
    return found


def _membership(tenant: Tenant, group: str, readable: bool) -> JsonObject:
    """isAssignableToRole is null where it was never set ([assume: ordinary-groups-null])."""
    assignable = True if group in tenant.role_assignable_groups else None
    return {
        "@odata.type": "#microsoft.graph.group",
        "id": group,
        "securityEnabled": True if readable else None,
        "isAssignableToRole": assignable if readable else None,
    }


def _role(tenant: Tenant, template: str) -> JsonObject:
    """The activated role has an id of its own in each tenant; the template's is the same everywhere."""
    identifier = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant.id}/directoryRole/{template}"))
    return {"@odata.type": "#microsoft.graph.directoryRole", "id": identifier, "roleTemplateId": template}


def _unit(tenant: Tenant, readable: bool) -> JsonObject:
    """The tenant's one restricted management administrative unit."""
    return {
        "@odata.type": "#microsoft.graph.administrativeUnit",
        "id": str(uuid.uuid5(uuid.NAMESPACE_URL, f"{tenant.id}/restrictedUnit")),
        "isMemberManagementRestricted": True if readable else None,
    }


def _only(item: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """What is shown of a membership; its type always is."""
    return {name: value for name, value in item.items() if not names or name == "@odata.type" or name in names}


def list_groups(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """All groups; a filter on isAssignableToRole with `eq` needs no advanced query ([assume: group-filters]).

    https://learn.microsoft.com/graph/api/resources/group#properties
    """
    names = selected(request, "group")
    every = [_group(tenant, group) for group in sorted(_known(tenant))]
    shown, link = page_of(request, [row for row in every if passes(row, request.query.get("$filter", ""), "group")])
    value = [project(request, "group", row, names) if names else row for row in shown]
    return GraphResponse(200, {"@odata.context": f"{request.root}/$metadata#groups", **link, "value": value})


def _known(tenant: Tenant) -> set[str]:
    """Every group that something in the tenant mentions."""
    found = set(tenant.group_parents).union(*tenant.group_parents.values())
    found |= tenant.role_assignable_groups | set(tenant.group_roles) | set(tenant.group_eligible_roles)
    for user in tenant.users.values():
        found |= user.groups | {group for group, _ in user.eligible_groups}
    return found


def _group(tenant: Tenant, group: str) -> JsonObject:
    return {
        "id": group,
        "displayName": f"Group {group[:8]}",
        "groupTypes": [],
        "isAssignableToRole": True if group in tenant.role_assignable_groups else None,
        "mailEnabled": False,
        "securityEnabled": True,
    }
