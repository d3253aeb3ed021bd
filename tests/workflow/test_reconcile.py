"""The one path, against fakes: what is written, what is recorded, what comes back."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from shared.errors import Failure, NotFound, Permanent, Transient
from shared.fingerprint import Keys
from shared.memory import LEASE, Claim, Memory
from shared.messages import Message
from shared.models import (
    Cause,
    DefaultMethod,
    DirectoryUser,
    MfaState,
    Observation,
    Outcome,
    Reason,
    SignInPreference,
)
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import Mode, Policy
from shared.ports import Phase
from shared.pulse import Pulse
from shared.reconcile import Reconciler
from shared.recording import Recorder
from shared.retry_rules import DELAYS
from shared.switches import Switches
from tests.fakes import FakeAudit, FakeClock, FakeControl, FakeDirectory, FakeLedger, FakeParking, FakeQueues, Person

ANNA = "aaaaaaaa-0000-4000-8000-000000000001"
BOB = "bbbbbbbb-0000-4000-8000-000000000002"
KEYS = Keys("k" * 40)
APPLY = Policy(mode=Mode.APPLY)
UNAVAILABLE = Transient(Reason.GRAPH_UNAVAILABLE, "503 serviceUnavailable")
THROTTLED = Transient(Reason.THROTTLED, "429 TooManyRequests", timedelta(seconds=77))
FORBIDDEN = Permanent(Reason.NOT_ALLOWED, "403 accessDenied", "grant it")
REFUSED = Permanent(Reason.GRAPH_REFUSED, "400 badRequest", "mend it")


@dataclass
class Bench:
    """A reconciler on fakes."""

    policy: Policy = APPLY
    writes_per_hour: int = 2000
    directory: FakeDirectory = field(default_factory=FakeDirectory)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    audit: FakeAudit = field(default_factory=FakeAudit)
    queues: FakeQueues = field(default_factory=FakeQueues)
    parking: FakeParking = field(default_factory=FakeParking)
    control: FakeControl = field(default_factory=FakeControl)
    clock: FakeClock = field(default_factory=FakeClock)
    ids: int = 0

    def person(self, user_id: str = ANNA, mobile_phone: str | None = "06 12345678", **state: object) -> Person:
        user = DirectoryUser(user_id, True, "Member", "p@contoso.example", mobile_phone, usage_location="NL")
        return self.directory.add(replace(Person(user), **state))  # type: ignore[arg-type]

    async def look(self, *users: str, cause: Cause = Cause.NOTIFICATION, attempt: int = 1) -> dict[str, Outcome]:
        self.clock.advance(seconds=1)
        received = int(self.clock().timestamp() * 1000)
        return await self.handle(Message(users or (ANNA,), cause, received, attempt=attempt))

    async def handle(self, message: Message) -> dict[str, Outcome]:
        return dict(await self.reconciler.reconcile(message))

    @property
    def reconciler(self) -> Reconciler:
        switches = Switches(self.control, self.writes_per_hour, self.clock)
        kept = (self.ledger, self.audit, self.queues)
        recorder = Recorder(*kept, self.parking, self.policy, self.clock, chance=lambda: 0.0)
        pulse = Pulse(self.control, self.clock)
        ports = (self.directory, *kept, switches, pulse, recorder)
        return Reconciler(*ports, self.policy, KEYS, self.clock, self._id)

    def somebody_records(self, memory: Memory) -> None:
        """Another worker saves the row."""
        self.ids += 1
        self.ledger.memories[memory.user_id] = replace(memory, version=f"somebody's {self.ids}")

    def _id(self) -> str:
        self.ids += 1
        return f"look-{self.ids}"


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_phone_then_read_back_then_mfa_state(bench: Bench) -> None:
    anna = bench.person()
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert [type(action) for _, action in bench.directory.journal] == [AddPhone, SetMfaState]
    assert (anna.mobile, anna.state) == ("+31 612345678", MfaState.ENFORCED)
    memory = bench.ledger.memories[ANNA]
    assert KEYS.is_phone(memory.fingerprint, ANNA, "+31612345678")
    assert memory.state_written is MfaState.ENABLED
    assert memory.phone_only
    assert memory.source == "mobilePhone, read as NL (usageLocation)"


async def test_the_second_look_finds_nothing_to_do_and_says_so(bench: Bench) -> None:
    bench.person()
    await bench.look()
    assert await bench.look() == {ANNA: Outcome.NOOP}
    assert len(bench.directory.requests) == 2
    assert len(bench.audit.rows) == 2


async def test_a_message_older_than_the_last_complete_look_costs_no_graph_call(bench: Bench) -> None:
    bench.person()
    old = Message((ANNA,), Cause.NOTIFICATION, int(bench.clock().timestamp() * 1000))
    await bench.look()
    looks = len(bench.directory.looks)
    assert await bench.handle(old) == {}
    assert len(bench.directory.looks) == looks


async def test_a_message_as_old_as_the_look_is_not_older(bench: Bench) -> None:
    bench.person()
    same = Message((ANNA,), Cause.NOTIFICATION, int(bench.clock().timestamp() * 1000))
    await bench.handle(same)
    assert await bench.handle(same) == {ANNA: Outcome.NOOP}


async def test_plan_mode_writes_to_nobody_and_audits_nothing(bench: Bench) -> None:
    bench.policy = Policy(mode=Mode.PLAN)
    anna = bench.person()
    assert await bench.look() == {ANNA: Outcome.PLANNED}
    assert bench.directory.requests == []
    assert bench.audit.rows == []
    assert anna.mobile is None
    assert bench.ledger.memories[ANNA].fingerprint is None


async def test_plan_mode_does_not_take_a_number_for_its_own(bench: Bench) -> None:
    bench.policy = Policy(mode=Mode.PLAN)
    bench.person(mobile="+31 612345678", state=MfaState.ENFORCED)
    assert await bench.look() == {ANNA: Outcome.NOOP}
    assert bench.ledger.memories[ANNA].fingerprint is None


async def test_no_audit_no_write(bench: Bench) -> None:
    bench.person()
    bench.audit.broken = True
    with pytest.raises(ConnectionError):
        await bench.look()
    assert bench.directory.requests == []
    assert bench.ledger.memories[ANNA].looked_at is None


async def test_one_intent_and_one_outcome_around_all_writes_of_a_look(bench: Bench) -> None:
    bench.person()
    await bench.look()
    intent, outcome = bench.audit.rows
    assert (intent.phase, outcome.phase) == (Phase.INTENT, Phase.OUTCOME)
    assert intent.actions == outcome.actions == ("add mobile +31 ••••••78", "set MFA state enabled")
    assert intent.look == outcome.look
    assert outcome.outcome == "done"
    assert outcome.request_ids == ("request-1", "request-2")


async def test_no_lockout_when_the_phone_is_not_read_back(bench: Bench) -> None:
    """Invariant 5: the MFA state stays off while Graph does not show the phone."""
    anna = bench.person()
    bench.directory.lagging = {ANNA}
    assert await bench.look() == {ANNA: Outcome.RETRY}
    assert anna.state.value == "disabled"
    assert [type(action) for _, action in bench.directory.requests] == [AddPhone]
    assert bench.ledger.memories[ANNA].reasons == (Reason.NOT_CONFIRMED,)
    bench.directory.lagging = set()
    await bench.look(cause=Cause.RETRY, attempt=2)
    assert anna.state is MfaState.ENFORCED
    assert [type(action) for _, action in bench.directory.requests] == [AddPhone, SetMfaState]


async def test_no_mfa_state_for_a_user_without_any_method(bench: Bench) -> None:
    anna = bench.person(mobile_phone=None)
    assert await bench.look() == {ANNA: Outcome.NOOP}
    assert bench.ledger.memories[ANNA].reasons == (Reason.NO_NUMBER, Reason.NO_METHOD)
    assert anna.state is MfaState.DISABLED


@pytest.mark.parametrize(
    "failure",
    [
        pytest.param(Transient(Reason.GRAPH_UNAVAILABLE, "409 phoneNumberNotUnique"), id="409-though-saved"),
        pytest.param(Transient(Reason.GRAPH_UNAVAILABLE, "504"), id="504-after-commit"),
        pytest.param(Transient(Reason.GRAPH_UNAVAILABLE, "ReadTimeout"), id="timeout-after-commit"),
        pytest.param(REFUSED, id="400-though-saved"),
    ],
)
async def test_an_ambiguous_answer_is_judged_by_the_read_back_alone(bench: Bench, failure: Failure) -> None:
    anna = bench.person()
    bench.directory.write_failures = {ANNA: [failure]}
    bench.directory.commits_anyway = {ANNA}
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert anna.state is MfaState.ENFORCED
    assert [type(action) for _, action in bench.directory.requests] == [AddPhone, SetMfaState]


async def test_an_error_that_wrote_nothing_is_no_success(bench: Bench) -> None:
    """A rival took a 4xx body for a phone and deleted the message."""
    anna = bench.person()
    bench.directory.write_failures = {ANNA: [REFUSED]}
    assert await bench.look() == {ANNA: Outcome.RETRY}
    assert anna.mobile is None
    assert bench.ledger.memories[ANNA].fingerprint is None
    assert bench.audit.rows[-1].outcome == "retry"
    assert bench.audit.rows[-1].actions == ()


async def test_a_throttled_write_is_not_read_back_and_waits_as_graph_asked(bench: Bench) -> None:
    bench.person()
    bench.directory.write_failures = {ANNA: [THROTTLED]}
    bench.directory.read_back_failures = {ANNA: [UNAVAILABLE]}
    await bench.look(attempt=3)
    [(message, delay)] = bench.queues.sent
    assert (message.cause, message.attempt, delay) == (Cause.RETRY, 3, timedelta(seconds=77))
    assert bench.directory.read_back_failures[ANNA] == [UNAVAILABLE]


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        (NotFound("404 Request_ResourceNotFound"), Reason.NOT_FOUND_YET),
        (UNAVAILABLE, Reason.GRAPH_UNAVAILABLE),
        (FORBIDDEN, Reason.NOT_ALLOWED),
        (REFUSED, Reason.GRAPH_REFUSED),
    ],
)
async def test_a_look_that_failed_comes_back_as_the_next_attempt(
    bench: Bench, failure: Failure, reason: Reason
) -> None:
    bench.person()
    bench.directory.observe_failures = {ANNA: [failure]}
    assert await bench.look() == {ANNA: Outcome.RETRY}
    [(message, delay)] = bench.queues.sent
    assert (message.users, message.cause, message.attempt, delay) == ((ANNA,), Cause.RETRY, 2, DELAYS[0])
    memory = bench.ledger.memories[ANNA]
    assert (memory.reasons, memory.looked_at, memory.attempts) == ((reason,), None, 2)
    assert await bench.handle(message) == {ANNA: Outcome.DONE}


async def test_a_user_that_stays_unknown_is_gone_after_replication_had_its_time(bench: Bench) -> None:
    last = len(DELAYS) + 1
    assert await bench.look(attempt=last - 1) == {ANNA: Outcome.RETRY}
    assert await bench.look(attempt=last) == {ANNA: Outcome.GONE}
    assert len(bench.queues.sent) == 1
    assert bench.parking.items == {}


async def test_what_keeps_failing_is_parked_with_what_to_do(bench: Bench) -> None:
    bench.person()
    bench.directory.observe_failures = {ANNA: [FORBIDDEN]}
    assert await bench.look(attempt=len(DELAYS) + 1) == {ANNA: Outcome.PARKED}
    parked = bench.parking.items[ANNA]
    assert (parked.reason, parked.users, parked.advice) == ("notAllowed", (ANNA,), "grant it")
    assert await bench.look(cause=Cause.MANUAL) == {ANNA: Outcome.DONE}
    assert bench.parking.items == {}


async def test_throttling_never_uses_up_attempts(bench: Bench) -> None:
    bench.person()
    bench.directory.observe_failures = {ANNA: [THROTTLED]}
    assert await bench.look(attempt=99) == {ANNA: Outcome.RETRY}
    assert bench.queues.sent[0][0].attempt == 99


async def test_one_bad_user_does_not_delay_the_others(bench: Bench) -> None:
    bench.person(ANNA)
    bob = bench.person(BOB)
    bench.directory.observe_failures = {ANNA: [UNAVAILABLE]}
    assert await bench.look(ANNA, BOB) == {ANNA: Outcome.RETRY, BOB: Outcome.DONE}
    assert bob.state is MfaState.ENFORCED
    assert bench.queues.users == [ANNA]


async def test_a_write_that_fails_after_the_phone_keeps_what_was_proven(bench: Bench) -> None:
    anna = bench.person()

    def the_state_fails(_: str, action: Action) -> None:
        if isinstance(action, SetMfaState):
            bench.directory.write_failures = {ANNA: [UNAVAILABLE]}

    bench.directory.before_write = the_state_fails
    assert await bench.look() == {ANNA: Outcome.RETRY}
    assert anna.mobile == "+31 612345678"
    memory = bench.ledger.memories[ANNA]
    assert KEYS.is_phone(memory.fingerprint, ANNA, "+31612345678")
    assert memory.looked_at is None
    assert bench.audit.rows[-1].actions == ("add mobile +31 ••••••78",)


async def test_somebody_removed_what_we_wrote_and_it_stays_removed(bench: Bench) -> None:
    anna = bench.person()
    await bench.look()
    anna.mobile, anna.state = None, MfaState.DISABLED
    for _ in range(3):
        assert await bench.look(cause=Cause.SWEEP) == {ANNA: Outcome.NOOP}
    assert anna.mobile is None
    assert anna.state is MfaState.DISABLED
    assert Reason.REMOVED_BY_HUMAN in bench.ledger.memories[ANNA].reasons


async def test_a_number_the_person_chose_stays(bench: Bench) -> None:
    anna = bench.person()
    await bench.look()
    anna.mobile = "+31 687654321"
    assert await bench.look() == {ANNA: Outcome.NOOP}
    assert (anna.mobile, bench.ledger.memories[ANNA].reasons) == ("+31 687654321", (Reason.USER_MANAGED,))


async def test_a_change_between_our_read_and_our_write_is_never_repaired(bench: Bench) -> None:
    """The person registers a number while our POST is under way: Graph refuses it, the read-back shows theirs."""
    anna = bench.person()
    bench.policy = replace(APPLY, mfa_state=None)
    bench.directory.write_failures = {ANNA: [REFUSED]}
    bench.directory.before_write = lambda _user, _action: setattr(anna, "mobile", "+31 687654321")
    await bench.look()
    assert anna.mobile == "+31 687654321"
    assert len(bench.directory.requests) == 1
    assert bench.ledger.memories[ANNA].reasons == (Reason.DIFFERS,)


async def test_a_changed_number_is_held_and_comes_back_by_itself(bench: Bench) -> None:
    anna = bench.person()
    await bench.look()
    anna.user = replace(anna.user, mobile_phone="06 87654321")
    assert await bench.look() == {ANNA: Outcome.HELD}
    assert anna.mobile == "+31 612345678"
    [(message, delay)] = bench.queues.sent
    assert (message.cause, delay) == (Cause.HOLD, timedelta(hours=24))
    bench.clock.advance(hours=1)
    assert await bench.look() == {ANNA: Outcome.HELD}, "a look in between does not start the hold anew"
    bench.clock.advance(hours=23)
    assert await bench.handle(message) == {ANNA: Outcome.DONE}
    assert anna.mobile == "+31 687654321"
    assert isinstance(bench.directory.journal[-1][1], UpdatePhone)
    assert bench.ledger.memories[ANNA].hold is None


async def test_a_change_taken_back_during_the_hold_leaves_no_trace(bench: Bench) -> None:
    anna = bench.person()
    await bench.look()
    anna.user = replace(anna.user, mobile_phone="06 87654321")
    await bench.look()
    anna.user = replace(anna.user, mobile_phone="06 12345678")
    [(message, _)] = bench.queues.sent
    bench.clock.advance(hours=25)
    assert await bench.handle(message) == {ANNA: Outcome.NOOP}
    assert anna.mobile == "+31 612345678"
    assert bench.ledger.memories[ANNA].hold is None


async def test_default_method_between_phone_and_state(bench: Bench) -> None:
    bench.policy = replace(APPLY, default_method=DefaultMethod.SMS)
    bench.person(preference=SignInPreference(None, system_preferred=True))
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert [type(action) for _, action in bench.directory.journal] == [AddPhone, SetDefaultMethod, SetMfaState]
    assert bench.ledger.memories[ANNA].reasons == (Reason.SYSTEM_PREFERRED,)


async def test_twenty_users_in_one_message(bench: Bench) -> None:
    users = [f"{n:08x}-0000-4000-8000-000000000000" for n in range(20)]
    for user_id in users:
        bench.person(user_id)
    assert set((await bench.look(*users)).values()) == {Outcome.DONE}
    assert len(bench.directory.looks) == 20


async def test_two_looks_at_once_write_once_and_never_lower_the_state(bench: Bench) -> None:
    """Both have read `disabled`; the second `enabled` would land on the `enforced` that the first one became."""
    anna = bench.person()
    observe = bench.directory.observe
    both_have_read = asyncio.Barrier(2)

    async def observe_together(
        user_ids: Sequence[str], about_to_write: Collection[str] = ()
    ) -> Mapping[str, Observation | Failure]:
        seen = await observe(user_ids, about_to_write)
        await both_have_read.wait()
        return seen

    bench.directory.observe = observe_together  # type: ignore[method-assign]
    outcomes = await asyncio.gather(bench.look(), bench.look())
    assert sorted(outcome[ANNA] for outcome in outcomes) == [Outcome.DONE, Outcome.RETRY]
    assert [type(action) for _, action in bench.directory.requests] == [AddPhone, SetMfaState]
    bench.directory.observe = observe  # type: ignore[method-assign]
    [(message, _)] = bench.queues.sent
    bench.clock.advance(minutes=1)
    assert set((await bench.handle(message)).values()) <= {Outcome.NOOP}
    assert anna.state is MfaState.ENFORCED
    assert len(bench.directory.requests) == 2


async def test_a_user_claimed_by_another_look_is_not_even_read(bench: Bench) -> None:
    bench.person()
    until = bench.clock() + LEASE
    bench.ledger.memories[ANNA] = Memory(ANNA, claim=Claim("other", until), version="1")
    assert await bench.look() == {ANNA: Outcome.RETRY}
    assert bench.directory.looks == []
    assert bench.ledger.memories[ANNA].claim == Claim("other", until)
    [(message, delay)] = bench.queues.sent
    assert message.attempt == 1, "waiting for another look is no failed attempt"
    bench.clock.advance(seconds=delay.total_seconds())
    assert await bench.handle(message) == {ANNA: Outcome.DONE}


async def test_a_look_that_died_is_taken_over_when_its_claim_ends_and_its_intent_gets_an_outcome(bench: Bench) -> None:
    bench.person()
    bench.directory.before_write = died
    with pytest.raises(KeyboardInterrupt):
        await bench.look()
    assert [row.phase for row in bench.audit.rows] == [Phase.INTENT]
    bench.directory.before_write = lambda user_id, action: None
    bench.clock.advance(seconds=LEASE.total_seconds())
    assert await bench.look() == {ANNA: Outcome.DONE}
    phases: dict[str, list[Phase]] = {}
    for row in bench.audit.rows:
        phases.setdefault(row.look, []).append(row.phase)
    assert list(phases.values()) == [[Phase.INTENT, Phase.OUTCOME]] * 2


def died(_user_id: str, _action: Action) -> None:
    """The worker process ends here."""
    raise KeyboardInterrupt


async def test_a_claim_is_gone_when_the_look_is_recorded(bench: Bench) -> None:
    bench.person()
    await bench.look()
    assert bench.ledger.memories[ANNA].claim is None


async def test_a_lost_race_for_the_ledger_row_is_looked_at_again(bench: Bench) -> None:
    bench.person()
    await bench.look()
    bench.ledger.before_save = lambda memory: bench.somebody_records(bench.ledger.memories[ANNA])
    await bench.look()
    [(message, _)] = bench.queues.sent
    assert (message.users, message.cause) == ((ANNA,), Cause.RETRY)


async def test_a_lost_race_that_answered_our_message_needs_no_second_look(bench: Bench) -> None:
    bench.person()
    await bench.look()
    later = bench.clock() + timedelta(seconds=5)
    newer = replace(bench.ledger.memories[ANNA], looked_at=later)
    bench.ledger.before_save = lambda memory: bench.somebody_records(newer)
    await bench.look()
    assert bench.queues.sent == []


async def test_nothing_is_recorded_when_its_follow_up_could_not_be_queued(bench: Bench) -> None:
    bench.person()
    bench.directory.observe_failures = {ANNA: [UNAVAILABLE]}
    bench.queues.broken = True
    with pytest.raises(ConnectionError):
        await bench.look()
    assert bench.ledger.memories == {}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda user: replace(user, account_enabled=False), Reason.DISABLED),
        (lambda user: replace(user, account_enabled=None), Reason.UNKNOWN),
        (lambda user: replace(user, user_type="Guest"), Reason.GUEST),
    ],
)
async def test_who_is_not_eligible_is_not_touched(
    bench: Bench, change: Callable[[DirectoryUser], DirectoryUser], reason: Reason
) -> None:
    anna = bench.person()
    anna.user = change(anna.user)
    assert await bench.look() == {ANNA: Outcome.SKIPPED}
    assert bench.directory.requests == []
    assert bench.ledger.memories[ANNA].reasons == (reason,)
