"""The tenant's clock: real time plus whatever a test has skipped."""

import time
from datetime import UTC, datetime

SECONDS_PER_MINUTE = 60
SECONDS_PER_HOUR = 3600
SECONDS_PER_DAY = 86_400


class Clock:
    """Simulated time as epoch seconds (UTC). It only ever moves forward."""

    def __init__(self) -> None:
        self._skipped = 0.0

    @property
    def skipped(self) -> float:
        """Seconds skipped so far."""
        return self._skipped

    def now(self) -> float:
        """Simulated epoch seconds."""
        return time.time() + self._skipped

    def real(self) -> float:
        """Epoch seconds outside the simulation; tokens live by these, because their issuer knows no other."""
        return time.time()

    def advance(self, seconds: float) -> None:
        """Skip `seconds` (not negative) of simulated time."""
        if seconds < 0:
            raise ValueError("the clock only moves forward; give advance_seconds >= 0")
        self._skipped += seconds


def iso(epoch: float) -> str:
    """Epoch seconds as Graph writes date-times: UTC, whole seconds, trailing Z."""
    return datetime.fromtimestamp(epoch, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def iso_precise(epoch: float) -> str:
    """Epoch seconds as Graph writes them inside notifications: microseconds and a numeric offset."""
    return datetime.fromtimestamp(epoch, UTC).isoformat(timespec="microseconds")


def epoch_of(text: str) -> float:
    """Parse an ISO date-time with an offset or Z; a naive one is refused (ValueError)."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("date-time without a time zone")
    return moment.timestamp()
