"""GET /users and /users/{id}: what is shown, to whom it is there, how a list goes on."""

import asyncio
from urllib.parse import quote

import pytest
from yarl import URL

from tests.contract.graph_simulator.client import Graph, phone, phone_path

DEFAULTS = {
    "businessPhones",
    "displayName",
    "givenName",
    "id",
    "jobTitle",
    "mail",
    "mobilePhone",
    "officeLocation",
    "preferredLanguage",
    "surname",
    "userPrincipalName",
}


@pytest.mark.graph_verified
async def test_without_select_only_the_default_properties_come(graph: Graph) -> None:
    user = await graph.user(mobilePhone="n/a", accountEnabled=True)
    answer = await graph.call("GET", f"/v1.0/users/{user}")
    assert {name for name in answer.body if not name.startswith("@")} == DEFAULTS
    assert answer.body["@odata.context"] == f"{graph.url}/v1.0/$metadata#users/$entity"


@pytest.mark.graph_verified
async def test_select_shows_exactly_what_is_named_and_null_for_what_is_unset(graph: Graph) -> None:
    user = await graph.user(usageLocation="NL")
    answer = await graph.call(
        "GET", f"/beta/users/{user}?$select=id,usageLocation,mobilePhone,accountEnabled,businessPhones"
    )
    shown = {name: value for name, value in answer.body.items() if not name.startswith("@")}
    assert shown == {
        "id": user,
        "usageLocation": "NL",
        "mobilePhone": None,
        "accountEnabled": True,
        "businessPhones": [],
    }


async def test_an_unknown_property_is_a_400(graph: Graph) -> None:
    answer = await graph.call("GET", f"/v1.0/users/{await graph.user()}?$select=id,perUserMfaState")
    what = "Could not find a property named 'perUserMfaState' on type 'microsoft.graph.user'."
    assert answer.refusal == (400, "BadRequest", f"Parsing OData Select and Expand failed: {what}")


@pytest.mark.graph_verified
@pytest.mark.parametrize("name", ["anna@contoso.example", "bob_fabrikam.example#EXT#@contoso.example"])
async def test_a_user_is_found_by_its_escaped_principal_name(graph: Graph, name: str) -> None:
    user = await graph.user(userPrincipalName=name)
    headers = {"Authorization": f"Bearer {graph.token()}"}
    url = URL(f"{graph.url}/v1.0/users/{quote(name, safe='')}", encoded=True)
    async with graph.session.get(url, headers=headers) as answer:
        assert (answer.status, (await answer.json())["id"]) == (200, user)


@pytest.mark.graph_verified
async def test_a_list_goes_on_with_a_next_link_and_shows_everybody_once(graph: Graph) -> None:
    users = [await graph.user() for _ in range(5)]
    seen, link = [], "/v1.0/users?$select=id&$top=2"
    sizes = []
    while link:
        page = (await graph.call("GET", link)).body
        sizes.append(len(page["value"]))
        seen += [item["id"] for item in page["value"]]
        link = page.get("@odata.nextLink", "")
    assert (seen, sizes) == (users, [2, 2, 1])


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("id eq '{0}'", [0]),
        ("id eq '{0}' or id eq '{1}'", [0, 1]),
        ("id in ('{0}','{2}')", [0, 2]),
        ("userPrincipalName eq 'USER-1@contoso.example'", [1]),
        ("accountEnabled eq false", [2]),
        ("accountEnabled eq true and usageLocation eq 'NL'", [1]),
        ("displayName eq 'O''Neil'", [0]),
    ],
)
async def test_simple_filters(graph: Graph, text: str, found: list[int]) -> None:
    users = [
        await graph.user(displayName="O'Neil"),
        await graph.user(userPrincipalName="user-1@contoso.example", usageLocation="NL"),
        await graph.user(accountEnabled=False, usageLocation="NL"),
    ]
    answer = await graph.call("GET", f"/v1.0/users?$select=id&$filter={quote(text.format(*users))}")
    assert [item["id"] for item in answer.body["value"]] == [users[index] for index in found]


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("$filter=startswith(displayName,'a')", "Request_UnsupportedQuery"),
        ("$top=0", "Request_UnsupportedQuery"),
        ("$top=1000", "Request_UnsupportedQuery"),
        ("$expand=manager", "Request_UnsupportedQuery"),
        ("$skiptoken=broken", "Directory_ExpiredPageToken"),
    ],
)
async def test_options_that_do_not_work(graph: Graph, query: str, code: str) -> None:
    await graph.user()
    answer = await graph.call("GET", f"/v1.0/users?{query}")
    assert (answer.status, answer.code) == (400, code)


async def test_a_new_user_is_not_there_yet_then_a_skeleton_then_complete(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"replication_seconds": 60, "skeleton_seconds": 60})
    made = await graph.sim("POST", "users", {"mobilePhone": "+31 612345678"})
    user, path = made.body["id"], f"/v1.0/users/{made.body['id']}?$select=id,mobilePhone,accountEnabled"
    assert made.body["mobilePhone"] == "+31 612345678"
    assert (await graph.call("GET", path)).code == "Request_ResourceNotFound"
    assert (await graph.call("POST", phone_path(user), phone())).status == 404
    assert (await graph.call("GET", "/v1.0/users")).body["value"] == []
    await graph.sim("POST", "clock", {"advance_seconds": 60})
    skeleton = (await graph.call("GET", path)).body
    assert (skeleton["accountEnabled"], skeleton["mobilePhone"]) == (True, None)
    await graph.sim("POST", "clock", {"advance_seconds": 60})
    assert (await graph.call("GET", path)).body["mobilePhone"] == "+31 612345678"


async def test_an_edit_made_meanwhile_survives_the_skeleton_phase(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"skeleton_seconds": 60})
    user = await graph.user(mobilePhone="first")
    await graph.sim("PATCH", f"users/{user}", {"mobilePhone": "second"})
    await graph.sim("POST", "clock", {"advance_seconds": 61})
    assert (await graph.sim("GET", f"users/{user}")).body["mobilePhone"] == "second"


async def test_a_user_deleted_while_a_skeleton_is_complete_when_restored(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"skeleton_seconds": 60})
    user = await graph.user(mobilePhone="+31 612345678")
    await graph.sim("DELETE", f"users/{user}")
    await graph.sim("POST", "clock", {"advance_seconds": 61})
    assert (await graph.call("GET", f"/v1.0/users/{user}")).status == 404
    await graph.sim("POST", f"users/{user}/restore")
    shown = await graph.call("GET", f"/v1.0/users/{user}?$select=mobilePhone")
    assert shown.body["mobilePhone"] == "+31 612345678"


async def test_by_default_replication_takes_a_moment(graph: Graph) -> None:
    await graph.sim("DELETE", "faults")
    user = await graph.user()
    first = (await graph.call("GET", f"/v1.0/users/{user}")).status
    await asyncio.sleep(0.35)
    assert (first, (await graph.call("GET", f"/v1.0/users/{user}")).status) == (404, 200)


@pytest.mark.graph_verified
async def test_a_deleted_user_is_a_404_and_comes_back_when_restored(graph: Graph) -> None:
    user = await graph.user()
    await graph.sim("DELETE", f"users/{user}")
    gone = await graph.call("GET", f"/v1.0/users/{user}")
    await graph.sim("POST", f"users/{user}/restore")
    assert (gone.code, (await graph.call("GET", f"/v1.0/users/{user}")).status) == ("Request_ResourceNotFound", 200)


async def test_a_lagging_replica_shows_the_old_value(graph: Graph) -> None:
    user = await graph.user(mobilePhone="old")
    await graph.sim("PATCH", "faults", {"user_read_lag_seconds": 30})
    await graph.sim("POST", "clock", {"advance_seconds": 31})
    await graph.sim("PATCH", f"users/{user}", {"mobilePhone": "new"})
    early = (await graph.call("GET", f"/v1.0/users/{user}")).body["mobilePhone"]
    await graph.sim("POST", "clock", {"advance_seconds": 31})
    assert (early, (await graph.call("GET", f"/v1.0/users/{user}")).body["mobilePhone"]) == ("old", "new")


async def test_an_app_with_the_right_role_can_write_users(graph: Graph) -> None:
    roles = ["User.ReadWrite.All"]
    made = await graph.call("POST", "/v1.0/users", {"userPrincipalName": "x@contoso.example"}, roles=roles)
    path = f"/v1.0/users/{made.body['id']}"
    twin = await graph.call("POST", "/v1.0/users", {"userPrincipalName": "X@contoso.example"}, roles=roles)
    edit = await graph.call("PATCH", path, {"mobilePhone": "+1"}, roles=roles)
    bad = await graph.call("PATCH", path, {"mobilePhone": "1" * 65}, roles=roles)
    gone = await graph.call("DELETE", path, roles=roles)
    assert (made.status, twin.status, edit.status, bad.status, gone.status) == (201, 400, 204, 400, 204)
