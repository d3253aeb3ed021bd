"""Looks at the simulator and the app all the time, and knows who has ended as expected."""

import asyncio
from collections.abc import Callable, Sequence

from dev.demo.app_client import AppClient
from dev.demo.chronicle import Event
from dev.demo.roll import Case, Roll
from dev.demo.screen import Screen
from dev.demo.tenant import SimulatedTenant

PAUSE_SECONDS = 0.25
ASK_AGAIN_SECONDS = 0.8
MOST_QUESTIONS = 8
"""So many people are asked for at a time: the app has other work to do."""

AT_ONCE = 4


class Watcher:
    """Feeds the roll from the simulator's journal and the app's words."""

    def __init__(self, roll: Roll, tenant: SimulatedTenant, app: AppClient, screen: Screen) -> None:
        self._roll = roll
        self._tenant = tenant
        self._app = app
        self._screen = screen
        self._gate = asyncio.Semaphore(AT_ONCE)
        self.on_event: Callable[[Event], None] | None = None

    async def run(self) -> None:
        """Watch until cancelled."""
        while True:
            await self.look()
            await asyncio.sleep(PAUSE_SECONDS)

    async def look(self) -> None:
        """One look."""
        chronicle = self._roll.chronicle
        entries, chronicle.position = await self._tenant.journal(chronicle.position)
        events = chronicle.take(entries)
        self._roll.link()
        for event in events:
            if self.on_event:
                self.on_event(event)
        await self._ask(self._due()[:MOST_QUESTIONS])
        self._screen.refresh(self._roll)

    async def confirm(self, cases: Sequence[Case]) -> bool:
        """Ask once more for all of them, as it may have changed since; whether everyone still is as expected."""
        answered = await self._ask(cases)
        return all(answered) and all(case.finished for case in cases)

    async def until(self, done: Callable[[], bool]) -> None:
        """Wait for what others bring about."""
        while not done():  # noqa: ASYNC110 - other processes bring it about, over HTTP
            await asyncio.sleep(PAUSE_SECONDS / 2)

    def _due(self) -> list[Case]:
        now = asyncio.get_running_loop().time()
        waiting = [case for case in self._roll.cases if case.graph_fits and not case.settled]
        waiting.sort(key=lambda case: case.asked_at)
        return [case for case in waiting if now - case.asked_at > ASK_AGAIN_SECONDS]

    async def _ask(self, cases: Sequence[Case]) -> list[bool]:
        return await asyncio.gather(*(self._ask_one(case) for case in cases))

    async def _ask_one(self, case: Case) -> bool:
        """Whether the app had a word for this person."""
        async with self._gate:
            was_settled = case.settled
            word = await self._app.word(case.user_id or "")
            case.asked_at = asyncio.get_running_loop().time()
            case.word = word or case.word
            if case.settled and not was_settled:
                self._screen.settled(case)
            return word is not None
