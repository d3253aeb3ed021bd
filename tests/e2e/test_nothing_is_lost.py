"""What operators are most afraid of, by name, on the wire."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio

from dev.azurite.launcher import running_azurite
from dev.graph_simulator.launcher import running_simulator
from dev.host.launcher import running_host
from tests.e2e.chain import TENANT, Chain, running_chain, settings, until, wire
from tests.e2e.flaky_port import FlakyPort, flaky_port

pytestmark = pytest.mark.asyncio(loop_scope="module")

NOBODY = "dddddddd-0000-4000-8000-00000000000d"
NUMBER = "+31 612345678"
PATIENTLY = 150.0
"""Seconds; a message on which the function failed stays away for the 30 that host.json says."""

OUTAGE = 60.0
"""Seconds."""


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain() -> AsyncIterator[Chain]:
    async with running_chain() as running:

        async def swept() -> bool:
            return bool((await running.ask("GET", "api/report")).json()["sweep"]["completedAt"])

        await until(swept)  # the new subscription asked for it: it would look at people whom a test has just made
        yield running


async def put(chain: Chain, text: str) -> None:
    async with chain.queue() as queue:
        await queue.send_message(text)


async def parked(chain: Chain) -> list[dict[str, object]]:
    document = (await chain.ask("GET", "api/parked")).json()
    assert document["count"] == len(document["parked"])
    return list(document["parked"])


async def replay(chain: Chain, *keys: object) -> dict[str, object]:
    answer = await chain.ask("POST", "api/parked/replay", json={"keys": keys} if keys else None)
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


async def test_a_queue_message_that_is_garbage(chain: Chain) -> None:
    user_id = await chain.person()
    await chain.is_set(user_id, NUMBER)
    garbage = [
        "",
        "not a message",
        base64.b64encode(b"\xff\xfe\x00").decode(),
        json.dumps({"version": 9, "users": [user_id]}),
        wire({"version": 1, "users": [user_id] * 21, "cause": "sweep", "received": 1}),
        wire({"version": 1, "users": ["+31612345678"], "cause": "sweep", "received": 1}),
    ]
    for text in garbage:
        await put(chain, text)

    async def all_parked() -> bool:
        return len(await parked(chain)) == len(garbage)

    await until(all_parked)
    items = await parked(chain)
    assert {item["reason"] for item in items} == {"unreadable"}
    assert "612345678" not in json.dumps(items)
    assert all(item["advice"] and item["firstAt"] for item in items)
    replayed = await replay(chain)
    assert (replayed["users"], len(replayed["left"])) == ([user_id], 4)  # type: ignore[arg-type]
    assert len(await parked(chain)) == 4, "what names nobody stays to be seen"
    other = await chain.person()
    await chain.is_set(other, NUMBER)


async def test_a_user_that_always_answers_500(chain: Chain) -> None:
    """The five others in its message are done at once; after the last attempt it is parked, listed and replayed."""
    await chain.sim("PATCH", "faults", {"drop_notifications": 1.0})
    ill, *well = [await chain.person(existing=True) for _ in range(6)]
    rule = {"match": {"path_regex": f"/users/{ill}"}, "effect": {"status": 500}, "scope": "inner"}
    await chain.sim("PATCH", "faults", {"rules": [rule]})
    body = {"version": 1, "users": [ill, *well], "cause": "sweep", "received": 1, "attempt": 7}
    await put(chain, wire(body))
    await asyncio.gather(*(chain.is_set(user, NUMBER) for user in well))

    async def is_parked() -> bool:
        return ill in [item["key"] for item in await parked(chain)]

    await until(is_parked)
    [item] = [item for item in await parked(chain) if item["key"] == ill]
    assert (item["reason"], item["attempts"]) == ("graphUnavailable", 7)
    assert item["advice"]

    await put(chain, wire(body | {"attempt": 1, "received": 2}))
    await until(lambda: told_again(chain, f"{ill}: parked"))
    assert await is_parked(), "the sweep sees it and does not hammer it"

    await chain.sim("PATCH", "faults", {"rules": [], "drop_notifications": 0.0})
    assert (await replay(chain, ill))["queued"] == 1
    await chain.is_set(ill, NUMBER)
    assert ill not in [item["key"] for item in await parked(chain)]
    assert await chain.violations() == []


async def told_again(chain: Chain, text: str) -> bool:
    """Each parking is told twice: as the look's outcome and as an alarm."""
    return chain.host.output().count(text) > 2


async def test_a_replay_of_what_is_no_list_of_keys_is_refused(chain: Chain) -> None:
    for body in ("x", "[]", '{"keys": 5}', '{"keys": [5]}', '{"all": true}'):
        answer = await chain.ask("POST", "api/parked/replay", content=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "badKeys"), body


async def health(chain: Chain) -> tuple[int, str]:
    answer = await chain.http.get(f"{chain.host.url}/api/health")
    return answer.status_code, answer.json().get("subscription", "unknown")


async def test_with_all_notifications_lost_and_the_subscription_deleted_one_sweep_sets_everybody() -> None:
    """Health says so meanwhile, and the keeper restores it."""
    async with running_chain() as chain:
        [lost] = (await chain.sim("GET", "subscriptions"))["value"]
        await chain.sim("DELETE", f"subscriptions/{lost['id']}")
        rule = {"match": {"method": "POST", "path_regex": "subscriptions$"}, "effect": {"status": 503}}
        await chain.sim("PATCH", "faults", {"drop_notifications": 1.0, "rules": [rule]})
        users = [await chain.person(mobilePhone=f"06 123456{n:02}", existing=True) for n in range(30)]
        await chain.run_timer("sweep")
        await asyncio.gather(*(chain.is_set(user, f"+31 6123456{n:02}") for n, user in enumerate(users)))
        assert await health(chain) == (503, "missing")
        await chain.sim("PATCH", "faults", {"drop_notifications": 0.0, "rules": []})

        async def is_restored() -> bool:
            return await health(chain) == (200, "live")

        await until(is_restored)
        [made] = (await chain.sim("GET", "subscriptions"))["value"]
        assert made["id"] != lost["id"]
        assert await chain.violations() == []


@contextlib.asynccontextmanager
async def chain_with_flaky_tables() -> AsyncIterator[tuple[Chain, FlakyPort]]:
    async with running_azurite() as azurite, flaky_port(azurite.ports.table) as port:
        storage = azurite.connection_string.replace(f":{azurite.ports.table}/", f":{port.port}/")
        async with running_simulator(tenant_id=TENANT) as simulator, httpx.AsyncClient(timeout=30) as http:
            env = settings(azurite, simulator) | {"AzureWebJobsStorage": storage}
            async with running_host(env=env, flags=("--receive-visibility", "2")) as host:
                chain = Chain(azurite, simulator, host, http)
                assert (await chain.ask("POST", "api/subscription")).status_code == 200
                yield chain, port


async def test_a_table_service_that_is_down_for_a_minute() -> None:
    """Without ledger and audit nothing is written; nothing is lost either, and it ends when the tables are back."""
    async with chain_with_flaky_tables() as (chain, port):
        await port.down()
        users = [await chain.person() for _ in range(5)]
        await asyncio.sleep(OUTAGE)
        states = await asyncio.gather(*(chain.authentication(user) for user in users))
        assert {state["mobile"] for state in states} == {None}, "no audit, no write"
        assert (await chain.http.get(f"{chain.host.url}/api/health")).json()["storage"] == "unreachable"
        await port.up()

        async def all_set() -> bool:
            shown = await asyncio.gather(*(chain.authentication(user) for user in users))
            return all(state["mobile"] == NUMBER and state["perUserMfaState"] != "disabled" for state in shown)

        await until(all_set, PATIENTLY)
        assert await chain.violations() == []
        assert await parked(chain) == []
