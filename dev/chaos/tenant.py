"""The simulated tenant with what only chaos needs of its /sim/ door."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

from dev.demo.tenant import Json, SimulatedTenant


class ChaosTenant(SimulatedTenant):
    """More verbs. They raise httpx.HTTPStatusError where the simulator refuses, as the demo's do."""

    async def replace_faults(self, switches: Mapping[str, Any], rules: Sequence[Json]) -> Json:
        """These faults and no others; what is not named goes back to its default."""
        return await self._ask("PUT", "/sim/faults", {"switches": dict(switches), "rules": list(rules)})

    async def judge_instances(self, look_seconds: float) -> None:
        """Tell the oracle that several instances look at once, and how long a look may take."""
        await self._ask("PUT", "/sim/policy", {"lookSeconds": look_seconds})

    async def lose_subscriptions(self) -> int:
        """The service loses what is there and tells nobody; how many."""
        lost = await self.subscriptions()
        for subscription in lost:
            await self._ask("DELETE", f"/sim/subscriptions/{subscription['id']}")
        return len(lost)

    async def delete_for_good(self, user_id: str) -> None:
        """Not even restoring is possible any more."""
        await self._ask("DELETE", f"/sim/users/{user_id}?permanent=true")

    async def restore(self, user_id: str) -> None:
        """HR takes a deletion back."""
        await self._ask("POST", f"/sim/users/{user_id}/restore")

    async def register_method(self, user_id: str, kind: str) -> None:
        """The person registers something better than a phone."""
        await self._ask("POST", f"/sim/users/{user_id}/methods", {"kind": kind})

    async def everyone(self) -> dict[str, Json]:
        """All people by id, as they are."""
        return {user["id"]: user for user in (await self._ask("GET", "/sim/users"))["value"]}

    async def shown(self, user_id: str) -> list[Json]:
        """Everything in the journal about one person, what the app was shown included."""
        entries: list[Json] = (await self._ask("GET", f"/sim/journal?reads=true&user={user_id}"))["value"]
        return entries

    async def oracle(self) -> Json:
        """Violations and races."""
        return await self._ask("GET", "/sim/violations")

    async def faults(self) -> Json:
        """What is in force, with hits."""
        return await self._ask("GET", "/sim/faults")


def refused(problem: httpx.HTTPStatusError) -> bool:
    """Whether the tenant, not a mistake of ours, made something impossible, such as removing a phone nobody has."""
    return problem.response.status_code in (400, 404, 409)
