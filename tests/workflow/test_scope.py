"""Scope and privilege in the one path: no write on a guess or on what was true a moment ago, and nobody forgotten."""

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import Permanent, Transient
from shared.memory import Memory
from shared.models import Cause, DefaultMethod, MfaState, Outcome, Reason
from shared.plan import AddPhone, SetMfaState, UpdatePhone
from shared.policy import Mode
from shared.ports import Phase
from shared.retry_rules import DELAYS, LONGEST
from tests.fakes import Person
from tests.workflow.test_reconcile import ANNA, APPLY, BOB, KEYS, Bench

STAFF, BREAK_GLASS = "57aff000-0000-4000-8000-000000000001", "b6ea0000-0000-4000-8000-000000000002"
SCOPED = replace(APPLY, include_groups=frozenset({STAFF}), exclude_groups=frozenset({BREAK_GLASS}))
DENIED = ("roles: 403 Authorization_RequestDenied",)
Change = Callable[[Person], None]


@pytest.fixture
def bench() -> Bench:
    return Bench(policy=SCOPED)


def sets(**facts: Any) -> Change:
    def change(person: Person) -> None:
        for name, value in facts.items():
            setattr(person, name, value)

    return change


def disables(person: Person) -> None:
    person.user = replace(person.user, account_enabled=False)


CHANGES = [
    pytest.param(sets(privileged=True), Reason.PRIVILEGED, id="role-granted"),
    pytest.param(sets(groups=frozenset()), Reason.OUT_OF_SCOPE, id="group-left"),
    pytest.param(sets(groups=frozenset({STAFF, BREAK_GLASS})), Reason.EXCLUDED, id="excluded"),
    pytest.param(disables, Reason.DISABLED, id="disabled"),
    pytest.param(sets(privileged=None), Reason.UNKNOWN, id="roles-unreadable"),
    pytest.param(sets(groups=None), Reason.UNKNOWN, id="groups-unreadable"),
]


def staff(bench: Bench, **state: Any) -> Person:
    return bench.person(groups=frozenset({STAFF}), **state)


async def test_a_member_of_the_include_group_is_done(bench: Bench) -> None:
    staff(bench)
    assert await bench.look() == {ANNA: Outcome.DONE}


@pytest.mark.parametrize(("change", "reason"), CHANGES)
async def test_t9_t28_what_changed_before_the_work_keeps_us_away(bench: Bench, change: Change, reason: Reason) -> None:
    change(staff(bench))
    assert await bench.look() == {ANNA: Outcome.SKIPPED}
    assert (bench.directory.requests, bench.audit.rows) == ([], [])
    assert bench.ledger.memories[ANNA].reasons == (reason,)


@pytest.mark.parametrize(("change", "reason"), CHANGES)
async def test_t9_t28_what_changes_between_two_writes_stops_the_second(
    bench: Bench, change: Change, reason: Reason
) -> None:
    anna = staff(bench)
    bench.directory.before_write = lambda _user, _action: change(anna)
    assert await bench.look() == {ANNA: Outcome.SKIPPED}
    assert [type(action) for _, action in bench.directory.requests] == [AddPhone]
    memory = bench.ledger.memories[ANNA]
    assert memory.reasons == (reason,)
    assert KEYS.is_phone(memory.fingerprint, ANNA, "+31612345678"), "the number is ours all the same"
    assert [(row.phase, row.outcome, len(row.actions)) for row in bench.audit.rows] == [
        (Phase.INTENT, None, 2),
        (Phase.OUTCOME, "skipped", 1),
    ]


async def test_a_write_that_does_not_show_is_not_taken_for_done_because_the_user_became_privileged(
    bench: Bench,
) -> None:
    staff(bench, privileged=False)
    bench.directory.lagging = {ANNA}
    assert await bench.look() == {ANNA: Outcome.RETRY}
    assert bench.ledger.memories[ANNA].reasons == (Reason.NOT_CONFIRMED,)


async def test_a_number_changed_while_ours_was_written_is_followed_after_the_hold(bench: Bench) -> None:
    """The read-back reads the user again: what was written is ours even though the directory moved on."""
    anna = staff(bench)
    bench.policy = replace(SCOPED, mfa_state=None)

    def edits(_user: str, _action: object) -> None:
        anna.user = replace(anna.user, mobile_phone="06 87654321")

    bench.directory.before_write = edits
    assert await bench.look() == {ANNA: Outcome.HELD}
    bench.clock.advance(hours=25)
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert anna.mobile == "+31 687654321"
    assert isinstance(bench.directory.journal[-1][1], UpdatePhone)


@pytest.mark.parametrize("mode", Mode)
async def test_unknown_comes_back_and_is_done_after_recovery(bench: Bench, mode: Mode) -> None:
    bench.policy = replace(SCOPED, mode=mode)
    anna = staff(bench, privileged=None, unreadable=DENIED)
    assert await bench.look() == {ANNA: Outcome.SKIPPED}
    [(message, delay)] = bench.queues.sent
    assert (message.users, message.cause, message.attempt, delay) == ((ANNA,), Cause.RETRY, 2, DELAYS[0])
    memory = bench.ledger.memories[ANNA]
    assert (memory.outcome, memory.reasons) == (Outcome.SKIPPED, (Reason.UNKNOWN,))
    anna.privileged, anna.unreadable = False, ()
    bench.clock.advance(seconds=delay.total_seconds())
    assert await bench.handle(message) == {ANNA: Outcome.DONE if mode is Mode.APPLY else Outcome.PLANNED}


async def test_unknown_is_asked_again_with_growing_waits_and_never_parked(bench: Bench) -> None:
    anna = staff(bench, privileged=None)
    await bench.look()
    waits = []
    for _ in range(len(DELAYS) + 3):
        [(message, delay)] = bench.queues.sent
        bench.queues.sent.clear()
        waits.append(delay)
        bench.clock.advance(seconds=delay.total_seconds())
        assert await bench.handle(message) == {ANNA: Outcome.SKIPPED}
    assert tuple(waits) == (*DELAYS, *[LONGEST] * 3)
    assert (bench.parking.items, bench.directory.requests) == ({}, [])
    assert bench.ledger.memories[ANNA].reasons == (Reason.UNKNOWN,)
    anna.privileged = False
    assert await bench.look(cause=Cause.SWEEP) == {ANNA: Outcome.DONE}


async def test_two_looks_at_an_unknown_user_leave_one_chain_of_retries(bench: Bench) -> None:
    staff(bench, privileged=None)
    await bench.look()
    await bench.look()
    first, second = (message for message, _ in bench.queues.sent)
    bench.clock.advance(seconds=5)
    assert await bench.handle(first) == {}, "the later look has answered it"
    assert await bench.handle(second) == {ANNA: Outcome.SKIPPED}


@pytest.mark.parametrize("reason", [Reason.PRIVILEGED, Reason.OUT_OF_SCOPE])
async def test_what_is_certain_does_not_come_back(bench: Bench, reason: Reason) -> None:
    staff(bench, privileged=reason is Reason.PRIVILEGED).groups = frozenset(
        {STAFF} if reason is Reason.PRIVILEGED else ()
    )
    await bench.look()
    assert bench.ledger.memories[ANNA].reasons == (reason,)
    assert bench.queues.sent == []


async def test_a_hold_outlives_roles_that_cannot_be_read(bench: Bench) -> None:
    anna = staff(bench)
    await bench.look()
    anna.user = replace(anna.user, mobile_phone="06 87654321")
    assert await bench.look() == {ANNA: Outcome.HELD}
    held = bench.ledger.memories[ANNA].hold
    anna.privileged = None
    bench.clock.advance(hours=25)
    await bench.look()
    assert bench.ledger.memories[ANNA].hold == held
    anna.privileged = False
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert anna.mobile == "+31 687654321"


async def test_unknown_releases_who_was_parked(bench: Bench) -> None:
    staff(bench, privileged=None)
    bench.ledger.memories[ANNA] = Memory(ANNA, outcome=Outcome.PARKED, version="1")
    await bench.look()
    assert bench.ledger.memories[ANNA].outcome is Outcome.SKIPPED


async def test_the_log_says_what_could_not_be_read(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    staff(bench, privileged=None, unreadable=DENIED)
    with caplog.at_level(logging.INFO, "mfa_prefill.reconcile"):
        await bench.look()
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert "skipped (unknown) roles: 403 Authorization_RequestDenied" in record.getMessage()


async def test_the_waits_add_up_to_about_an_hour() -> None:
    assert timedelta(minutes=50) < sum(DELAYS, timedelta()) < timedelta(hours=1)


# --- roles: the tenant's list for looks that write nothing, fresh ones before a write ---------------------------------

SETTLED = {"mobile": "+31 612345678", "state": MfaState.ENFORCED}


async def settled(bench: Bench, **state: Any) -> Person:
    """A user for whom a look has found nothing to do."""
    anna = staff(bench, **SETTLED | state)
    assert await bench.look() == {ANNA: Outcome.NOOP}
    bench.directory.role_reads.clear()
    return anna


async def test_a2_a_look_that_writes_nothing_asks_the_role_service_nothing(bench: Bench) -> None:
    await settled(bench)
    for _ in range(20):
        assert await bench.look() == {ANNA: Outcome.NOOP}
    assert bench.directory.role_reads == []


async def test_a2_a_first_look_reads_the_roles_at_once(bench: Bench) -> None:
    staff(bench)
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert bench.directory.role_reads == [ANNA], "with everything else, not in a round trip of its own"


@pytest.mark.parametrize("privileged", [False, True, None])
async def test_t9_a2_before_a_write_the_roles_are_read_for_this_look(bench: Bench, privileged: bool | None) -> None:
    """The list says "no role", as it did minutes ago."""
    anna = await settled(bench, listed_privileged=False)
    anna.state, anna.privileged = MfaState.DISABLED, privileged
    expected = Outcome.DONE if privileged is False else Outcome.SKIPPED
    assert await bench.look() == {ANNA: expected}
    assert bench.directory.role_reads == [ANNA]
    assert len(bench.directory.requests) == (privileged is False)


async def test_t9_a2_plan_mode_plans_on_the_list(bench: Bench) -> None:
    bench.policy = replace(SCOPED, mode=Mode.PLAN)
    staff(bench)
    assert await bench.look() == {ANNA: Outcome.PLANNED}
    assert bench.directory.role_reads == []


async def test_a2_a_throttled_role_service_stops_the_write_and_not_the_look_of_others(bench: Bench) -> None:
    anna = await settled(bench)
    anna.state = MfaState.DISABLED
    bench.person(BOB, groups=frozenset({STAFF}), **SETTLED)
    bench.directory.confirm_failures[ANNA] = [Transient(Reason.THROTTLED, "429 UnknownError", timedelta(seconds=9))]
    assert await bench.look(ANNA, BOB) == {ANNA: Outcome.RETRY, BOB: Outcome.NOOP}
    assert bench.directory.requests == []
    assert bench.audit.rows == []
    [(message, delay)] = bench.queues.sent
    assert (message.users, message.attempt, delay >= timedelta(seconds=9)) == ((ANNA,), 1, True)


# --- parts that Graph refuses for one user ---------------------------------------------------------------------------


@pytest.mark.parametrize("problem", ["requirements: 404 UnknownError", "requirements: 400 badRequest"])
async def test_a8_refused_requirements_do_not_take_the_phone_along(bench: Bench, problem: str) -> None:
    anna = staff(bench, refused=(problem,))
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert [type(action) for _, action in bench.directory.requests] == [AddPhone]
    assert bench.ledger.memories[ANNA].reasons == (Reason.UNKNOWN,)
    [(message, delay)] = bench.queues.sent
    assert (message.users, message.cause, message.attempt, delay) == ((ANNA,), Cause.RETRY, 2, DELAYS[0])
    anna.refused = ()
    bench.clock.advance(seconds=10)
    assert await bench.handle(message) == {ANNA: Outcome.DONE}
    assert anna.state is MfaState.ENFORCED


async def test_a8_a_refused_preference_is_not_overwritten(bench: Bench) -> None:
    bench.policy = replace(SCOPED, default_method=DefaultMethod.SMS)
    staff(bench, refused=("preference: 404 UnknownError",))
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert [type(action) for _, action in bench.directory.requests] == [AddPhone, SetMfaState]
    assert Reason.UNKNOWN in bench.ledger.memories[ANNA].reasons
    assert len(bench.queues.sent) == 1


# --- users that the app does not reach, and users that are no people -------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "reason"),
    [
        pytest.param({"is_management_restricted": True}, Reason.RESTRICTED, id="a5-restricted-unit"),
        pytest.param({"is_management_restricted": None}, Reason.UNKNOWN, id="a5-cannot-be-read"),
        pytest.param({"is_agent": True}, Reason.AGENT_USER, id="a6-agent-user"),
    ],
)
async def test_a5_a6_such_users_are_skipped_with_a_reason_of_their_own(
    bench: Bench, facts: dict[str, Any], reason: Reason
) -> None:
    anna = staff(bench)
    anna.user = replace(anna.user, **facts)
    assert await bench.look() == {ANNA: Outcome.SKIPPED}
    assert (bench.ledger.memories[ANNA].reasons, bench.directory.requests) == ((reason,), [])


async def test_n3_a_number_that_graph_holds_and_does_not_list_ends_in_a_worklist_and_never_in_mfa(bench: Bench) -> None:
    """https://github.com/microsoftgraph/microsoft-graph-docs/issues/16571"""
    anna = staff(bench)
    bench.directory.write_failures[ANNA] = [Permanent(Reason.GRAPH_REFUSED, "400 badRequest", "look")] * 9
    for attempt in range(1, len(DELAYS) + 2):
        await bench.look(attempt=attempt)
    assert bench.ledger.memories[ANNA].outcome is Outcome.PARKED
    assert anna.state is MfaState.DISABLED
    assert {type(action) for _, action in bench.directory.requests} == {AddPhone}
