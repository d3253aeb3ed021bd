"""The plan of a run: everybody is listed and looked at, nobody is written to."""

import asyncio
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from shared.errors import GraphFailed, Transient
from shared.memory import Accepted, Memory
from shared.messages import MOST_USERS
from shared.models import Cause, Outcome, Reason
from shared.ports import SWEEP, DeltaPage, Record
from shared.run_advance import DEADLINE
from shared.run_items import ItemState
from shared.run_rules import WALK_AGAIN, RunState
from shared.turns import AT_ONCE
from tests.builders import object_ids
from tests.fakes import FakeDirectory
from tests.workflow.run_bench import CAROL, RunBench, anna_and_bob, everybody
from tests.workflow.test_reconcile import ANNA, BOB, FORBIDDEN, THROTTLED, UNAVAILABLE


@pytest.fixture
def bench() -> RunBench:
    return anna_and_bob()


async def test_planning_says_what_would_be_done_and_does_nothing(bench: RunBench) -> None:
    run_id = await bench.plan()
    assert await bench.state(run_id) is RunState.PLANNING
    await bench.rest()
    assert await bench.state(run_id) is RunState.PLANNED
    anna, bob = bench.item(run_id, ANNA), bench.item(run_id, BOB)
    assert (anna.state, anna.outcome) == (ItemState.PLANNED, Outcome.PLANNED)
    assert anna.actions == ("add mobile +31 ••••••78", "set MFA state enabled")
    assert anna.source == "mobilePhone, read as NL (usageLocation)"
    assert (bob.outcome, bob.actions) == (Outcome.NOOP, ())
    assert (bench.directory.requests, bench.audit.rows) == ([], [])
    assert bench.ledger.memories == {}, "a plan answers no hint"


async def test_the_sweeps_own_link_is_not_touched(bench: RunBench) -> None:
    before = Record({"link": "its own"}, "1")
    bench.control.records[SWEEP] = before
    await bench.planned()
    assert bench.control.records[SWEEP] == before
    assert bench.changed.asked == [None, "next"]


async def test_named_users_are_all_the_run_is_about(bench: RunBench) -> None:
    run_id = await bench.planned(BOB)
    assert set(bench.items.runs[run_id]) == {BOB}
    assert bench.changed.asked == []
    assert await bench.state(run_id) is RunState.PLANNED


async def test_everybody_is_queued_in_turn_for_this_run(bench: RunBench) -> None:
    users = object_ids(2 * AT_ONCE * MOST_USERS)
    bench.changed.pages = everybody(*users)
    run_id = await bench.plan()
    await bench.advancer.advance()
    assert bench.queues.users == list(users)
    assert {(message.cause, message.run) for message, _ in bench.queues.sent} == {(Cause.BACKFILL, run_id)}
    waits = [wait for _, wait in bench.queues.sent]
    assert waits[AT_ONCE] == timedelta(0) < waits[-1]
    assert waits == sorted(waits)


async def test_an_expired_link_begins_again_and_keeps_what_is_known(bench: RunBench) -> None:
    run_id = await bench.plan()
    bench.queues.chores.clear()
    await bench.book.save(replace(await bench.run(run_id), link="expired"))
    await bench.items.list(run_id, (ANNA,))
    await bench.take(bench.backfill(run_id, ANNA))
    with pytest.raises(GraphFailed) as failed:
        await bench.advancer.advance()
    assert isinstance(failed.value.failure, Transient), "asking on at once could go on for ever"
    await bench.advancer.advance()
    await bench.rest()
    assert bench.changed.asked == ["expired", None, "next"]
    assert bench.directory.looks == [ANNA, BOB], "the second message found its item looked at"
    assert await bench.state(run_id) is RunState.PLANNED


async def test_a_start_that_is_refused_is_no_start(bench: RunBench) -> None:
    bench.changed.pages = {}
    run_id = await bench.plan()
    with pytest.raises(GraphFailed):
        await bench.advancer.advance()
    assert not (await bench.run(run_id)).listed


async def test_a_chore_that_takes_too_long_asks_for_another(bench: RunBench, monkeypatch: pytest.MonkeyPatch) -> None:
    ask = bench.changed.page

    async def slow(link: str | None) -> DeltaPage:
        bench.clock.advance(seconds=DEADLINE.total_seconds() + 1)
        return await ask(link)

    monkeypatch.setattr(bench.changed, "page", slow)
    run_id = await bench.plan()
    bench.queues.chores.clear()
    await bench.advancer.advance()
    assert (len(bench.queues.chores), bench.changed.asked) == (1, [None])
    assert (await bench.run(run_id)).link == "next"
    await bench.rest()
    assert await bench.state(run_id) is RunState.PLANNED


async def test_the_timer_goes_on_where_a_chore_was_lost(bench: RunBench) -> None:
    run_id = await bench.plan()
    bench.queues.chores.clear()
    await bench.advancer.advance()
    await bench.rest()
    assert await bench.state(run_id) is RunState.PLANNED


async def test_two_chores_at_once_cannot_both_move_it(bench: RunBench) -> None:
    run_id = await bench.plan()
    bench.control.contended = {f"run-{run_id}"}
    await bench.advancer.advance()
    assert (await bench.run(run_id)).link is None
    assert bench.queues.users == [ANNA]


async def test_an_item_whose_message_was_lost_is_queued_again(bench: RunBench) -> None:
    run_id = await bench.plan()
    await bench.advancer.advance()
    bench.queues.sent.clear()
    bench.queues.chores.clear()
    bench.clock.advance(seconds=WALK_AGAIN.total_seconds() - 60)
    await bench.advancer.advance()
    assert bench.queues.sent == []
    bench.clock.advance(seconds=60)
    await bench.advancer.advance()
    assert bench.queues.users == [ANNA, BOB]
    await bench.rest()
    assert await bench.state(run_id) is RunState.PLANNED


async def test_whoever_waits_for_a_pause_to_end_is_not_queued_again(bench: RunBench) -> None:
    await bench.plan()
    await bench.reconciler.switches.pause("drill")
    await bench.advancer.advance()
    bench.queues.sent.clear()
    bench.clock.advance(seconds=WALK_AGAIN.total_seconds())
    await bench.advancer.advance()
    assert bench.queues.sent == []


async def test_while_paused_a_planning_message_goes_back_and_graph_is_not_asked(bench: RunBench) -> None:
    run_id = await bench.plan(ANNA)
    await bench.advancer.advance()
    await bench.reconciler.switches.pause("drill")
    await bench.rest(timedelta(minutes=30))
    assert bench.directory.looks == []
    assert bench.queues.users == [ANNA]
    await bench.reconciler.switches.resume()
    await bench.rest()
    assert await bench.state(run_id) is RunState.PLANNED


@pytest.mark.parametrize(
    ("failures", "outcome", "state", "reason"),
    [
        ([UNAVAILABLE] * 2, Outcome.PLANNED, ItemState.PLANNED, None),
        ([THROTTLED] * 30, Outcome.PLANNED, ItemState.PLANNED, None),
        ([FORBIDDEN] * 7, Outcome.PARKED, ItemState.FAILED, Reason.NOT_ALLOWED),
    ],
)
async def test_a_look_that_fails_is_tried_again_and_gives_up_by_name(
    bench: RunBench, failures: list[object], outcome: Outcome, state: ItemState, reason: Reason | None
) -> None:
    bench.directory.observe_failures[ANNA] = list(failures)  # type: ignore[arg-type]
    run_id = await bench.planned()
    item = bench.item(run_id, ANNA)
    assert (item.state, item.outcome, item.reasons) == (state, outcome, (reason,) if reason else ())
    assert await bench.state(run_id) is RunState.PLANNED
    assert (bench.ledger.memories, bench.parking.items) == ({}, {})


async def test_what_graph_has_accepted_and_does_not_show_yet_is_waited_for(bench: RunBench) -> None:
    """A look of the service has just written: a plan made now would be one of yesterday."""
    bench.ledger.memories[ANNA] = Memory(ANNA, accepted=Accepted("addPhone", bench.clock()), version="0")
    run_id = await bench.plan(ANNA)
    await bench.rest(timedelta(seconds=30))
    assert bench.item(run_id, ANNA).state is ItemState.OPEN
    assert bench.queues.users == [ANNA]
    bench.directory.people[ANNA].mobile = "+31 612345678"
    await bench.rest()
    assert bench.item(run_id, ANNA).actions == ("set MFA state enabled",)


async def test_one_who_was_parked_before_gets_one_attempt(bench: RunBench) -> None:
    bench.ledger.memories[ANNA] = Memory(ANNA, outcome=Outcome.PARKED, version="0")
    bench.directory.observe_failures[ANNA] = [FORBIDDEN]
    run_id = await bench.planned(ANNA)
    assert (bench.item(run_id, ANNA).state, bench.directory.looks) == (ItemState.FAILED, [ANNA])


async def test_whoever_was_turned_away_together_does_not_come_back_together(bench: RunBench) -> None:
    bench.directory.observe_failures = {ANNA: [THROTTLED], BOB: [THROTTLED]}
    run_id = await bench.plan(ANNA, BOB)
    for chance, user in ((0.0, ANNA), (1.0, BOB)):
        bench.chance = chance
        await bench.worker.take(bench.backfill(run_id, user))
    assert THROTTLED.delay
    assert [delay for _, delay in bench.queues.sent] == [THROTTLED.delay, THROTTLED.delay * 1.2]


async def test_two_deliveries_at_once_make_one_plan(bench: RunBench) -> None:
    run_id = await bench.plan(ANNA)
    message = bench.backfill(run_id, ANNA)
    run, items = await bench.run(run_id), await bench.items.load(run_id, [ANNA])
    await asyncio.gather(*(bench.worker.planner.plan(run, message, items) for _ in range(2)))
    assert (bench.item(run_id, ANNA).state, bench.items.saves) == (ItemState.PLANNED, 1)


@dataclass
class Busy(FakeDirectory):
    """Tells in whose turn it was asked."""

    behind: FakeDirectory = field(default_factory=FakeDirectory)

    def in_background(self) -> FakeDirectory:
        return self.behind


async def test_planning_goes_behind_those_that_somebody_waits_for(bench: RunBench) -> None:
    bench.directory = Busy(behind=bench.directory)
    run_id = await bench.planned(ANNA)
    assert bench.directory.looks == []
    assert bench.item(run_id, ANNA).state is ItemState.PLANNED


async def test_a_user_whom_graph_does_not_know_is_gone(bench: RunBench) -> None:
    run_id = await bench.planned(CAROL)
    assert (bench.item(run_id, CAROL).outcome, bench.item(run_id, CAROL).steps) == (Outcome.GONE, ())
    assert await bench.state(run_id) is RunState.PLANNED
