"""What an operator may ask of a run and when, what its page tells, and what poison leaves of it."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from shared.errors import Conflict, RunRefused
from shared.memory import Memory
from shared.messages import encode
from shared.models import Cause, MfaState, Outcome, Reason
from shared.policy import Mode
from shared.run_items import Item, ItemState
from shared.run_rules import RunState
from shared.run_view import MOST_SHOWN, NEARLY
from tests.builders import object_ids
from tests.fakes import FakeRunItems
from tests.workflow.run_bench import RunBench, anna_and_bob
from tests.workflow.test_reconcile import ANNA, APPLY, BOB, FORBIDDEN, UNAVAILABLE


@pytest.fixture
def bench() -> RunBench:
    return anna_and_bob()


async def refused(asked: object) -> str:
    with pytest.raises(RunRefused) as caught:
        await asked  # type: ignore[misc]
    return caught.value.code


async def test_one_run_at_a_time(bench: RunBench) -> None:
    run_id = await bench.plan()
    with pytest.raises(RunRefused, match=run_id) as caught:
        await bench.plan()
    assert caught.value.code == "runActive"
    await bench.rest()
    await bench.apply(run_id)
    assert await refused(bench.plan(BOB)) == "runActive"
    await bench.rest()
    assert await bench.state(await bench.plan(BOB)) is RunState.PLANNING
    assert await bench.state(run_id) is RunState.APPLIED, "it stays what it is"


async def test_of_two_begun_at_once_one_is_refused(bench: RunBench) -> None:
    answers = await asyncio.gather(bench.runs.plan(None), bench.runs.plan(None), return_exceptions=True)
    made = [answer for answer in answers if not isinstance(answer, BaseException)]
    [other] = [answer for answer in answers if isinstance(answer, RunRefused)]
    assert (len(made), other.code) == (1, "runActive")


async def test_a_cancelled_run_is_in_nobodys_way(bench: RunBench) -> None:
    run_id = await bench.plan()
    assert await bench.runs.cancel(run_id) is RunState.CANCELLED
    await bench.plan()


@pytest.mark.parametrize("run_id", ["ffffffffffff", "", "../runs"])
async def test_no_such_run(bench: RunBench, run_id: str) -> None:
    assert await refused(bench.apply(run_id)) == "noSuchRun"
    assert await refused(bench.runs.cancel(run_id)) == "noSuchRun"


async def test_only_what_is_planned_is_applied(bench: RunBench) -> None:
    run_id = await bench.plan()
    assert await refused(bench.apply(run_id)) == "notPlanned"
    await bench.advancer.advance()
    assert await refused(bench.apply(run_id)) == "notPlanned", "listed, and not looked at"
    await bench.runs.cancel(run_id)
    assert await refused(bench.apply(run_id)) == "notPlanned"
    assert bench.directory.requests == []


@dataclass
class Interrupted(FakeRunItems):
    """Something happens while the items are read."""

    meanwhile: Callable[[], Awaitable[object]] | None = None

    async def page(self, run_id: str, after: str | None, most: int) -> Sequence[Item]:
        happens, self.meanwhile = self.meanwhile, None
        if happens:
            await happens()
        return await super().page(run_id, after, most)


async def test_what_is_cancelled_at_the_very_moment_is_not_applied(bench: RunBench) -> None:
    bench.items = items = Interrupted()
    run_id = await bench.planned()
    items.meanwhile = lambda: bench.runs.cancel(run_id)
    assert await refused(bench.apply(run_id)) == "notPlanned"
    await bench.rest()
    assert await bench.state(run_id) is RunState.CANCELLED
    assert bench.directory.requests == []


async def test_what_is_superseded_at_the_very_moment_is_not_applied(bench: RunBench) -> None:
    bench.items = items = Interrupted()
    run_id = await bench.planned()
    items.meanwhile = lambda: bench.runs.plan([BOB])
    assert await refused(bench.apply(run_id)) == "notPlanned"
    await bench.rest()
    assert bench.directory.requests == []


async def test_in_mode_plan_a_run_is_planned_and_not_applied(bench: RunBench) -> None:
    bench.policy = replace(APPLY, mode=Mode.PLAN)
    run_id = await bench.planned()
    assert await refused(bench.apply(run_id)) == "planMode"
    await bench.rest()
    assert bench.directory.requests == []
    assert await bench.state(run_id) is RunState.PLANNED


async def test_applying_and_cancelling_twice_is_fine(bench: RunBench) -> None:
    run_id = await bench.planned()
    assert [await bench.apply(run_id) for _ in range(2)] == [RunState.APPLYING] * 2
    began = (await bench.run(run_id)).apply_at
    await bench.rest()
    assert await bench.apply(run_id) is RunState.APPLIED
    assert await bench.runs.cancel(run_id) is RunState.APPLIED, "it is over"
    assert (await bench.run(run_id)).apply_at == began
    assert len(bench.directory.journal) == 2
    other = await bench.plan()
    assert [await bench.runs.cancel(other) for _ in range(2)] == [RunState.CANCELLED] * 2


async def test_cancelled_its_queued_looks_write_nothing(bench: RunBench) -> None:
    run_id = await bench.planned()
    await bench.apply(run_id)
    await bench.advancer.advance()
    await bench.runs.cancel(run_id)
    bench.directory.looks.clear()
    await bench.rest()
    assert (bench.directory.looks, bench.directory.requests, bench.queues.sent) == ([], [], [])
    assert (await bench.show(run_id))["state"] == "cancelled"


async def test_cancelled_while_planning_nothing_is_looked_at_any_more(bench: RunBench) -> None:
    bench.directory.observe_failures[ANNA] = [UNAVAILABLE]
    run_id = await bench.plan()
    await bench.rest(timedelta(seconds=3))
    await bench.runs.cancel(run_id)
    bench.directory.looks.clear()
    await bench.rest()
    assert (bench.directory.looks, bench.ledger.memories) == ([], {}), "nor does a retry become a look that writes"


async def test_cancelled_between_two_writes_the_person_is_finished(bench: RunBench) -> None:
    """The phone is set: without its MFA state the service would leave half of a thing behind."""
    run_id = await bench.planned()
    bench.directory.read_back_failures[ANNA] = [UNAVAILABLE]
    await bench.apply(run_id)
    await bench.advancer.advance()
    message, _ = bench.queues.sent.pop(0)
    await bench.take(message)
    await bench.runs.cancel(run_id)
    await bench.rest()
    assert bench.directory.people[ANNA].state is MfaState.ENFORCED
    assert bench.ledger.memories[ANNA].outcome is Outcome.DONE
    assert bench.item(run_id, ANNA).outcome is Outcome.DONE, "and its list says so"


async def test_a_chore_that_notes_something_does_not_undo_a_cancel(bench: RunBench) -> None:
    run_id = await bench.plan()
    stale = await bench.run(run_id)
    await bench.advancer.advance()
    changed = await bench.book.change(stale, lambda run: run.cancelled(bench.clock()))
    assert (changed.listed, changed.cancelled_at) == (True, bench.clock())
    with pytest.raises(Conflict):
        await bench.book.save(stale)
    bench.control.contended = {f"run-{run_id}"}
    with pytest.raises(Conflict):
        await bench.book.change(stale, lambda run: replace(run, found=7))


# --- what its page tells ---------------------------------------------------------------------------------------------


async def test_the_page_of_a_run_from_its_beginning_to_its_end(bench: RunBench) -> None:
    run_id = await bench.plan()
    new = await bench.show(run_id)
    assert (new["state"], new["users"], new["progress"], new["perMinute"]) == ("planning", 0, 0.0, None)
    await bench.advancer.advance()
    bench.clock.advance(seconds=60)
    message, _ = bench.queues.sent.pop(0)
    await bench.worker.take(message)
    half = await bench.show(run_id)
    assert (half["users"], half["looked"], half["open"], half["progress"]) == (2, 1, 1, 0.5)
    assert (half["perMinute"], half["estimatedEnd"]) == (1.0, (bench.clock() + timedelta(minutes=1)).isoformat())
    await bench.rest()
    planned = await bench.show(run_id)
    assert (planned["state"], planned["progress"], planned["estimatedEnd"]) == ("planned", 1.0, None)
    assert planned["outcomes"] == {"noop": 1, "planned": 1}
    assert planned["actions"] == {"addPhone": 1, "setMfaState": 1}
    assert [item["id"] for item in planned["items"]] == [ANNA], "nobody needs to look at Bob"
    assert planned["items"][0]["actions"] == ["add mobile +31 ••••••78", "set MFA state enabled"]
    await bench.apply(run_id)
    applying = await bench.show(run_id)
    assert (applying["state"], applying["looked"], applying["open"]) == ("applying", 0, 1)
    assert applying["startedAt"] > applying["createdAt"]
    await bench.rest()
    applied = await bench.show(run_id)
    assert (applied["state"], applied["outcomes"], applied["failures"]) == ("applied", {"done": 1, "noop": 1}, 0)
    assert (applied["items"][0]["state"], applied["next"]) == ("ended", None)
    rate = applied["perMinute"]
    bench.clock.advance(days=1)
    assert (await bench.show(run_id))["perMinute"] == rate, "it does not get slower after its end"


async def test_a_run_that_is_not_over_is_never_told_to_be(bench: RunBench) -> None:
    run_id = await bench.plan()
    run = await bench.run(run_id)
    await bench.items.list(run_id, [ANNA])
    await bench.take(bench.backfill(run_id, ANNA))
    shown = await bench.show(run_id)
    assert (shown["state"], shown["progress"], shown["estimatedEnd"]) == ("planning", NEARLY, None)
    assert not run.listed


async def test_no_end_is_guessed_that_nobody_lives_to_see(bench: RunBench) -> None:
    run_id = await bench.plan(*object_ids(900), ANNA)
    await bench.advancer.advance()
    await bench.worker.take(bench.backfill(run_id, ANNA))
    bench.clock.advance(days=1)
    assert (await bench.show(run_id))["estimatedEnd"] is None
    bench.clock.advance(days=40_000)
    assert (await bench.show(run_id))["open"] == 900


async def test_failures_are_counted_and_shown(bench: RunBench) -> None:
    bench.directory.observe_failures[BOB] = [FORBIDDEN] * 7
    run_id = await bench.planned()
    shown = await bench.show(run_id)
    assert (shown["failures"], shown["reasons"]) == (1, {"notAllowed": 1})
    assert {item["id"]: item["state"] for item in shown["items"]} == {ANNA: "planned", BOB: "failed"}


async def test_a_long_list_comes_in_pages(bench: RunBench) -> None:
    users = object_ids(MOST_SHOWN + 5)
    for user in users:
        bench.person(user)
    run_id = await bench.planned(*users)
    first = await bench.show(run_id)
    assert ([item["id"] for item in first["items"]], first["next"]) == (list(users[:MOST_SHOWN]), users[MOST_SHOWN - 1])
    second = await bench.show(run_id, first["next"])
    assert ([item["id"] for item in second["items"]], second["next"]) == (list(users[MOST_SHOWN:]), None)
    assert second["users"] == first["users"] == len(users)


# --- poison ----------------------------------------------------------------------------------------------------------


async def test_a_planning_message_that_is_poison_fails_its_item_and_parks_nobody(bench: RunBench) -> None:
    run_id = await bench.plan(ANNA, BOB)
    await bench.poison.take(encode(bench.backfill(run_id, ANNA)), 5)
    item = bench.item(run_id, ANNA)
    assert (item.state, item.reasons) == (ItemState.FAILED, (Reason.POISON,))
    assert (bench.parking.items, bench.ledger.memories) == ({}, {})
    await bench.rest()
    assert await bench.state(run_id) is RunState.PLANNED


@pytest.mark.parametrize("cause", [Cause.BACKFILL, Cause.RETRY])
async def test_an_applying_message_that_is_poison_parks_too(bench: RunBench, cause: Cause) -> None:
    run_id = await bench.planned()
    await bench.apply(run_id)
    await bench.poison.take(encode(bench.backfill(run_id, ANNA, cause=cause)), 5)
    assert bench.item(run_id, ANNA).state is ItemState.FAILED
    assert set(bench.parking.items) == {ANNA}
    assert bench.ledger.memories[ANNA].outcome is Outcome.PARKED


async def test_poison_of_a_cancelled_run_parks_nobody_unless_something_was_begun(bench: RunBench) -> None:
    run_id = await bench.planned()
    await bench.apply(run_id)
    await bench.runs.cancel(run_id)
    await bench.poison.take(encode(bench.backfill(run_id, ANNA)), 5)
    assert bench.parking.items == {}
    await bench.poison.take(encode(bench.backfill(run_id, ANNA, cause=Cause.RETRY)), 5)
    assert set(bench.parking.items) == {ANNA}


async def test_poison_that_nobody_can_read_and_poison_of_no_run_are_parked_as_ever(bench: RunBench) -> None:
    await bench.poison.take("{", 5)
    await bench.poison.take(encode(replace(bench.backfill("x", BOB), run=None)), 5)
    await bench.poison.take(encode(bench.backfill("x", ANNA)), 5)
    assert {item.reason for item in bench.parking.items.values()} == {"unreadable", "poison"}
    assert {ANNA, BOB} <= set(bench.parking.items)


async def test_an_item_that_a_look_has_ended_while_its_poison_was_parked_stays_ended(bench: RunBench) -> None:
    run_id = await bench.planned()
    await bench.apply(run_id)

    def ends(_: Memory) -> None:
        ended = replace(bench.item(run_id, ANNA), state=ItemState.ENDED, version="somebody's")
        bench.items.runs[run_id][ANNA] = ended

    bench.ledger.before_save = ends
    await bench.poison.take(encode(bench.backfill(run_id, ANNA)), 5)
    assert bench.item(run_id, ANNA).state is ItemState.ENDED
