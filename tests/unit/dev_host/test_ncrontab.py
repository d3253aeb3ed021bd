"""NCRONTAB as the timer trigger reads it, against dates worked out by hand."""

from datetime import UTC, datetime

import pytest

from dev.host.errors import BindingError
from dev.host.ncrontab import Schedule

START = datetime(2026, 1, 1, tzinfo=UTC)  # a Thursday


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("0 7 * * * *", ["2026-01-01T00:07:00", "2026-01-01T01:07:00"]),
        ("*/5 * * * *", ["2026-01-01T00:05:00", "2026-01-01T00:10:00"]),  # five fields: on the minute
        ("0/20 * * * * *", ["2026-01-01T00:00:20", "2026-01-01T00:00:40", "2026-01-01T00:01:00"]),
        ("0 0 0 13 * 5", ["2026-02-13T00:00:00", "2026-03-13T00:00:00", "2026-11-13T00:00:00"]),  # both must fit
        ("0 30 9 * Jan Mon", ["2026-01-05T09:30:00", "2026-01-12T09:30:00"]),
        ("0 0 9-17/4 * * MON-FRI", ["2026-01-01T09:00:00", "2026-01-01T13:00:00", "2026-01-01T17:00:00"]),
        ("0 0 0 * * fri-mon", ["2026-01-02T00:00:00", "2026-01-05T00:00:00"]),  # backwards: Monday to Friday
        ("0 0 12 1,15 february-march *", ["2026-02-01T12:00:00", "2026-02-15T12:00:00", "2026-03-01T12:00:00"]),
        ("0 0 0 29 2 *", ["2028-02-29T00:00:00"]),
        ("0 0 0 * * 0", ["2026-01-04T00:00:00"]),  # Sunday
    ],
)
def test_next_occurrences(expression: str, expected: list[str]) -> None:
    schedule = Schedule.parse(expression)
    moment, found = START, []
    for _ in expected:
        moment = schedule.next_after(moment)
        found.append(moment.strftime("%Y-%m-%dT%H:%M:%S"))
    assert found == expected


def test_an_occurrence_is_strictly_later() -> None:
    on_the_dot = datetime(2026, 1, 1, 1, 7, tzinfo=UTC)
    assert Schedule.parse("0 7 * * * *").next_after(on_the_dot) == datetime(2026, 1, 1, 2, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "complaint"),
    [
        ("@daily", "has 1 fields"),
        ("* * *", "has 3 fields"),
        ("* * * * * * *", "has 7 fields"),
        ("00:05:00", "is a TimeSpan"),
        ("0 0 0 * * 7", "'7' is outside 0-6 in the day-of-week field"),
        ("60 * * * * *", "'60' is outside 0-59 in the second field"),
        ("0 0 24 * * *", "'24' is outside 0-23 in the hour field"),
        ("0 0 0 0 * *", "'0' is outside 1-31 in the day-of-month field"),
        ("0 0 0 ? * *", "'?' is not understood"),
        ("0 0 0 L * *", "'l' is not understood"),
        ("0 0 0 * * 5#2", "'5#2' is not understood"),
        ("0 0 0 * ma *", "'ma' is not understood"),
        ("*/0 * * * * *", "a step of 0"),
        ("0 *-5 * * * *", r"'\*-5' is not understood"),
        ("0 0 0 31 2 *", "never occurs"),
    ],
)
def test_refused(expression: str, complaint: str) -> None:
    with pytest.raises(BindingError, match=complaint):
        Schedule.parse(expression)


@pytest.mark.parametrize(
    ("expression", "often"), [("*/30 * * * * *", True), ("0 * * * * *", False), ("* * * * *", False)]
)
def test_fires_more_than_once_a_minute(expression: str, often: bool) -> None:
    assert Schedule.parse(expression).fires_more_than_once_a_minute is often
