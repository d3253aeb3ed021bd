"""Faults on demand and quotas, on the wire and inside a batch."""

import asyncio
import json
import re
from contextlib import nullcontext
from typing import Any

import aiohttp
import pytest

from tests.contract.graph_simulator.client import APP, Graph, inner, phone, phone_path

HTML = "<html>"


async def fault(graph: Graph, effect: dict[str, Any], **more: Any) -> None:
    answer = await graph.sim("PATCH", "faults", {"rules": [{"effect": effect, **more}]})
    assert answer.status == 200, answer.text


async def test_a_fault_replaces_the_answer_as_often_as_it_should(graph: Graph) -> None:
    await fault(graph, {"status": 503, "retry_after": 2}, times=2)
    answers = [await graph.call("GET", "/v1.0/users") for _ in range(3)]
    assert [answer.status for answer in answers] == [503, 503, 200]
    assert (answers[0].code, answers[0].headers["Retry-After"]) == ("ServiceUnavailable", "2")
    assert (await graph.sim("GET", "faults")).body["rules"][0]["hits"] == 2


async def test_a_fault_may_have_a_body_of_its_own_or_html(graph: Graph) -> None:
    await fault(graph, {"status": 400, "body": {"error": {"code": "mine", "message": ""}}})
    own = await graph.call("GET", "/v1.0/users")
    await fault(graph, {"status": 502, "html": True})
    page = await graph.call("GET", "/v1.0/users")
    assert (own.code, page.status, page.headers["Content-Type"]) == ("mine", 502, "text/html; charset=utf-8")
    assert page.text.startswith(HTML)


@pytest.mark.parametrize(
    ("match", "hit"),
    [
        ({}, [True, True, True]),
        ({"method": "post"}, [False, False, True]),
        ({"path_regex": "phoneMethods$"}, [False, False, True]),
        ({"user": "{first}"}, [True, False, False]),
        ({"user": "SECOND@contoso.example"}, [False, True, True]),
        ({"path_regex": "^/beta/"}, [False, False, False]),
    ],
)
async def test_a_fault_hits_what_it_matches(graph: Graph, match: dict[str, str], hit: list[bool]) -> None:
    first, second = await graph.user(), await graph.user(userPrincipalName="second@contoso.example")
    await fault(graph, {"status": 500}, match={key: value.format(first=first) for key, value in match.items()})
    answers = [
        await graph.call("GET", f"/v1.0/users/{first}"),
        await graph.call("GET", "/v1.0/users/second@contoso.example"),
        await graph.call("POST", phone_path(second), phone()),
    ]
    assert [answer.status == 500 for answer in answers] == hit


@pytest.mark.parametrize(("scope", "outer", "within"), [("", 429, None), ("outer", 429, None), ("inner", 200, 429)])
async def test_a_fault_is_for_direct_or_inner_requests_or_both(
    graph: Graph, scope: str, outer: int, within: int | None
) -> None:
    rule: dict[str, Any] = {"scope": scope} if scope else {}
    await fault(graph, {"status": 429, "retry_after": 7}, **rule)
    direct = await graph.call("GET", "/v1.0/users")
    batch = await graph.batch(inner("1", "GET", "/users"))
    assert (direct.status == 429) == (scope != "inner")
    assert batch.status == outer
    if within:
        [item] = batch.body["responses"]
        assert (item["status"], item["headers"]["Retry-After"]) == (within, "7")
        assert item["body"]["error"]["code"] == "TooManyRequests"


async def test_an_inner_html_page_is_passed_on(graph: Graph) -> None:
    await fault(graph, {"status": 502, "html": "<p>"}, scope="inner")
    [item] = (await graph.batch(inner("1", "GET", "/users"))).body["responses"]
    assert (item["status"], item["body"], item["headers"]["Content-Type"]) == (502, "<p>", "text/html")


async def test_an_error_after_the_commit_hides_what_was_done(graph: Graph) -> None:
    user = await graph.user()
    await fault(graph, {"error_after_commit": 504}, match={"method": "POST"})
    answer = await graph.call("POST", phone_path(user), phone())
    assert (answer.status, answer.code, len(await graph.phones(user))) == (504, "GatewayTimeout", 1)
    entry = (await graph.sim("GET", f"journal?user={user}")).body["value"][-1]
    assert (entry["status"], entry["sent"]) == (201, 504)


@pytest.mark.parametrize(("effect", "done"), [({"cut_before": True}, 0), ({"cut_after_commit": True}, 1)])
@pytest.mark.parametrize("batched", [False, True])
async def test_a_cut_connection_may_or_may_not_have_done_it(
    graph: Graph, effect: dict[str, Any], done: int, batched: bool
) -> None:
    user = await graph.user()
    await fault(graph, effect, match={"method": "POST", "path_regex": "phoneMethods"})
    request = inner("1", "POST", f"/users/{user}/authentication/phoneMethods", phone())
    with pytest.raises(aiohttp.ClientConnectionError):
        await (graph.batch(request) if batched else graph.call("POST", phone_path(user), phone()))
    assert len(await graph.phones(user)) == done


async def test_a_hanging_request_never_answers(graph: Graph) -> None:
    await fault(graph, {"hang": True})
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(graph.call("GET", "/v1.0/users"), 0.1)


async def test_a_delayed_request_answers_in_the_end(graph: Graph) -> None:
    await fault(graph, {"delay_seconds": 0.1})
    started = asyncio.get_running_loop().time()
    assert (await graph.call("GET", "/v1.0/users")).status == 200
    assert asyncio.get_running_loop().time() - started >= 0.1


async def test_a_fault_may_be_a_matter_of_luck(graph: Graph) -> None:
    await fault(graph, {"status": 500}, probability=0.5)
    statuses = [(await graph.call("GET", "/v1.0/users")).status for _ in range(40)]
    assert 5 < statuses.count(500) < 35


async def test_put_replaces_patch_changes_and_delete_clears(graph: Graph) -> None:
    await graph.sim("PUT", "faults", {"rules": [{"effect": {"status": 500}}], "drop_notifications": 0.5})
    await graph.sim("PATCH", "faults", {"switches": {"reorder": True}})
    both = (await graph.sim("GET", "faults")).body
    await graph.sim("PUT", "faults", {"reorder": True})
    one = (await graph.sim("GET", "faults")).body
    await graph.sim("DELETE", "faults")
    none = (await graph.sim("GET", "faults")).body
    shown = [
        (len(f["rules"]), f["switches"]["drop_notifications"], f["switches"]["reorder"]) for f in (both, one, none)
    ]
    assert shown == [(1, 0.5, True), (0, 0.0, True), (0, 0.0, False)]


@pytest.mark.parametrize(
    "body",
    [
        {"unknown": 1},
        {"reorder": "yes"},
        {"drop_notifications": "half"},
        {"delay_notifications": [1, 2, 3]},
        {"expired_delta": 410},
        {"rules": [{"effect": {"code": 1}}]},
        {"rules": [{"effect": {"status": 404, "backend": "loud"}}]},
        {"rules": [{"match": {"paths": "x"}}]},
        {"rules": [{"match": {"path_regex": "("}}]},
        {"rules": [{"scope": "everywhere"}]},
        {"rules": [{"when": "now"}]},
    ],
)
async def test_faults_that_make_no_sense_are_refused_and_change_nothing(graph: Graph, body: dict[str, Any]) -> None:
    before = (await graph.sim("GET", "faults")).body
    assert (await graph.sim("PATCH", "faults", body)).status == 400
    assert (await graph.sim("GET", "faults")).body == before


@pytest.mark.graph_verified
async def test_writes_beyond_the_quota_are_throttled_until_the_window_moves(graph: Graph) -> None:
    user = await graph.user()
    await graph.sim("PATCH", "faults", {"write_quota": [2, 150]})
    answers = [await graph.call("POST", phone_path(user), phone("no number")) for _ in range(3)]
    read = await graph.phones(user)
    assert ([answer.status for answer in answers], read) == ([400, 400, 429], [])
    refused = answers[2]
    assert refused.refusal == (429, "TooManyRequests", "Too many requests. Please retry after some time.")
    assert 100 < int(refused.headers["Retry-After"]) <= 150
    assert refused.headers["x-ms-throttle-information"] == "WriteLimitExceeded"
    assert refused.headers["x-ms-throttle-scope"].startswith("Tenant_Application/ReadWrite/")
    await graph.sim("POST", "clock", {"advance_seconds": 151})
    assert (await graph.call("POST", phone_path(user), phone())).status == 201


@pytest.mark.graph_verified
async def test_an_inner_request_is_throttled_on_its_own(graph: Graph) -> None:
    user = await graph.user()
    await graph.sim("PATCH", "faults", {"method_quota": [2, 10]})
    requests = [inner(str(number), "GET", f"/users/{user}/authentication/phoneMethods") for number in range(3)]
    items = (await graph.batch(*requests, inner("user", "GET", f"/users/{user}"))).body["responses"]
    assert sorted(item["status"] for item in items) == [200, 200, 200, 429]
    assert [item["headers"]["Retry-After"] for item in items if item["status"] == 429] == ["10"]


async def test_a_429_may_come_without_retry_after(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"resource_unit_quota": [1, 10], "throttle_retry_after": False})
    answers = [await graph.call("GET", "/v1.0/users?$select=id") for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 429]
    assert "Retry-After" not in answers[1].headers


@pytest.mark.graph_verified
@pytest.mark.parametrize(
    ("path", "units"),
    [("users", "2"), ("users?$select=id", "1"), ("users?$select=id&$top=5", "1"), ("users/delta", "1")],
)
async def test_resource_units_are_told(graph: Graph, path: str, units: str) -> None:
    assert (await graph.call("GET", f"/v1.0/{path}")).headers["x-ms-resource-unit"] == units


async def test_who_does_not_wait_is_counted(graph: Graph) -> None:
    await fault(graph, {"status": 429, "retry_after": 30}, times=1)
    await graph.call("GET", "/v1.0/users")
    await graph.call("GET", "/v1.0/users")
    await graph.sim("POST", "clock", {"advance_seconds": 5})
    await graph.call("GET", "/v1.0/users")
    await graph.sim("POST", "clock", {"advance_seconds": 30})
    await graph.call("GET", "/v1.0/users")
    stats = (await graph.sim("GET", "stats")).body
    assert (stats["requestsBeforeRetryAfter"], stats["throttled"]) == (1, 1)


@pytest.mark.parametrize(("cut", "counted"), [(False, 1), (True, 0)])
async def test_who_was_never_told_to_wait_is_not_counted(graph: Graph, cut: bool, counted: int) -> None:
    """A 429 inside a batch whose own answer is cut off reaches nobody."""
    throttled = {"effect": {"status": 429, "retry_after": 30}, "scope": "inner", "times": 1}
    around = {"effect": {"cut_after_commit": cut}, "scope": "outer", "times": 1}
    await graph.sim("PATCH", "faults", {"rules": [throttled, around]})
    with pytest.raises(aiohttp.ClientConnectionError) if cut else nullcontext():
        await graph.batch(inner("1", "GET", "/users"))
    await graph.sim("POST", "clock", {"advance_seconds": 5})
    await graph.call("GET", "/v1.0/users")
    stats = (await graph.sim("GET", "stats")).body
    assert (stats["requestsBeforeRetryAfter"], stats["throttled"]) == (counted, 1)


@pytest.mark.parametrize("segment", ["requirements", "phoneMethods"])
async def test_a8_an_error_of_the_back_end_has_no_error_object(graph: Graph, segment: str) -> None:
    user = await graph.user()
    await fault(graph, {"status": 404, "backend": "bare"}, match={"path_regex": "authentication"})
    answer = await graph.call("GET", f"/beta/users/{user}/authentication/{segment}")
    assert (answer.status, set(answer.body)) == (404, {"Message", "MessageDetail"})
    uri = f"https://mface.windowsazure.com/odata/users('{user}')/authentication/{segment}"
    assert answer.body["Message"] == f"No HTTP resource was found that matches the request URI '{uri}'."


async def test_a8_an_error_of_the_back_end_may_be_wrapped(graph: Graph) -> None:
    await fault(graph, {"status": 404, "backend": "wrapped"})
    answer = await graph.call("GET", phone_path("x"))
    assert (answer.status, answer.code) == (404, "UnknownError")
    assert json.loads(answer.message)["Message"].startswith("No HTTP resource was found")


async def test_a_plain_fault_of_400_is_an_odata_error(graph: Graph) -> None:
    await fault(graph, {"status": 400})
    assert (await graph.call("GET", "/v1.0/users")).refusal == (400, "BadRequest", "The request is not valid.")


async def test_a8_retry_after_may_have_decimals(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"role_quota": [1, 10], "decimal_retry_after": True})
    roles = ["RoleManagement.Read.Directory"]
    path = "/v1.0/roleManagement/directory/roleAssignments"
    answers = [await graph.call("GET", path, roles=roles) for _ in range(2)]
    assert re.fullmatch(r"[0-9]+\.[0-9]{3}", answers[1].headers["Retry-After"])
    await graph.sim("POST", "clock", {"advance_seconds": 5})
    await graph.call("GET", "/v1.0/users")
    assert (await graph.sim("GET", "stats")).body["requestsBeforeRetryAfter"] == 1


@pytest.mark.graph_verified
async def test_the_directory_names_whom_it_throttles(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"resource_unit_quota": [1, 10]})
    answers = [await graph.call("GET", "/v1.0/users?$select=id") for _ in range(2)]
    text = f"Too many requests from Identifier:{APP} under category:aadgraph.app.tenant_large. Please try again later."
    assert answers[1].refusal == (429, "TooManyRequests", text)
