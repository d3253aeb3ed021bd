"""The sweep: ids only, the checkpoint behind them, and every trap of the delta query."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from shared.errors import GraphFailed, Transient
from shared.messages import Chore
from shared.models import Cause, Reason
from shared.ports import SUBSCRIPTION, SWEEP, DeltaPage, Record
from shared.subscription_rules import Setback, StalledRenewal
from shared.sweep import DEADLINE, SOON, Sweeper, Swept
from shared.turns import AT_ONCE, MESSAGES_PER_SECOND
from tests.fakes import FakeChangedUsers, FakeClock, FakeControl, FakeQueues

POLICY = "0123456789ab"
USERS = tuple(f"{n:08x}-0000-4000-8000-000000000000" for n in range(45))
DELTA = "https://graph.example/v1.0/users/delta?$deltatoken="
SKIP = "https://graph.example/v1.0/users/delta?$skiptoken="


@dataclass
class Bench:
    changed: FakeChangedUsers = field(default_factory=FakeChangedUsers)
    control: FakeControl = field(default_factory=FakeControl)
    queues: FakeQueues = field(default_factory=FakeQueues)
    clock: FakeClock = field(default_factory=FakeClock)

    @property
    def sweeper(self) -> Sweeper:
        return Sweeper(self.changed, self.control, self.queues, POLICY, self.clock)

    @property
    def link(self) -> object:
        return self.control.records[SWEEP].values["link"]


def page(*users: str, next_link: str | None = None, delta_link: str | None = None) -> DeltaPage:
    return DeltaPage(users, next_link, delta_link)


def known(bench: Bench) -> dict[str, object]:
    """A checkpoint of an hour ago."""
    then = (bench.clock() - timedelta(hours=1)).isoformat()
    told = {"selection": bench.changed.selection, "policy": POLICY, "fullAt": then, "complete": True}
    return told | {"link": DELTA + "old"}


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_the_first_sweep_is_full_and_leaves_a_delta_link(bench: Bench) -> None:
    bench.changed.pages = {None: page(*USERS, delta_link=DELTA + "1")}
    swept = await bench.sweeper.sweep()
    assert (swept.users, swept.full, swept.complete) == (45, True, True)
    assert bench.link == DELTA + "1"
    assert bench.queues.users == list(USERS)
    assert [len(message.users) for message, _ in bench.queues.sent] == [20, 20, 5]
    assert {message.cause for message, _ in bench.queues.sent} == {Cause.SWEEP}


async def test_the_next_one_asks_for_what_changed(bench: Bench) -> None:
    bench.changed.pages = {
        None: page(delta_link=DELTA + "1"),
        DELTA + "1": page(USERS[0], delta_link=DELTA + "2"),
    }
    await bench.sweeper.sweep()
    swept = await bench.sweeper.sweep()
    assert (swept.users, swept.full) == (1, False)
    assert bench.link == DELTA + "2"


async def test_an_empty_page_with_a_next_link_is_not_the_end(bench: Bench) -> None:
    bench.changed.pages = {
        None: page(next_link=SKIP + "1"),
        SKIP + "1": page(next_link=SKIP + "2"),
        SKIP + "2": page(USERS[0], delta_link=DELTA + "1"),
    }
    swept = await bench.sweeper.sweep()
    assert (swept.users, swept.pages, swept.complete) == (1, 3, True)


async def test_replays_and_repeats_are_queued_once_a_page(bench: Bench) -> None:
    bench.changed.pages = {None: page(USERS[0], USERS[1], USERS[0], delta_link=DELTA + "1")}
    await bench.sweeper.sweep()
    assert bench.queues.users == [USERS[0], USERS[1]]


async def test_an_expired_link_starts_over(bench: Bench) -> None:
    bench.control.records[SWEEP] = Record(known(bench), "1")
    bench.changed.pages = {None: page(*USERS[:3], delta_link=DELTA + "1")}
    swept = await bench.sweeper.sweep()
    assert bench.changed.asked == [DELTA + "old", None]
    assert (swept.users, swept.full) == (3, True)


async def test_other_tracked_properties_start_over(bench: Bench) -> None:
    bench.control.records[SWEEP] = Record(known(bench) | {"selection": "id"}, "1")
    bench.changed.pages = {None: page(delta_link=DELTA + "1")}
    await bench.sweeper.sweep()
    assert bench.changed.asked == [None]


async def test_the_checkpoint_stands_when_ids_could_not_be_queued(bench: Bench) -> None:
    bench.changed.pages = {None: page(*USERS, delta_link=DELTA + "1")}
    bench.queues.broken = True
    with pytest.raises(ConnectionError):
        await bench.sweeper.sweep()
    assert bench.control.records == {}


async def test_a_sweep_that_died_goes_on_at_its_last_page(bench: Bench) -> None:
    gone = Transient(Reason.GRAPH_UNAVAILABLE, "503")
    bench.changed.pages = {None: page(*USERS[:2], next_link=SKIP + "1"), SKIP + "1": gone}
    with pytest.raises(GraphFailed):
        await bench.sweeper.sweep()
    assert bench.link == SKIP + "1"
    bench.changed.pages[SKIP + "1"] = page(USERS[2], delta_link=DELTA + "1")
    swept = await bench.sweeper.sweep()
    assert bench.queues.users == list(USERS[:3])
    assert swept.full, "what goes on is still the full sweep"


async def test_two_sweepers_cannot_both_move_the_checkpoint(bench: Bench) -> None:
    bench.changed.pages = {None: page(USERS[0], next_link=SKIP + "1"), SKIP + "1": page(USERS[1], delta_link=DELTA)}
    bench.control.contended = {SWEEP}
    swept = await bench.sweeper.sweep()
    assert not swept.complete
    assert bench.changed.asked == [None]


async def test_a_long_sweep_hands_over_to_a_chore(bench: Bench) -> None:
    class SlowPages(FakeChangedUsers):
        async def page(self, link: str | None) -> DeltaPage:
            bench.clock.advance(seconds=DEADLINE.total_seconds() / 2 + 1)
            return await super().page(link)

    pages = {None: page(USERS[0], next_link=SKIP + "1"), SKIP + "1": page(USERS[1], next_link=SKIP + "2")}
    bench.changed = SlowPages(dict(pages))
    swept = await bench.sweeper.sweep()
    assert not swept.complete
    assert bench.queues.chores == [Chore.SWEEP]
    assert bench.link == SKIP + "2"


async def test_another_policy_looks_at_everybody_again(bench: Bench) -> None:
    bench.control.records[SWEEP] = Record(known(bench) | {"policy": "of yesterday"}, "1")
    bench.changed.pages = {None: page(*USERS[:2], delta_link=DELTA + "1")}
    swept = await bench.sweeper.sweep()
    assert (bench.changed.asked, swept.full) == ([None], True)
    assert bench.control.records[SWEEP].values["policy"] == POLICY


async def test_once_a_day_everybody_is_looked_at(bench: Bench) -> None:
    """Also a restored user whom the delta query with $select does not name (finding M).

    https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/6555
    """
    """Joining a group or losing a role is no change of the user."""
    bench.changed.pages = {None: page(*USERS[:2], delta_link=DELTA + "1"), DELTA + "1": page(delta_link=DELTA + "1")}
    asked = []
    for hours in (0, 1, 22, 1, 1):
        bench.clock.advance(hours=hours)
        asked.append((await bench.sweeper.sweep()).full)
    assert asked == [True, False, False, True, False]


async def test_a_full_sweep_that_takes_days_is_not_begun_anew(bench: Bench) -> None:
    bench.changed.pages = {None: page(USERS[0], next_link=SKIP + "1")}
    bench.changed.pages[SKIP + "1"] = Transient(Reason.GRAPH_UNAVAILABLE, "503")
    with pytest.raises(GraphFailed):
        await bench.sweeper.sweep()
    bench.clock.advance(days=3)
    bench.changed.pages[SKIP + "1"] = page(USERS[1], delta_link=DELTA + "1")
    await bench.sweeper.sweep()
    assert bench.changed.asked == [None, SKIP + "1", SKIP + "1"]


async def test_a_large_sweep_lets_others_in_between(bench: Bench) -> None:
    many = tuple(f"{n:08x}-0000-4000-8000-000000000000" for n in range(2_000))
    half = len(many) // 2
    bench.changed.pages = {
        None: page(*many[:half], next_link=SKIP + "1"),
        SKIP + "1": page(*many[half:], delta_link=DELTA + "1"),
    }
    await bench.sweeper.sweep()
    waits = [delay.total_seconds() for _, delay in bench.queues.sent]
    assert waits[: AT_ONCE + 1] == [0] * (AT_ONCE + 1)
    assert waits == sorted(waits), "also over the pages"
    assert waits[-1] == (len(waits) - 1 - AT_ONCE) / MESSAGES_PER_SECOND


def live(bench: Bench, **more: object) -> Record:
    return Record({"expires": (bench.clock() + timedelta(days=20)).isoformat()} | more, "1")


async def test_without_a_live_subscription_the_next_sweep_comes_soon(bench: Bench) -> None:
    bench.changed.pages = {None: page(delta_link=DELTA + "1"), DELTA + "1": page(delta_link=DELTA + "1")}
    bench.control.records[SUBSCRIPTION] = live(bench, missingSince=bench.clock().isoformat())
    await bench.sweeper.sweep()
    assert (bench.queues.chores, bench.queues.waits) == ([Chore.SWEEP], [(SOON, 1)])
    await bench.sweeper.sweep()
    assert len(bench.queues.chores) == 1, "one that is on its way is enough"
    bench.clock.advance(seconds=SOON.total_seconds())
    await bench.sweeper.sweep()
    assert len(bench.queues.chores) == 2


async def test_f_while_its_renewal_fails_the_next_sweep_comes_soon_as_well(bench: Bench) -> None:
    """A renewal that Graph asked for and refuses means that it holds notifications back."""
    bench.changed.pages = {None: page(delta_link=DELTA + "1")}
    stalled = StalledRenewal("x", bench.clock() + timedelta(days=20), bench.clock(), 1, Setback.REFUSED, "400")
    bench.control.records[SUBSCRIPTION] = live(bench, renewal=stalled.as_values())
    await bench.sweeper.sweep()
    assert bench.queues.waits == [(SOON, 1)]


async def test_with_a_live_subscription_the_timer_is_enough(bench: Bench) -> None:
    bench.changed.pages = {None: page(delta_link=DELTA + "1")}
    bench.control.records[SUBSCRIPTION] = live(bench)
    await bench.sweeper.sweep()
    assert bench.queues.chores == []


async def test_a_link_refused_right_after_a_restart_is_tried_later_and_loses_nothing() -> None:
    """Found by a story: Graph refused the old link, started over, and refused the next one."""
    bench = Bench()
    bench.changed.pages[None] = page(*USERS[:25], next_link=SKIP + "1")
    bench.control.records[SWEEP] = Record(known(bench), "1")
    with pytest.raises(GraphFailed) as failed:
        await bench.sweeper.sweep()
    assert failed.value.failure == Transient(Reason.GRAPH_UNAVAILABLE, "expired again at once: 410")
    bench.changed.pages[SKIP + "1"] = page(*USERS[25:], delta_link=DELTA + "1")
    assert (await bench.sweeper.sweep()).complete
    assert set(bench.queues.users) == set(USERS)


async def test_what_a_sweep_says_of_itself_when_it_yields_and_when_its_time_is_over() -> None:
    bench = Bench()
    bench.changed.pages = {None: page(*USERS[:25], next_link=SKIP + "1")}
    bench.control.contended = {SWEEP}
    assert await bench.sweeper.sweep() == Swept(25, 1, full=True, complete=False)
    bench.control.contended = set()
    ask = bench.changed.page

    async def slow(link: str | None) -> DeltaPage:
        bench.clock.advance(seconds=DEADLINE.total_seconds() + 1)
        return await ask(link)

    bench.changed.page = slow  # type: ignore[method-assign]
    assert await bench.sweeper.sweep() == Swept(25, 1, full=True, complete=False)
    assert bench.queues.moments == [bench.clock()]
