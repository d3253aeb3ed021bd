"""T2: a hundred thousand replays of valid notifications cost next to nothing, and a real change among them is done."""

import asyncio

from shared.fingerprint import Keys
from tests.e2e.chain import SECRET, TENANT, Chain, running_chain, until

PEOPLE, REPLAYS, ITEMS = 50, 100_000, 250
FLOOD_SWEEP_SECONDS = 120
SLOW = {"match": {"path_regex": r"\$batch"}, "effect": {"delay_seconds": 1.5}, "scope": "outer"}
"""A look takes so long that the one at the window's end begins before the first one has ended."""


async def looks(chain: Chain) -> int:
    """How often the app has asked Graph for a user."""
    requests = (await chain.sim("GET", "stats"))["requests"]
    return int(sum(requests.get("GET /v1.0/users/{user}", {}).values()))


async def is_swept(chain: Chain) -> None:
    """Waits for a sweep over what has changed up to now: the one that a flood asks for will not name it again."""
    before = (await chain.ask("GET", "api/report")).json()["sweep"]
    await chain.run_timer("sweep")

    async def done() -> bool:
        sweep = (await chain.ask("GET", "api/report")).json()["sweep"]
        return bool(sweep["complete"] and sweep != before)

    await until(done)


async def people_without_aftermath(chain: Chain) -> list[str]:
    """Found by a sweep: of notifications, several looks at one person would come back for a minute and count below."""
    await chain.sim("PATCH", "faults", {"drop_notifications": 1.0})
    users = [await chain.person(mobilePhone=f"06 123456{n:02}", existing=True) for n in range(PEOPLE)]
    await is_swept(chain)
    await asyncio.gather(*(chain.is_set(user, f"+31 6123456{n:02}") for n, user in enumerate(users)))
    await is_swept(chain)
    await chain.is_at_rest()
    await chain.sim("PATCH", "faults", {"drop_notifications": 0.0})
    return users


async def writes(chain: Chain, users: list[str]) -> int:
    """Everything that was ever done to these users, by the app or by people."""
    journal = (await chain.sim("GET", "journal"))["value"]
    return sum(any(user in str(entry) for user in users) for entry in journal)


async def test_replays_for_fifty_people_are_two_looks_each_and_no_write() -> None:
    async with running_chain() as chain:
        users = await people_without_aftermath(chain)
        state = Keys(SECRET).client_state()
        [subscription] = (await chain.sim("GET", "subscriptions"))["value"]

        def item(user: str) -> dict[str, object]:
            data = {"@odata.type": "#Microsoft.Graph.User", "@odata.id": f"Users/{user}", "id": user}
            ours = {"clientState": state, "subscriptionId": subscription["id"], "tenantId": TENANT}
            return ours | {"changeType": "updated", "resource": f"Users/{user}", "resourceData": data}

        body = {"value": [item(users[n % PEOPLE]) for n in range(ITEMS)]}
        await chain.sim("PATCH", "faults", {"rules": [SLOW]})
        looks_before, writes_before = await looks(chain), await writes(chain, users)

        async def replay(times: int) -> None:
            for _ in range(times):
                answer = await chain.post("notifications", json=body)
                assert answer.status_code == 202

        await asyncio.gather(*(replay(REPLAYS // ITEMS // 4) for _ in range(4)))
        late = await chain.person(mobilePhone="06 87654321")
        await chain.is_at_rest()
        looked = await looks(chain) - looks_before
        assert looked <= PEOPLE * 2 + chain.host.output().count(f"{late}: "), "whoever came meanwhile does not count"
        assert await writes(chain, users) == writes_before

        async def is_set() -> bool:
            return bool((await chain.authentication(late))["mobile"] == "+31 687654321")

        await until(is_set, FLOOD_SWEEP_SECONDS)
        assert await chain.violations() == []
