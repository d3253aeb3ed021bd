"""What Graph's closed types refuse, the simulator refuses: bodies, selections, query options."""

from typing import Any

import pytest

from dev.graph_schema.schema import VERSIONS, Schema
from dev.graph_simulator.urls import TOKENS, Route, build_routes
from tests.contract.graph_simulator.client import (
    MOBILE_ID,
    NUMBER,
    Graph,
    Webhook,
    inner,
    phone,
    phone_path,
    preference_path,
    state_path,
)

STRANGE = "colour"
WRITERS = [
    "User.Read.All",
    "User.ReadWrite.All",
    "GroupMember.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
    "Policy.ReadWrite.AuthenticationMethod",
]
BODIES: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", phone_path("{new}"), phone(), "phoneAuthenticationMethod"),
    ("PATCH", phone_path("{old}", MOBILE_ID), phone(), "phoneAuthenticationMethod"),
    ("POST", phone_path("{new}", version="beta"), phone(), "phoneAuthenticationMethod"),
    ("PATCH", state_path("{old}"), {"perUserMfaState": "disabled"}, "strongAuthenticationRequirements"),
    (
        "PATCH",
        preference_path("{old}"),
        {"userPreferredMethodForSecondaryAuthentication": "sms"},
        "signInPreferences",
    ),
    ("POST", "/v1.0/users", {"userPrincipalName": "new@contoso.example"}, "user"),
    ("PATCH", "/v1.0/users/{old}", {"mobilePhone": "+1"}, "user"),
]
IDS = [f"{method} {path}" for method, path, _, _ in BODIES]


async def send(graph: Graph, method: str, path: str, body: object) -> tuple[int, str, str]:
    """Status, code and message; the latter two are empty after a success."""
    users = {"new": await graph.user(), "old": await graph.user(authentication={"mobile": NUMBER})}
    answer = await graph.call(method, path.format(**users), body, roles=WRITERS)
    return answer.refusal if answer.status >= 400 else (answer.status, "", "")


@pytest.mark.graph_verified
@pytest.mark.parametrize(("method", "path", "body", "type_name"), BODIES, ids=IDS)
async def test_a1_an_undeclared_property_is_a_400(
    graph: Graph, method: str, path: str, body: dict[str, Any], type_name: str
) -> None:
    status, code, message = await send(graph, method, path, {**body, STRANGE: "blue"})
    assert (status, code) == (400, "RequestBodyRead")
    assert message.startswith(f"The property '{STRANGE}' does not exist on type 'microsoft.graph.{type_name}'.")
    assert (await send(graph, method, path, body))[0] in (200, 201, 204)


@pytest.mark.graph_verified
@pytest.mark.parametrize("value", [None, "#microsoft.graph.phoneAuthenticationMethod"])
@pytest.mark.parametrize(("method", "path", "body", "type_name"), BODIES, ids=IDS)
async def test_a1_the_name_a_program_gives_to_the_type_is_no_property(
    graph: Graph, method: str, path: str, body: dict[str, Any], type_name: str, value: object
) -> None:
    assert (await send(graph, method, path, {**body, "odata_type": value}))[:2] == (400, "RequestBodyRead")


@pytest.mark.graph_verified
@pytest.mark.parametrize(("method", "path", "body", "type_name"), BODIES, ids=IDS)
async def test_a1_a_type_annotation_is_refused_for_authentication_methods_only(
    graph: Graph, method: str, path: str, body: dict[str, Any], type_name: str
) -> None:
    answer = await send(graph, method, path, {**body, "@odata.type": f"#microsoft.graph.{type_name}"})
    if type_name == "phoneAuthenticationMethod":
        assert answer == (400, "badRequest", "Unable to parse request body as an authentication method.")
    else:
        assert answer[0] in (200, 201, 204)


@pytest.mark.graph_verified
async def test_a1_nothing_is_written_by_a_refused_body(graph: Graph) -> None:
    user = await graph.user()
    await graph.call("POST", phone_path(user), {**phone(), "odata_type": None})
    await graph.call("PATCH", state_path(user), {"perUserMfaState": "enforced", STRANGE: 1})
    shown = (await graph.sim("GET", f"users/{user}")).body["authentication"]
    assert (shown["phones"], shown["perUserMfaState"]) == ([], "disabled")


@pytest.mark.graph_verified
async def test_a1_a_refused_part_of_a_batch_stands_alone(graph: Graph) -> None:
    user = await graph.user()
    own = f"/users/{user}/authentication/phoneMethods"
    bad, good = inner("1", "POST", own, {**phone(), "odata_type": None}), inner("2", "POST", own, phone())
    answer = await graph.batch(bad, good)
    assert [(item["id"], item["status"]) for item in answer.body["responses"]] == [("1", 400), ("2", 201)]


MISFITS: list[tuple[str, str, dict[str, Any], str]] = [
    ("POST", phone_path("{new}"), {**phone(), "phoneType": "fax"}, "badRequest"),
    ("POST", phone_path("{new}"), {**phone(), "phoneNumber": 49}, "badRequest"),
    ("POST", phone_path("{new}"), {**phone(), "smsSignInState": "maybe"}, "badRequest"),
    ("PATCH", state_path("{old}"), {"perUserMfaState": "on"}, "badRequest"),
    ("PATCH", preference_path("{old}"), {"isSystemPreferredAuthenticationMethodEnabled": "no"}, "badRequest"),
    ("PATCH", "/v1.0/users/{old}", {"accountEnabled": "yes"}, "Request_BadRequest"),
    ("PATCH", "/v1.0/users/{old}", {"businessPhones": "1"}, "Request_BadRequest"),
    ("PATCH", "/v1.0/users/{old}", {"calendar": {"id": "x"}}, "Request_BadRequest"),
    ("PATCH", "/v1.0/users/{old}", {"isManagementRestricted": True}, "Request_BadRequest"),
    ("POST", "/v1.0/users/{old}/checkMemberGroups", {"groupIds": "x"}, "Request_BadRequest"),
    ("POST", "/v1.0/users/{old}/checkMemberGroups", {"groupIds": [1]}, "Request_BadRequest"),
]


@pytest.mark.parametrize(("method", "path", "body", "code"), MISFITS)
async def test_a_value_of_the_wrong_kind_is_a_400(
    graph: Graph, method: str, path: str, body: dict[str, Any], code: str
) -> None:
    assert (await send(graph, method, path, body))[:2] == (400, code)


@pytest.mark.graph_verified
async def test_a_parameter_an_action_does_not_take_is_a_400(graph: Graph) -> None:
    path = f"/v1.0/users/{await graph.user()}/checkMemberGroups"
    answer = await graph.call("POST", path, {"groupIds": ["x"], STRANGE: 1})
    text = f"The parameter '{STRANGE}' in the request payload is not a valid parameter for the operation "
    assert answer.refusal == (400, "BadRequest", f"{text}'checkMemberGroups'.")


@pytest.mark.graph_verified
async def test_an_undeclared_property_of_a_subscription_is_a_400(graph: Graph, hook: Webhook) -> None:
    body = graph.subscription(hook)
    refused = await graph.call("POST", "/v1.0/subscriptions", {**body, STRANGE: 1})
    made = await graph.call("POST", "/v1.0/subscriptions", {**body, "@odata.type": "#microsoft.graph.subscription"})
    path = f"/v1.0/subscriptions/{made.body['id']}"
    renewed = await graph.call("PATCH", path, {"expirationDateTime": body["expirationDateTime"], STRANGE: 1})
    assert [(each.status, each.code) for each in (refused, renewed)] == [(400, "RequestBodyRead")] * 2
    assert (made.status, len(graph.tenant.subscriptions), len(hook.handshakes)) == (201, 1, 1)


@pytest.mark.parametrize(
    "envelope",
    [
        {"requests": [inner("1", "GET", "/users")], STRANGE: 1},
        {"requests": [{**inner("1", "GET", "/users"), STRANGE: 1}]},
    ],
)
async def test_an_undeclared_property_of_a_batch_is_a_400(graph: Graph, envelope: dict[str, Any]) -> None:
    answer = await graph.call("POST", "/v1.0/$batch", envelope)
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert STRANGE in answer.message


READERS = [*WRITERS, "RoleManagement.Read.Directory", "PrivilegedEligibilitySchedule.Read.AzureADGroup"]
SELECTIONS = [
    ("/v1.0/users?", "user"),
    ("/v1.0/users/delta?", "user"),
    ("/v1.0/users/{user}?", "user"),
    ("/v1.0/users/{user}/transitiveMemberOf?", "directoryObject"),
    ("/v1.0/groups?", "group"),
    ("/v1.0/roleManagement/directory/roleAssignments?", "unifiedRoleAssignment"),
    ("/v1.0/roleManagement/directory/roleEligibilitySchedules?", "unifiedRoleEligibilitySchedule"),
    (
        "/v1.0/identityGovernance/privilegedAccess/group/eligibilitySchedules?$filter=principalId eq '{user}'&",
        "privilegedAccessGroupEligibilitySchedule",
    ),
]


@pytest.mark.graph_verified
@pytest.mark.parametrize(("path", "type_name"), SELECTIONS)
async def test_a_selection_is_judged_by_the_type_of_what_is_listed(graph: Graph, path: str, type_name: str) -> None:
    path = path.format(user=await graph.user())
    for name in Schema.v1().type(type_name).properties:
        assert (await graph.call("GET", f"{path}$select={name.upper()}", roles=READERS)).status == 200, name
    answer = await graph.call("GET", f"{path}$select=id,{STRANGE}", roles=READERS)
    what = f"Could not find a property named '{STRANGE}' on type 'microsoft.graph.{type_name}'."
    assert answer.refusal == (400, "BadRequest", f"Parsing OData Select and Expand failed: {what}")


async def test_a_declared_property_that_was_never_set_is_null_or_empty(graph: Graph) -> None:
    path = f"/v1.0/users/{await graph.user()}?$select=id,aboutMe,interests,isManagementRestricted"
    body = (await graph.call("GET", path)).body
    assert (body["aboutMe"], body["interests"], body["isManagementRestricted"]) == (None, [], None)


@pytest.mark.parametrize(
    "path",
    [
        phone_path("{user}"),
        phone_path("{user}", MOBILE_ID),
        "/v1.0/users/{user}/authentication/methods",
        "/v1.0/policies/authenticationMethodsPolicy",
        state_path("{user}"),
    ],
)
@pytest.mark.parametrize("option", ["$filter=id eq 'x'", "$top=1", "$expand=x", "$colour=blue"])
async def test_an_address_refuses_options_it_does_not_document(graph: Graph, path: str, option: str) -> None:
    user = await graph.user(authentication={"mobile": NUMBER})
    answer = await graph.call("GET", f"{path.format(user=user)}?{option}")
    assert (answer.status, answer.code) == (400, "Request_UnsupportedQuery")
    assert (await graph.call("GET", f"{path.format(user=user)}?colour=blue")).status == 200


async def _nothing(url: str, seconds: float) -> None:
    """No webhook is called here."""


def routes() -> tuple[Route, ...]:
    from dev.graph_simulator.subscriptions import Subscriptions

    return build_routes(Subscriptions(_nothing))


@pytest.mark.parametrize("route", routes(), ids=lambda route: f"{route.method} {route.template}")
def test_each_address_is_one_that_microsoft_describes(route: Route) -> None:
    """Versions, types and roles come from there; options are some of those declared."""
    assert route.addresses
    assert route.roles
    for version, address in route.addresses.items():
        assert version in VERSIONS
        assert route.options - TOKENS <= address.options
        if route.method in {"POST", "PATCH"} and "reauthorize" not in route.template:
            assert address.bodies[route.method] in Schema.of(version).type_names
