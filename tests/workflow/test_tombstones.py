"""Only an operator brings back what somebody removed."""

from shared.models import Cause, Outcome, Reason
from shared.plan import AddPhone
from shared.tombstones import CLEARED, Tombstones
from tests.workflow.test_reconcile import ANNA, Bench


def tombstones(bench: Bench) -> Tombstones:
    return Tombstones(bench.ledger, bench.audit, bench.policy, bench.clock, lambda: "clearing")


async def test_cleared_it_is_added_once_and_never_again_by_itself() -> None:
    bench = Bench()
    anna = bench.person()
    await bench.look()
    anna.mobile = None
    for _ in range(10):
        await bench.look(cause=Cause.SWEEP)
    assert Reason.REMOVED_BY_HUMAN in bench.ledger.memories[ANNA].reasons
    assert await tombstones(bench).clear(ANNA)
    assert await bench.look(cause=Cause.MANUAL) == {ANNA: Outcome.DONE}
    assert [type(action) for _, action in bench.directory.journal].count(AddPhone) == 2
    anna.mobile = None
    await bench.look(cause=Cause.SWEEP)
    assert [type(action) for _, action in bench.directory.journal].count(AddPhone) == 2


async def test_the_audit_says_who_was_cleared() -> None:
    bench = Bench()
    bench.person()
    await bench.look()
    await tombstones(bench).clear(ANNA)
    row = bench.audit.rows[-1]
    assert (row.user_id, row.actions, row.outcome, row.cause) == (ANNA, (CLEARED,), "cleared", Cause.MANUAL)


async def test_where_nothing_was_written_there_is_nothing_to_clear() -> None:
    bench = Bench()
    assert not await tombstones(bench).clear(ANNA)
    assert bench.audit.rows == []
