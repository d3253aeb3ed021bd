"""After the trouble: one sweep, and everybody comes to rest."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dev.chaos.parts import HOLD_SECONDS, Parts
from dev.chaos.storage import Row, busy_until

QUIET_SECONDS = 4
"""So long nothing is in a queue to be taken and Graph shows the app nobody."""

PATIENCE_SECONDS = 70.0
"""The short delays after failures are 5, 15 and 60 s; who waits longer is looked at by an operator."""

FIRE_AGAIN_SECONDS = 60.0
MAX_WAITS = 5
SLACK = timedelta(seconds=2)


@dataclass(slots=True)
class Settling:
    """Brings the app to rest, as time and an operator would. `helped`: whom the operator had looked at, and why."""

    parts: Parts
    say: Callable[[str], None]
    helped: dict[str, str] = field(default_factory=dict)

    async def sweep(self) -> None:
        """What the timer does every hour."""
        before = await self._swept_at()
        while await self._swept_at() == before:
            await self.parts.app.fire("sweep")
            for _ in range(int(FIRE_AGAIN_SECONDS)):
                if await self._swept_at() != before:
                    break
                await asyncio.sleep(1)

    async def full_sweep(self) -> None:
        """Graph has forgotten the delta link, and everybody is told again."""
        await self.parts.tenant.switch(expired_delta="410")
        await self.sweep()
        await self.parts.tenant.switch(expired_delta="")

    async def rest(self) -> None:
        """Nothing under way, no claim of a killed host, no hold that is about to end.

        The look after a claim that has ended may begin a hold, so it is asked again after each wait.
        """
        await self.quiet()
        for _ in range(MAX_WAITS):
            until = busy_until(await self.parts.storage.ledger(), timedelta(seconds=HOLD_SECONDS)) + SLACK
            wait = (until - datetime.now(UTC)).total_seconds()
            if wait <= 0:
                return
            self.say(f"waiting {wait:.0f} s for claims of killed hosts and for holds to end")
            await asyncio.sleep(wait)
            await self.quiet()

    async def quiet(self) -> None:
        """Until nobody has been looked at or written to for some seconds, and nobody is about to be.

        Looks at people who are gone go on for an hour; Graph shows nothing of them, so the journal does not grow.
        """
        calm, before = 0, -1
        while calm < QUIET_SECONDS:
            pending = (await self.parts.tenant.notifications())["pending"]
            _, length = await self.parts.tenant.journal(max(before, 0))
            idle = not pending and length == before and not await self.parts.storage.visible()
            calm, before = calm + 1 if idle else 0, length
            await asyncio.sleep(1)

    async def help(self, living: Callable[[], set[str]]) -> None:
        """Wait for who waits a short time; an operator looks at the others, who need not wait for half an hour."""
        loop = asyncio.get_running_loop()
        end = loop.time() + PATIENCE_SECONDS
        restless = waiting = await self._waiting(living())
        while waiting and loop.time() < end:
            await asyncio.sleep(2)
            waiting = await self._waiting(living())
        for user_id, row in waiting.items():
            self.helped[user_id] = row.words
            await self.parts.app.reconcile(user_id)
        if waiting:
            self.say(f"an operator asks for a look at {len(waiting)} people who wait or are parked")
        if restless:
            await self.rest()

    async def _waiting(self, living: set[str]) -> Mapping[str, Row]:
        ledger = await self.parts.storage.ledger()
        return {user: row for user, row in ledger.items() if user in living and row.outcome in ("retry", "parked")}

    async def _swept_at(self) -> object:
        report = await self.parts.app.report()
        return report["sweep"]["completedAt"] if report else None
