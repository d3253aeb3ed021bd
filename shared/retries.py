"""One retry chain for each kind of chore. Floor 5.

A chore that failed comes back by a message of its own; if that fails too, it asks for the next one: a chain. Timers,
lifecycle notifications and other instances ask for the same chores, and must not begin a chain each time they fail.
So the control table names the one message that goes on. Whatever else arrives as a retry is dropped.

Nothing depends on a chain: if its message is lost, the next timer that fails begins another.
"""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import Conflict, Failure
from shared.messages import Chore
from shared.moments import kept_moment, millis
from shared.ports import Control, Queues, Record
from shared.retry_rules import chore_delay

MAX_ATTEMPT = 99
"""The codec reads no higher number; the delay has stopped growing long before."""

OVERDUE = timedelta(minutes=30)
"""After this a message that should have come back counts as lost. Longer than any chore takes."""


@dataclass(frozen=True, slots=True)
class Retries:
    """The ports of the chains."""

    control: Control
    queues: Queues
    now: Callable[[], datetime]

    async def is_current(self, chore: Chore, stamp: int, attempt: int) -> bool:
        """Whether a message may do its chore: every first attempt, and the one retry that its chain waits for."""
        if attempt == 1:
            return True
        named = (await self.control.load(_chain(chore))).values
        return (named.get("stamp"), named.get("attempt")) == (stamp, attempt)

    async def after_failure(self, chore: Chore, failure: Failure, attempt: int) -> timedelta | None:
        """See to it that the chore is tried again; how long until then, None where only a timer does it.

        A first attempt that fails while a chain goes on leaves it at that. Raises what storage raises.
        """
        delay = chore_delay(failure, attempt)
        if delay is None:
            await self.end_chain(chore)
            return None
        now, record = self.now(), await self.control.load(_chain(chore))
        due = kept_moment(record.values.get("due"))
        if attempt == 1 and due and now < due + OVERDUE:
            return max(due - now, timedelta(0))
        stamp, following = millis(now), min(attempt + 1, MAX_ATTEMPT)
        # sent before it is named: a crash in between leaves a message that is dropped, never a chain without one
        await self.queues.send_chore(chore, stamp, delay, following)
        with suppress(Conflict):  # another instance was faster: its message goes on, this one will be dropped
            named = {"stamp": stamp, "attempt": following, "due": (now + delay).isoformat()}
            await self.control.save(_chain(chore), Record(named, record.version))
        return delay

    async def end_chain(self, chore: Chore) -> None:
        """End a chain, if there is one: what waits in the queue has nothing to do. Raises what storage raises."""
        record = await self.control.load(_chain(chore))
        if record.values.get("due"):
            with suppress(Conflict):
                await self.control.save(_chain(chore), Record({}, record.version))


def _chain(chore: Chore) -> str:
    """The name of its record. Ensuring and renewing are one: the keeper remembers that a renewal was asked for."""
    return f"retry-{Chore.ENSURE if chore is Chore.RENEW else chore}"
