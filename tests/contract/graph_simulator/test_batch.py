"""POST /$batch: many requests in one, each on its own."""

from typing import Any

import pytest

from tests.contract.graph_simulator.client import MOBILE_ID, NUMBER, Answer, Graph, inner, phone


def by_id(answer: Answer) -> dict[str, dict[str, Any]]:
    assert answer.status == 200, answer.text
    return {item["id"]: item for item in answer.body["responses"]}


@pytest.mark.graph_verified
async def test_each_request_has_its_own_answer(graph: Graph) -> None:
    user = await graph.user(mobilePhone=NUMBER)
    own = f"/users/{user}/authentication/phoneMethods"
    answers = by_id(
        await graph.batch(
            inner("read", "GET", f"/users/{user}?$select=id,mobilePhone"),
            inner("write", "POST", own, phone()),
            inner("again", "PATCH", f"{own}/{MOBILE_ID}", phone()),
            inner("gone", "GET", "/users/nobody"),
            inner("relative", "GET", f"users/{user}"),
        )
    )
    assert {name: item["status"] for name, item in answers.items()} == {
        "read": 200,
        "write": 201,
        "again": 204,
        "gone": 404,
        "relative": 200,
    }
    assert answers["read"]["body"]["mobilePhone"] == NUMBER
    assert answers["gone"]["body"]["error"]["code"] == "Request_ResourceNotFound"
    assert "body" not in answers["again"]
    assert answers["read"]["headers"]["Content-Type"] == "application/json"
    assert len({item["headers"]["request-id"] for item in answers.values()}) == 5


@pytest.mark.graph_verified
async def test_the_version_of_the_batch_is_the_version_of_its_requests(graph: Graph) -> None:
    request = inner("1", "GET", f"/users/{await graph.user()}/authentication/requirements")
    statuses = [by_id(await graph.batch(request, version=version))["1"]["status"] for version in ("v1.0", "beta")]
    assert statuses == [400, 200]


async def test_answers_come_in_any_order(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"batch_shuffle": True})
    user = await graph.user()
    names = [str(number) for number in range(20)]
    answer = await graph.batch(*(inner(name, "GET", f"/users/{user}") for name in names))
    order = [item["id"] for item in answer.body["responses"]]
    assert sorted(order, key=int) == names != order


@pytest.mark.graph_verified
async def test_dependents_wait_and_fail_with_what_they_depend_on(graph: Graph) -> None:
    user = await graph.user()
    own = f"/users/{user}/authentication/phoneMethods"
    answers = by_id(
        await graph.batch(
            inner("after", "GET", own, dependsOn=["good"]),
            inner("good", "POST", own, phone()),
            inner("bad", "POST", own, phone("nonsense")),
            inner("lost", "GET", own, dependsOn=["bad"]),
            inner("worse", "GET", own, dependsOn=["lost"]),
        )
    )
    assert {name: item["status"] for name, item in answers.items()} == {
        "good": 201,
        "after": 200,
        "bad": 400,
        "lost": 424,
        "worse": 424,
    }
    assert len(answers["after"]["body"]["value"]) == 1
    assert answers["lost"]["body"]["error"]["code"] == "FailedDependency"


GOOD = inner("1", "GET", "/users")
REFUSED: list[tuple[object, str]] = [
    ({}, "BadRequest"),
    ({"requests": []}, "BadRequest"),
    ({"requests": [inner(str(number), "GET", "/users") for number in range(21)]}, "MaximumValueExceeded"),
    ({"requests": [GOOD, GOOD]}, "BadRequest"),
    ({"requests": ["x"]}, "BadRequest"),
    ({"requests": [{"id": "1", "method": "GET"}]}, "BadRequest"),
    ({"requests": [inner("1", "FETCH", "/users")]}, "BadRequest"),
    ({"requests": [inner("1", "GET", "https://graph.microsoft.com/v1.0/users")]}, "BadRequest"),
    ({"requests": [{"id": "1", "method": "POST", "url": "/users", "body": {}}]}, "BadRequest"),
    ({"requests": [inner("1", "GET", "/users", dependsOn=["2"])]}, "BadRequest"),
    ({"requests": [inner("1", "GET", "/users", dependsOn="2")]}, "BadRequest"),
    ({"requests": [inner("1", "GET", "/users", dependsOn=["1"])]}, "BadRequest"),
]


@pytest.mark.graph_verified
@pytest.mark.parametrize(("body", "code"), REFUSED)
async def test_a_malformed_batch_is_refused_as_a_whole(graph: Graph, body: object, code: str) -> None:
    answer = await graph.call("POST", "/v1.0/$batch", body)
    assert (answer.status, answer.code) == (400, code)


@pytest.mark.graph_verified
async def test_twenty_requests_are_fine_and_a_batch_in_a_batch_is_not(graph: Graph) -> None:
    user = await graph.user()
    answer = await graph.batch(*(inner(str(number), "GET", f"/users/{user}") for number in range(20)))
    nested = by_id(await graph.batch(inner("1", "POST", "/$batch", {"requests": [GOOD]})))
    assert (len(answer.body["responses"]), nested["1"]["status"]) == (20, 400)


@pytest.mark.graph_verified
async def test_a_batch_needs_a_token_and_each_request_its_role(graph: Graph) -> None:
    user = await graph.user()
    denied = await graph.call("POST", "/v1.0/$batch", {"requests": [GOOD]}, token="")
    answers = by_id(
        await graph.call(
            "POST",
            "/v1.0/$batch",
            {"requests": [GOOD, inner("2", "GET", f"/users/{user}/authentication/phoneMethods")]},
            roles=["User.Read.All"],
        )
    )
    assert (denied.status, answers["1"]["status"], answers["2"]["status"]) == (401, 200, 403)


async def test_batches_are_counted(graph: Graph) -> None:
    await graph.batch(GOOD, inner("2", "GET", "/users"))
    stats = (await graph.sim("GET", "stats")).body
    assert stats["batches"] == {"count": 1, "innerRequests": 2, "largest": 2}
    assert stats["requests"]["GET /v1.0/users"] == {"200": 2}
