"""The kill switch and the circuit breaker: whether anything may be written, and to how many users. Floor 4.

Both live in the control table, so every instance sees them and a restart changes nothing:

    pause    {paused, by, at, detail}: while it is set nothing is written, whoever set it
    writes   {minutes, since, tripped}: users written to, by the minute; `tripped` once more were wanted than fit

What cannot be read or stored raises what storage raises, and then nothing is written.
"""

import asyncio
import json
import logging
import re
import unicodedata
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from shared.errors import Conflict
from shared.moments import kept_moment
from shared.ports import Control, Record

_log = logging.getLogger("mfa_prefill.switches")

PAUSE = "pause"
WRITES = "writes"
"""The names of the records in the control table."""

WINDOW = timedelta(hours=1)

MOST_ATTEMPTS = 20
"""Every conflict means that another instance got its turn; within one instance there are none."""

LONGEST_BODY = 4096
LONGEST_REASON = 200
MOST_DIGITS = 4
"""In one stretch of an operator's reason, signs between them not counted: five could be a piece of a phone number."""

_DIGITS = re.compile(r"\d(?:[\W_]*\d)*")


class By(StrEnum):
    """Who pauses the service."""

    OPERATOR = "operator"
    BREAKER = "breaker"


class Writes(StrEnum):
    """The word for health and report."""

    OK = "ok"
    PAUSED = "paused"
    TRIPPED = "tripped"


@dataclass(frozen=True, slots=True)
class Pause:
    """The switch as it stands; `by` and `at` tell who moved it last and when."""

    paused: bool = False
    by: By | None = None
    at: datetime | None = None
    detail: str = ""

    @property
    def writes(self) -> Writes:
        """What it means for writing."""
        if not self.paused:
            return Writes.OK
        return Writes.TRIPPED if self.by is By.BREAKER else Writes.PAUSED

    def as_json(self) -> dict[str, Any]:
        """For the record and for operators."""
        at = self.at.isoformat() if self.at else None
        return {"paused": self.paused, "by": self.by.value if self.by else None, "at": at, "detail": self.detail}


@dataclass(frozen=True, slots=True)
class Budget:
    """Users counted by the minute (since 1970). A whole minute counts until its last second is an hour old."""

    minutes: Mapping[int, int] = field(default_factory=dict)
    since: datetime | None = None
    tripped: bool = False

    @property
    def counted(self) -> int:
        """How many users."""
        return sum(self.minutes.values())

    def at(self, now: datetime) -> Self:
        """What still counts."""
        oldest = (now - WINDOW).timestamp()
        kept = {minute: users for minute, users in self.minutes.items() if (minute + 1) * 60 > oldest}
        return type(self)(kept, self.since, self.tripped)

    def spent(self, users: int, now: datetime, most: int) -> tuple[int, Self]:
        """How many of `users` fit, and the budget afterwards. Where not all do, nobody fits any more: tripped."""
        current = self.at(now)
        fitting = 0 if current.tripped else min(users, max(most - current.counted, 0))
        return fitting, current._with(_minute(now), fitting, current.tripped or fitting < users)

    def returned(self, users: int, at: datetime) -> Self:
        """Without `users` that were counted at that moment; a window begun later never knew them."""
        if self.since and at < self.since:
            return self
        return self._with(_minute(at), -min(users, self.minutes.get(_minute(at), 0)), self.tripped)

    def _with(self, minute: int, users: int, tripped: bool) -> Self:
        counted = {**self.minutes, minute: self.minutes.get(minute, 0) + users}
        return type(self)({key: value for key, value in counted.items() if value}, self.since, tripped)

    def as_json(self) -> dict[str, Any]:
        """For the record."""
        minutes = {str(minute): users for minute, users in sorted(self.minutes.items())}
        return {"minutes": minutes, "since": self.since.isoformat() if self.since else None, "tripped": self.tripped}


@dataclass(frozen=True, slots=True)
class Switches:
    """`writes_per_hour` is PREFILL_WRITES_PER_HOUR; `_turn` lets one reservation of this instance go at a time."""

    control: Control
    writes_per_hour: int
    now: Callable[[], datetime]
    _turn: asyncio.Lock = field(default_factory=asyncio.Lock, repr=False, compare=False)

    async def state(self) -> Pause:
        """The kill switch."""
        return _pause(await self.control.load(PAUSE))

    async def budget(self) -> Budget:
        """What counts now."""
        return _budget(await self.control.load(WRITES)).at(self.now())

    async def reserve(self, users: int, now: datetime) -> int:
        """How many of so many users may be written to; they are counted before anything is written.

        Fewer than asked for: the budget is used up, and from this moment no instance gets any more of it. What was
        granted may still be finished; then `trip` pauses the service. None, too, when others were faster all the time.
        """
        with suppress(Conflict):
            async with self._turn:
                return await _insist(lambda: self._reserve(users, now))
        return 0

    async def give_back(self, users: int, now: datetime) -> None:
        """Users reserved at that moment whom Graph did not let us write to. Where this fails, too many are counted."""
        with suppress(Conflict):
            async with self._turn:
                await _insist(lambda: self._give_back(users, now))

    async def trip(self) -> None:
        """Pauses the service if more was wanted than the budget holds; it takes a person to resume."""
        with suppress(Conflict):  # the budget is marked: whoever wants to write next comes here again
            await _insist(self._trip)

    async def pause(self, reason: str) -> Pause:
        """An operator pauses. A pause that stands already stays as it is."""
        return await _insist(lambda: self._pause(reason))

    async def resume(self) -> Pause:
        """An operator resumes; the hour starts afresh, or the breaker would trip again at once."""
        return await _insist(self._resume)

    async def _reserve(self, users: int, now: datetime) -> int:
        record = await self.control.load(WRITES)
        before = _budget(record)
        granted, after = before.spent(users, now, self.writes_per_hour)
        if granted or after.tripped != before.tripped:
            await self.control.save(WRITES, Record(after.as_json(), record.version))
        return granted

    async def _give_back(self, users: int, now: datetime) -> None:
        record = await self.control.load(WRITES)
        await self.control.save(WRITES, Record(_budget(record).returned(users, now).as_json(), record.version))

    async def _trip(self) -> None:
        # the switch is read before the budget: whoever resumes in between makes the save below fail
        record = await self.control.load(PAUSE)
        budget = await self.budget()
        if not budget.tripped or _pause(record).paused:
            return
        limit = f"PREFILL_WRITES_PER_HOUR is {self.writes_per_hour}"
        detail = f"{budget.counted} users were written to within an hour and more were waiting; {limit}"
        await self._save_pause(record, Pause(True, By.BREAKER, self.now(), detail))
        _log.error("the breaker tripped: %s", detail, extra={"action": "breaker_tripped"})

    async def _pause(self, reason: str) -> Pause:
        record = await self.control.load(PAUSE)
        if _pause(record).paused:
            return _pause(record)
        _log.warning("an operator paused the service", extra={"action": "paused"})
        return await self._save_pause(record, Pause(True, By.OPERATOR, self.now(), reason))

    async def _resume(self) -> Pause:
        record, spent = await self.control.load(PAUSE), await self.control.load(WRITES)
        if not (_pause(record).paused or _budget(spent).tripped):
            return _pause(record)
        # the budget first: a crash in between leaves a pause that can be resumed again
        await self.control.save(WRITES, Record(Budget(since=self.now()).as_json(), spent.version))
        resumed = await self._save_pause(record, Pause(False, By.OPERATOR, self.now()))
        _log.warning("an operator resumed the service", extra={"action": "resumed"})
        return resumed

    async def _save_pause(self, record: Record, pause: Pause) -> Pause:
        await self.control.save(PAUSE, Record(pause.as_json(), record.version))
        return pause


def read_reason(body: bytes) -> str:
    """The reason in the body of a request to pause, empty where there is none. Raises ValueError."""
    if len(body) > LONGEST_BODY:
        raise ValueError(f"the body is longer than {LONGEST_BODY} bytes")
    given = _json(body) if body.strip() else {}
    if not isinstance(given, dict) or set(given) - {"reason"}:
        raise ValueError('give a JSON object with "reason" and nothing else')
    return plain_reason(given.get("reason") or "")


def _json(body: bytes) -> Any:
    try:
        return json.loads(body)
    except (ValueError, RecursionError) as error:
        raise ValueError("the body is not JSON") from error


def plain_reason(text: object) -> str:
    """An operator's words, fit to be kept and shown. Raises ValueError, without quoting them."""
    if not isinstance(text, str) or len(text) > LONGEST_REASON:
        raise ValueError(f"reason is not text of at most {LONGEST_REASON} characters")
    if not all(sign == " " or unicodedata.category(sign)[0] in "LMNP" for sign in text):
        raise ValueError("reason may hold letters, digits, punctuation and blanks, on one line")
    if any(sum(sign.isdigit() for sign in found) > MOST_DIGITS for found in _DIGITS.findall(text)):
        raise ValueError(f"reason holds more than {MOST_DIGITS} digits in a row, which could be a phone number")
    return text.strip()


async def _insist[T](change: Callable[[], Awaitable[T]]) -> T:
    """Again while somebody else was faster. Raises Conflict after MOST_ATTEMPTS."""
    for _ in range(MOST_ATTEMPTS - 1):
        with suppress(Conflict):
            return await change()
    return await change()


def _pause(record: Record) -> Pause:
    values = record.values
    by, at = values.get("by"), values.get("at")
    return Pause(
        paused=bool(values.get("paused")),
        by=By(by) if by else None,
        at=kept_moment(at),
        detail=values.get("detail", ""),
    )


def _budget(record: Record) -> Budget:
    minutes, since = record.values.get("minutes", {}), record.values.get("since")
    return Budget(
        {int(minute): users for minute, users in minutes.items()},
        kept_moment(since),
        bool(record.values.get("tripped")),
    )


def _minute(moment: datetime) -> int:
    return int(moment.timestamp() // 60)
