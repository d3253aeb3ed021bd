"""Who may ask, and what a refusal looks like."""

import asyncio
import time
from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.contract.graph_simulator.client import APP, Graph, phone, phone_path, preference_path, state_path

UNKNOWN = "99999999-9999-4999-8999-999999999999"


@pytest.mark.graph_verified
async def test_an_error_has_code_message_and_inner_error(graph: Graph) -> None:
    answer = await graph.call("GET", f"/v1.0/users/{UNKNOWN}", headers={"client-request-id": "mine"})
    assert answer.refusal == (
        404,
        "Request_ResourceNotFound",
        f"Resource '{UNKNOWN}' does not exist or one of its queried reference-property objects are not present.",
    )
    assert answer.body["error"]["innerError"]["request-id"] == answer.headers["request-id"]
    assert answer.headers["client-request-id"] == "mine" == answer.body["error"]["innerError"]["client-request-id"]
    assert "Date" in answer.headers


@pytest.mark.graph_verified
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"audience": "https://vault.azure.net"}, "Access token validation failure. Invalid audience."),
        ({"expires": time.time() - 1}, "Lifetime validation failed, the token is expired."),
    ],
)
async def test_a_wrong_token_is_a_401_with_a_challenge(graph: Graph, changes: dict[str, Any], message: str) -> None:
    answer = await graph.call("GET", "/v1.0/users", token=graph.token(**changes))
    assert answer.refusal == (401, "InvalidAuthenticationToken", message)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer ")


@pytest.mark.parametrize("token", ["", "opaque", "a.b!.c", "a.W10.c"])
async def test_a_token_that_is_none_is_a_401(graph: Graph, token: str) -> None:
    answer = await graph.call("GET", "/v1.0/users", token=token)
    assert (answer.status, answer.code) == (401, "InvalidAuthenticationToken")


async def test_a_token_of_another_tenant_or_without_app_is_a_401(graph: Graph) -> None:
    foreign = await graph.call("GET", "/v1.0/users", token=graph.token(tenant_id="another"))
    nameless = await graph.call("GET", "/v1.0/users", token=graph.token(app=""))
    assert (foreign.status, nameless.status) == (401, 401)


@pytest.mark.parametrize("audience", ["https://graph.microsoft.com", "https://graph.microsoft.com/", "{url}/"])
async def test_the_audience_is_graph_or_the_simulator(graph: Graph, audience: str) -> None:
    token = graph.token(audience=audience.replace("{url}", graph.url))
    assert (await graph.call("GET", "/v1.0/users", token=token)).status == 200


async def test_a_lenient_audience_can_be_switched_on(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"lenient_audience": True})
    assert (await graph.call("GET", "/v1.0/users", token=graph.token(audience="any"))).status == 200


async def test_skipping_time_does_not_expire_tokens(graph: Graph) -> None:
    await graph.sim("POST", "clock", {"advance_seconds": 86_400})
    assert (await graph.call("GET", "/v1.0/users")).status == 200


DIRECTORY = (403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")
METHODS = (403, "accessDenied", "Request Authorization failed")
PHONE_ONLY = "UserAuthMethod-Phone.ReadWrite.All"
BROAD = "UserAuthenticationMethod.ReadWrite.All"
STATE = "Policy.ReadWrite.AuthenticationMethod"
MATRIX = [
    ("GET", "/v1.0/users/{id}", None, "User.Read.All", BROAD, DIRECTORY),
    ("GET", "/v1.0/users/delta", None, "User.Read.All", STATE, DIRECTORY),
    ("GET", "/v1.0/subscriptions", None, "User.Read.All", "User.ReadWrite.All", DIRECTORY),
    ("GET", phone_path("{id}"), None, "UserAuthMethod-Phone.Read.All", "User.Read.All", METHODS),
    ("POST", phone_path("{id}"), phone(), PHONE_ONLY, "UserAuthenticationMethod.Read.All", METHODS),
    ("POST", phone_path("{id}"), phone(), BROAD, STATE, METHODS),
    ("GET", "/v1.0/users/{id}/authentication/methods", None, BROAD, PHONE_ONLY, METHODS),
    ("GET", state_path("{id}"), None, "Policy.Read.All", BROAD, METHODS),
    ("PATCH", state_path("{id}"), {"perUserMfaState": "disabled"}, STATE, "Policy.Read.All", METHODS),
    ("GET", preference_path("{id}"), None, "UserAuthenticationMethod.Read.All", PHONE_ONLY, METHODS),
    ("PATCH", preference_path("{id}"), {}, BROAD, "UserAuthenticationMethod.Read.All", METHODS),
]


@pytest.mark.graph_verified
@pytest.mark.parametrize(("method", "path", "body", "enough", "too_little", "refusal"), MATRIX)
async def test_each_call_needs_its_role(
    graph: Graph, method: str, path: str, body: object, enough: str, too_little: str, refusal: tuple[int, str, str]
) -> None:
    target = path.replace("{id}", await graph.user())
    denied = await graph.call(method, target, body, roles=[too_little])
    allowed = await graph.call(method, target, body, roles=[enough])
    assert denied.refusal == refusal
    assert allowed.status < 300


@pytest.mark.graph_verified
@pytest.mark.parametrize(
    ("path", "segment"),
    [
        ("/v1.0/users/{id}/authentication/requirements", "requirements"),
        ("/v1.0/users/{id}/authentication/signInPreferences", "signInPreferences"),
        ("/beta/nothing", "nothing"),
        ("/v1.0/users/{id}/authentication/methods/deeper/still", "deeper"),
    ],
)
async def test_an_address_of_another_version_is_a_400(graph: Graph, path: str, segment: str) -> None:
    answer = await graph.call("GET", path.replace("{id}", await graph.user()))
    assert answer.refusal == (400, "BadRequest", f"Resource not found for the segment '{segment}'.")


async def test_a_wrong_method_is_a_405(graph: Graph) -> None:
    assert (await graph.call("PUT", f"/v1.0/users/{await graph.user()}")).status == 405


@pytest.mark.parametrize("body", [b"{", b"[]"])
async def test_a_body_that_is_no_json_object_is_a_400(graph: Graph, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {graph.token()}"}
    async with graph.session.post(f"{graph.url}/v1.0/subscriptions", data=body, headers=headers) as answer:
        assert (answer.status, (await answer.json())["error"]["code"]) == (400, "BadRequest")


async def test_the_caller_of_a_write_is_the_app_of_the_token(graph: Graph) -> None:
    user = await graph.user()
    await graph.call("POST", phone_path(user), phone())
    journal = (await graph.sim("GET", f"journal?user={user}")).body["value"]
    assert [(entry["actor"], entry["caller"]) for entry in journal] == [("human", "human"), ("app", APP)]


async def test_a_caller_that_dies_in_the_middle_of_its_sentence_is_no_error_of_the_simulator(
    graph: Graph, caplog: pytest.LogCaptureFixture
) -> None:
    host = urlsplit(graph.url)
    _, writer = await asyncio.open_connection(host.hostname, host.port)
    writer.write(b'POST /v1.0/$batch HTTP/1.1\r\nHost: graph\r\nContent-Length: 100\r\n\r\n{"requests"')
    await writer.drain()
    await asyncio.sleep(0.1)
    writer.transport.abort()
    await asyncio.sleep(0.1)
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == []
    assert (await graph.call("GET", "/v1.0/users")).status == 200
