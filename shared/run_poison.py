"""What is left of a run's message that failed five times. Floor 6.

A user whom a run was to write to is parked like everybody's. One that was only being planned is not: nothing has been
promised to anybody, and a replay would be a look of the service, which writes.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

from shared.errors import Conflict, UnreadableMessage
from shared.messages import Message, decode
from shared.models import Cause, Outcome, Reason
from shared.poisoned import PoisonKeeper
from shared.run_book import RunBook
from shared.run_items import Item, ItemState
from shared.run_rules import Run


@dataclass(frozen=True, slots=True)
class RunPoisonKeeper:
    """The ports of parking, and the runs."""

    poison: PoisonKeeper
    book: RunBook
    now: Callable[[], datetime]

    async def take(self, text: str, attempts: int) -> None:
        """Parks what a message from the poison queue was about, then ends its items, so that a crash repeats both."""
        message = _read(text)
        run = await self.book.load(message.run) if message else None
        items = await self.book.open_items(run, message.users) if message else {}
        if message is None or _is_promised(message, run, items):
            await self.poison.take(text, attempts)
        if run:
            await self._fail(run, items)

    async def _fail(self, run: Run, items: Mapping[str, Item]) -> None:
        for item in items.values():
            with suppress(Conflict):  # a look has ended meanwhile: what it says is the newer truth
                failed = item.ended(ItemState.FAILED, Outcome.PARKED, (Reason.POISON,), self.now())
                await self.book.items.save(run.id, failed)


def _read(text: str) -> Message | None:
    try:
        return decode(text)
    except UnreadableMessage:
        return None


def _is_promised(message: Message, run: Run | None, items: Mapping[str, Item]) -> bool:
    """Whether somebody expects a look to follow from it."""
    if run is None or message.cause is not Cause.BACKFILL:
        return True
    return bool(run.apply_at and not run.cancelled_at and items)
