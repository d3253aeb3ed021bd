"""GET /users/delta: rounds, removals, what is tracked, tokens that end."""

from typing import Any
from urllib.parse import quote

import pytest

from tests.contract.graph_simulator.client import NUMBER, Answer, Graph, phone, phone_path

START = "/v1.0/users/delta?$select=id,mobilePhone,accountEnabled"
DAY = 86_400


async def follow(graph: Graph, link: str, **options: Any) -> tuple[list[dict[str, Any]], str, list[int]]:
    """Everything a round shows, the deltaLink it ends with, and the sizes of its pages."""
    values: list[dict[str, Any]] = []
    sizes = []
    while True:
        answer = await graph.call("GET", link, **options)
        assert answer.status == 200, answer.text
        assert ("@odata.nextLink" in answer.body) != ("@odata.deltaLink" in answer.body)
        values += answer.body["value"]
        sizes.append(len(answer.body["value"]))
        if "@odata.deltaLink" in answer.body:
            return values, answer.body["@odata.deltaLink"], sizes
        link = answer.body["@odata.nextLink"]


@pytest.mark.graph_verified
async def test_a_first_round_shows_everybody_in_pages_with_absolute_links(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"delta_page_size": 2})
    users = [await graph.user() for _ in range(5)]
    values, link, sizes = await follow(graph, START)
    assert ([item["id"] for item in values], sizes) == (users, [2, 2, 1])
    assert link.startswith(f"{graph.url}/v1.0/users/delta?$deltatoken=")


@pytest.mark.graph_verified
async def test_a_delta_link_shows_only_what_changed_since(graph: Graph) -> None:
    users = [await graph.user(mobilePhone="old") for _ in range(3)]
    _, link, _ = await follow(graph, START)
    await graph.sim("PATCH", f"users/{users[1]}", {"mobilePhone": "new"})
    values, link, _ = await follow(graph, link)
    assert values == [{"id": users[1], "mobilePhone": "new", "accountEnabled": True}]
    assert (await follow(graph, link))[0] == []


@pytest.mark.graph_verified
async def test_changes_of_unselected_properties_do_not_surface(graph: Graph) -> None:
    user = await graph.user()
    _, link, _ = await follow(graph, START)
    await graph.sim("PATCH", f"users/{user}", {"jobTitle": "Tester"})
    await graph.call("POST", phone_path(user), phone())
    assert (await follow(graph, link))[0] == []


@pytest.mark.graph_verified
async def test_latest_starts_from_now(graph: Graph) -> None:
    await graph.user()
    values, link, _ = await follow(graph, f"{START}&$deltatoken=latest")
    user = await graph.user(mobilePhone=NUMBER)
    assert values == []
    assert (await follow(graph, link))[0] == [{"id": user, "mobilePhone": NUMBER, "accountEnabled": True}]


@pytest.mark.graph_verified
async def test_a_property_that_was_never_set_is_absent_and_a_cleared_one_is_null(graph: Graph) -> None:
    never, cleared = await graph.user(), await graph.user(mobilePhone="x")
    await graph.sim("PATCH", f"users/{cleared}", {"mobilePhone": None})
    values = {item["id"]: item for item in (await follow(graph, START))[0]}
    assert "mobilePhone" not in values[never]
    assert values[cleared]["mobilePhone"] is None


@pytest.mark.graph_verified
async def test_a_new_user_surfaces_even_if_nothing_selected_is_set(graph: Graph) -> None:
    _, link, _ = await follow(graph, "/v1.0/users/delta?$select=mobilePhone")
    user = await graph.user()
    assert (await follow(graph, link))[0] == [{"id": user}]


@pytest.mark.graph_verified
async def test_return_minimal_shows_only_what_changed(graph: Graph) -> None:
    user = await graph.user(mobilePhone="old")
    _, link, _ = await follow(graph, START)
    await graph.sim("PATCH", f"users/{user}", {"mobilePhone": "new"})
    new = await graph.user(mobilePhone="x")
    values = (await follow(graph, link, headers={"Prefer": "return=minimal"}))[0]
    assert values == [{"id": user, "mobilePhone": "new"}, {"id": new, "mobilePhone": "x", "accountEnabled": True}]


@pytest.mark.graph_verified
async def test_removed_users_say_why_and_restored_ones_reappear_as_new(graph: Graph) -> None:
    soft, hard = await graph.user(), await graph.user()
    _, link, _ = await follow(graph, START)
    await graph.sim("DELETE", f"users/{soft}")
    await graph.sim("DELETE", f"users/{hard}?permanent=true")
    values, link, _ = await follow(graph, link)
    await graph.sim("POST", f"users/{soft}/restore")
    restored = (await follow(graph, link, headers={"Prefer": "return=minimal"}))[0]
    assert {item["id"]: item["@removed"]["reason"] for item in values} == {soft: "changed", hard: "deleted"}
    assert restored == [{"id": soft, "accountEnabled": True}]


@pytest.mark.graph_verified
async def test_removals_may_show_in_the_first_round(graph: Graph) -> None:
    user = await graph.user()
    await graph.sim("DELETE", f"users/{user}")
    first = (await follow(graph, START))[0]
    await graph.sim("PATCH", "faults", {"removed_in_first_round": False})
    assert (first, (await follow(graph, START))[0]) == ([{"id": user, "@removed": {"reason": "changed"}}], [])


@pytest.mark.graph_verified
async def test_pages_may_be_empty_and_still_go_on(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"empty_delta_pages": True, "delta_page_size": 2})
    users = [await graph.user() for _ in range(3)]
    values, _, sizes = await follow(graph, START)
    assert ([item["id"] for item in values], sizes) == (users, [0, 2, 0, 1])


@pytest.mark.graph_verified
async def test_users_may_be_shown_twice(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"replay_delta": True})
    users = [await graph.user() for _ in range(6)]
    seen = [item["id"] for item in (await follow(graph, START))[0]]
    assert (set(seen), len(seen)) == (set(users), 8)


async def test_a_page_can_be_asked_for_again(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"delta_page_size": 1})
    for _ in range(2):
        await graph.user()
    link = (await graph.call("GET", START)).body["@odata.nextLink"]
    assert (await graph.call("GET", link)).body == (await graph.call("GET", link)).body


@pytest.mark.graph_verified
async def test_a_filter_on_ids_limits_what_is_tracked(graph: Graph) -> None:
    users = [await graph.user() for _ in range(3)]
    text = quote(f"id eq '{users[0]}' or id eq '{users[2]}'")
    values, link, _ = await follow(graph, f"{START}&$filter={text}")
    for user in users:
        await graph.sim("PATCH", f"users/{user}", {"mobilePhone": "x"})
    again = (await follow(graph, link))[0]
    assert [[item["id"] for item in each] for each in (values, again)] == [[users[0], users[2]]] * 2


@pytest.mark.graph_verified
@pytest.mark.parametrize(
    "option",
    [
        "$top=5",
        "$orderby=displayName",
        "$expand=manager",
        "$count=true",
        "$filter=accountEnabled eq true",
        "$filter=" + " or ".join(["id eq 'x'"] * 51),
    ],
)
async def test_other_options_are_refused(graph: Graph, option: str) -> None:
    answer = await graph.call("GET", f"{START}&{option}")
    assert (answer.status, answer.code) == (400, "Request_UnsupportedQuery")


@pytest.mark.parametrize("option", ["$deltatoken=broken", "$skiptoken=broken", "$deltatoken=e30=", "$skiptoken=a.1"])
async def test_a_token_that_cannot_be_read_is_a_400(graph: Graph, option: str) -> None:
    answer = await graph.call("GET", f"/v1.0/users/delta?{option}")
    assert answer.refusal == (400, "Request_BadRequest", "Badly formed token.")


async def test_options_are_not_given_again_beside_a_token(graph: Graph) -> None:
    _, link, _ = await follow(graph, START)
    assert (await graph.call("GET", f"{link}&$select=id")).status == 400


def is_reset(graph: Graph, answer: Answer) -> bool:
    location = f"{graph.url}/v1.0/users/delta?$deltatoken=&$select=id,mobilePhone,accountEnabled"
    return (answer.status, answer.code, answer.headers.get("Location")) == (410, "resyncRequired", location)


@pytest.mark.graph_verified
async def test_a_token_lives_seven_days(graph: Graph) -> None:
    await graph.user()
    _, link, _ = await follow(graph, START)
    await graph.sim("POST", "clock", {"advance_seconds": 7 * DAY - 60})
    assert (await graph.call("GET", link)).status == 200
    await graph.sim("POST", "clock", {"advance_seconds": 61})
    answer = await graph.call("GET", link)
    assert is_reset(graph, answer)
    assert len((await follow(graph, answer.headers["Location"]))[0]) == 1


@pytest.mark.graph_verified
async def test_a_next_link_ends_as_well(graph: Graph) -> None:
    await graph.sim("PATCH", "faults", {"delta_page_size": 1, "expired_delta_style": "syncStateNotFound"})
    for _ in range(2):
        await graph.user()
    link = (await graph.call("GET", START)).body["@odata.nextLink"]
    await graph.sim("POST", "clock", {"advance_seconds": 8 * DAY})
    answer = await graph.call("GET", link)
    assert (answer.status, answer.code) == (400, "syncStateNotFound")


@pytest.mark.parametrize(("style", "status"), [("410", 410), ("syncStateNotFound", 400)])
async def test_a_switch_ends_the_tokens_of_the_past_only(graph: Graph, style: str, status: int) -> None:
    await graph.user()
    _, old, _ = await follow(graph, START)
    await graph.sim("PATCH", "faults", {"expired_delta": style})
    _, new, _ = await follow(graph, START)
    assert ((await graph.call("GET", old)).status, (await graph.call("GET", new)).status) == (status, 200)


@pytest.mark.graph_verified
@pytest.mark.parametrize("spelled", ["delta()", "microsoft.graph.delta()", "microsoft.graph.delta", "Delta"])
async def test_a10_a_function_may_be_spelled_with_brackets(graph: Graph, spelled: str) -> None:
    await graph.sim("PATCH", "faults", {"delta_page_size": 1})
    users = [await graph.user() for _ in range(2)]
    values, link, sizes = await follow(graph, f"/v1.0/users/{spelled}?$select=id")
    assert ([item["id"] for item in values], sizes) == (users, [1, 1])
    assert link.startswith(f"{graph.url}/v1.0/users/{spelled}?$deltatoken=")
    assert (await follow(graph, link.replace(spelled, "delta")))[0] == []
