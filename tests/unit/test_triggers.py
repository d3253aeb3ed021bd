"""What the triggers do before a workflow begins."""

import ast
import logging
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace

import azure.functions as func
import pytest

from shared import app as root
from shared import triggers
from shared.errors import Failure, GraphFailed, Permanent, Transient
from shared.messages import Chore, Message, encode_chore
from shared.models import Cause, Reason
from shared.redaction import redact
from shared.retries import Retries
from shared.triggers import MOST_ON_THE_WAY, WHOLE_SECOND, _as_the_queue_dates_it, do_chore
from tests.builders import ALICE
from tests.fakes import FakeControl, FakeQueues

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


# --- chores ----------------------------------------------------------------------------------------------------------


@dataclass
class Work:
    """Stands in for the workflows: each chore fails with `failure`, and is counted."""

    failure: Failure | None = None
    done: list[str] = field(default_factory=list)
    control: FakeControl = field(default_factory=FakeControl)
    queues: FakeQueues = field(default_factory=FakeQueues)

    async def _do(self, name: str) -> SimpleNamespace:
        self.done.append(name)
        if self.failure:
            raise GraphFailed(self.failure)
        return SimpleNamespace(subscription=SimpleNamespace(id="an id"))

    async def sweep(self) -> object:
        return await self._do("sweep")

    async def advance(self) -> object:
        return await self._do("run")

    async def keep(self, renew: bool = False) -> object:
        return await self._do("renew" if renew else "ensure")

    async def is_removed(self) -> bool:
        return False

    async def tell(self) -> None:
        """Health has nothing to say here."""

    async def app(self) -> SimpleNamespace:
        retries = Retries(self.control, self.queues, root.now)
        parts = dict.fromkeys(("sweeper", "run_advancer", "keeper", "health"), self)
        return SimpleNamespace(**parts, queues=self.queues, retries=retries)


@pytest.fixture
def work(monkeypatch: pytest.MonkeyPatch) -> Work:
    made = Work()
    monkeypatch.setattr(root, "app", made.app)
    monkeypatch.setattr(root, "remember", lambda kept: None)
    return made


def chore(kind: Chore, received: int, attempt: int = 1) -> func.QueueMessage:
    return func.QueueMessage(body=encode_chore(kind, received, attempt))


ILL = Transient(Reason.GRAPH_UNAVAILABLE, "503")


@pytest.mark.parametrize("kind", Chore)
async def test_a_chore_is_done(work: Work, kind: Chore) -> None:
    await do_chore(chore(kind, 1))
    assert (work.done, work.queues.chores, work.control.saves) == ([kind.value], [], 0)


async def test_f_timers_that_fail_all_day_leave_one_retry_of_each_kind_on_its_way(work: Work) -> None:
    work.failure = ILL
    for _ in range(24):
        await triggers.keep_subscription()
        await triggers.sweep()
    assert work.queues.chores == [Chore.ENSURE, Chore.SWEEP, Chore.RUN]


async def test_f_a_retry_goes_on_and_one_of_another_chain_is_dropped(work: Work) -> None:
    work.failure = ILL
    await triggers.keep_subscription()
    [stamp] = [int(moment.timestamp() * 1000) for moment in work.queues.moments]
    await do_chore(chore(Chore.ENSURE, stamp - 1, 2))
    assert work.done == ["ensure"]
    await do_chore(chore(Chore.ENSURE, stamp, 2))
    assert (work.done, work.queues.chores) == (["ensure"] * 2, [Chore.ENSURE] * 2)
    await do_chore(chore(Chore.ENSURE, stamp, 2))
    assert len(work.done) == 2, "it has gone on"


async def test_f_a_chore_that_succeeds_ends_its_chain(work: Work) -> None:
    work.failure = ILL
    await triggers.keep_subscription()
    [stamp] = [int(moment.timestamp() * 1000) for moment in work.queues.moments]
    work.failure = None
    await do_chore(chore(Chore.RENEW, 1))
    await do_chore(chore(Chore.ENSURE, stamp, 2))
    assert work.done == ["ensure", "renew"]


async def test_f_what_takes_a_person_is_tried_at_the_timers_time(work: Work, caplog: pytest.LogCaptureFixture) -> None:
    work.failure = Permanent(Reason.GRAPH_REFUSED, "400 ErrorInvalidParameter", "compare the URL")
    await triggers.keep_subscription()
    assert work.queues.chores == []
    assert "ensure failed (400 ErrorInvalidParameter: compare the URL), again at the timer's time" in caplog.text


# --- waits in the log ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("wait", [timedelta(seconds=30.123457), timedelta(hours=2, microseconds=1), timedelta(days=9)])
async def test_n_the_log_says_when_a_chore_is_tried_again(
    work: Work, caplog: pytest.LogCaptureFixture, wait: timedelta
) -> None:
    work.failure = Transient(Reason.THROTTLED, "waiting as Graph asked", wait)
    await triggers.keep_subscription()
    [record] = [record for record in caplog.records if getattr(record, "action", "") == "chore_failed"]
    assert record.levelno == logging.ERROR
    seconds = {30.123457: 31, 7200.000001: 7201, 777600: 86400}[wait.total_seconds()]
    text = f"ensure failed (waiting as Graph asked), again in {seconds} s"
    # where the app's own log handling is installed, the fields follow the text
    assert record.getMessage().partition(" {")[0] == text == redact(text)


WAITS = {"delay", "wait", "waits", "pause", "left", "age", "asked", "stopped", "timeout", "took", "every", "window"}


def test_n_no_log_line_takes_a_wait_as_it_is() -> None:
    """A timedelta's text has microseconds, which the redactor takes for a number: `whole_seconds` has none."""
    found = []
    for file in sorted((Path(__file__).parents[2] / "shared").rglob("*.py")):
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("_log."):
                names = [ast.unparse(value).rpartition(".")[2] for value in node.args]
                found += [f"{file.name}:{node.lineno}" for name in names if name in WAITS]
    assert found == []
