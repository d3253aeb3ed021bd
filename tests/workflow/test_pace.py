"""Throttling is everybody's business: one mark for all instances, and a pace that gives way."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from shared.errors import Transient
from shared.models import Outcome, Reason
from shared.pace import FIRST_GAP, LONGEST, NO_GAP, THROTTLE, UNNAMED, WIDEST_GAP, Pace
from shared.ports import Record
from tests.fakes import NOW, FakeClock, FakeControl
from tests.workflow.test_reconcile import ANNA
from tests.workflow.test_reconcile import Bench as Looks

MINUTE = timedelta(minutes=1)


@dataclass
class Bench:
    """Two instances, one control table, one clock."""

    clock: FakeClock = field(default_factory=FakeClock)
    control: FakeControl = field(default_factory=FakeControl)
    slept: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.one, self.other = (Pace(self.control, self.clock, self.sleep) for _ in range(2))

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.clock.advance(seconds=seconds)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_retry_after_holds_for_every_instance(bench: Bench) -> None:
    assert await bench.other.turn() is None
    bench.one.answered(True, MINUTE, None)
    await bench.one.share()
    assert await bench.one.turn() == MINUTE
    assert await bench.other.turn() == MINUTE
    bench.clock.advance(seconds=59)
    assert await bench.other.turn() == timedelta(seconds=1)
    bench.clock.advance(seconds=1)
    assert await bench.other.turn() is None


async def test_a_restarted_instance_honours_it_too(bench: Bench) -> None:
    bench.one.answered(True, MINUTE, None)
    await bench.one.share()
    assert await Pace(bench.control, bench.clock, bench.sleep).turn() == MINUTE


async def test_a_shorter_wait_never_cuts_a_longer_one_short(bench: Bench) -> None:
    bench.one.answered(True, MINUTE, None)
    await bench.one.share()
    bench.other.answered(True, timedelta(seconds=5), None)
    await bench.other.share()
    assert await bench.one.turn() == MINUTE
    assert await bench.other.turn() == MINUTE


@pytest.mark.parametrize(
    ("asked", "kept"), [(None, UNNAMED), (timedelta(days=3), LONGEST), (timedelta(0), UNNAMED), (MINUTE, MINUTE)]
)
async def test_how_long_everybody_waits(bench: Bench, asked: timedelta | None, kept: timedelta) -> None:
    bench.one.answered(True, asked, None)
    await bench.one.share()
    assert await bench.other.turn() == kept


async def test_somebody_else_saves_first(bench: Bench) -> None:
    bench.control.records[THROTTLE] = Record({"until": (NOW + 2 * MINUTE).isoformat()}, "1")
    bench.one.answered(True, MINUTE, None)
    bench.control.contended = {THROTTLE}
    await bench.one.share()
    assert await bench.one.turn() == 2 * MINUTE


async def test_without_the_control_table_nobody_asks_graph(bench: Bench) -> None:
    bench.control.broken = {THROTTLE}
    with pytest.raises(ConnectionError):
        await bench.one.turn()


async def test_the_gap_widens_under_pressure_and_narrows_in_quiet(bench: Bench) -> None:
    bench.one.answered(False, None, 0.8)
    assert bench.one.gap == FIRST_GAP
    bench.one.answered(False, None, 1.2)
    assert bench.one.gap > FIRST_GAP
    for _ in range(20):
        bench.one.answered(True, None, None)
    assert bench.one.gap == WIDEST_GAP
    bench.one.answered(False, None, 0.5)
    assert bench.one.gap < WIDEST_GAP
    for _ in range(100):
        bench.one.answered(False, None, None)
    assert bench.one.gap < NO_GAP


async def test_requests_keep_the_gap(bench: Bench) -> None:
    bench.one.answered(False, None, 0.9)
    for _ in range(3):
        assert await bench.one.turn() is None
    assert bench.slept == [FIRST_GAP, FIRST_GAP]


async def test_a_ten_minute_storm_of_429_parks_nobody() -> None:
    """It ends by itself after the storm, and nobody has used up an attempt."""
    looks = Looks()
    looks.person()
    looks.directory.observe_failures[ANNA] = [Transient(Reason.THROTTLED, "429", timedelta(seconds=20))] * 30
    began = looks.clock()
    await looks.look()
    while looks.queues.sent:
        message, delay = looks.queues.sent.pop()
        assert message.attempt == 1
        looks.clock.advance(seconds=delay.total_seconds())
        await looks.handle(message)
    assert looks.clock() - began >= timedelta(minutes=10)
    assert looks.ledger.memories[ANNA].outcome is Outcome.DONE
    assert looks.parking.items == {}


async def test_the_gap_narrows_little_by_little_and_is_gone_in_the_end(bench: Bench) -> None:
    """Creep up: who runs at full speed after one quiet answer is throttled again at once."""
    for _ in range(20):
        bench.one.answered(True, None, None)
    bench.one.answered(False, None, None)
    assert bench.one.gap == pytest.approx(WIDEST_GAP * 0.9)
    for _ in range(100):
        bench.one.answered(False, None, None)
    assert bench.one.gap == 0.0


async def test_a_later_moment_takes_the_place_of_the_shared_one(bench: Bench) -> None:
    for pace, wait in ((bench.one, MINUTE), (bench.other, 3 * MINUTE)):
        pace.answered(True, wait, None)
        await pace.share()
    assert await Pace(bench.control, bench.clock, bench.sleep).turn() == 3 * MINUTE


async def test_a_mark_that_everybody_else_moves_is_tried_often_and_then_left(bench: Bench) -> None:
    """The instance itself waits all the same."""
    bench.control.contended = {THROTTLE}
    bench.one.answered(True, MINUTE, None)
    await bench.one.share()
    assert await bench.one.turn() == MINUTE
