"""Users that are no ordinary people: in a restricted unit, agents, with a state that cannot be read; odd keys."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.graph_simulator.client import (
    MOBILE_ID,
    NUMBER,
    OTHER_NUMBER,
    Graph,
    phone,
    phone_path,
    preference_path,
    state_path,
)

SMS = {"userPreferredMethodForSecondaryAuthentication": "sms"}
WRITES: list[tuple[str, str, dict[str, Any] | None]] = [
    ("POST", phone_path("{user}"), phone(OTHER_NUMBER, "office")),
    ("PATCH", phone_path("{user}", MOBILE_ID), phone(OTHER_NUMBER)),
    ("DELETE", phone_path("{user}", MOBILE_ID), None),
    ("PATCH", state_path("{user}"), {"perUserMfaState": "disabled"}),
    ("PATCH", preference_path("{user}"), SMS),
]


@pytest.mark.graph_verified
@pytest.mark.parametrize(("method", "path", "body"), WRITES)
async def test_a5_a_user_in_a_restricted_unit_can_be_read_and_not_written(
    graph: Graph, method: str, path: str, body: object
) -> None:
    user = await graph.user(isManagementRestricted=True, authentication={"mobile": NUMBER})
    refused = await graph.call(method, path.format(user=user), body)
    shown = (await graph.call("GET", f"/v1.0/users/{user}?$select=isManagementRestricted")).body
    assert refused.refusal == (403, "accessDenied", "Request Authorization failed")
    assert shown["isManagementRestricted"] is True
    assert [item["phoneNumber"] for item in await graph.phones(user)] == [NUMBER]
    await graph.sim("PATCH", "faults", {"restricted_units_refuse": False})
    assert (await graph.call(method, path.format(user=user), body)).status in (201, 204)


@pytest.mark.graph_verified
async def test_a5_a_restricted_user_is_in_an_administrative_unit_and_cannot_be_edited(graph: Graph) -> None:
    user = await graph.user(isManagementRestricted=True)
    listed = (await graph.call("GET", f"/v1.0/users/{user}/transitiveMemberOf")).body["value"]
    edit = await graph.call("PATCH", f"/v1.0/users/{user}", {"mobilePhone": "+1"}, roles=["User.ReadWrite.All"])
    assert [item["@odata.type"] for item in listed] == ["#microsoft.graph.administrativeUnit"]
    assert (edit.status, edit.code) == (403, "Authorization_RequestDenied")


@pytest.mark.graph_verified
async def test_a6_an_agent_user_is_listed_with_its_type(graph: Graph) -> None:
    parent = "11111111-2222-4333-8444-555555555555"
    person, agent = await graph.user(), await graph.user(identityParentId=parent)
    selection = "$select=id,identityParentId"
    one = (await graph.call("GET", f"/v1.0/users/{agent}?{selection}")).body
    listed = (await graph.call("GET", f"/v1.0/users?{selection}")).body["value"]
    changed = (await graph.call("GET", f"/v1.0/users/delta?{selection}")).body["value"]
    assert (one["@odata.type"], one["identityParentId"]) == ("#microsoft.graph.agentUser", parent)
    for rows in (listed, changed):
        types = {row["id"]: row.get("@odata.type") for row in rows}
        assert types == {person: None, agent: "#microsoft.graph.agentUser"}


async def test_a6_an_agent_user_takes_no_phone(graph: Graph) -> None:
    agent = await graph.user(identityParentId="11111111-2222-4333-8444-555555555555")
    assert (await graph.call("POST", phone_path(agent), phone())).status == 400
    assert await graph.phones(agent) == []


@pytest.mark.graph_verified
async def test_a4_a_hardware_token_is_listed_by_beta_only(graph: Graph) -> None:
    user = await graph.user(authentication={"methods": ["hardwareOath", "fido2"]})
    kinds = {}
    for version in ("v1.0", "beta"):
        rows = (await graph.call("GET", f"/{version}/users/{user}/authentication/methods")).body["value"]
        kinds[version] = [row["@odata.type"].removeprefix("#microsoft.graph.") for row in rows]
    assert kinds["v1.0"] == ["passwordAuthenticationMethod", "fido2AuthenticationMethod"]
    assert kinds["beta"] == [
        "passwordAuthenticationMethod",
        "hardwareOathAuthenticationMethod",
        "fido2AuthenticationMethod",
    ]


async def test_a_hardware_token_is_a_second_factor_and_can_be_deleted_in_beta(graph: Graph) -> None:
    user = await graph.user(authentication={"methods": ["hardwareOath"], "perUserMfaState": "enabled"})
    rows = (await graph.call("GET", f"/beta/users/{user}/authentication/methods")).body["value"]
    state = (await graph.call("GET", state_path(user))).body["perUserMfaState"]
    path = f"/users/{user}/authentication/hardwareOathMethods/{rows[1]['id']}"
    statuses = [(await graph.call("DELETE", f"/{version}{path}")).status for version in ("v1.0", "beta")]
    assert (state, statuses) == ("enforced", [400, 204])


@pytest.mark.parametrize(
    ("name", "path", "body"),
    [("requirements", state_path, {"perUserMfaState": "disabled"}), ("signInPreferences", preference_path, {})],
)
@pytest.mark.parametrize("status", [400, 404])
async def test_a8_a_state_may_be_unavailable_for_one_user(
    graph: Graph, name: str, path: Any, body: dict[str, str], status: int
) -> None:
    user, other = await graph.user(unavailable={name: status}), await graph.user()
    answers = [await graph.call("GET", path(user)), await graph.call("PATCH", path(user), body)]
    assert [answer.status for answer in answers] == [status] * 2
    assert (await graph.call("GET", path(other))).status == 200
    assert (await graph.call("GET", phone_path(user))).status == 200
    await graph.sim("PATCH", f"users/{user}", {"unavailable": {}})
    assert (await graph.call("GET", path(user))).status == 200


@pytest.mark.parametrize("given", [{"requirements": 500}, {"phones": 404}])
async def test_what_cannot_be_unavailable_is_refused(graph: Graph, given: dict[str, int]) -> None:
    assert (await graph.sim("POST", "users", {"unavailable": given})).status == 400


@pytest.mark.parametrize(("shown", "seen"), [("null", None), ("unknownFutureValue", "unknownFutureValue")])
async def test_a_phone_may_be_shown_without_a_type(graph: Graph, shown: str, seen: str | None) -> None:
    user = await graph.user(authentication={"mobile": NUMBER})
    await graph.sim("PATCH", "faults", {"shown_phone_type": shown})
    methods = (await graph.call("GET", f"/v1.0/users/{user}/authentication/methods")).body["value"]
    assert [(item["id"], item["phoneType"]) for item in await graph.phones(user)] == [(MOBILE_ID, seen)]
    assert methods[1]["phoneType"] == seen


@pytest.mark.graph_verified
@pytest.mark.parametrize("name", ["anna@contoso.example", "$anna@contoso.example", "o'neil@contoso.example"])
async def test_a_user_is_found_by_a_key_in_brackets(graph: Graph, name: str) -> None:
    user = await graph.user(userPrincipalName=name)
    key = quote(name.replace("'", "''"), safe="$@'")
    shown = await graph.call("GET", f"/v1.0/users('{key}')?$select=id")
    phones = await graph.call("GET", f"/v1.0/users('{key}')/authentication/phoneMethods")
    assert (shown.body["id"], phones.status) == (user, 200)


@pytest.mark.graph_verified
@pytest.mark.parametrize("spelled", ["$anna@contoso.example", "%24anna@contoso.example", "$count"])
async def test_a_segment_that_begins_with_a_dollar_is_no_key(graph: Graph, spelled: str) -> None:
    await graph.user(userPrincipalName="$anna@contoso.example")
    answer = await graph.call("GET", f"/v1.0/users/{spelled}")
    assert (answer.status, answer.code) == (400, "BadRequest")


@pytest.mark.graph_verified
async def test_the_methods_policy_shows_sms_and_in_beta_the_system_preferred_method(graph: Graph) -> None:
    await graph.sim("PUT", "tenant", {"systemPreferredState": "enabled", "smsPolicyState": "disabled"})
    shown = [
        (await graph.call("GET", f"/{version}/policies/authenticationMethodsPolicy")).body
        for version in ("v1.0", "beta")
    ]
    assert [body["authenticationMethodConfigurations"][0]["state"] for body in shown] == ["disabled"] * 2
    assert [body.get("systemCredentialPreferences", {}).get("state") for body in shown] == [None, "enabled"]


async def test_a_registered_phone_may_not_be_listed(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": NUMBER, "hidesPhones": True})
    again = await graph.call("POST", phone_path(user), phone(OTHER_NUMBER))
    assert (await graph.phones(user), again.status) == ([], 400)
    await graph.sim("PUT", f"users/{user}/authentication", {"hidesPhones": False})
    assert [item["phoneNumber"] for item in await graph.phones(user)] == [NUMBER]


async def test_numbers_may_be_masked(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": "+49 1713920001"})
    await graph.sim("PATCH", "faults", {"masked_numbers": True})
    assert [item["phoneNumber"] for item in await graph.phones(user)] == ["+XX XXXXXXXX01"]
