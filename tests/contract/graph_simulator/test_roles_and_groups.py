"""Role assignments, eligibilities, PIM for groups, groups: whole lists, one principal, quota, licence, permission."""

import json
from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.graph_simulator.client import Graph, inner

MANAGEMENT = "/v1.0/roleManagement/directory"
GROUP_SCHEDULES = "/v1.0/identityGovernance/privilegedAccess/group/eligibilitySchedules"
ROLES = ["RoleManagement.Read.Directory"]
PIM_GROUPS = ["PrivilegedEligibilitySchedule.Read.AzureADGroup"]
GROUP, PARENT, OTHER = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "abc")
LISTS = [("roleAssignments", "active"), ("roleEligibilitySchedules", "eligible")]


@pytest.mark.graph_verified
@pytest.mark.parametrize(("what", "role"), LISTS)
async def test_roles_of_one_principal(graph: Graph, what: str, role: str) -> None:
    user = await graph.user(roles=["active"], eligibleRoles=["eligible"])
    await graph.user(roles=["active"], eligibleRoles=["eligible"])
    path = f"{MANAGEMENT}/{what}"
    answer = await graph.call("GET", f"{path}?$filter=principalId eq '{user}'", roles=ROLES)
    assert [(item["principalId"], item["roleDefinitionId"]) for item in answer.body["value"]] == [(user, role)]
    by_role = await graph.call("GET", f"{path}?$filter=roleDefinitionId eq '{role}'", roles=ROLES)
    assert len(by_role.body["value"]) == 2


async def whole(graph: Graph, link: str, roles: list[str]) -> tuple[list[dict[str, Any]], list[int]]:
    rows: list[dict[str, Any]] = []
    sizes: list[int] = []
    while link:
        page = (await graph.call("GET", link, roles=roles)).body
        rows += page["value"]
        sizes.append(len(page["value"]))
        link = page.get("@odata.nextLink", "")
    return rows, sizes


@pytest.mark.graph_verified
@pytest.mark.parametrize(("what", "role"), LISTS)
async def test_the_whole_list_holds_users_and_groups_in_pages(graph: Graph, what: str, role: str) -> None:
    users = [await graph.user(roles=["active"], eligibleRoles=["eligible"]) for _ in range(4)]
    facts = {"groupRoles": {GROUP: ["active"]}, "groupEligibleRoles": {GROUP: ["eligible"]}}
    await graph.sim("PUT", "tenant", facts)
    gone = await graph.user(roles=["active"], eligibleRoles=["eligible"])
    await graph.sim("DELETE", f"users/{gone}")
    rows, sizes = await whole(graph, f"{MANAGEMENT}/{what}?$select=id,principalId,roleDefinitionId&$top=2", ROLES)
    assert ({row["principalId"] for row in rows}, sizes) == ({*users, GROUP}, [2, 2, 1])
    assert {tuple(sorted(row)) for row in rows} == {("id", "principalId", "roleDefinitionId")}
    assert {row["roleDefinitionId"] for row in rows} == {role}


@pytest.mark.parametrize("what", ["roleAssignments", "roleEligibilitySchedules"])
@pytest.mark.parametrize(
    "query", ["$filter=directoryScopeId eq '/'", "$filter=principalId ne 'x'", "$expand=principal", "$top=0", "$skip=1"]
)
async def test_other_options_of_role_lists_are_refused(graph: Graph, what: str, query: str) -> None:
    answer = await graph.call("GET", f"{MANAGEMENT}/{what}?{query}", roles=ROLES)
    assert (answer.status, answer.code) == (400, "Request_UnsupportedQuery")


@pytest.mark.graph_verified
async def test_eligible_memberships_of_groups_are_asked_by_group_or_principal(graph: Graph) -> None:
    user = await graph.user(eligibleGroups={GROUP: "member", OTHER: "owner"})
    other = await graph.user(eligibleGroups={GROUP: "member"})

    async def found(text: str) -> set[tuple[str, str, str]]:
        answer = await graph.call("GET", f"{GROUP_SCHEDULES}?$filter={quote(text)}", roles=PIM_GROUPS)
        return {(row["principalId"], row["groupId"], row["accessId"]) for row in answer.body["value"]}

    assert await found(f"principalId eq '{user}'") == {(user, GROUP, "member"), (user, OTHER, "owner")}
    assert await found(f"groupId eq '{GROUP}'") == {(user, GROUP, "member"), (other, GROUP, "member")}
    assert await found(f"groupId eq '{GROUP}' and principalId eq '{other}'") == {(other, GROUP, "member")}
    assert await found(f"principalId eq '{user}' and accessId eq 'owner'") == {(user, OTHER, "owner")}


@pytest.mark.graph_verified
@pytest.mark.parametrize("query", ["", "?$filter=accessId eq 'member'", "?$top=5", "?$filter=status eq 'x'"])
async def test_eligible_memberships_need_a_group_or_a_principal(graph: Graph, query: str) -> None:
    assert (await graph.call("GET", f"{GROUP_SCHEDULES}{query}", roles=PIM_GROUPS)).status == 400


async def test_eligible_memberships_can_be_edited(graph: Graph) -> None:
    user = await graph.user(eligibleGroups={GROUP: "member"})
    shown = (await graph.sim("PATCH", f"users/{user}", {"eligibleGroups": {OTHER: "owner"}})).body
    assert shown["eligibleGroups"] == {OTHER: "owner"}
    assert (await graph.sim("PATCH", f"users/{user}", {"eligibleGroups": {OTHER: "guest"}})).status == 400


LICENCE = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license."
FORMS = [
    ("code", "AadPremiumLicenseRequired", LICENCE),
    ("otherCase", "aadPremiumLicenseRequired", LICENCE),
    ("inMessage", "BadRequest", f"[AadPremiumLicenseRequired] {LICENCE}"),
]


@pytest.mark.graph_verified
@pytest.mark.parametrize(("form", "code", "message"), FORMS)
async def test_without_p2_eligibilities_are_refused(graph: Graph, form: str, code: str, message: str) -> None:
    await graph.sim("PUT", "tenant", {"entraIdP2": False, "noLicenceForm": form})
    answers = [
        await graph.call("GET", f"{MANAGEMENT}/roleEligibilitySchedules", roles=ROLES),
        await graph.call("GET", f"{GROUP_SCHEDULES}?$filter=groupId eq '{GROUP}'", roles=PIM_GROUPS),
    ]
    assert [answer.refusal for answer in answers] == [(400, code, message)] * 2
    assert (await graph.call("GET", f"{MANAGEMENT}/roleAssignments", roles=ROLES)).status == 200


async def test_the_missing_licence_may_be_wrapped(graph: Graph) -> None:
    await graph.sim("PUT", "tenant", {"entraIdP2": False, "noLicenceForm": "wrapped"})
    answer = await graph.call("GET", f"{MANAGEMENT}/roleEligibilitySchedules", roles=ROLES)
    assert (answer.status, answer.code) == (400, "UnknownError")
    inside = json.loads(answer.message)
    assert (inside["errorCode"], inside["message"]) == ("AadPremiumLicenseRequired", LICENCE)


@pytest.mark.graph_verified
@pytest.mark.parametrize(
    ("path", "named"),
    [
        (f"{MANAGEMENT}/roleEligibilitySchedules", "RoleEligibilitySchedule.Read.Directory"),
        (f"{GROUP_SCHEDULES}?$filter=groupId eq '{GROUP}'", "PrivilegedEligibilitySchedule.Read.AzureADGroup"),
    ],
)
async def test_a_missing_permission_is_told_inside_the_message(graph: Graph, path: str, named: str) -> None:
    answer = await graph.call("GET", path, roles=["Directory.Read.All"])
    inside = json.loads(answer.message)
    assert (answer.status, answer.code, inside["errorCode"]) == (403, "UnknownError", "PermissionScopeNotGranted")
    assert named in inside["message"]


@pytest.mark.graph_verified
async def test_active_roles_say_it_as_the_directory_does(graph: Graph) -> None:
    answer = await graph.call("GET", f"{MANAGEMENT}/roleAssignments", roles=["User.Read.All"])
    assert (answer.status, answer.code) == (403, "Authorization_RequestDenied")


@pytest.mark.graph_verified
async def test_role_management_has_a_quota_and_an_error_of_its_own(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"role_quota": [2, 10]})
    request = inner("1", "GET", "/roleManagement/directory/roleEligibilitySchedules")
    direct = [await graph.call("GET", f"{MANAGEMENT}/roleAssignments", roles=ROLES) for _ in range(2)]
    batch = await graph.call("POST", "/v1.0/$batch", {"requests": [request]}, roles=ROLES)
    [item] = batch.body["responses"]
    assert [answer.status for answer in direct] == [200, 200]
    assert (item["status"], item["headers"]["Retry-After"]) == (429, "10")
    assert (item["body"]["error"]["code"], item["body"]["error"]["message"]) == ("UnknownError", "Too Many Requests")
    assert (await graph.call("GET", "/v1.0/users")).status == 200


@pytest.mark.graph_verified
async def test_groups_that_can_hold_roles_are_found_by_a_filter(graph: Graph) -> None:
    await graph.sim("PUT", "tenant", {"roleAssignableGroups": [GROUP], "groupParents": {OTHER: [PARENT]}})
    path, roles = "/v1.0/groups", ["GroupMember.Read.All"]
    answer = await graph.call("GET", f"{path}?$filter=isAssignableToRole eq true&$select=id", roles=roles)
    assert answer.body["value"] == [{"id": GROUP}]
    every = (await graph.call("GET", path, roles=roles)).body["value"]
    assert {row["id"]: row["isAssignableToRole"] for row in every} == {GROUP: True, OTHER: None, PARENT: None}
    assert (await graph.call("GET", f"{path}?$filter=startswith(displayName,'x')", roles=roles)).status == 400
    assert (await graph.call("GET", f"{path}?$skip=1", roles=roles)).status == 400
    assert (await graph.call("GET", path, roles=["User.Read.All"])).code == "Authorization_RequestDenied"


@pytest.mark.graph_verified
async def test_a_page_of_memberships_leads_to_the_next_with_its_selection(graph: Graph) -> None:
    groups = [f"{number:08}-0000-4000-8000-000000000000" for number in range(3)]
    user = await graph.user(groups=groups, roles=["r1"])
    path = f"/v1.0/users/{user}/transitiveMemberOf?$select=id,isAssignableToRole&$top=3"
    first = (await graph.call("GET", path)).body
    second = (await graph.call("GET", first["@odata.nextLink"])).body
    assert [set(item) for item in first["value"]] == [{"@odata.type", "id", "isAssignableToRole"}] * 3
    assert [set(item) for item in second["value"]] == [{"@odata.type", "id"}]


@pytest.mark.parametrize("roles", [["User.Read.All"], ["GroupMember.Read.All"], ["User.ReadBasic.All"]])
async def test_a_check_of_groups_needs_users_and_groups(graph: Graph, roles: list[str]) -> None:
    path, body = f"/v1.0/users/{await graph.user()}/checkMemberGroups", {"groupIds": [GROUP]}
    denied = await graph.call("POST", path, body, roles=roles)
    assert (denied.status, denied.code) == (403, "Authorization_RequestDenied")


@pytest.mark.graph_verified
@pytest.mark.parametrize("roles", [["User.Read.All", "GroupMember.Read.All"], ["Directory.Read.All"]])
async def test_a_check_of_groups_passes_with_both_or_with_the_directory(graph: Graph, roles: list[str]) -> None:
    path, body = f"/v1.0/users/{await graph.user()}/checkMemberGroups", {"groupIds": [GROUP]}
    assert (await graph.call("POST", path, body, roles=roles)).body["value"] == []


@pytest.mark.parametrize("facts", [{"noLicenceForm": "loud"}, {"colour": "blue"}])
async def test_facts_that_make_no_sense_are_refused(graph: Graph, facts: dict[str, Any]) -> None:
    assert (await graph.sim("PUT", "tenant", facts)).status == 400
