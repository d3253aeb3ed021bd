"""The app's clock: this machine's, put right by the storage account's."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from shared.service_clock import TOLERANCE, ServiceClock

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


def heard(off: timedelta) -> ServiceClock:
    """After an answer of an account whose clock is `off` from ours."""
    clock = ServiceClock(lambda: NOW)
    clock.heard(format_datetime(NOW + off, usegmt=True))
    return clock


@pytest.mark.parametrize("off", [timedelta(minutes=10), timedelta(minutes=-10), TOLERANCE + timedelta(seconds=1)])
def test_a_clock_that_is_off_is_put_right(off: timedelta) -> None:
    assert heard(off)() == NOW + off


@pytest.mark.parametrize("seconds", [0, 1, -1, 10, -10])
def test_the_header_is_coarse_and_travels_so_a_small_difference_says_nothing(seconds: int) -> None:
    assert heard(timedelta(seconds=seconds))() == NOW


def test_a_clock_that_was_mended_is_believed_again() -> None:
    clock = heard(timedelta(minutes=10))
    clock.heard(format_datetime(NOW, usegmt=True))
    assert clock() == NOW


@pytest.mark.parametrize("text", [None, "", "yesterday", "Mon, 23 Nov 2026 12:10:00", "Mon, 99 Nov 2026 12:10:00 GMT"])
def test_what_is_no_moment_changes_nothing(text: str | None) -> None:
    clock = ServiceClock(lambda: NOW)
    clock.heard(text)
    assert clock() == NOW
