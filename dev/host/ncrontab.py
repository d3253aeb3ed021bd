"""NCRONTAB, the timer trigger's schedule language: five fields, or six with seconds in front.

https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer#ncrontab-expressions
https://github.com/atifaziz/NCrontab/wiki/Crontab-Expression

Two things differ from the cron most libraries speak: day of month and day of week must BOTH fit, and Sunday is only 0.
Each field is therefore read here by NCrontab's own rules into plain numbers; croniter then only walks the calendar.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Self

from croniter import CroniterBadDateError, croniter

from dev.host.errors import BindingError
from dev.host.time_span import seconds_of

# fmt: off
_MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)
# fmt: on
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_ITEM = re.compile(r"(?P<first>\*|\w+)(?:-(?P<last>\w+))?(?:/(?P<step>\d+))?")


@dataclass(frozen=True, slots=True)
class Field:
    title: str
    low: int
    high: int
    names: tuple[str, ...] = ()

    def values(self, text: str) -> set[int]:
        """The numbers a field allows: a list of `*`, `n`, `a-b`, each with an optional `/step`."""
        numbers: set[int] = set()
        for item in text.split(","):
            match = _ITEM.fullmatch(item)
            if match is None:
                raise BindingError(f"'{item}' is not understood in the {self.title} field")
            numbers.update(self._range(match["first"], match["last"], match["step"]))
        return numbers

    def _range(self, first: str, last: str | None, step: str | None) -> range:
        if step is not None and int(step) == 0:
            raise BindingError(f"a step of 0 in the {self.title} field")
        every = int(step or 1)
        if first == "*":
            if last is not None:
                raise BindingError(f"'*-{last}' is not understood in the {self.title} field")
            return range(self.low, self.high + 1, every)
        start = self._number(first)
        if last is not None:
            # CrontabField.Accumulate: a range written backwards is turned round.
            start, end = sorted((start, self._number(last)))
            return range(start, end + 1, every)
        return range(start, self.high + 1, every) if step is not None else range(start, start + 1)

    def _number(self, text: str) -> int:
        is_number = text.isascii() and text.isdigit()
        number = int(text) if is_number else self._named(text.lower())
        if not self.low <= number <= self.high:
            raise BindingError(f"'{text}' is outside {self.low}-{self.high} in the {self.title} field")
        return number

    def _named(self, text: str) -> int:
        for number, name in enumerate(self.names, start=self.low):
            if len(text) >= 3 and name.startswith(text):
                return number
        raise BindingError(f"'{text}' is not understood in the {self.title} field")


FIELDS = (
    Field("second", 0, 59),
    Field("minute", 0, 59),
    Field("hour", 0, 23),
    Field("day-of-month", 1, 31),
    Field("month", 1, 12, _MONTHS),
    Field("day-of-week", 0, 6, _DAYS),
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a timer fires, in UTC. `text` is what was written, `_plain` the same in numbers."""

    text: str
    _plain: str = field(repr=False)

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read an expression, or say what is wrong with it."""
        if seconds_of(text) is not None:
            raise BindingError(f"schedule '{text}' is a TimeSpan: only App Service plans take those, use NCRONTAB")
        parts = text.split()
        if len(parts) == 5:
            parts.insert(0, "0")
        if len(parts) != len(FIELDS):
            raise BindingError(f"schedule '{text}' has {len(text.split())} fields, NCRONTAB has 6 (or 5)")
        try:
            numbers = [each.values(part) for each, part in zip(FIELDS, parts, strict=True)]
        except BindingError as error:
            raise BindingError(f"schedule '{text}': {error}") from error
        schedule = cls(text, " ".join(",".join(map(str, sorted(chosen))) for chosen in numbers))
        schedule.next_after(datetime.now(UTC))
        return schedule

    def next_after(self, moment: datetime) -> datetime:
        """The first occurrence strictly after a moment."""
        # day_or=False is the AND of the two day fields; second_at_beginning puts the seconds in front.
        walk = croniter(self._plain, moment.astimezone(UTC), day_or=False, second_at_beginning=True)
        try:
            found: datetime = walk.get_next(datetime)
        except CroniterBadDateError as error:
            raise BindingError(f"schedule '{self.text}' never occurs") from error
        return found

    @property
    def fires_more_than_once_a_minute(self) -> bool:
        first = self.next_after(datetime.now(UTC))
        return self.next_after(first) - first < timedelta(minutes=1)
