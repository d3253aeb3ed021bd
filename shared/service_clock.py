"""The clock of the whole app: this machine's, put right by the storage account's. Floor 4.

Whether a message tells anything new is decided by comparing moments that two instances noted. A machine whose clock is
minutes off would make the others believe that a change has been looked at. Every instance talks to one storage account,
so that account's clock is everybody's.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime

TOLERANCE = timedelta(seconds=10)
"""The Date header counts whole seconds and travels for a while; a difference below this is no reason to correct."""


@dataclass(slots=True)
class ServiceClock:
    """Call it for the time. `local` is this machine's clock."""

    local: Callable[[], datetime]
    offset: timedelta = timedelta(0)

    def __call__(self) -> datetime:
        """Now."""
        return self.local() + self.offset

    def heard(self, date: str | None) -> None:
        """Takes the Date header of an answer of the storage account into account; one that is none says nothing.

        https://www.rfc-editor.org/rfc/rfc9110#field.date
        """
        try:
            told = parsedate_to_datetime(date or "")
        except (ValueError, OverflowError):
            return
        if told.tzinfo is None:
            return
        off = told - self.local()
        self.offset = off if abs(off) > TOLERANCE else timedelta(0)
