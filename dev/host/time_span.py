"""The .NET TimeSpan text that host.json is written in: `[d.]hh:mm:ss[.fff]`."""

import re

_TIME_SPAN = re.compile(r"(?:(\d+)\.)?(\d{1,2}):(\d{1,2})(?::(\d{1,2})(?:\.(\d{1,7}))?)?")


def seconds_of(text: str) -> float | None:
    """The span in seconds, or None where the text is none (or is a negative one)."""
    match = _TIME_SPAN.fullmatch(text.strip())
    if match is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in match.groups()[:4])
    if hours > 23 or minutes > 59 or seconds > 59:
        return None
    return days * 86400 + hours * 3600 + minutes * 60 + seconds + float(f"0.{match.group(5) or 0}")
