"""Parked is not lost: seen, listed, tried again on request."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from shared.models import Cause
from shared.ports import Parked
from shared.replay import Replayer
from tests.builders import object_ids
from tests.fakes import NOW, FakeClock, FakeParking, FakeQueues

ANNA, BOB, CARL = object_ids(3)
GARBAGE, SILENT = "message-0", "message-1"


@dataclass
class Bench:
    parking: FakeParking = field(default_factory=FakeParking)
    queues: FakeQueues = field(default_factory=FakeQueues)

    def __post_init__(self) -> None:
        self.replayer = Replayer(self.parking, self.queues, FakeClock())
        for age, (key, users) in enumerate({BOB: (BOB,), ANNA: (ANNA,), GARBAGE: (CARL,), SILENT: ()}.items()):
            then = NOW - timedelta(hours=age)
            self.parking.items[key] = Parked(key, "poison", users, then, then, 6)


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_the_longest_parked_comes_first(bench: Bench) -> None:
    assert [item.key for item in await bench.replayer.all()] == [SILENT, GARBAGE, ANNA, BOB]


async def test_all_of_it(bench: Bench) -> None:
    replayed = await bench.replayer.replay(None)
    assert set(replayed.users) == {ANNA, BOB, CARL}
    assert replayed.left == (SILENT,), "there is nobody to look at"
    assert {message.cause for message, _ in bench.queues.sent} == {Cause.MANUAL}
    assert set(bench.parking.items) == {ANNA, BOB, SILENT}, "users leave when a look has ended otherwise"


async def test_some_of_it(bench: Bench) -> None:
    replayed = await bench.replayer.replay({ANNA, "somebody who is not parked"})
    assert (replayed.users, bench.queues.users) == ((ANNA,), [ANNA])


async def test_nothing_is_released_that_could_not_be_queued(bench: Bench) -> None:
    bench.queues.broken = True
    with pytest.raises(ConnectionError):
        await bench.replayer.replay(None)
    assert len(bench.parking.items) == 4


async def test_nothing_parked_nothing_to_do() -> None:
    empty = Replayer(FakeParking(), FakeQueues(), FakeClock())
    assert (await empty.replay(None)).users == ()
