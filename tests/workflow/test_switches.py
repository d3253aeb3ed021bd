"""Kill switch and breaker: at most so many users in any hour, and after that nothing, anywhere, until resumed."""

import asyncio
import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import Conflict, Failure, Transient
from shared.memory import LEASE
from shared.messages import Message
from shared.models import Cause, MfaState, Observation, Outcome, Reason
from shared.plan import Action, AddPhone, SetMfaState
from shared.policy import Mode, Policy
from shared.ports import Phase, Record
from shared.retry_rules import DELAYS, PAUSED_DELAY
from shared.switches import LONGEST_BODY, LONGEST_REASON, PAUSE, WRITES, By, Switches, plain_reason, read_reason
from shared.switches import Writes as Word
from tests.fakes import NOW, FakeClock, FakeControl
from tests.workflow.test_reconcile import ANNA, BOB, THROTTLED, Bench

HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
OPERATORS = {"paused": True, "by": "operator", "at": NOW.isoformat(), "detail": "drill"}


@dataclass
class BusyControl(FakeControl):
    """Everybody gets a turn between anybody's load and save."""

    async def load(self, name: str) -> Record:
        record = await super().load(name)
        await asyncio.sleep(0)
        return record


@dataclass
class Panel:
    """The switches of one instance."""

    most: int = 5
    control: FakeControl = field(default_factory=FakeControl)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        self.switches = Switches(self.control, self.most, self.clock)

    async def reserve(self, users: int) -> int:
        return await self.switches.reserve(users, self.clock())

    async def counted(self) -> int:
        return (await self.switches.budget()).counted


@pytest.fixture
def panel() -> Panel:
    return Panel()


# --- the budget -------------------------------------------------------------------------------------------------------

Step = tuple[int, int, bool]
STEPS = st.lists(
    st.tuples(st.integers(0, 2000), st.integers(1, 20), st.sampled_from([False, False, True])), max_size=40
)


@example(1, [(0, 1, False), (0, 1, False), (0, 1, True), (0, 1, True)])
@given(st.integers(1, 60), STEPS)
def test_never_more_than_the_limit_in_any_hour_without_a_resume(most: int, steps: list[Step]) -> None:
    asyncio.run(_budget_law(most, steps))


async def _budget_law(most: int, steps: list[Step]) -> None:
    panel = Panel(most)
    granted: list[tuple[datetime, int]] = []
    for seconds, users, resume in steps:
        panel.clock.advance(seconds=seconds)
        now = panel.clock()
        if resume and (await panel.switches.budget()).tripped:
            granted.clear()  # where nothing is tripped, as right after another one, resuming does nothing
        if resume:
            await panel.switches.resume()
        tripped = (await panel.switches.budget()).tripped
        fits = sum(count for at, count in granted if at > now - HOUR - MINUTE) + users <= most
        got = await panel.reserve(users)
        granted.append((now, got))
        assert 0 <= got <= users
        assert sum(count for at, count in granted if at > now - HOUR) <= most
        assert not (tripped and got)
        assert tripped or not fits or got == users, "what fits is not refused"
        assert (await panel.switches.budget()).tripped == (tripped or got < users)


async def test_the_window_slides(panel: Panel) -> None:
    assert await panel.reserve(5) == 5
    panel.clock.advance(minutes=61)
    assert await panel.reserve(5) == 5


async def test_within_the_hour_there_is_no_more_and_then_never_again(panel: Panel) -> None:
    assert await panel.reserve(3) == 3
    panel.clock.advance(minutes=59)
    assert await panel.reserve(3) == 2
    panel.clock.advance(hours=5)
    assert await panel.reserve(1) == 0, "only an operator ends it"


async def test_a_minute_counts_until_its_last_second_is_an_hour_old(panel: Panel) -> None:
    panel.clock.advance(seconds=59)
    await panel.reserve(5)
    panel.clock.advance(minutes=59, seconds=31)
    assert await panel.reserve(1) == 0


async def test_old_minutes_are_forgotten() -> None:
    panel = Panel(most=10_000)
    for _ in range(200):
        await panel.reserve(1)
        panel.clock.advance(minutes=1)
    assert len(panel.control.records[WRITES].values["minutes"]) <= 61


async def test_two_instances_racing_never_get_more_together() -> None:
    control = BusyControl()
    panels = [Panel(7, control) for _ in range(4)]
    granted = await asyncio.gather(*(panel.reserve(1) for panel in panels for _ in range(3)))
    assert sum(granted) == 7
    assert (await panels[0].switches.budget()).tripped


async def test_one_conflict_is_tried_again(panel: Panel) -> None:
    other = Panel(control=panel.control)
    load, raced = panel.control.load, False

    async def load_and_be_overtaken(name: str) -> Record:
        nonlocal raced
        record = await load(name)
        if not raced:
            raced = True
            await other.reserve(2)
        return record

    panel.control.load = load_and_be_overtaken  # type: ignore[method-assign]
    assert await panel.reserve(2) == 2
    assert await panel.counted() == 4


async def test_who_always_loses_gets_nothing_and_trips_nothing(panel: Panel) -> None:
    panel.control.contended = {WRITES}
    assert await panel.reserve(1) == 0
    await panel.switches.trip()
    assert not (await panel.switches.state()).paused


async def test_what_is_given_back_can_be_spent_again(panel: Panel) -> None:
    reserved_at = panel.clock()
    await panel.reserve(5)
    panel.clock.advance(minutes=5)
    await panel.switches.give_back(2, reserved_at)
    assert await panel.reserve(2) == 2
    assert await panel.counted() == 5


async def test_what_was_reserved_before_a_resume_is_not_credited_to_the_hour_after_it(panel: Panel) -> None:
    reserved_at = panel.clock()
    await panel.reserve(6)
    panel.clock.advance(seconds=1)
    await panel.switches.resume()
    await panel.reserve(5)
    await panel.switches.give_back(3, reserved_at)
    assert await panel.counted() == 5


# --- the switch -------------------------------------------------------------------------------------------------------


async def test_it_starts_unpaused(panel: Panel) -> None:
    state = await panel.switches.state()
    assert state.as_json() == {"paused": False, "by": None, "at": None, "detail": ""}
    assert state.writes is Word.OK


async def test_pause_and_resume_twice_change_nothing(panel: Panel) -> None:
    paused = await panel.switches.pause("drill")
    assert paused.as_json() == OPERATORS
    assert paused.writes is Word.PAUSED
    panel.clock.advance(minutes=1)
    assert await panel.switches.pause("another reason") == paused
    resumed = await panel.switches.resume()
    assert (resumed.paused, resumed.by, resumed.detail) == (False, By.OPERATOR, "")
    panel.clock.advance(minutes=1)
    assert await panel.switches.resume() == resumed


async def test_a_resume_where_nothing_is_paused_gives_no_fresh_hour(panel: Panel) -> None:
    await panel.reserve(5)
    await panel.switches.resume()
    assert await panel.counted() == 5


async def test_an_operator_does_not_hide_that_the_breaker_tripped(panel: Panel) -> None:
    await panel.reserve(6)
    await panel.switches.trip()
    state = await panel.switches.pause("looking into it")
    assert (state.by, state.writes) == (By.BREAKER, Word.TRIPPED)
    assert state.detail == "5 users were written to within an hour and more were waiting; PREFILL_WRITES_PER_HOUR is 5"


async def test_a_restart_finds_it_as_it_was(panel: Panel) -> None:
    await panel.reserve(6)
    await panel.switches.trip()
    after = Panel(control=panel.control, clock=panel.clock)
    after.clock.advance(hours=30)
    assert (await after.switches.state()).writes is Word.TRIPPED
    assert await after.reserve(1) == 0


async def test_nothing_trips_without_cause(panel: Panel) -> None:
    await panel.reserve(5)
    await panel.switches.trip()
    assert not (await panel.switches.state()).paused


async def test_whoever_died_between_the_mark_and_the_pause_is_stood_in_for(panel: Panel) -> None:
    await panel.reserve(6)
    other = Panel(control=panel.control)
    assert await other.reserve(1) == 0
    await other.switches.trip()
    assert (await panel.switches.state()).by is By.BREAKER


@pytest.mark.parametrize("loads", [1, 2])
async def test_a_resume_while_the_breaker_trips_is_not_undone_by_it(panel: Panel, loads: int) -> None:
    await panel.reserve(6)
    load, other = panel.control.load, Panel(control=panel.control)

    async def load_and_be_overtaken(name: str) -> Record:
        nonlocal loads
        record, loads = await load(name), loads - 1
        if loads == 0:
            await other.switches.resume()
        return record

    panel.control.load = load_and_be_overtaken  # type: ignore[method-assign]
    await panel.switches.trip()
    assert not (await panel.switches.state()).paused
    assert await panel.reserve(5) == 5


async def test_a_pause_that_stands_is_not_moved_by_the_breaker(panel: Panel) -> None:
    await panel.switches.pause("drill")
    await panel.reserve(6)
    panel.clock.advance(minutes=1)
    await panel.switches.trip()
    assert (await panel.switches.state()).as_json() == OPERATORS


async def test_an_operator_is_told_when_it_could_not_be_kept(panel: Panel) -> None:
    panel.control.contended = {PAUSE}
    with pytest.raises(Conflict):
        await panel.switches.pause("")


# --- the reason -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["", "wrong HR feed", "INC-1234: Zürich, (again)!", "page 12 of 34", "  blanks  "])
def test_reasons_that_are_kept(text: str) -> None:
    assert plain_reason(text) == text.strip()
    assert read_reason(json.dumps({"reason": text}).encode()) == text.strip()


@pytest.mark.parametrize(
    "text",
    ["call 0612345678", "06-1234.5678", "06 12 34 56 78", "1234_5678", "٠٦١٢٣٤٥", "two\nlines", "\x1b[31m", "<script>",
     "x" * 201, 7, None, ["a"]],
)  # fmt: skip
def test_reasons_that_are_refused_and_not_quoted(text: Any) -> None:
    with pytest.raises(ValueError, match="reason") as refused:
        plain_reason(text)
    assert str(text) not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"  ", b"{}", b'{"reason": null}'])
def test_no_reason_is_fine(body: bytes) -> None:
    assert read_reason(body) == ""


@pytest.mark.parametrize(
    "body", [b"{", b"[]", b'"x"', b"\xff", b'{"why": "x"}', b'{"reason": 7}', b"[" * 4000, b" " * 5000]
)
def test_bodies_that_are_refused(body: bytes) -> None:
    with pytest.raises(ValueError, match=r"body|JSON|reason"):
        read_reason(body)


# --- the one path -----------------------------------------------------------------------------------------------------


def people(bench: Bench, count: int) -> list[str]:
    users = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(1, count + 1)]
    for user_id in users:
        bench.person(user_id)
    return users


def written(bench: Bench) -> set[str]:
    return {user_id for user_id, _ in bench.directory.journal}


def other_instance(bench: Bench) -> Bench:
    """Another instance of the service, or the same after a restart: what is stored is all they share."""
    return Bench(
        bench.policy,
        bench.writes_per_hour,
        ledger=bench.ledger,
        control=bench.control,
        directory=bench.directory,
        clock=bench.clock,
    )


async def paused(bench: Bench) -> Word:
    return (await Switches(bench.control, bench.writes_per_hour, bench.clock).state()).writes


async def resume(bench: Bench) -> None:
    await Switches(bench.control, bench.writes_per_hour, bench.clock).resume()


@pytest.fixture
def bench() -> Bench:
    return Bench(writes_per_hour=5)


async def test_a_mass_change_stops_at_the_limit_and_what_was_begun_is_finished(bench: Bench) -> None:
    users = people(bench, 12)
    outcomes = await bench.look(*users)
    done = {user_id for user_id, outcome in outcomes.items() if outcome is Outcome.DONE}
    assert done == written(bench)
    assert len(done) == 5
    assert all(bench.directory.people[user_id].state is MfaState.ENFORCED for user_id in done)
    assert await paused(bench) is Word.TRIPPED
    assert {row.user_id for row in bench.audit.rows} == done, "who was not written to has no intent"
    assert bench.parking.items == {}
    assert sorted(bench.queues.users) == sorted(set(users) - done)
    assert {(message.attempt, delay) for message, delay in bench.queues.sent} == {(1, PAUSED_DELAY)}
    left = [memory for memory in bench.ledger.memories.values() if memory.outcome is Outcome.RETRY]
    assert {(memory.claim, memory.reasons, memory.looked_at) for memory in left} == {(None, (Reason.PAUSED,), None)}


async def test_after_a_trip_nothing_is_written_anywhere_until_resumed(bench: Bench) -> None:
    users = people(bench, 12)
    await bench.look(*users)
    requests = len(bench.directory.requests)
    waiting = [message for message, _ in bench.queues.sent]
    bench.clock.advance(hours=30)
    for instance in (bench, other_instance(bench), other_instance(bench)):
        for message in waiting:
            assert await instance.handle(message) == {}
    assert len(bench.directory.requests) == requests
    await resume(bench)
    for message in waiting:
        await bench.handle(message)
    assert len(written(bench)) == 10
    assert await paused(bench) is Word.TRIPPED
    await resume(bench)
    for message in waiting:
        await bench.handle(message)
    assert written(bench) == set(users)
    assert await paused(bench) is Word.OK


async def test_exactly_the_limit_trips_nothing(bench: Bench) -> None:
    assert set((await bench.look(*people(bench, 5))).values()) == {Outcome.DONE}
    assert await paused(bench) is Word.OK


async def test_users_who_need_nothing_are_not_counted(bench: Bench) -> None:
    users = people(bench, 5)
    await bench.look(*users)
    for _ in range(3):
        assert set((await bench.look(*users)).values()) == {Outcome.NOOP}
    assert await paused(bench) is Word.OK


async def test_while_paused_a_message_goes_back_as_it_came(bench: Bench) -> None:
    bench.person()
    bench.control.records[PAUSE] = Record(OPERATORS, "1")
    message = Message((ANNA, BOB), Cause.SWEEP, 1_000, "a run", attempt=99)
    assert await bench.handle(message) == {}
    assert bench.queues.sent == [(message, PAUSED_DELAY)]
    assert (bench.directory.looks, bench.directory.requests) == ([], [])
    assert (bench.ledger.memories, bench.audit.rows, bench.parking.items) == ({}, [], {})


async def test_a_pause_between_two_writes_stops_the_second_and_the_look_is_finished_later(bench: Bench) -> None:
    anna = bench.person()

    def operator_pauses(_user: str, _action: Action) -> None:
        bench.control.records[PAUSE] = Record(OPERATORS, "1")

    bench.directory.before_write = operator_pauses
    assert await bench.look(attempt=len(DELAYS) + 1) == {ANNA: Outcome.RETRY}
    assert [type(action) for _, action in bench.directory.requests] == [AddPhone]
    assert (anna.mobile, anna.state) == ("+31 612345678", MfaState.DISABLED)
    assert [row.phase for row in bench.audit.rows] == [Phase.INTENT, Phase.OUTCOME]
    assert bench.audit.rows[-1].reasons == ("paused",)
    memory = bench.ledger.memories[ANNA]
    assert (memory.claim, memory.reasons, memory.looked_at) == (None, (Reason.PAUSED,), None)
    [(message, delay)] = bench.queues.sent
    assert (message.attempt, delay) == (len(DELAYS) + 1, PAUSED_DELAY)
    bench.directory.before_write = lambda user_id, action: None
    await resume(bench)
    bench.clock.advance(seconds=delay.total_seconds())
    assert await bench.handle(message) == {ANNA: Outcome.DONE}
    assert [type(action) for _, action in bench.directory.requests] == [AddPhone, SetMfaState]
    assert anna.state is MfaState.ENFORCED


async def test_a_look_stopped_by_the_breaker_uses_no_attempts(bench: Bench) -> None:
    bench.writes_per_hour = 1
    people(bench, 1)
    bench.person(ANNA)
    users = list(bench.directory.people)
    await bench.look(*users, attempt=99)
    assert [message.attempt for message, _ in bench.queues.sent] == [99]
    assert bench.parking.items == {}


async def test_plan_mode_reserves_nothing(bench: Bench) -> None:
    bench.policy = Policy(mode=Mode.PLAN)
    assert set((await bench.look(*people(bench, 12))).values()) == {Outcome.PLANNED}
    assert WRITES not in bench.control.records


@pytest.mark.parametrize("broken", [PAUSE, WRITES])
async def test_without_the_control_table_nothing_is_written(bench: Bench, broken: str) -> None:
    bench.person()
    bench.control.broken = {broken}
    with pytest.raises(ConnectionError):
        await bench.look()
    assert bench.directory.requests == []
    assert bench.audit.rows == []


async def test_who_cannot_reserve_comes_back_without_claim_or_intent(bench: Bench) -> None:
    bench.person()
    bench.control.contended = {WRITES}
    assert await bench.look() == {ANNA: Outcome.RETRY}
    assert (bench.directory.requests, bench.audit.rows) == ([], [])
    assert bench.ledger.memories[ANNA].claim is None
    assert await paused(bench) is Word.OK
    bench.control.contended = set()
    [(message, _)] = bench.queues.sent
    assert await bench.handle(message) == {ANNA: Outcome.DONE}


async def test_waiting_for_graph_uses_up_nothing(bench: Bench) -> None:
    bench.writes_per_hour = 1
    bench.person()
    bench.directory.write_failures = {ANNA: [THROTTLED] * 10}
    for _ in range(10):
        assert await bench.look() == {ANNA: Outcome.RETRY}
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert await paused(bench) is Word.OK


async def test_a_write_that_may_have_happened_is_counted(bench: Bench) -> None:
    bench.writes_per_hour = 1
    bench.person()
    bench.directory.write_failures = {ANNA: [Transient(Reason.GRAPH_UNAVAILABLE, "504")]}
    await bench.look()
    await bench.look()
    assert len(bench.directory.requests) == 1
    assert await paused(bench) is Word.TRIPPED


async def test_two_looks_at_one_user_are_counted_once(bench: Bench) -> None:
    bench.writes_per_hour = 1
    bench.person()
    observe, both_have_read = bench.directory.observe, asyncio.Barrier(2)

    async def observe_together(
        user_ids: Sequence[str], about_to_write: Collection[str] = ()
    ) -> Mapping[str, Observation | Failure]:
        seen = await observe(user_ids, about_to_write)
        await both_have_read.wait()
        return seen

    bench.directory.observe = observe_together  # type: ignore[method-assign]
    outcomes = await asyncio.gather(bench.look(), bench.look())
    assert sorted(outcome[ANNA] for outcome in outcomes) == [Outcome.DONE, Outcome.RETRY]
    assert await paused(bench) is Word.OK


async def test_two_instances_at_once_write_to_no_more_users_than_one() -> None:
    bench = Bench(writes_per_hour=5, control=BusyControl())
    users, other = people(bench, 12), other_instance(bench)
    await asyncio.gather(bench.look(*users[:6]), other.look(*users[6:]))
    assert len(written(bench)) <= 5
    assert await paused(bench) is Word.TRIPPED
    requests = len(bench.directory.requests)
    await asyncio.gather(bench.look(*users), other.look(*users))
    assert len(bench.directory.requests) == requests


async def test_a_look_that_died_still_gets_its_outcome_when_the_next_one_is_stopped(bench: Bench) -> None:
    bench.writes_per_hour = 1
    bench.person()

    def died(_user: str, _action: Action) -> None:
        raise KeyboardInterrupt

    bench.directory.before_write = died
    with pytest.raises(KeyboardInterrupt):
        await bench.look()
    bench.directory.before_write = lambda user_id, action: None
    bench.clock.advance(seconds=LEASE.total_seconds())
    bench.control.contended = {WRITES}
    assert await bench.look() == {ANNA: Outcome.RETRY}
    bench.control.contended = set()
    await resume(bench)
    bench.writes_per_hour = 2
    assert await bench.look() == {ANNA: Outcome.DONE}
    dead = [row.phase for row in bench.audit.rows if row.look == bench.audit.rows[0].look]
    assert dead == [Phase.INTENT, Phase.OUTCOME]


# --- by value ---------------------------------------------------------------------------------------------------------


async def test_what_is_given_back_for_a_minute_that_counts_nobody_changes_nothing(panel: Panel) -> None:
    assert await panel.reserve(3) == 3
    await panel.switches.give_back(2, NOW - 5 * MINUTE)
    assert await panel.counted() == 3
    await panel.switches.give_back(2, NOW)
    assert await panel.counted() == 1


async def test_giving_back_does_not_reset_the_breaker(panel: Panel) -> None:
    await panel.reserve(6)
    await panel.switches.give_back(5, NOW)
    assert (await panel.switches.budget()).tripped
    assert await panel.reserve(1) == 0


async def test_when_the_breaker_tripped_is_kept(panel: Panel) -> None:
    await panel.reserve(6)
    await panel.switches.trip()
    assert (await panel.switches.state()).at == NOW


async def test_a_breaker_that_cannot_be_noted_now_is_noted_by_whoever_wants_to_write_next(panel: Panel) -> None:
    await panel.reserve(6)
    panel.control.contended = {PAUSE}
    await panel.switches.trip()
    assert await panel.reserve(1) == 0, "the budget is marked all the same"
    panel.control.contended = set()
    await panel.switches.trip()
    assert (await panel.switches.state()).writes is Word.TRIPPED


def test_a_reason_may_be_as_long_as_allowed_and_no_longer() -> None:
    assert plain_reason("x" * LONGEST_REASON) == "x" * LONGEST_REASON
    with pytest.raises(ValueError, match="reason"):
        plain_reason("x" * (LONGEST_REASON + 1))


def test_a_body_may_be_as_long_as_allowed_and_no_longer() -> None:
    body = json.dumps({"reason": "drill"}).encode()
    assert read_reason(body.ljust(LONGEST_BODY)) == "drill"
    with pytest.raises(ValueError, match=r"."):
        read_reason(body.ljust(LONGEST_BODY + 1))


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "the body is not JSON"),
        (b"[]", 'give a JSON object with "reason" and nothing else'),
        (b'{"reason": "two\\nlines"}', "reason may hold letters, digits, punctuation and blanks, on one line"),
    ],
)
def test_what_is_no_reason_is_told_in_words(body: bytes, told: str) -> None:
    with pytest.raises(ValueError, match=f"^{re.escape(told)}$"):
        read_reason(body)
