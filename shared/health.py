"""Is it well? A few words about the whole service, for whoever watches it: no tenant data. Floor 5.

Everything is read from what the workflows note in the control table, so asking costs Graph nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.ports import SUBSCRIPTION, SWEEP, Control
from shared.pulse import PULSE
from shared.switches import Switches

LATE = timedelta(hours=26)
"""Sweep and keeper run every hour unless told otherwise, and must run daily: a delta link lives seven days."""

_WELL = {
    "subscription": {"live", "none"},
    "writes": {"ok", "paused"},
    "reading": {"ok"},
    "sweep": {"ok", "none"},
}
"""The words that ask nothing of anybody. A pause is what an operator wants; a tripped breaker is not."""


@dataclass(frozen=True, slots=True)
class Health:
    """The ports of a diagnosis."""

    control: Control
    switches: Switches
    now: Callable[[], datetime]

    async def diagnosis(self) -> tuple[bool, dict[str, str]]:
        """Whether nothing asks for a person, and one word for each part. Raises what storage raises."""
        words = {
            "subscription": subscription_word((await self.control.load(SUBSCRIPTION)).values, self.now()),
            "writes": (await self.switches.state()).writes.value,
            "reading": reading_word((await self.control.load(PULSE)).values),
            "sweep": sweep_word((await self.control.load(SWEEP)).values, self.now()),
        }
        return all(words[part] in fine for part, fine in _WELL.items()), words


def subscription_word(values: Mapping[str, Any], now: datetime) -> str:
    """`none` before the first one, `live`, `missing` (it vanished and could not be made again), `unchecked` (the
    keeper has not seen it for a day) or `expired`: with the last three, notifications may be getting lost."""
    if values.get("missingSince"):
        return "missing"
    expires, checked = _moment(values.get("expires")), _moment(values.get("checkedAt"))
    if expires is None:
        return "none"
    if expires <= now:
        return "expired"
    return "unchecked" if checked is not None and now - checked > LATE else "live"


def reading_word(values: Mapping[str, Any]) -> str:
    """`unreadable` while roles, groups or memberships cannot be read: then nobody is written to."""
    return "unreadable" if values.get("unreadable") else "ok"


def sweep_word(values: Mapping[str, Any], now: datetime) -> str:
    """`none` before the first one, `late` when no page was read for a day."""
    read = _moment(values.get("pageAt"))
    if read is None:
        return "none"
    return "late" if now - read > LATE else "ok"


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
