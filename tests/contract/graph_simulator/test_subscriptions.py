"""/subscriptions: the handshake, the limits, the lifetime, whose they are."""

import asyncio
from typing import Any

import pytest
from aiohttp import web

from dev.graph_simulator.clock import epoch_of, iso
from tests.contract.graph_simulator.client import APP, Graph, Webhook

PATH = "/v1.0/subscriptions"
MINUTE = 60
MOST_MINUTES = 41_760


async def subscribe(graph: Graph, hook: Webhook, **changes: Any) -> dict[str, Any]:
    answer = await graph.call("POST", PATH, graph.subscription(hook, **changes))
    assert answer.status == 201, answer.text
    return answer.body


@pytest.mark.graph_verified
async def test_a_subscription_is_made_after_a_handshake_with_both_urls(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook, lifecycleNotificationUrl=hook.url.replace("/hook", "/lifecycle"))
    assert [request.path for request in hook.handshakes] == ["/hook", "/lifecycle"]
    assert hook.handshakes[0].headers["Content-Type"] == "text/plain; charset=utf-8"
    assert made["@odata.context"] == f"{graph.url}/v1.0/$metadata#subscriptions/$entity"
    expected = {
        "resource": "users",
        "applicationId": APP,
        "changeType": "updated",
        "clientState": "state",
        "creatorId": APP,
        "latestSupportedTlsVersion": "v1_2",
        "includeResourceData": None,
    }
    assert {name: made[name] for name in expected} == expected


@pytest.mark.graph_verified
async def test_the_query_of_a_url_is_kept(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook, notificationUrl=f"{hook.url}?code=a%2Fb%3D%3D&x=1")
    [request] = hook.handshakes
    assert request.raw_path.startswith("/hook?code=a%2Fb%3D%3D&x=1&validationToken=")
    await graph.user()
    await hook.wait_for(1)


async def still_encoded(request: web.Request) -> web.Response:
    return web.Response(text=request.raw_path.partition("validationToken=")[2])


async def as_json(request: web.Request) -> web.Response:
    return web.json_response(request.query["validationToken"])


async def as_html(request: web.Request) -> web.Response:
    return web.Response(text=request.query["validationToken"], content_type="text/html")


async def accepted(request: web.Request) -> web.Response:
    return web.Response(status=202, text=request.query["validationToken"])


async def broken(request: web.Request) -> web.Response:
    return web.Response(status=500)


async def late(request: web.Request) -> web.Response:
    await asyncio.sleep(0.3)
    return web.Response(text=request.query["validationToken"])


def not_200(name: str) -> str:
    return (
        f"Subscription validation request failed. HTTP status code is '{name}'. "
        "Notification endpoint must respond with 200 OK to validation request."
    )


NOT_TEXT = "Subscription validation request failed. The response must have the content type text/plain."
NOT_EQUAL = "Subscription validation request failed. Response must exactly match validationToken query parameter."


@pytest.mark.graph_verified
@pytest.mark.parametrize(
    ("handshake", "message"),
    [
        (still_encoded, NOT_EQUAL),
        (as_json, NOT_TEXT),
        (as_html, NOT_TEXT),
        (accepted, not_200("Accepted")),
        (broken, not_200("InternalServerError")),
        (late, "Subscription validation request timed out."),
    ],
)
async def test_a_failed_handshake_makes_no_subscription(
    graph: Graph, hook: Webhook, handshake: Any, message: str
) -> None:
    await graph.sim("PATCH", "faults", {"handshake_timeout_seconds": 0.1})
    hook.handshake = handshake
    answer = await graph.call("POST", PATH, graph.subscription(hook))
    assert answer.refusal == (400, "ValidationError", message)
    assert (await graph.call("GET", PATH)).body["value"] == []


@pytest.mark.graph_verified
async def test_nobody_at_the_url_is_a_failed_handshake_too(graph: Graph, hook: Webhook) -> None:
    answer = await graph.call("POST", PATH, graph.subscription(hook, notificationUrl="http://127.0.0.1:9/hook"))
    message = "Subscription validation request failed. Must respond with 200 OK to this request."
    assert answer.refusal == (400, "ValidationError", message)


@pytest.mark.graph_verified
async def test_the_lifecycle_url_has_to_prove_itself_as_well(graph: Graph, hook: Webhook) -> None:
    body = graph.subscription(hook, lifecycleNotificationUrl="http://127.0.0.1:9/hook")
    assert (await graph.call("POST", PATH, body)).code == "ValidationError"


BAD: list[tuple[dict[str, Any], tuple[str, str]]] = [
    ({"changeType": "created"}, ("InvalidRequest", "Invalid 'changeType' attribute: 'created'.")),
    ({"changeType": "moved"}, ("InvalidRequest", "Invalid 'changeType' attribute: 'moved'.")),
    ({"changeType": None}, ("InvalidRequest", "The required property 'changeType' is missing.")),
    ({"resource": "users?$filter=x"}, ("InvalidRequest", "Unsupported resource 'users?$filter=x'.")),
    ({"resource": "https://graph/users"}, ("InvalidRequest", "Unsupported resource 'https://graph/users'.")),
    (
        {"notificationUrl": "http://example.com/x"},
        ("InvalidRequest", "The notificationUrl must be an absolute HTTPS URL."),
    ),
    ({"clientState": "x" * 129}, ("InvalidRequest", "The clientState must be a string of at most 128 characters.")),
    (
        {"expirationDateTime": "2030-01-01T00:00:00"},
        ("InvalidRequest", "The expirationDateTime is not a valid date-time with an offset."),
    ),
    (
        {"expirationDateTime": "2020-01-01T00:00:00Z"},
        ("InvalidRequest", "Subscription expirationDateTime is in the past."),
    ),
]


@pytest.mark.parametrize(("changes", "refusal"), BAD)
async def test_what_a_subscription_cannot_say(
    graph: Graph, hook: Webhook, changes: dict[str, Any], refusal: tuple[str, str]
) -> None:
    answer = await graph.call("POST", PATH, graph.subscription(hook, **changes))
    assert answer.refusal == (400, *refusal)
    assert hook.handshakes == []


@pytest.mark.graph_verified
@pytest.mark.parametrize("types", ["updated,deleted", "created,updated,deleted"])
@pytest.mark.parametrize("resource", ["users", "/users", "users/c0ffee00-0000-4000-8000-0000000000aa"])
async def test_what_a_subscription_can_say(graph: Graph, hook: Webhook, types: str, resource: str) -> None:
    made = await subscribe(graph, hook, changeType=types, resource=resource, clientState="x" * 128)
    assert (made["changeType"], made["resource"]) == (types, resource)


@pytest.mark.graph_verified
async def test_a_life_is_capped_at_41760_minutes(graph: Graph, hook: Webhook) -> None:
    now = graph.tenant.now()
    too_long = iso(now + (MOST_MINUTES + 2) * MINUTE)
    answer = await graph.call("POST", PATH, graph.subscription(hook, expirationDateTime=too_long))
    message = "Subscription expiration can only be 41760 minutes in the future."
    assert answer.refusal == (400, "ExtensionError", message)
    await subscribe(graph, hook, expirationDateTime=iso(now + (MOST_MINUTES - 1) * MINUTE))


@pytest.mark.graph_verified
async def test_a_short_life_is_raised_to_45_minutes(graph: Graph, hook: Webhook) -> None:
    now = graph.tenant.now()
    made = await subscribe(graph, hook, expirationDateTime=iso(now + 2 * MINUTE))
    assert epoch_of(made["expirationDateTime"]) == pytest.approx(now + 45 * MINUTE, abs=5)


@pytest.mark.graph_verified
@pytest.mark.parametrize(
    "changes",
    [{}, {"resource": "/Users"}, {"notificationUrl": "https://elsewhere.example/x"}, {"clientState": "another"}],
)
async def test_a9_a_twin_is_a_409_whatever_its_url(graph: Graph, hook: Webhook, changes: dict[str, Any]) -> None:
    made = await subscribe(graph, hook)
    answer = await graph.call("POST", PATH, graph.subscription(hook, **changes))
    message = f"Subscription Id {made['id']} already exists for the requested combination"
    assert answer.refusal == (409, "ObjectIdentifierInUse", message)


@pytest.mark.graph_verified
@pytest.mark.parametrize(("method", "operation"), [("POST", "Create"), ("PATCH", "Update")])
@pytest.mark.parametrize(("as_401", "status", "phrase"), [(False, 403, "Forbidden"), (True, 401, "Unauthorized")])
async def test_a9_without_the_permission_a_subscription_is_an_extension_error(
    graph: Graph, hook: Webhook, method: str, operation: str, as_401: bool, status: int, phrase: str
) -> None:
    await graph.sim("PATCH", "faults", {"subscription_denied_as_401": as_401})
    made = await subscribe(graph, hook)
    path = PATH if method == "POST" else f"{PATH}/{made['id']}"
    answer = await graph.call(method, path, graph.subscription(hook), roles=["User.ReadWrite.All"])
    message = f"Operation: {operation}; Exception: [Status Code: {phrase}; Reason: {phrase}]"
    assert answer.refusal == (status, "ExtensionError", message)


@pytest.mark.graph_verified
async def test_other_types_and_other_apps_are_no_twins(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    await subscribe(graph, hook, changeType="updated,deleted")
    graph.app = "22222222-bbbb-4bbb-8bbb-222222222222"
    await subscribe(graph, hook)
    listed = (await graph.call("GET", PATH)).body["value"]
    assert [item["applicationId"] for item in listed] == [graph.app]
    for method in ("GET", "DELETE", "PATCH"):
        assert (await graph.call(method, f"{PATH}/{made['id']}", {})).code == "ResourceNotFound"


@pytest.mark.graph_verified
async def test_an_app_has_at_most_a_hundred(graph: Graph, hook: Webhook) -> None:
    for number in range(100):
        await subscribe(graph, hook, resource=f"users/c0ffee00-0000-4000-8000-{number:012}")
    answer = await graph.call("POST", PATH, graph.subscription(hook))
    assert (answer.status, answer.code) == (403, "Forbidden")


@pytest.mark.graph_verified
async def test_the_list_is_paged_hides_client_state_and_takes_no_options(graph: Graph, hook: Webhook) -> None:
    await graph.sim("PATCH", "faults", {"subscription_page_size": 1})
    for resource in ("users", "groups"):
        await subscribe(graph, hook, resource=resource)
    first = (await graph.call("GET", PATH)).body
    second = (await graph.call("GET", first["@odata.nextLink"])).body
    shown = first["value"] + second["value"]
    assert [(item["resource"], item["clientState"]) for item in shown] == [("users", None), ("groups", None)]
    assert "@odata.nextLink" not in second
    assert (await graph.call("GET", f"{PATH}?$top=5")).status == 400


@pytest.mark.graph_verified
async def test_a_patch_renews_and_shows_the_subscription(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    end = iso(graph.tenant.now() + 20 * 86_400)
    answer = await graph.call("PATCH", f"{PATH}/{made['id']}", {"expirationDateTime": end})
    assert (answer.status, answer.body["expirationDateTime"], answer.body["id"]) == (200, end, made["id"])
    assert len(hook.handshakes) == 1
    assert (await graph.call("GET", f"{PATH}/{made['id']}")).body["expirationDateTime"] == end


async def test_a_patched_url_is_proved_again(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    path = f"{PATH}/{made['id']}"
    assert (await graph.call("PATCH", path, {"notificationUrl": f"{hook.url}?new=1"})).status == 200
    assert len(hook.handshakes) == 2
    hook.handshake = broken
    assert (await graph.call("PATCH", path, {"notificationUrl": f"{hook.url}?new=2"})).code == "ValidationError"


@pytest.mark.graph_verified
async def test_the_lifecycle_url_cannot_be_patched(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    answer = await graph.call("PATCH", f"{PATH}/{made['id']}", {"lifecycleNotificationUrl": hook.url})
    assert answer.refusal == (400, "InvalidRequest", "The property 'lifecycleNotificationUrl' cannot be updated.")


@pytest.mark.graph_verified
async def test_a_deleted_subscription_is_gone(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    path = f"{PATH}/{made['id']}"
    statuses = [(await graph.call(method, path)).status for method in ("DELETE", "DELETE", "GET")]
    assert statuses == [204, 404, 404]


@pytest.mark.graph_verified
async def test_an_expired_subscription_is_gone_and_says_nothing(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    await graph.sim("POST", "clock", {"advance_seconds": 86_401})
    await graph.user()
    end = iso(graph.tenant.now() + 86_400)
    answer = await graph.call("PATCH", f"{PATH}/{made['id']}", {"expirationDateTime": end})
    assert answer.refusal == (404, "ResourceNotFound", "The object was not found.")
    await asyncio.sleep(0.05)
    assert [item for item in hook.items if "resource" in item] == []


async def test_a_renewed_subscription_outlives_its_first_end(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    end = iso(graph.tenant.now() + 5 * 86_400)
    await graph.call("PATCH", f"{PATH}/{made['id']}", {"expirationDateTime": end})
    await graph.sim("POST", "clock", {"advance_seconds": 2 * 86_400})
    assert (await graph.call("GET", f"{PATH}/{made['id']}")).status == 200


@pytest.mark.graph_verified
async def test_reauthorize_does_not_move_the_end(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    path = f"{PATH}/{made['id']}"
    assert (await graph.call("POST", f"{path}/reauthorize")).status == 204
    assert (await graph.call("GET", path)).body["expirationDateTime"] == made["expirationDateTime"]


async def test_a_list_can_hide_what_exists(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook)
    await graph.sim("PATCH", "faults", {"hide_subscriptions_in_list": True})
    assert (await graph.call("GET", PATH)).body["value"] == []
    assert len((await graph.sim("GET", "subscriptions")).body["value"]) == 1


async def test_the_service_can_lose_a_subscription(graph: Graph, hook: Webhook) -> None:
    made = await subscribe(graph, hook)
    lost = await graph.sim("DELETE", f"subscriptions/{made['id']}")
    again = await graph.sim("DELETE", f"subscriptions/{made['id']}")
    assert (lost.status, again.status) == (204, 404)
    assert (await graph.call("GET", f"{PATH}/{made['id']}")).status == 404
