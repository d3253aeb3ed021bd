"""Is it well? A few words about the whole service, for whoever watches it: no tenant data. Floor 5.

Everything is read from what the workflows note in the control table, so asking costs Graph nothing.
"""

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.moments import kept_moment
from shared.ports import SUBSCRIPTION, SWEEP, Control, Parking
from shared.pulse import PULSE
from shared.subscription_rules import LATE, subscription_word
from shared.switches import Switches

_log = logging.getLogger("mfa_prefill.health")

_WELL = {
    "subscription": {"live", "none", "removed"},
    "writes": {"ok", "paused"},
    "reading": {"ok"},
    "sweep": {"ok", "none"},
}
"""The words that ask nothing of anybody. A pause and a removal are what an operator wants; a tripped breaker is not."""


@dataclass(frozen=True, slots=True)
class Health:
    """The ports of a diagnosis."""

    control: Control
    parking: Parking
    switches: Switches
    now: Callable[[], datetime]

    async def tell(self) -> None:
        """One line of log in which an alert finds everything. Raises what storage raises."""
        well, words = await self.diagnosis()
        now = self.now()
        pulse, sweep = (await self.control.load(PULSE)).values, (await self.control.load(SWEEP)).values
        subscription = (await self.control.load(SUBSCRIPTION)).values
        fields: dict[str, Any] = {
            "action": "heartbeat",
            "state": "healthy" if well else "unhealthy",
            "subscription": words["subscription"],
            "secondsSinceNotification": _seconds_since(pulse.get("notificationAt"), now),
            "secondsSinceSweep": _seconds_since(sweep.get("pageAt"), now),
            "subscriptionExpires": subscription.get("expires"),
            "parked": len(await self.parking.all()),
        }
        level = logging.INFO if well else logging.ERROR
        _log.log(level, "heartbeat: %s", " ".join(f"{part}={word}" for part, word in words.items()), extra=fields)

    async def diagnosis(self) -> tuple[bool, dict[str, str]]:
        """Whether nothing asks for a person, and one word for each part. Raises what storage raises."""
        words = {
            "subscription": subscription_word((await self.control.load(SUBSCRIPTION)).values, self.now()),
            "writes": (await self.switches.state()).writes.value,
            "reading": reading_word((await self.control.load(PULSE)).values),
            "sweep": sweep_word((await self.control.load(SWEEP)).values, self.now()),
        }
        return all(is_fine(part, word) for part, word in words.items()), words


def is_fine(part: str, word: str) -> bool:
    """Whether this word about a part of the service asks nothing of anybody."""
    return word in _WELL[part]


def reading_word(values: Mapping[str, Any]) -> str:
    """`unreadable` while roles, groups or memberships cannot be read: then nobody is written to."""
    return "unreadable" if values.get("unreadable") else "ok"


def sweep_word(values: Mapping[str, Any], now: datetime) -> str:
    """`none` before the first one, `late` when no page was read for a day."""
    read = kept_moment(values.get("pageAt"))
    if read is None:
        return "none"
    return "late" if now - read > LATE else "ok"


def _seconds_since(text: str | None, now: datetime) -> int | None:
    moment = kept_moment(text)
    return int((now - moment).total_seconds()) if moment else None
