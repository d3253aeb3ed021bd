"""The pulse: when a notification last led to a look, and what Graph does not let us read. Floor 4.

One record of the control table, so that every instance tells the same. It is for people and alerts: nothing is decided
by it, so it is written seldom, and whoever is beaten to it leaves it at that.
"""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.errors import Conflict
from shared.models import Cause
from shared.ports import Control, Record

PULSE = "pulse"
"""The name of the record in the control table: {lookedAt, notificationAt, unreadable, unreadableSince}."""

EVERY = timedelta(minutes=1)
"""How often one instance writes when nothing has changed."""


@dataclass(slots=True)
class Pulse:
    """What one instance has told last, and where it tells it."""

    control: Control
    now: Callable[[], datetime]
    _told_at: datetime | None = None
    _told: tuple[str, ...] = ()

    async def looked(self, cause: Cause, unreadable: Sequence[str]) -> None:
        """A look at some users has ended. `unreadable`: what could not be read, such as "roles: 403 accessDenied".

        Raises what storage raises.
        """
        problems = tuple(sorted(set(unreadable)))
        told_lately = self._told_at is not None and self.now() - self._told_at < EVERY
        if told_lately and problems == self._told:
            return
        with suppress(Conflict):
            record = await self.control.load(PULSE)
            await self.control.save(PULSE, Record(self._beat(record.values, cause, problems), record.version))
        self._told_at, self._told = self.now(), problems

    def _beat(self, values: Any, cause: Cause, problems: tuple[str, ...]) -> dict[str, Any]:
        now = self.now().isoformat()
        beat = dict(values) | {"lookedAt": now, "unreadable": list(problems)}
        beat["unreadableSince"] = (values.get("unreadableSince") or now) if problems else None
        if cause is Cause.NOTIFICATION:
            beat["notificationAt"] = now
        return beat
