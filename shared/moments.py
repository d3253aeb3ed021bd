"""Moments as they travel: ISO 8601 in records, epoch milliseconds in messages. Floor 0. Everything here is aware."""

import math
import re
from datetime import datetime, timedelta

_TOO_FINE = re.compile(r"(\.\d{6})\d+")


def millis(moment: datetime) -> int:
    """Whole milliseconds since 1970, rounded down."""
    return int(moment.timestamp() * 1000)


def whole_seconds(wait: timedelta) -> str:
    """A wait as a person reads it in a log, rounded up: a fraction would look like a phone number to the redactor."""
    return f"{math.ceil(wait.total_seconds())} s"


def kept_moment(text: str | None) -> datetime | None:
    """A moment as we keep it; None where none was kept."""
    return datetime.fromisoformat(text) if text else None


def graph_moment(text: str) -> datetime:
    """A moment as Graph sends it: up to seven digits of a second, naive where no offset is told. Raises ValueError."""
    return datetime.fromisoformat(_TOO_FINE.sub(r"\1", text))
