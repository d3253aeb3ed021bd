"""What the triggers do before a workflow begins."""

from datetime import UTC, datetime, timedelta

import azure.functions as func
import pytest

from shared.messages import Message
from shared.models import Cause
from shared.triggers import MOST_ON_THE_WAY, WHOLE_SECOND, _as_the_queue_dates_it
from tests.builders import ALICE

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
TEN_MINUTES = timedelta(minutes=10)


def millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


class Queued(func.QueueMessage):
    insertion_time = NOW


@pytest.mark.parametrize("cause", [Cause.NOTIFICATION, Cause.SWEEP, Cause.MANUAL, Cause.BACKFILL])
def test_a_webhook_whose_clock_is_ten_minutes_behind_does_not_make_its_messages_old(cause: Cause) -> None:
    """A look that began before the message was queued must not count as having answered it."""
    stamped = Message((ALICE,), cause, millis(NOW - TEN_MINUTES))
    assert _as_the_queue_dates_it(stamped, Queued()).received >= millis(NOW) + WHOLE_SECOND


@pytest.mark.parametrize("cause", [Cause.RETRY, Cause.HOLD])
def test_a_message_that_was_put_back_keeps_its_stamp(cause: Cause) -> None:
    stamped = Message((ALICE,), cause, millis(NOW - TEN_MINUTES))
    assert _as_the_queue_dates_it(stamped, Queued()) == stamped


@pytest.mark.parametrize("late", [timedelta(0), timedelta(seconds=4), -TEN_MINUTES])
def test_a_stamp_that_fits_stays(late: timedelta) -> None:
    stamped = Message((ALICE,), Cause.NOTIFICATION, millis(NOW - late))
    assert MOST_ON_THE_WAY > 5_000
    assert _as_the_queue_dates_it(stamped, Queued()) == stamped


def test_a_message_without_a_date_keeps_its_stamp() -> None:
    stamped = Message((ALICE,), Cause.NOTIFICATION, 1)
    assert _as_the_queue_dates_it(stamped, func.QueueMessage()) == stamped
