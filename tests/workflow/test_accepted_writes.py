"""Graph says 2xx and shows nothing: a lagging read, or somebody's hand? Either way nothing is written twice."""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import Transient
from shared.memory import LEASE, LONGEST_LAG
from shared.models import Cause, MfaState, Outcome, Reason
from shared.plan import Action, AddPhone, SetMfaState
from shared.policy import Mode, StrongerMethod
from shared.ports import Phase
from shared.tombstones import Tombstones
from tests.fakes import Person
from tests.workflow.crashing import Died, Mortal, die_everywhere
from tests.workflow.test_crashes import Look
from tests.workflow.test_reconcile import ANNA, APPLY, KEYS, Bench

UNAVAILABLE = Transient(Reason.GRAPH_UNAVAILABLE, "503")
NEW = "+31 612345678"


@pytest.fixture
def bench() -> Bench:
    return Bench()


def written(bench: Bench) -> list[type[Action]]:
    return [type(action) for _, action in bench.directory.journal]


async def until_it_rests(bench: Bench) -> None:
    """Whatever waits in the queue, in its time."""
    for _ in range(20):
        if not bench.queues.sent:
            return
        message, delay = bench.queues.sent.pop(0)
        bench.clock.advance(seconds=delay.total_seconds())
        await bench.handle(message)
    raise AssertionError("it does not come to rest")


async def hidden_after_the_write(bench: Bench) -> Person:
    """The number is there, and no read shows it: what a lag and a removal look like, one as the other."""
    anna = bench.person()
    bench.directory.lagging = {ANNA}
    assert await bench.look() == {ANNA: Outcome.RETRY}
    bench.directory.lagging = set()
    anna.mobile = None
    return anna


async def test_a_number_that_shows_late_is_added_once(bench: Bench) -> None:
    anna = await hidden_after_the_write(bench)
    assert await bench.look(cause=Cause.RETRY, attempt=2) == {ANNA: Outcome.RETRY}
    anna.mobile = NEW
    assert await bench.look(cause=Cause.RETRY, attempt=3) == {ANNA: Outcome.DONE}
    assert (written(bench), anna.state) == ([AddPhone, SetMfaState], MfaState.ENFORCED)
    assert KEYS.is_phone(bench.ledger.memories[ANNA].fingerprint, ANNA, "+31612345678")
    assert bench.ledger.memories[ANNA].intended is None


async def test_a_number_removed_before_any_read_showed_it_stays_removed(bench: Bench) -> None:
    anna = await hidden_after_the_write(bench)
    await until_it_rests(bench)
    memory = bench.ledger.memories[ANNA]
    assert (memory.outcome, memory.reasons) == (Outcome.NOOP, (Reason.REMOVED_BY_HUMAN, Reason.NO_METHOD))
    for _ in range(3):
        await bench.look(cause=Cause.SWEEP)
    assert (written(bench), anna.mobile, anna.state) == ([AddPhone], None, MfaState.DISABLED)


async def test_however_many_hints_come_meanwhile_nothing_is_added_again(bench: Bench) -> None:
    anna = await hidden_after_the_write(bench)
    for _ in range(10):
        bench.clock.advance(seconds=LONGEST_LAG.total_seconds() / 5)
        await bench.look()
    assert (written(bench), anna.mobile) == ([AddPhone], None)


async def test_somebody_who_replaced_ours_unseen_and_then_removed_everything_has_nothing_added(bench: Bench) -> None:
    """Found by chaos: the number that was seen first was the person's own."""
    anna = await hidden_after_the_write(bench)
    anna.mobile = "+31 687654321"
    assert await bench.look() == {ANNA: Outcome.DONE}, "the state is set"
    assert bench.ledger.memories[ANNA].reasons == (Reason.USER_MANAGED,)
    anna.mobile = None
    assert await bench.look() == {ANNA: Outcome.NOOP}
    assert (written(bench), anna.mobile) == ([AddPhone, SetMfaState], None)


async def test_the_same_where_the_read_back_got_no_answer(bench: Bench) -> None:
    anna = bench.person()
    bench.directory.read_back_failures[ANNA] = [UNAVAILABLE]
    assert await bench.look() == {ANNA: Outcome.RETRY}
    anna.mobile = None
    await until_it_rests(bench)
    assert (written(bench), anna.mobile) == ([AddPhone], None)


async def killed_before_the_read_back(bench: Bench) -> Person:
    async def read_back(*_: object) -> object:
        raise Died

    anna = bench.person()
    bench.directory.read_back = read_back  # type: ignore[method-assign, assignment]
    with pytest.raises(Died):
        await bench.look()
    del bench.directory.read_back
    bench.clock.advance(seconds=LEASE.total_seconds() + 1)
    return anna


async def test_the_same_where_the_host_died_before_it_could_read(bench: Bench) -> None:
    """The look that follows finds nothing and must not take that for a write that never was."""
    anna = await killed_before_the_read_back(bench)
    anna.mobile = None
    assert await bench.look() == {ANNA: Outcome.RETRY}
    await until_it_rests(bench)
    assert (written(bench), anna.mobile) == ([AddPhone], None)
    phases = [row.phase for row in bench.audit.rows]
    assert phases == [Phase.INTENT, Phase.OUTCOME]


async def test_what_nobody_can_know_is_written_again(bench: Bench) -> None:
    """Dead between Graph's 201 and the row that notes it, and somebody removed the number. See docs/promises.md."""
    anna = bench.person()
    mortal = Mortal(dies_at=1, after=True)
    real, bench.directory.write = bench.directory.write, mortal.port(bench.directory).write  # type: ignore[method-assign]
    with pytest.raises(Died):
        await bench.look()
    bench.directory.write = real  # type: ignore[method-assign]
    assert anna.mobile == NEW
    anna.mobile = None
    bench.clock.advance(seconds=LEASE.total_seconds() + 1)
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert written(bench) == [AddPhone, AddPhone, SetMfaState]


async def test_a_state_that_shows_late_is_set_once_and_so_never_lowered(bench: Bench) -> None:
    """Graph has promoted `enabled` to `enforced` by itself; `enabled` sent again would lower it."""
    anna = bench.person(mobile=NEW)
    bench.directory.lagging = {ANNA}
    assert await bench.look() == {ANNA: Outcome.RETRY}
    bench.directory.lagging = set()
    anna.state = MfaState.DISABLED
    assert await bench.look(cause=Cause.RETRY, attempt=2) == {ANNA: Outcome.RETRY}
    anna.state = MfaState.ENFORCED
    await until_it_rests(bench)
    assert (written(bench), anna.state) == ([SetMfaState], MfaState.ENFORCED)


async def test_an_administrator_who_lowers_the_state_at_once_is_overruled_only_later(bench: Bench) -> None:
    anna = bench.person(mobile=NEW)
    bench.directory.lagging = {ANNA}
    await bench.look()
    bench.directory.lagging = set()
    anna.state = MfaState.DISABLED
    bench.clock.advance(seconds=LONGEST_LAG.total_seconds())
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert written(bench) == [SetMfaState, SetMfaState]


async def test_a_moment_in_which_roles_cannot_be_read_forgets_nothing(bench: Bench) -> None:
    anna = await hidden_after_the_write(bench)
    anna.privileged = None
    assert await bench.look() == {ANNA: Outcome.SKIPPED}
    anna.privileged = False
    await until_it_rests(bench)
    await bench.look(cause=Cause.SWEEP)
    assert (written(bench), anna.mobile) == ([AddPhone], None)
    assert KEYS.is_phone(bench.ledger.memories[ANNA].fingerprint, ANNA, "+31612345678")


def roles_cannot_be_read(bench: Bench) -> None:
    bench.directory.people[ANNA].privileged = None


def is_disabled(bench: Bench) -> None:
    anna = bench.directory.people[ANNA]
    anna.user = replace(anna.user, account_enabled=False)


def has_a_passkey(bench: Bench) -> None:
    bench.directory.people[ANNA].methods = frozenset({"password", "fido2"})


def hr_enters(text: str | None) -> Callable[[Bench], None]:
    def change(bench: Bench) -> None:
        anna = bench.directory.people[ANNA]
        anna.user = replace(anna.user, mobile_phone=text)

    return change


def mode_is_plan(bench: Bench) -> None:
    bench.policy = replace(APPLY, mode=Mode.PLAN)


@pytest.mark.parametrize(
    "meanwhile",
    [roles_cannot_be_read, is_disabled, has_a_passkey, hr_enters(None), hr_enters("020 123 4567"), mode_is_plan],
    ids=["unknown", "disabled", "strongerMethod", "noNumber", "notMobile", "plan"],
)
@pytest.mark.parametrize("interrupt", [hidden_after_the_write, killed_before_the_read_back])
async def test_a_number_is_ours_whatever_the_first_look_that_shows_it_is_about(
    bench: Bench, interrupt: Callable[[Bench], Awaitable[Person]], meanwhile: Callable[[Bench], None]
) -> None:
    """A look that has other reasons to do nothing sees it; then HR has a new number, and ours gives way to it."""
    anna = await interrupt(bench)
    as_she_was = replace(anna)
    anna.mobile = NEW
    meanwhile(bench)
    bench.clock.advance(seconds=LEASE.total_seconds())
    await bench.look()
    bench.policy, bench.directory.people[ANNA] = APPLY, replace(as_she_was, mobile=NEW)
    hr_enters("06 87654321")(bench)
    assert await bench.look() == {ANNA: Outcome.HELD}
    bench.clock.advance(days=1)
    assert await bench.look() == {ANNA: Outcome.DONE}
    assert bench.directory.people[ANNA].mobile == "+31 687654321"


async def test_the_state_of_who_removed_the_number_follows_another_method_and_the_number_stays_away(
    bench: Bench,
) -> None:
    bench.policy = replace(APPLY, stronger_method=StrongerMethod.ADD)
    anna = await hidden_after_the_write(bench)
    anna.methods |= {"microsoftAuthenticator"}
    await until_it_rests(bench)
    assert (written(bench), anna.mobile, anna.state) == ([AddPhone, SetMfaState], None, MfaState.ENFORCED)


async def test_the_audit_tells_what_graph_accepted_and_did_not_show(bench: Bench) -> None:
    await hidden_after_the_write(bench)
    outcome = bench.audit.rows[-1]
    assert outcome.phase is Phase.OUTCOME
    assert outcome.actions == ("add mobile +31 ••••••78 (accepted, not visible yet)",)


async def test_an_operator_who_clears_does_not_have_to_wait(bench: Bench) -> None:
    anna = await hidden_after_the_write(bench)
    clearing = Tombstones(bench.ledger, bench.audit, bench.policy, bench.clock, lambda: "clearing")
    assert await clearing.clear(ANNA)
    assert await bench.look(cause=Cause.MANUAL) == {ANNA: Outcome.DONE}
    assert anna.mobile == NEW


async def test_a_retry_after_the_longest_lag_tells_how_it_ended(bench: Bench) -> None:
    """Five seconds, fifteen, a minute, five: the fourth retry is behind the lag."""
    await hidden_after_the_write(bench)
    began, waits = bench.clock(), []
    while bench.queues.sent:
        message, delay = bench.queues.sent.pop(0)
        waits.append(delay)
        bench.clock.advance(seconds=delay.total_seconds())
        await bench.handle(message)
    assert waits == [timedelta(seconds=wait) for wait in (5, 15, 60, 300)]
    assert bench.clock() - began > LONGEST_LAG


class RemovedMeanwhile(Look):
    """Somebody removes the number while the host that wrote it is dead."""

    noted = False

    async def settle(self) -> None:
        anna, memory = self.bench.directory.people[ANNA], self.bench.ledger.memories.get(ANNA)
        self.noted = bool(memory and (memory.accepted or memory.fingerprint))
        anna.mobile = None
        await super().settle()

    def check_always(self) -> None:
        """Whoever removed the number had MFA on by then, or not: both are theirs."""

    def check(self) -> None:
        added = written(self.bench).count(AddPhone)
        assert added == 1 if self.noted else added <= 2, "7: added again after somebody removed it"
        assert (self.bench.directory.people[ANNA].mobile is None) == self.noted
        assert self.bench.ledger.memories[ANNA].outcome in (Outcome.DONE, Outcome.NOOP)


async def test_a_removal_stays_whatever_call_the_look_before_it_died_at(
    record_property: Callable[[str, object], None],
) -> None:
    deaths = await die_everywhere(RemovedMeanwhile)
    record_property("deaths", f"reconcile {deaths}")
