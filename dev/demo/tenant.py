"""The simulated tenant over its /sim/ door: what HR and people do, what goes wrong, what can be looked at."""

from collections.abc import Mapping, Sequence
from typing import Any

import httpx

type Json = dict[str, Any]

TIMEOUT_SECONDS = 30.0


class SimulatedTenant:
    """Raises httpx.HTTPError where the simulator does not do as it is told: then there is nothing to demonstrate."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(base_url=url, timeout=TIMEOUT_SECONDS)

    async def close(self) -> None:
        """Let go of its connections."""
        await self._client.aclose()

    async def create(self, user: Json) -> str:
        """HR creates a person; the object id."""
        return str((await self._ask("POST", "/sim/users", user))["id"])

    async def create_many(self, count: int, seed: int) -> None:
        """HR creates generated people."""
        await self._ask("POST", "/sim/people", {"count": count, "seed": seed})

    async def edit(self, user_id: str, values: Mapping[str, Any]) -> None:
        """HR changes properties."""
        await self._ask("PATCH", f"/sim/users/{user_id}", dict(values))

    async def delete(self, user_id: str) -> None:
        """HR deletes the account; it can be restored for 30 days."""
        await self._ask("DELETE", f"/sim/users/{user_id}")

    async def register_phone(self, user_id: str, number: str) -> None:
        """The person registers another mobile phone."""
        await self._ask("PUT", f"/sim/users/{user_id}/phone", {"number": number})

    async def remove_phone(self, user_id: str) -> None:
        """The person removes the mobile phone."""
        await self._ask("DELETE", f"/sim/users/{user_id}/phone")

    async def set_faults(self, rules: Sequence[Json]) -> None:
        """What goes wrong for single requests."""
        await self._ask("PATCH", "/sim/faults", {"rules": list(rules)})

    async def switch(self, **switches: Any) -> None:
        """What is different for everyone."""
        await self._ask("PATCH", "/sim/faults", switches)

    async def journal(self, since: int) -> tuple[list[Json], int]:
        """What was written since entry number `since`, by whomever, and the number to ask with next time."""
        answer = await self._ask("GET", f"/sim/journal?since={since}")
        return answer["value"], answer["next"]

    async def subscriptions(self) -> list[Json]:
        """Who is subscribed."""
        subscriptions: list[Json] = (await self._ask("GET", "/sim/subscriptions"))["value"]
        return subscriptions

    async def violations(self) -> list[Json]:
        """The promises that the oracle saw broken."""
        violations: list[Json] = (await self._ask("GET", "/sim/violations"))["violations"]
        return violations

    async def notifications(self) -> Json:
        """Counts of notifications, and how many are on their way."""
        return await self._ask("GET", "/sim/notifications")

    async def stats(self) -> Json:
        """Counts of requests."""
        return await self._ask("GET", "/sim/stats")

    async def _ask(self, method: str, path: str, body: Json | None = None) -> Json:
        answer = await self._client.request(method, path, json=body)
        answer.raise_for_status()
        value: Json = answer.json() if answer.content else {}
        return value
