"""Moments, as they travel in records, in messages and from Graph."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.moments import graph_moment, kept_moment, millis, whole_seconds

NOON = datetime(2026, 11, 22, 12, 0, 0, 999_999, tzinfo=UTC)


def test_milliseconds_are_rounded_down() -> None:
    assert millis(datetime(1970, 1, 1, 0, 0, 1, 999_999, tzinfo=UTC)) == 1999


def test_a_moment_is_the_same_in_every_offset() -> None:
    assert millis(NOON.astimezone(timezone(timedelta(hours=9)))) == millis(NOON)


def test_what_is_kept_comes_back_as_it_was() -> None:
    assert kept_moment(NOON.isoformat()) == NOON


@pytest.mark.parametrize("nothing", [None, ""])
def test_nothing_kept_is_nothing(nothing: str | None) -> None:
    assert kept_moment(nothing) is None


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-22T12:00:00.9999999+00:00", NOON),
        ("2026-11-22T12:00:00.999999Z", NOON),
        ("2026-11-22T21:00:00.9999999+09:00", NOON),
        ("2026-11-22T12:00:00", datetime(2026, 11, 22, 12, 0)),  # noqa: DTZ001 (Graph told no offset)
    ],
)
def test_seven_digits_of_a_second_as_graph_sends_them(text: str, moment: datetime) -> None:
    assert graph_moment(text) == moment


def test_what_is_no_moment_is_told() -> None:
    with pytest.raises(ValueError, match="Invalid isoformat"):
        graph_moment("soon")


@pytest.mark.parametrize(
    ("wait", "text"),
    [
        (timedelta(0), "0 s"),
        (timedelta(microseconds=1), "1 s"),
        (timedelta(seconds=59, microseconds=999_999), "60 s"),
        (timedelta(minutes=30), "1800 s"),
        (timedelta(days=1, microseconds=123_456), "86401 s"),
    ],
)
def test_n_a_wait_is_told_in_whole_seconds(wait: timedelta, text: str) -> None:
    assert whole_seconds(wait) == text
