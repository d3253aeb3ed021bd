"""Looks that fail, race or die half way: each of these was found by killing real hosts."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import NotFound, Permanent, Transient
from shared.memory import LEASE, Claim, Memory
from shared.models import Cause, MfaState, Outcome, Reason
from shared.plan import Action, UpdatePhone
from shared.policy import ExistingPhone, Mode
from shared.ports import Phase
from tests.workflow.crashing import Died
from tests.workflow.test_reconcile import ANNA, APPLY, KEYS, Bench

UNAVAILABLE = Transient(Reason.GRAPH_UNAVAILABLE, "503")
NEW, OTHER = "+31 612345678", "+31 687654321"


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_a_failed_look_that_lost_the_race_for_the_row_comes_back_once(bench: Bench) -> None:
    """Two messages of one user, both failing: each brings itself back, and none of them twice."""
    bench.directory.observe_failures[ANNA] = [NotFound("404")]
    bench.ledger.before_save = lambda memory: bench.somebody_records(Memory(ANNA, outcome=Outcome.RETRY))
    await bench.look()
    assert len(bench.queues.sent) == 1


async def test_eight_messages_of_a_user_that_does_not_exist_stay_eight(bench: Bench) -> None:
    """However the looks interleave: never more messages than hints."""
    hints, elapsed = 8, timedelta(0)
    for _ in range(hints):
        await bench.look("cccccccc-0000-4000-8000-00000000000c")
    while bench.queues.sent and elapsed < timedelta(minutes=30):
        assert len(bench.queues.sent) <= hints
        bench.queues.sent.sort(key=lambda sent: sent[1])
        message, delay = bench.queues.sent.pop(0)
        elapsed += delay
        bench.ledger.before_save = lambda memory: bench.somebody_records(Memory(memory.user_id))
        await bench.handle(message)


def dies_before_it_sees(bench: Bench) -> None:
    """The host is gone after Graph has taken the number and before anybody has read it back."""

    async def read_back(*_: object) -> object:
        raise Died

    bench.directory.read_back = read_back  # type: ignore[method-assign, assignment]


async def killed_after_the_write(bench: Bench) -> None:
    dies_before_it_sees(bench)
    with pytest.raises(Died):
        await bench.look()
    del bench.directory.read_back
    bench.clock.advance(seconds=LEASE.total_seconds() + 1)


def hr_enters(bench: Bench, number: str) -> None:
    anna = bench.directory.people[ANNA]
    anna.user = replace(anna.user, mobile_phone=number)


async def test_a_number_written_by_a_look_that_died_is_ours_when_hr_has_changed_it_meanwhile(bench: Bench) -> None:
    anna = bench.person()
    await killed_after_the_write(bench)
    hr_enters(bench, OTHER)
    assert await bench.look() == {ANNA: Outcome.HELD}
    assert (anna.mobile, anna.state) == (NEW, MfaState.ENFORCED)
    assert KEYS.is_phone(bench.ledger.memories[ANNA].fingerprint, ANNA, "+31612345678")
    bench.clock.advance(hours=25)
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert anna.mobile == OTHER


async def test_the_same_where_the_read_back_failed(bench: Bench) -> None:
    anna = bench.person()
    bench.directory.read_back_failures[ANNA] = [UNAVAILABLE]
    assert await bench.look() == {ANNA: Outcome.RETRY}
    hr_enters(bench, OTHER)
    assert await bench.look() == {ANNA: Outcome.HELD}
    assert anna.mobile == NEW


async def test_the_same_for_a_changed_number(bench: Bench) -> None:
    """Both the number before and the one that was being written are ours."""
    bench.policy = replace(APPLY, change_hold=timedelta(0))
    anna = bench.person()
    await bench.look()
    hr_enters(bench, OTHER)
    await killed_after_the_write(bench)
    assert anna.mobile == OTHER
    hr_enters(bench, "+31 6 1111 2222")
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert anna.mobile == "+31 611112222"
    updates = [action for _, action in bench.directory.journal if isinstance(action, UpdatePhone)]
    assert len(updates) == 2


async def test_a_persons_own_number_is_theirs_whatever_we_were_about_to_write(bench: Bench) -> None:
    anna = bench.person()
    bench.directory.write_failures[ANNA] = [UNAVAILABLE]
    assert await bench.look() == {ANNA: Outcome.RETRY}
    anna.mobile = OTHER
    assert await bench.look() == {ANNA: Outcome.DONE}, "the state is still set"
    assert (anna.mobile, bench.ledger.memories[ANNA].reasons) == (OTHER, (Reason.DIFFERS,))
    assert bench.ledger.memories[ANNA].intended is None, "that look is over"


async def test_kept_numbers_are_known_for_ours_too(bench: Bench) -> None:
    bench.policy = replace(APPLY, existing_phone=ExistingPhone.KEEP)
    bench.person()
    await killed_after_the_write(bench)
    hr_enters(bench, OTHER)
    await bench.look()
    assert KEYS.is_phone(bench.ledger.memories[ANNA].fingerprint, ANNA, "+31612345678")


def phases(bench: Bench) -> dict[str, list[Phase]]:
    told: dict[str, list[Phase]] = {}
    for row in bench.audit.rows:
        told.setdefault(row.look, []).append(row.phase)
    return told


async def test_the_intent_of_a_person_who_was_deleted_meanwhile_gets_its_outcome(bench: Bench) -> None:
    bench.person()
    await killed_after_the_write(bench)
    del bench.directory.people[ANNA]
    assert await bench.look(attempt=7) == {ANNA: Outcome.GONE}
    assert list(phases(bench).values()) == [[Phase.INTENT, Phase.OUTCOME]]
    assert (bench.audit.rows[-1].outcome, bench.audit.rows[-1].actions) == ("gone", ())


async def test_two_looks_that_settle_one_intent_leave_one_outcome(bench: Bench) -> None:
    bench.person()
    await killed_after_the_write(bench)
    bench.person(mobile_phone=None)
    intent = bench.audit.rows[-1]

    async def nobody_has_told_yet(*_: object) -> list[object]:
        return [intent]

    bench.audit.history = nobody_has_told_yet  # type: ignore[method-assign, assignment]
    for _ in range(2):
        ended = Claim(intent.look, bench.clock() - timedelta(seconds=1))
        bench.ledger.memories[ANNA] = replace(bench.ledger.memories[ANNA], claim=ended, looked_at=None)
        await bench.look()
    outcomes = [row for row in bench.audit.rows if row.look == intent.look and row.phase is Phase.OUTCOME]
    assert len(outcomes) == 1


async def test_a_settled_outcome_tells_the_actions_of_its_own_intent(bench: Bench) -> None:
    """Not those of the look that settles it, which raises the state."""
    anna = bench.person()
    await killed_after_the_write(bench)
    await bench.look()
    intent, settled, *_ = sorted(bench.audit.rows, key=lambda row: (row.began, row.phase.value))
    assert intent.look == settled.look
    assert intent.actions == ("add mobile +31 ••••••78", "set MFA state enabled")
    assert (settled.outcome, settled.actions) == ("done", ("add mobile +31 ••••••78",))
    assert settled.at == bench.clock()
    assert anna.state is MfaState.ENFORCED


async def test_an_action_that_never_happened_is_not_told_as_done(bench: Bench) -> None:
    anna = bench.person()

    def dies(_: str, __: Action) -> None:
        raise Died

    bench.directory.before_write = dies
    with pytest.raises(Died):
        await bench.look()
    bench.directory.before_write = lambda user, action: None
    bench.clock.advance(seconds=LEASE.total_seconds() + 1)
    anna.user = replace(anna.user, mobile_phone=None)
    await bench.look(cause=Cause.RETRY)
    assert list(phases(bench).values()) == [[Phase.INTENT, Phase.OUTCOME]]
    assert (bench.audit.rows[-1].outcome, bench.audit.rows[-1].actions) == ("noop", ())


async def test_two_looks_that_died_one_after_the_other_both_get_their_outcome(bench: Bench) -> None:
    """The second claim takes the place of the first one: whose look it was must be told before."""
    bench.person()
    await killed_after_the_write(bench)
    bench.directory.before_write = lambda user, action: (_ for _ in ()).throw(Died())
    with pytest.raises(Died):
        await bench.look()
    bench.directory.before_write = lambda user, action: None
    bench.clock.advance(seconds=LEASE.total_seconds() + 1)
    await bench.look()
    assert len(phases(bench)) == 3
    assert set(map(tuple, phases(bench).values())) == {(Phase.INTENT, Phase.OUTCOME)}


async def drain(bench: Bench, most: timedelta = timedelta(hours=3)) -> int:
    """Delivers whatever comes back, in time; how many looks it took."""
    before, end = len(bench.directory.looks), bench.clock() + most
    due = [(bench.clock() + delay, message) for message, delay in bench.queues.sent]
    bench.queues.sent.clear()
    while due:
        due.sort(key=lambda item: item[0])
        at, message = due.pop(0)
        assert at < end, "it does not come to rest"
        bench.clock.moment = max(bench.clock.moment, at)
        await bench.handle(message)
        due += [(bench.clock() + delay, again) for again, delay in bench.queues.sent]
        bench.queues.sent.clear()
    return len(bench.directory.looks) - before


async def test_twenty_hints_about_somebody_who_is_gone_come_back_as_one(bench: Bench) -> None:
    nobody = "cccccccc-0000-4000-8000-00000000000c"
    for _ in range(20):
        await bench.look(nobody)
    assert await drain(bench) <= 7
    assert bench.ledger.memories[nobody].outcome is Outcome.GONE
    await bench.look(nobody, cause=Cause.SWEEP)
    assert await drain(bench) == 2, "named again, for instance by a full sweep"


async def test_the_newest_hint_decides_how_soon_a_user_comes_back(bench: Bench) -> None:
    """Somebody has waited for half an hour to be looked at again; a new hint starts with short waits."""
    bench.person()
    bench.directory.observe_failures[ANNA] = [UNAVAILABLE] * 2
    await bench.look(cause=Cause.RETRY, attempt=6)
    await bench.look()
    assert sorted(delay for _, delay in bench.queues.sent) == [timedelta(seconds=5), timedelta(minutes=30)]
    assert await drain(bench) == 1
    assert bench.ledger.memories[ANNA].outcome is Outcome.DONE


async def test_a_look_that_fails_does_not_tell_how_the_one_before_it_ended(bench: Bench) -> None:
    """It has seen nothing: a 503 must not be noted as `noop` for a number that is there."""
    bench.person()
    await killed_after_the_write(bench)
    bench.directory.observe_failures[ANNA] = [UNAVAILABLE]
    assert await bench.look() == {ANNA: Outcome.RETRY}
    assert [row.phase for row in bench.audit.rows] == [Phase.INTENT]
    await bench.look(cause=Cause.RETRY, attempt=2)
    first = [row for row in bench.audit.rows if row.look == "look-1"]
    assert [(row.phase, row.outcome) for row in first] == [(Phase.INTENT, None), (Phase.OUTCOME, "done")]


async def test_a_change_whose_read_back_failed_is_known_for_ours_when_hr_changes_it_again(bench: Bench) -> None:
    bench.policy = replace(APPLY, change_hold=timedelta(0))
    anna = bench.person()
    await bench.look()
    hr_enters(bench, OTHER)
    bench.directory.read_back_failures[ANNA] = [UNAVAILABLE]
    assert await bench.look() == {ANNA: Outcome.RETRY}
    hr_enters(bench, "+31 6 1111 2222")
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert anna.mobile == "+31 611112222"


async def test_a_change_that_failed_has_waited_long_enough_already(bench: Bench) -> None:
    anna = bench.person()
    await bench.look()
    hr_enters(bench, OTHER)
    assert await bench.look() == {ANNA: Outcome.HELD}
    bench.clock.advance(hours=25)
    bench.directory.write_failures[ANNA] = [UNAVAILABLE]
    assert await bench.look() == {ANNA: Outcome.RETRY}
    assert await bench.look() == {ANNA: Outcome.DONE}, "the hold does not begin anew"
    assert anna.mobile == OTHER


async def test_a_hold_in_mode_plan_ends_too(bench: Bench) -> None:
    """And is remembered from the first look on, or it would begin anew with every one."""
    bench.person()
    await bench.look()
    bench.policy = replace(APPLY, mode=Mode.PLAN)
    hr_enters(bench, OTHER)
    assert await bench.look() == {ANNA: Outcome.HELD}
    assert bench.ledger.memories[ANNA].hold
    bench.clock.advance(hours=25)
    assert await bench.look() == {ANNA: Outcome.PLANNED}
    hr_enters(bench, NEW)
    await bench.look()
    assert bench.ledger.memories[ANNA].hold is None, "taken back"


async def test_a_hold_comes_back_when_it_ends_and_not_a_day_later(bench: Bench) -> None:
    bench.policy = replace(APPLY, change_hold=timedelta(hours=1))
    bench.person()
    await bench.look()
    hr_enters(bench, OTHER)
    await bench.look()
    [(_, delay)] = bench.queues.sent
    assert delay == timedelta(hours=1)


@pytest.mark.parametrize("prepare", ["held", "unknown"])
async def test_who_comes_back_by_a_message_already_gets_no_second_one_for_a_lost_race(
    bench: Bench, prepare: str
) -> None:
    anna = bench.person()
    await bench.look()
    if prepare == "held":
        hr_enters(bench, OTHER)
    else:
        anna.privileged = None
    bench.ledger.before_save = lambda memory: bench.somebody_records(Memory(ANNA))
    await bench.look()
    assert len(bench.queues.sent) == 1


async def test_who_gave_up_while_another_look_was_recorded_is_not_parked(bench: Bench) -> None:
    bench.person()
    bench.directory.observe_failures[ANNA] = [Permanent(Reason.NOT_ALLOWED, "403", "grant it")]
    bench.ledger.before_save = lambda memory: bench.somebody_records(Memory(ANNA, outcome=Outcome.DONE))
    await bench.look(attempt=7)
    assert bench.parking.items == {}


async def test_a_write_that_graph_refused_says_why(bench: Bench) -> None:
    bench.person()
    bench.directory.write_failures[ANNA] = [Permanent(Reason.GRAPH_REFUSED, "400 badRequest", "mend it")]
    await bench.look(attempt=7)
    assert bench.ledger.memories[ANNA].reasons == (Reason.GRAPH_REFUSED,)
    assert bench.parking.items[ANNA].advice == "mend it"


async def test_an_accepted_write_to_somebody_who_may_not_be_touched_any_more_is_looked_at_until_it_shows(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "mfa_prefill")
    anna = bench.person()
    bench.directory.lagging = {ANNA}
    read_back: Any = bench.directory.read_back

    async def made_an_administrator(*asked: Any) -> Any:
        return {user: replace(shown, privileged=True) for user, shown in (await read_back(*asked)).items()}

    bench.directory.read_back = made_an_administrator  # type: ignore[method-assign, assignment]
    assert await bench.look() == {ANNA: Outcome.RETRY}
    assert bench.ledger.memories[ANNA].reasons == (Reason.NOT_CONFIRMED,)
    assert "addPhone is not visible yet" in caplog.text
    anna.privileged = True
    assert await bench.look(cause=Cause.RETRY, attempt=2) == {ANNA: Outcome.SKIPPED}


async def test_who_lowers_a_state_that_was_read_back_is_overruled_at_once(bench: Bench) -> None:
    anna = bench.person()
    await bench.look()
    anna.state = MfaState.DISABLED
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert anna.state is MfaState.ENFORCED
