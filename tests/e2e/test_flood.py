"""T2: a hundred thousand replays of valid notifications cost next to nothing, and a real change among them is done."""

import asyncio
import time

from shared.coalescing import FLOOD, WINDOW
from shared.fingerprint import Keys
from tests.e2e.chain import SECRET, TENANT, Chain, running_chain, until

PEOPLE, REPLAYS, ITEMS = 50, 100_000, 250
FLOOD_SWEEP_SECONDS = 120
A_SWEEP_EACH = 60
"""Seconds; while it is flooded an instance asks for one sweep in each, which may name everybody once more."""


async def looks(chain: Chain) -> int:
    """How often the app has asked Graph for a user."""
    requests = (await chain.sim("GET", "stats"))["requests"]
    return int(sum(requests.get("GET /v1.0/users/{user}", {}).values()))


async def writes(chain: Chain, users: list[str]) -> int:
    """Everything that was ever done to these users, by the app or by people."""
    journal = (await chain.sim("GET", "journal"))["value"]
    return sum(any(user in str(entry) for user in users) for entry in journal)


async def test_replays_for_fifty_people_are_a_few_looks_each_and_no_write() -> None:
    async with running_chain() as chain:
        users = [await chain.person(mobilePhone=f"06 123456{n:02}") for n in range(PEOPLE)]
        await asyncio.gather(*(chain.is_set(user, f"+31 6123456{n:02}") for n, user in enumerate(users)))
        await asyncio.sleep(8)  # what their creation raised is over
        state = Keys(SECRET).client_state()
        [subscription] = (await chain.sim("GET", "subscriptions"))["value"]

        def item(user: str) -> dict[str, object]:
            data = {"@odata.type": "#Microsoft.Graph.User", "@odata.id": f"Users/{user}", "id": user}
            ours = {"clientState": state, "subscriptionId": subscription["id"], "tenantId": TENANT}
            return ours | {"changeType": "updated", "resource": f"Users/{user}", "resourceData": data}

        body = {"value": [item(users[n % PEOPLE]) for n in range(ITEMS)]}
        looks_before, writes_before = await looks(chain), await writes(chain, users)

        async def replay(times: int) -> None:
            for _ in range(times):
                answer = await chain.post("notifications", json=body)
                assert answer.status_code == 202
                answered.append(time.monotonic() - began)

        began, answered = time.monotonic(), list[float]()
        await asyncio.gather(*(replay(REPLAYS // ITEMS // 4) for _ in range(4)))
        late = await chain.person(mobilePhone="06 87654321")
        await asyncio.sleep(8)
        # two looks in a window, and a third where a slow machine lets the two overlap: who saves last looks again;
        # it may also take more than one window to notice the flood, and then have time for sweeps
        windows = 1 + int(answered[FLOOD // ITEMS] * 1000 // WINDOW)
        sweeps = int((time.monotonic() - began) // A_SWEEP_EACH)
        assert await looks(chain) - looks_before <= PEOPLE * (3 * windows + sweeps)
        assert await writes(chain, users) == writes_before

        async def is_set() -> bool:
            return bool((await chain.authentication(late))["mobile"] == "+31 687654321")

        await until(is_set, FLOOD_SWEEP_SECONDS)
        assert await chain.violations() == []
