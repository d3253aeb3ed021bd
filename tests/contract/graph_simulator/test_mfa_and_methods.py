"""Per-user MFA state, preferred method, the list of methods."""

import pytest

from tests.contract.graph_simulator.client import NUMBER, Graph, phone, phone_path, preference_path, state_path


async def state_of(graph: Graph, user: str) -> str:
    return str((await graph.call("GET", state_path(user))).body["perUserMfaState"])


@pytest.mark.graph_verified
async def test_the_state_is_disabled_until_it_is_set(graph: Graph) -> None:
    user = await graph.user()
    before = await state_of(graph, user)
    answer = await graph.call("PATCH", state_path(user), {"perUserMfaState": "enabled"})
    assert (before, answer.status, answer.text, await state_of(graph, user)) == ("disabled", 204, "", "enabled")


@pytest.mark.graph_verified
@pytest.mark.parametrize(
    "equipment", [{"mobile": NUMBER}, {"office": NUMBER}, {"methods": ["fido2"]}, {"methods": ["softwareOath"]}]
)
async def test_enabled_becomes_enforced_for_who_has_a_method(graph: Graph, equipment: dict[str, object]) -> None:
    user = await graph.user(authentication=equipment)
    await graph.call("PATCH", state_path(user), {"perUserMfaState": "enabled"})
    assert await state_of(graph, user) == "enforced"


@pytest.mark.graph_verified
async def test_enabled_becomes_enforced_once_a_method_is_registered(graph: Graph) -> None:
    user, other = await graph.user(), await graph.user()
    for each in (user, other):
        await graph.call("PATCH", state_path(each), {"perUserMfaState": "enabled"})
    await graph.call("POST", phone_path(user), phone())
    await graph.sim("POST", f"users/{other}/methods", {"kind": "microsoftAuthenticator"})
    assert [await state_of(graph, each) for each in (user, other)] == ["enforced", "enforced"]


async def test_an_address_for_mail_does_not_count_as_a_method(graph: Graph) -> None:
    user = await graph.user(authentication={"methods": ["email"], "perUserMfaState": "enabled"})
    assert await state_of(graph, user) == "enabled"


@pytest.mark.parametrize("state", ["on", None, ""])
async def test_an_unknown_state_is_a_400(graph: Graph, state: object) -> None:
    answer = await graph.call("PATCH", state_path(await graph.user()), {"perUserMfaState": state})
    assert answer.refusal == (400, "badRequest", f"'{state}' is not a valid value of perUserMfaState.")


@pytest.mark.graph_verified
async def test_preferences_show_what_the_system_and_the_user_prefer(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": NUMBER, "methods": ["microsoftAuthenticator"]})
    answer = await graph.call("PATCH", preference_path(user), {"userPreferredMethodForSecondaryAuthentication": "sms"})
    shown = (await graph.call("GET", preference_path(user))).body
    assert (answer.status, answer.text) == (204, "")
    assert shown["isSystemPreferredAuthenticationMethodEnabled"] is True
    assert shown["userPreferredMethodForSecondaryAuthentication"] == "sms"
    assert shown["systemPreferredAuthenticationMethod"] == "push"


@pytest.mark.parametrize(
    ("preferred", "equipment"),
    [
        ("sms", {}),
        ("voiceMobile", {"office": NUMBER}),
        ("voiceAlternateMobile", {"mobile": NUMBER}),
        ("voiceOffice", {"mobile": NUMBER}),
        ("push", {"mobile": NUMBER}),
        ("oath", {"mobile": NUMBER}),
    ],
)
async def test_an_unregistered_method_cannot_be_preferred(
    graph: Graph, preferred: str, equipment: dict[str, object]
) -> None:
    user = await graph.user(authentication=equipment)
    body = {"userPreferredMethodForSecondaryAuthentication": preferred}
    answer = await graph.call("PATCH", preference_path(user), body)
    assert answer.refusal == (400, "badRequest", f"The method '{preferred}' is not registered for this user.")


@pytest.mark.parametrize(
    "body",
    [
        {"userPreferredMethodForSecondaryAuthentication": "telegram"},
        {"isSystemPreferredAuthenticationMethodEnabled": "no"},
    ],
)
async def test_preferences_of_the_wrong_kind_are_refused(graph: Graph, body: dict[str, object]) -> None:
    assert (await graph.call("PATCH", preference_path(await graph.user()), body)).status == 400


async def test_system_preference_can_be_switched_off_for_a_user(graph: Graph) -> None:
    user = await graph.user()
    await graph.call("PATCH", preference_path(user), {"isSystemPreferredAuthenticationMethodEnabled": False})
    shown = (await graph.call("GET", preference_path(user))).body
    assert shown["isSystemPreferredAuthenticationMethodEnabled"] is False
    assert shown["userPreferredMethodForSecondaryAuthentication"] is None


async def test_a_preference_goes_with_its_method(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": NUMBER, "preferred": "sms"})
    await graph.sim("DELETE", f"users/{user}/phone")
    assert (await graph.sim("GET", f"users/{user}")).body["authentication"]["preferred"] is None


KINDS = {  # listed by both versions
    "fido2": "fido2AuthenticationMethod",
    "windowsHelloForBusiness": "windowsHelloForBusinessAuthenticationMethod",
    "microsoftAuthenticator": "microsoftAuthenticatorAuthenticationMethod",
    "softwareOath": "softwareOathAuthenticationMethod",
    "platformCredential": "platformCredentialAuthenticationMethod",
    "email": "emailAuthenticationMethod",
    "temporaryAccessPass": "temporaryAccessPassAuthenticationMethod",
    "externalAuthenticationMethod": "externalAuthenticationMethod",
}


@pytest.mark.graph_verified
@pytest.mark.parametrize("version", ["v1.0", "beta"])
async def test_the_list_of_methods_names_the_type_of_each(graph: Graph, version: str) -> None:
    user = await graph.user(authentication={"mobile": NUMBER, "methods": list(KINDS)})
    value = (await graph.call("GET", f"/{version}/users/{user}/authentication/methods")).body["value"]
    assert [item["@odata.type"].removeprefix("#microsoft.graph.") for item in value] == [
        "passwordAuthenticationMethod",
        "phoneAuthenticationMethod",
        *KINDS.values(),
    ]


@pytest.mark.graph_verified
async def test_a_method_can_be_deleted_by_its_id(graph: Graph) -> None:
    user = await graph.user(authentication={"methods": ["fido2"]})
    own = f"/v1.0/users/{user}/authentication"
    [_, key] = (await graph.call("GET", f"{own}/methods")).body["value"]
    statuses = [
        (await graph.call("DELETE", f"{own}/softwareOathMethods/{key['id']}")).status,
        (await graph.call("DELETE", f"{own}/fido2Methods/{key['id']}")).status,
        (await graph.call("DELETE", f"{own}/fido2Methods/{key['id']}")).status,
        (await graph.call("DELETE", f"{own}/passwordMethods/{key['id']}")).status,
    ]
    assert statuses == [404, 204, 404, 400]


GROUP, PARENT, OTHER = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "abc")


@pytest.mark.graph_verified
async def test_group_membership_is_transitive(graph: Graph) -> None:
    await graph.sim("PUT", "tenant", {"groupParents": {GROUP: [PARENT], PARENT: [GROUP]}})
    user = await graph.user(groups=[GROUP], roles=["r1"])
    path = f"/v1.0/users/{user}"
    check = await graph.call("POST", f"{path}/checkMemberGroups", {"groupIds": [PARENT, OTHER]})
    member = await graph.call("GET", f"{path}/transitiveMemberOf")
    assert check.body["value"] == [PARENT]
    assert [item["id"] for item in member.body["value"][:2]] == [GROUP, PARENT]
    role = member.body["value"][2]
    assert (role["@odata.type"], role["roleTemplateId"]) == ("#microsoft.graph.directoryRole", "r1")
    assert role["id"] not in ("", "r1")


@pytest.mark.parametrize("ids", [[], None, [OTHER] * 21])
async def test_check_member_groups_takes_one_to_twenty_ids(graph: Graph, ids: object) -> None:
    answer = await graph.call("POST", f"/v1.0/users/{await graph.user()}/checkMemberGroups", {"groupIds": ids})
    assert (answer.status, answer.code) == (400, "Request_BadRequest")


@pytest.mark.graph_verified
async def test_the_sms_policy_can_be_read(graph: Graph) -> None:
    await graph.sim("PUT", "tenant", {"smsPolicyState": "disabled", "smsUsableForSignIn": True})
    path = "/v1.0/policies/authenticationMethodsPolicy/authenticationMethodConfigurations"
    answer = await graph.call("GET", f"{path}/Sms")
    assert (answer.body["state"], answer.body["includeTargets"][0]["isUsableForSignIn"]) == ("disabled", True)
    assert (await graph.call("GET", f"{path}/Fido2")).status == 404
