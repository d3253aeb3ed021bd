"""How fast Graph may be asked, by this instance and by all of them together. Floor 4.

After a 429 nobody asks before the moment Graph named: that moment is a record of the control table, read before every
request, because Graph counts what the app does and not what one instance does. Below that, each instance keeps a gap
between its requests: wider after a 429 and while Graph says that the limit is near, narrower with every quiet answer.

https://learn.microsoft.com/graph/throttling · https://learn.microsoft.com/graph/throttling-limits
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.errors import Conflict
from shared.moments import kept_moment
from shared.ports import Control, Record

_log = logging.getLogger("mfa_prefill.pace")

THROTTLE, ROLES_THROTTLE = "throttle", "throttleRoles"
"""The names of the records in the control table: {until}. The service of directory roles throttles on its own, and
early: its 429 says nothing about the rest of Graph."""

UNNAMED = timedelta(seconds=10)
"""Where Graph throttles without Retry-After."""

LONGEST = timedelta(hours=1)
"""No Retry-After stops everybody for longer; a user's own message still waits as long as it was told to."""

NEAR_THE_LIMIT = 0.8
"""x-ms-throttle-limit-percentage: Graph sends it from here on; 1 is the limit."""

FIRST_GAP, WIDEST_GAP, NO_GAP = 0.05, 2.0, 0.01
"""Seconds between two requests of one instance."""
WIDER, A_LITTLE_WIDER, NARROWER = 2.0, 1.25, 0.9

MOST_ATTEMPTS = 20


@dataclass(slots=True)
class Pace:
    """One instance's pace, and the mark it shares with all others. `sleep` waits for so many seconds."""

    control: Control
    now: Callable[[], datetime]
    sleep: Callable[[float], Awaitable[None]]
    record: str = THROTTLE
    gap: float = 0.0
    _next: datetime | None = None
    _until: datetime | None = None
    _shared: datetime | None = None
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False)

    async def turn(self) -> timedelta | None:
        """None when a request may go out now; else how long nobody may ask. Raises what storage raises.

        The wait for the gap is spent in here: it is at most WIDEST_GAP for each request that is ahead.
        """
        async with self._turn:
            await self._keep_the_gap()
            return await self._stopped()

    def answered(self, throttled: bool, retry_after: timedelta | None, used: float | None) -> None:
        """Takes note of one answer. `used`: the share of the limit that Graph says is used, if it says."""
        if throttled:
            until = self.now() + min(retry_after or UNNAMED, LONGEST)
            self._until = max(until, self._until or until)
            self._widen(WIDER)
        elif used is not None and used >= NEAR_THE_LIMIT:
            self._widen(A_LITTLE_WIDER)
        else:
            self.gap = self.gap * NARROWER if self.gap > NO_GAP else 0.0

    async def share(self) -> None:
        """Tells the other instances what `answered` noted. Raises what storage raises."""
        if self._until is None or self._until == self._shared:
            return
        for _ in range(MOST_ATTEMPTS):
            with suppress(Conflict):
                await self._save(self._until)
                break
        self._shared = self._until

    async def _save(self, until: datetime) -> None:
        record = await self.control.load(self.record)
        stored = _until(record)
        if stored is None or stored < until:
            await self.control.save(self.record, Record({"until": until.isoformat()}, record.version))
            text = "Graph throttles (%s): nothing of this kind is sent until %s"
            _log.warning(text, self.record, until.isoformat(), extra={"action": "throttled"})

    async def _keep_the_gap(self) -> None:
        now = self.now()
        if self.gap and self._next and self._next > now:
            await self.sleep((self._next - now).total_seconds())
        self._next = self.now() + timedelta(seconds=self.gap)

    async def _stopped(self) -> timedelta | None:
        marks = (self._until, _until(await self.control.load(self.record)))
        until = max((mark for mark in marks if mark), default=None)
        now = self.now()
        return until - now if until and until > now else None

    def _widen(self, factor: float) -> None:
        self.gap = min(max(self.gap * factor, FIRST_GAP), WIDEST_GAP)


def _until(record: Record) -> datetime | None:
    return kept_moment(record.values.get("until"))
