"""Applying a run: exactly what was planned, on the one path, and what becomes of those for whom it does not fit."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import RunRefused
from shared.memory import LEASE
from shared.messages import Message
from shared.models import Cause, MfaState, Outcome, Reason
from shared.plan import Action, AddPhone, SetMfaState, UpdatePhone
from shared.policy import ExistingPhone, Mode
from shared.ports import Phase
from shared.run_book import ITEMS_A_PAGE, RUNS
from shared.run_items import ItemState
from shared.run_rules import RunState
from tests.builders import object_ids
from tests.workflow.run_bench import CAROL, RunBench, anna_and_bob
from tests.workflow.test_reconcile import ANNA, APPLY, BOB, FORBIDDEN, KEYS, UNAVAILABLE

OTHER = "06 87654321"


@pytest.fixture
def bench() -> RunBench:
    return anna_and_bob()


async def test_applying_does_what_was_planned(bench: RunBench) -> None:
    run_id = await bench.planned()
    bench.directory.looks.clear()
    assert await bench.apply(run_id) is RunState.APPLYING
    await bench.rest()
    assert await bench.state(run_id) is RunState.APPLIED
    assert [type(action) for _, action in bench.directory.journal] == [AddPhone, SetMfaState]
    assert bench.directory.looks == [ANNA], "nothing was planned for Bob"
    item, memory = bench.item(run_id, ANNA), bench.ledger.memories[ANNA]
    assert (item.state, item.outcome) == (ItemState.ENDED, Outcome.DONE)
    assert (memory.run, memory.cause, memory.outcome) == (run_id, Cause.BACKFILL, Outcome.DONE)
    assert {row.cause for row in bench.audit.rows} == {Cause.BACKFILL}


async def test_in_more_than_one_page_of_items(bench: RunBench) -> None:
    users = object_ids(ITEMS_A_PAGE + 1)
    for user in users:
        bench.person(user)
    run_id = await bench.planned(*users)
    await bench.applied(run_id)
    assert await bench.state(run_id) is RunState.APPLIED
    assert {bench.directory.people[user].state for user in users} == {MfaState.ENFORCED}
    assert len(bench.directory.journal) == 2 * len(users)


def another_number(bench: RunBench) -> None:
    anna = bench.directory.people[ANNA]
    anna.user = replace(anna.user, mobile_phone=OTHER)


def more_than_planned(bench: RunBench) -> None:
    bench.policy = replace(APPLY, mfa_state=MfaState.ENFORCED)


def registered_elsewhere(bench: RunBench) -> None:
    bench.policy = replace(APPLY, existing_phone=ExistingPhone.REPLACE, change_hold=timedelta(0))
    bench.directory.people[ANNA].mobile = "+31 687654321"


@pytest.mark.parametrize("change", [another_number, more_than_planned, registered_elsewhere])
async def test_whose_plan_is_another_by_now_is_set_aside(bench: RunBench, change: Callable[[RunBench], None]) -> None:
    run_id = await bench.planned()
    change(bench)
    await bench.applied(run_id)
    assert await bench.state(run_id) is RunState.APPLIED
    item = bench.item(run_id, ANNA)
    assert (item.state, item.outcome) == (ItemState.CHANGED, Outcome.NOOP)
    assert (bench.directory.requests, bench.audit.rows, bench.ledger.memories) == ([], [], {})
    await bench.look(ANNA)
    assert bench.directory.requests, "the next hint is a look like any other"


def disabled(bench: RunBench) -> None:
    anna = bench.directory.people[ANNA]
    anna.user = replace(anna.user, account_enabled=False)


def phone_already_set(bench: RunBench) -> None:
    bench.directory.people[ANNA].mobile = "+31 612345678"


def deleted(bench: RunBench) -> None:
    del bench.directory.people[ANNA]


@pytest.mark.parametrize(
    ("change", "outcome", "writes"),
    [(disabled, Outcome.SKIPPED, 0), (phone_already_set, Outcome.DONE, 1), (deleted, Outcome.GONE, 0)],
)
async def test_less_than_planned_may_always_be_done(
    bench: RunBench, change: Callable[[RunBench], None], outcome: Outcome, writes: int
) -> None:
    run_id = await bench.planned()
    change(bench)
    await bench.applied(run_id)
    assert (bench.item(run_id, ANNA).outcome, len(bench.directory.journal)) == (outcome, writes)
    assert await bench.state(run_id) is RunState.APPLIED


async def test_a_change_between_two_writes_stops_the_second(bench: RunBench) -> None:
    bench.policy = replace(APPLY, change_hold=timedelta(0))
    run_id = await bench.planned()
    bench.directory.before_write = lambda user_id, action: another_number(bench)
    await bench.applied(run_id)
    assert [type(action) for _, action in bench.directory.journal] == [AddPhone]
    item = bench.item(run_id, ANNA)
    assert (item.state, item.outcome) == (ItemState.CHANGED, Outcome.DONE)
    assert [row.outcome for row in bench.audit.rows] == [None, "done"]
    assert bench.ledger.memories[ANNA].claim is None


async def test_where_another_look_was_faster_the_ledger_says_how_it_ended(bench: RunBench) -> None:
    run_id = await bench.planned()
    await bench.apply(run_id)
    await bench.advancer.advance()
    await bench.look(ANNA)
    looks = len(bench.directory.looks)
    await bench.rest()
    assert bench.item(run_id, ANNA).outcome is Outcome.DONE
    assert (len(bench.directory.looks), len(bench.directory.journal)) == (looks, 2)
    assert await bench.state(run_id) is RunState.APPLIED


async def test_a_message_left_over_from_planning_is_not_answered_by_a_look_from_then(bench: RunBench) -> None:
    bench.policy = replace(APPLY, mode=Mode.PLAN)
    left_over = bench.backfill("000000000001", ANNA)
    bench.clock.advance(seconds=1)
    await bench.look(ANNA)
    run_id = await bench.planned()
    bench.policy = APPLY
    await bench.apply(run_id)
    await bench.take(left_over)
    assert bench.item(run_id, ANNA).outcome is Outcome.DONE
    assert bench.directory.people[ANNA].state is MfaState.ENFORCED


async def test_a_failed_look_of_another_hint_does_not_answer_a_runs_message(bench: RunBench) -> None:
    run_id = await bench.planned()
    await bench.apply(run_id)
    message = bench.backfill(run_id, ANNA)
    bench.clock.advance(seconds=1)
    await bench.look(ANNA)
    bench.directory.observe_failures[ANNA] = [UNAVAILABLE]
    await bench.look(ANNA, cause=Cause.MANUAL)
    await bench.take(message)
    assert bench.item(run_id, ANNA).outcome is Outcome.NOOP


@pytest.mark.parametrize("where", ["observe_failures", "write_failures", "read_back_failures"])
async def test_a_retry_keeps_its_run_and_ends_its_item(bench: RunBench, where: str) -> None:
    run_id = await bench.planned()
    getattr(bench.directory, where)[ANNA] = [UNAVAILABLE] * 3
    await bench.apply(run_id)
    await bench.advancer.advance()
    message, _ = bench.queues.sent.pop(0)
    await bench.take(message)
    [(again, _)] = bench.queues.sent
    assert (again.cause, again.run, again.attempt) == (Cause.RETRY, run_id, 2)
    assert bench.item(run_id, ANNA).waits_for_apply
    await bench.rest()
    assert bench.item(run_id, ANNA).outcome in (Outcome.DONE, Outcome.NOOP)
    assert [type(action) for _, action in bench.directory.journal] == [AddPhone, SetMfaState]


async def test_a_retry_is_bounded_by_the_same_plan_and_the_service_looks_after_what_is_left(bench: RunBench) -> None:
    run_id = await bench.planned()
    bench.directory.observe_failures[ANNA] = [UNAVAILABLE]
    await bench.apply(run_id)
    await bench.advancer.advance()
    message, _ = bench.queues.sent.pop(0)
    await bench.take(message)
    another_number(bench)
    again, _ = bench.queues.sent.pop(0)
    await bench.take(again)
    assert bench.item(run_id, ANNA).state is ItemState.CHANGED
    assert bench.directory.requests == []
    [(handed_over, _)] = bench.queues.sent
    assert (handed_over.run, handed_over.users) == (None, (ANNA,)), "the ledger says `retry`: somebody must"
    await bench.rest()
    assert bench.ledger.memories[ANNA].outcome is Outcome.DONE


async def test_whoever_changed_while_a_look_lay_dead_is_left_to_the_service(bench: RunBench) -> None:
    """The dead look has its intent in the audit and perhaps a number in Graph: somebody must write its end."""
    run_id = await begun(bench)

    def dies(user_id: str, action: Action) -> None:
        raise ConnectionError("the host is gone")

    bench.directory.before_write = dies
    with pytest.raises(ConnectionError):
        await bench.deliver()
    bench.directory.before_write = lambda user_id, action: None
    another_number(bench)
    bench.clock.advance(seconds=LEASE.total_seconds() + 1)
    await bench.deliver()
    assert (bench.item(run_id, ANNA).state, bench.directory.requests) == (ItemState.CHANGED, [])
    await bench.rest()
    phases = [row.phase for row in bench.audit.rows if row.look == bench.audit.rows[0].look]
    assert phases == [Phase.INTENT, Phase.OUTCOME]
    assert bench.ledger.memories[ANNA].outcome is Outcome.DONE


async def fails_once(bench: RunBench) -> Message:
    """The first message in the queue is worked on and fails; the one that brings its user back."""
    bench.directory.observe_failures[ANNA] = [UNAVAILABLE]
    message, _ = bench.queues.sent.pop(0)
    await bench.take(message)
    again, _ = bench.queues.sent.pop()
    return again


async def begun(bench: RunBench) -> str:
    """A run whose message for Anna is in the queue."""
    run_id = await bench.planned()
    await bench.apply(run_id)
    await bench.advancer.advance()
    bench.queues.chores.clear()
    return run_id


async def test_a_hint_that_failed_oftener_does_not_stand_for_the_run(bench: RunBench) -> None:
    run_id = await begun(bench)
    of_the_run = await fails_once(bench)
    bench.queues.sent = [(bench.hint(), timedelta(0))]
    for _ in range(2):
        bench.queues.sent = [(await fails_once(bench), timedelta(0))]
    await bench.take(of_the_run)
    assert bench.item(run_id, ANNA).outcome is Outcome.DONE


async def test_a_run_does_not_stand_for_a_hint_that_failed_oftener(bench: RunBench) -> None:
    run_id = await begun(bench)
    [of_the_run] = bench.queues.sent
    bench.queues.sent = [(bench.hint(), timedelta(0))]
    for _ in range(2):
        bench.queues.sent = [(await fails_once(bench), timedelta(0))]
    [(hint, _)] = bench.queues.sent
    bench.queues.sent = [of_the_run]
    await fails_once(bench)
    await bench.take(hint)
    assert bench.ledger.memories[ANNA].outcome is Outcome.DONE
    assert bench.item(run_id, ANNA).waits_for_apply


async def test_one_that_keeps_failing_is_parked_and_failed(bench: RunBench) -> None:
    run_id = await bench.planned()
    bench.directory.observe_failures[ANNA] = [FORBIDDEN] * 7
    await bench.applied(run_id)
    item = bench.item(run_id, ANNA)
    assert (item.state, item.outcome, item.reasons) == (ItemState.FAILED, Outcome.PARKED, (Reason.NOT_ALLOWED,))
    assert set(bench.parking.items) == {ANNA}
    assert await bench.state(run_id) is RunState.APPLIED


async def test_the_breaker_holds_for_runs_too(bench: RunBench) -> None:
    bench.writes_per_hour = 1
    bench.person(CAROL)
    run_id = await bench.planned(ANNA, CAROL)
    await bench.apply(run_id)
    await bench.rest(timedelta(minutes=30))
    assert (await bench.reconciler.switches.state()).paused
    assert len({user for user, _ in bench.directory.journal}) == 1
    assert (await bench.show(run_id))["open"] == 1
    await bench.reconciler.switches.resume()
    await bench.rest()
    assert await bench.state(run_id) is RunState.APPLIED
    assert len(bench.directory.journal) == 4


async def test_a_held_number_follows_later_as_the_service_has_it(bench: RunBench) -> None:
    """The hold is no business of the run: it ends with what was planned, and the service goes on."""
    await bench.look(ANNA)
    another_number(bench)
    bench.directory.people[ANNA].state = MfaState.DISABLED
    run_id = await bench.planned(ANNA)
    assert bench.item(run_id, ANNA).reasons == (Reason.CHANGE_HELD,)
    bench.directory.journal.clear()
    await bench.applied(run_id)
    assert bench.item(run_id, ANNA).outcome is Outcome.HELD
    assert [type(action) for _, action in bench.directory.journal] == [SetMfaState]
    await bench.rest(timedelta(days=2))
    assert [type(action) for _, action in bench.directory.journal] == [SetMfaState, UpdatePhone]


async def test_in_mode_plan_nothing_is_written_even_by_a_run_that_was_begun_before(bench: RunBench) -> None:
    run_id = await bench.planned()
    await bench.apply(run_id)
    bench.policy = replace(APPLY, mode=Mode.PLAN)
    await bench.rest()
    assert bench.directory.requests == []
    assert bench.item(run_id, ANNA).outcome is Outcome.PLANNED


async def test_no_number_is_kept_anywhere(bench: RunBench) -> None:
    run_id = await bench.planned()
    await bench.applied(run_id)
    told = bench.everything() + repr(await bench.show(run_id))
    assert "612345678" not in told
    assert KEYS.phone(ANNA, "+31612345678") not in told, "a fingerprint is for machines"


# --- which messages do what ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("run_id", ["ffffffffffff", "run-7", "../runs", "", "x" * 64])
@pytest.mark.parametrize("cause", [Cause.BACKFILL, Cause.RETRY])
async def test_a_message_proves_nothing(bench: RunBench, run_id: str, cause: Cause) -> None:
    """No run of that name: the ids are what is left of it."""
    await bench.take(bench.backfill(run_id, ANNA, cause=cause))
    memory = bench.ledger.memories[ANNA]
    assert (memory.outcome, memory.run) == (Outcome.DONE, None), "a look of the service; foreign text is not kept"


async def test_nobody_who_is_not_listed_is_looked_at_for_a_run(bench: RunBench) -> None:
    run_id = await bench.planned(BOB)
    await bench.apply(run_id)
    await bench.take(bench.backfill(run_id, ANNA))
    assert ANNA not in bench.directory.looks


async def test_a_message_of_a_planned_run_writes_nothing(bench: RunBench) -> None:
    run_id = await bench.planned()
    await bench.take(bench.backfill(run_id, ANNA))
    assert (bench.directory.looks.count(ANNA), bench.directory.requests) == (1, [])


async def test_a_message_for_those_who_are_open_and_others(bench: RunBench) -> None:
    bench.person(CAROL)
    run_id = await bench.planned(ANNA)
    await bench.apply(run_id)
    await bench.take(bench.backfill(run_id, CAROL, ANNA, cause=Cause.RETRY))
    assert bench.item(run_id, ANNA).outcome is Outcome.DONE
    assert bench.ledger.memories[CAROL].outcome is Outcome.DONE


async def test_a_new_run_takes_the_place_of_a_planned_one(bench: RunBench) -> None:
    first = await bench.planned()
    second = await bench.planned(BOB)
    assert await bench.state(first) is RunState.SUPERSEDED
    with pytest.raises(RunRefused) as caught:
        await bench.apply(first)
    assert caught.value.code == "notPlanned"
    # applied at the very moment in which the second one was begun
    await bench.book.save((await bench.run(first)).applying(bench.clock()))
    assert await bench.state(first) is RunState.SUPERSEDED
    await bench.take(bench.backfill(first, ANNA))
    assert bench.directory.requests == []
    assert bench.control.records[RUNS].values["current"] == second


async def test_two_deliveries_at_once_end_an_item_once(bench: RunBench) -> None:
    run_id = await begun(bench)
    [(message, _)] = bench.queues.sent
    bench.queues.sent.clear()
    saves = bench.items.saves
    await asyncio.gather(bench.worker.take(message), bench.worker.take(message))
    await bench.rest()
    assert (bench.item(run_id, ANNA).state, bench.items.saves) == (ItemState.ENDED, saves + 1)
    assert [type(action) for _, action in bench.directory.journal] == [AddPhone, SetMfaState]


async def test_what_somebody_else_has_noted_of_an_item_stays(bench: RunBench) -> None:
    run_id = await begun(bench)

    def poisoned(user_id: str, action: Action) -> None:
        item = bench.item(run_id, ANNA)
        bench.items.runs[run_id][ANNA] = replace(item, state=ItemState.FAILED, version="somebody's")

    bench.directory.before_write = poisoned
    await bench.deliver()
    assert bench.item(run_id, ANNA).state is ItemState.FAILED
    assert bench.ledger.memories[ANNA].outcome is Outcome.DONE
