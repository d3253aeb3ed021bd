"""The delta query over real HTTP: pages, empty pages, expired tokens, links to elsewhere."""

from typing import Any

import pytest

from shared.errors import DeltaExpired, Failure, GraphFailed, Permanent, Transient
from shared.graph.delta import GraphChangedUsers
from shared.graph.replies import GRANT_TENANT, REPORT_TENANT
from shared.graph.tenant import GraphTenant
from shared.models import Reason
from tests.contract.graph.conftest import Sim


async def follow(sim: Sim, link: str | None = None) -> tuple[list[str], str]:
    """Every id behind a link, and the delta link at the end."""
    changed = GraphChangedUsers(sim.client)
    ids: list[str] = []
    while True:
        page = await changed.page(link)
        ids += page.user_ids
        if page.delta_link:
            return ids, page.delta_link
        link = page.next_link


async def test_all_pages_then_only_what_changed(sim: Sim) -> None:
    await sim.faults(empty_delta_pages=True)
    users = [await sim.person() for _ in range(60)]
    ids, link = await follow(sim)
    assert sorted(set(ids)) == sorted(users)
    await sim.call("PATCH", f"users/{users[7]}", {"mobilePhone": "06 87654321"})
    assert (await follow(sim, link))[0] == [users[7]]


async def test_a_deleted_user_is_named_too(sim: Sim) -> None:
    user_id = await sim.person()
    _, link = await follow(sim)
    await sim.call("DELETE", f"users/{user_id}")
    assert (await follow(sim, link))[0] == [user_id]


async def test_a_change_of_a_property_nobody_reads_is_not_told(sim: Sim) -> None:
    user_id = await sim.person()
    _, link = await follow(sim)
    await sim.call("PATCH", f"users/{user_id}", {"jobTitle": "Baker"})
    assert (await follow(sim, link))[0] == []


@pytest.mark.parametrize("kind", ["410", "syncStateNotFound"])
async def test_an_expired_token_is_named_so(sim: Sim, kind: str) -> None:
    await sim.person()
    _, link = await follow(sim)
    await sim.faults(expired_delta=kind)
    with pytest.raises(DeltaExpired):
        await follow(sim, link)


async def test_seven_days_are_the_life_of_a_token(sim: Sim) -> None:
    _, link = await follow(sim)
    await sim.call("POST", "clock", {"advance_seconds": 8 * 86_400})
    with pytest.raises(DeltaExpired):
        await follow(sim, link)


@pytest.mark.parametrize("status", [401, 403, 429, 500, 503])
async def test_other_failures_keep_the_token(sim: Sim, status: int) -> None:
    _, link = await follow(sim)
    await sim.rule({"status": status}, "outer", path_regex="/delta")
    with pytest.raises(GraphFailed):
        await follow(sim, link)


@pytest.mark.parametrize(
    "forge",
    [
        lambda link, url: link.replace(url, "https://graph.evil.example"),
        lambda link, url: link.replace("http://", "http://user@"),
        lambda link, url: link.replace("127.0.0.1", "127.0.0.1.evil.example"),
    ],
)
async def test_a_stored_link_to_elsewhere_is_never_followed(sim: Sim, forge: Any) -> None:
    _, link = await follow(sim)
    asked = len(sim.credential.asked)
    with pytest.raises(DeltaExpired):
        await follow(sim, forge(link, sim.url))
    assert len(sim.credential.asked) == asked


@pytest.mark.parametrize("name", ["@odata.nextLink", "@odata.deltaLink"])
async def test_n14_a_link_to_another_cloud_is_not_stored_but_told(sim: Sim, name: str) -> None:
    """Stored, it would be refused at the next sweep, which would then start over for ever."""
    body = {"value": [], name: "https://graph.microsoft.us/v1.0/users/delta?$deltatoken=x"}
    await sim.rule({"status": 200, "body": body}, "outer", path_regex="/delta")
    with pytest.raises(GraphFailed) as raised:
        await GraphChangedUsers(sim.client).page(None)
    assert isinstance(raised.value.failure, Permanent)
    assert "PREFILL_GRAPH_URL" in raised.value.failure.advice


@pytest.mark.parametrize(
    ("effect", "failure"),
    [
        (
            {"status": 400, "body": {"error": {"code": "BadRequest"}}},
            Permanent(Reason.GRAPH_REFUSED, "400 BadRequest", REPORT_TENANT),
        ),
        ({"status": 403}, Permanent(Reason.NOT_ALLOWED, "403 Authorization_RequestDenied", GRANT_TENANT)),
        ({"status": 404}, Transient(Reason.GRAPH_UNAVAILABLE, "404 Request_ResourceNotFound")),
    ],
)
async def test_j_a_refusal_of_a_read_of_the_whole_tenant_names_no_user(
    sim: Sim, effect: dict[str, Any], failure: Failure
) -> None:
    await sim.rule(effect, "outer", path_regex="/delta")
    with pytest.raises(GraphFailed) as told:
        await GraphChangedUsers(sim.client).page(None)
    assert told.value.failure == failure
    assert await GraphTenant(sim.client, sim.credential).reads_users() == failure
