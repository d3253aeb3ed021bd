"""Breaker and kill switch on the wire: what the simulator's journal says was written, and what operators are told."""

import asyncio
from typing import Any

from tests.e2e.chain import Chain, running_chain, until

LIMIT = 5


async def health(chain: Chain) -> tuple[int, str]:
    answer = await chain.http.get(f"{chain.host.url}/api/health")
    return answer.status_code, answer.json()["writes"]


async def writes(chain: Chain) -> list[dict[str, Any]]:
    """Every write to a user that reached the simulated Graph."""
    entries = (await chain.sim("GET", "journal"))["value"]
    return [entry for entry in entries if entry["operation"].startswith(("phone.", "state.", "preference."))
            and entry["actor"] == "app"]  # fmt: skip


async def written(chain: Chain) -> set[str]:
    return {entry["user"] for entry in await writes(chain)}


async def finished(chain: Chain, users: list[str]) -> list[str]:
    states = await asyncio.gather(*(chain.authentication(user) for user in users))
    return [user for user, state in zip(users, states, strict=True) if state["perUserMfaState"] != "disabled"]


async def look_at(chain: Chain, users: list[str]) -> None:
    answers = await asyncio.gather(*(chain.ask("POST", f"api/users/{user}/reconcile") for user in users))
    assert {answer.status_code for answer in answers} == {202}


async def is_visibly_empty(chain: Chain) -> bool:
    """Whether every message that could be taken has been: what is left waits for later."""
    async with chain.queue() as queue:
        return await queue.peek_messages(1) == []


async def messages(chain: Chain) -> int:
    """In the queue, those that wait included."""
    async with chain.queue() as queue:
        return int((await queue.get_queue_properties()).approximate_message_count or 0)


async def first_sweep_is_done(chain: Chain) -> bool:
    """The one that follows the creation of the subscription."""
    return bool((await chain.ask("GET", "api/report")).json()["sweep"]["complete"])


async def has_tripped(chain: Chain) -> bool:
    return await health(chain) == (503, "tripped")


async def test_a_mass_change_stops_at_the_limit_also_after_a_restart_until_an_operator_resumes() -> None:
    async with running_chain(PREFILL_WRITES_PER_HOUR=str(LIMIT)) as chain:
        await chain.sim("PUT", "faults", {"drop_notifications": 1.0})
        # one sweep finds all of them in one message: a second message that trips the breaker would stop the first one
        # between phone and MFA state, which is as safe, but makes other numbers
        await until(lambda: first_sweep_is_done(chain))
        users = [await chain.person(mobilePhone=f"06 123456{n:02}", existing=True) for n in range(12)]
        await chain.run_timer("sweep")
        await until(lambda: has_tripped(chain))
        first = await finished(chain, users)
        assert len(first) == LIMIT
        assert await written(chain) == set(first), "exactly these, and nobody half done"

        await chain.sim("PUT", "policy", {"paused": True})
        await chain.host.terminate()
        await chain.host.start()
        await look_at(chain, users)
        await chain.run_timer("sweep")
        await until(lambda: is_visibly_empty(chain))
        await asyncio.sleep(1)
        assert await health(chain) == (503, "tripped")
        assert await chain.violations() == [], "no write while paused"
        report = (await chain.ask("GET", "api/report")).json()
        assert (report["writes"]["state"], report["writes"]["by"], report["parked"]) == ("tripped", "breaker", [])
        assert (report["writes"]["usersInTheLastHour"], report["writes"]["mostPerHour"]) == (LIMIT, LIMIT)
        assert await messages(chain) >= len(users) - LIMIT, "the queue keeps collecting"

        await chain.sim("PUT", "policy", {"paused": False})
        answer = await chain.ask("POST", "api/resume")
        assert (answer.status_code, answer.json()["paused"]) == (200, False)
        await look_at(chain, users)
        await until(lambda: has_tripped(chain))

        async def five_more() -> bool:
            return len(await written(chain)) == 2 * LIMIT

        await until(five_more)
        for _ in range(len(users)):
            left = sorted(set(users) - set(await finished(chain, users)))
            if not left:
                break
            await chain.ask("POST", "api/resume")
            await look_at(chain, left)
            await until(lambda: is_visibly_empty(chain))
            await asyncio.sleep(1)
        assert left == []
        assert await chain.violations() == []


async def test_the_kill_switch_lets_the_queue_collect_and_nothing_through() -> None:
    async with running_chain() as chain:
        refused = await chain.ask("POST", "api/pause", json={"reason": "call 06 1234 5678"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (400, "badReason")
        assert "1234" not in refused.text
        assert await health(chain) == (200, "ok")

        paused = (await chain.ask("POST", "api/pause", json={"reason": "drill no. 7"})).json()
        assert (paused["paused"], paused["by"], paused["detail"]) == (True, "operator", "drill no. 7")
        assert (await chain.ask("POST", "api/pause")).json() == paused
        assert await health(chain) == (200, "paused")
        await chain.sim("PUT", "policy", {"paused": True})
        users = [await chain.person(mobilePhone=f"06 123456{n:02}") for n in range(3)]

        async def all_wait() -> bool:
            return await messages(chain) > 0 and await is_visibly_empty(chain)

        await until(all_wait)
        assert await writes(chain) == []
        assert await chain.violations() == []

        await chain.sim("PUT", "policy", {"paused": False})
        assert (await chain.ask("POST", "api/resume")).json()["paused"] is False
        await look_at(chain, users)
        await asyncio.gather(*(chain.is_set(user, f"+31 6123456{n:02}") for n, user in enumerate(users)))
        assert await health(chain) == (200, "ok")
