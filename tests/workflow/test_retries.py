"""One retry chain for each kind of chore, whoever asks for it and however often it fails."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from shared.errors import Failure, NotFound, Permanent, Transient
from shared.messages import Chore
from shared.models import Reason
from shared.ports import Record
from shared.retries import MAX_ATTEMPT, OVERDUE, Retries
from shared.retry_rules import DELAYS
from tests.fakes import NOW, FakeClock, FakeControl, FakeQueues

ILL = Transient(Reason.GRAPH_UNAVAILABLE, "503")
REFUSED = Permanent(Reason.GRAPH_REFUSED, "400", "…")
SECOND = timedelta(seconds=1)


@dataclass(order=True)
class Waiting:
    due: datetime
    chore: Chore = field(compare=False)
    stamp: int = field(compare=False)
    attempt: int = field(compare=False)


@dataclass
class Bench:
    """Chores that fail with `failure`, the queue in which their retries wait, and what has been done."""

    failure: Failure | None = ILL
    control: FakeControl = field(default_factory=FakeControl)
    queues: FakeQueues = field(default_factory=FakeQueues)
    clock: FakeClock = field(default_factory=FakeClock)
    done: list[tuple[datetime, Chore, int]] = field(default_factory=list)
    taken: int = 0

    @property
    def retries(self) -> Retries:
        """Of any instance: nothing is kept in one."""
        return Retries(self.control, self.queues, self.clock)

    async def asked(self, chore: Chore, stamp: int = 0, attempt: int = 1) -> timedelta | None:
        """A timer, a lifecycle notification or a message wants this chore done."""
        if not await self.retries.is_current(chore, stamp, attempt):
            return None
        self.done.append((self.clock(), chore, attempt))
        if self.failure is None:
            await self.retries.end_chain(chore)
            return None
        return await self.retries.after_failure(chore, self.failure, attempt)

    def waiting(self) -> list[Waiting]:
        """What lies in the queue, first due first."""
        told = zip(self.queues.moments, self.queues.chores, self.queues.waits, strict=True)
        return [
            Waiting(moment + delay, chore, int(moment.timestamp() * 1000), attempt)
            for moment, chore, (delay, attempt) in told
        ]

    async def until(self, moment: datetime) -> None:
        """Let the queue deliver until then."""
        while True:
            due = sorted(self.waiting()[self.taken :])
            if not due or due[0].due > moment:
                break
            assert len(due) == 1, "one chain"
            self.taken += 1
            self.clock.moment = max(self.clock.moment, due[0].due)
            await self.asked(due[0].chore, due[0].stamp, due[0].attempt)
        self.clock.moment = moment


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_f_hours_of_failing_timers_and_notifications_are_one_chain(bench: Bench) -> None:
    for minute in range(6 * 60):
        await bench.until(NOW + timedelta(minutes=minute))
        if minute % 30 == 0:
            await bench.asked(Chore.ENSURE)
        if minute % 15 == 0:
            await bench.asked(Chore.RENEW)
    retries = [attempt for _, _, attempt in bench.done if attempt > 1]
    assert retries == list(range(2, 2 + len(retries))), "each follows the one before it"
    assert len(retries) <= len(DELAYS) + 6 * 2
    assert len(bench.queues.chores) == len(retries) + 1


async def test_f_the_first_failure_begins_a_chain_and_others_join_it(bench: Bench) -> None:
    assert await bench.asked(Chore.ENSURE) == DELAYS[0]
    bench.clock.advance(seconds=2)
    for chore in (Chore.ENSURE, Chore.RENEW, Chore.ENSURE):
        assert await bench.asked(chore) == DELAYS[0] - 2 * SECOND
    assert bench.queues.chores == [Chore.ENSURE]
    bench.clock.advance(seconds=60)
    assert await bench.asked(Chore.RENEW) == timedelta(0), "late, but still on its way"


async def test_f_each_kind_of_chore_has_a_chain_of_its_own(bench: Bench) -> None:
    for chore in (Chore.RENEW, Chore.SWEEP, Chore.RUN, Chore.ENSURE):
        await bench.asked(chore)
    assert bench.queues.chores == [Chore.RENEW, Chore.SWEEP, Chore.RUN]
    assert set(bench.control.records) == {"retry-ensure", "retry-sweep", "retry-run"}


async def test_f_a_success_ends_the_chain_and_what_waits_does_nothing(bench: Bench) -> None:
    await bench.asked(Chore.SWEEP)
    bench.failure = None
    await bench.asked(Chore.SWEEP)
    saves = bench.control.saves
    await bench.until(NOW + timedelta(hours=1))
    assert [attempt for _, _, attempt in bench.done] == [1, 1]
    await bench.asked(Chore.SWEEP)
    assert bench.control.saves == saves, "there is nothing to end"
    bench.failure = ILL
    assert await bench.asked(Chore.SWEEP) == DELAYS[0], "the next trouble begins anew"


@pytest.mark.parametrize("failure", [REFUSED, NotFound("404")])
async def test_f_what_takes_a_person_is_left_to_the_timer_and_ends_the_chain(bench: Bench, failure: Failure) -> None:
    await bench.asked(Chore.ENSURE)
    bench.failure = failure
    assert await bench.asked(Chore.ENSURE) is None
    await bench.until(NOW + timedelta(hours=1))
    assert [attempt for _, _, attempt in bench.done] == [1, 1]


async def test_f_of_two_instances_that_fail_at_once_one_goes_on(bench: Bench) -> None:
    await bench.asked(Chore.ENSURE)
    [first] = bench.waiting()
    bench.control.contended = {"retry-ensure"}
    bench.control.records.pop("retry-ensure")
    bench.clock.advance(seconds=1)
    await bench.asked(Chore.ENSURE)
    bench.control.contended = set()
    named = {"stamp": first.stamp, "attempt": 2, "due": first.due.isoformat()}
    bench.control.records["retry-ensure"] = Record(named, "1")
    second = bench.waiting()[1]
    assert await bench.retries.is_current(Chore.ENSURE, first.stamp, 2)
    assert not await bench.retries.is_current(Chore.ENSURE, second.stamp, 2)


async def test_f_a_message_that_comes_twice_goes_on_once(bench: Bench) -> None:
    await bench.asked(Chore.ENSURE)
    [message] = bench.waiting()
    bench.clock.moment = message.due
    for _ in range(3):
        await bench.asked(message.chore, message.stamp, message.attempt)
    assert len(bench.queues.chores) == 2
    bench.clock.moment = NOW
    assert not await bench.retries.is_current(message.chore, message.stamp, message.attempt)
    assert not await bench.retries.is_current(message.chore, bench.waiting()[1].stamp, message.attempt)


async def test_f_a_chain_whose_message_was_lost_is_begun_anew(bench: Bench) -> None:
    await bench.asked(Chore.ENSURE)
    bench.clock.moment = NOW + DELAYS[0] + OVERDUE - SECOND
    await bench.asked(Chore.ENSURE)
    assert len(bench.queues.chores) == 1
    bench.clock.advance(seconds=1)
    assert await bench.asked(Chore.ENSURE) == DELAYS[0]
    lost, anew = bench.waiting()
    assert not await bench.retries.is_current(Chore.ENSURE, lost.stamp, lost.attempt), "though it was only late"
    assert await bench.retries.is_current(Chore.ENSURE, anew.stamp, anew.attempt)


async def test_f_a_chain_that_another_instance_has_just_moved_is_not_ended(bench: Bench) -> None:
    await bench.asked(Chore.ENSURE)
    bench.failure = None
    bench.control.contended = {"retry-ensure"}
    await bench.asked(Chore.ENSURE)
    [message] = bench.waiting()
    assert await bench.retries.is_current(Chore.ENSURE, message.stamp, message.attempt)


async def test_f_what_graph_asks_for_is_waited_for_and_attempts_have_an_end(bench: Bench) -> None:
    bench.failure = Transient(Reason.THROTTLED, "429", timedelta(hours=2))
    assert await bench.asked(Chore.SWEEP) == timedelta(hours=2)
    [message] = bench.waiting()
    bench.clock.moment = message.due
    await bench.retries.after_failure(Chore.SWEEP, ILL, MAX_ATTEMPT)
    assert bench.queues.waits[-1] == (DELAYS[-1], MAX_ATTEMPT)


async def test_a_first_attempt_asks_storage_for_nothing(bench: Bench) -> None:
    bench.control.broken = {"retry-sweep"}
    assert await bench.retries.is_current(Chore.SWEEP, 1, 1)
    with pytest.raises(ConnectionError):
        await bench.retries.is_current(Chore.SWEEP, 1, 2)
