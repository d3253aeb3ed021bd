"""Two looks at one user at once: whoever comes second is recorded after the first where neither wrote, and looks again
where the first one changed what the second decided on."""

import asyncio
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import Failure
from shared.memory import LEASE, Accepted, Claim
from shared.messages import Message
from shared.models import Cause, MfaState, Observation, Outcome
from shared.moments import millis
from shared.plan import AddPhone, Hold, SetMfaState
from shared.ports import Parked
from shared.retry_rules import DELAYS
from tests.fakes import NOW
from tests.workflow.test_reconcile import ANNA, KEYS, Bench


@pytest.fixture
async def bench() -> Bench:
    """Anna has come to rest, an hour ago."""
    settled = Bench()
    settled.person()
    await settled.look()
    settled.clock.advance(hours=1)
    settled.directory.looks.clear()
    return settled


def hint(bench: Bench) -> Message:
    return Message((ANNA,), Cause.NOTIFICATION, millis(bench.clock()))


async def test_two_looks_that_find_nothing_to_do_are_two_looks(bench: Bench) -> None:
    observe = bench.directory.observe
    second_has_begun, first_is_recorded = asyncio.Event(), asyncio.Event()

    async def one_inside_the_other(
        user_ids: Sequence[str], about_to_write: Collection[str] = ()
    ) -> Mapping[str, Observation | Failure]:
        is_first = not bench.directory.looks
        seen = await observe(user_ids, about_to_write)
        if not is_first:
            second_has_begun.set()
        await (second_has_begun if is_first else first_is_recorded).wait()
        return seen

    async def first() -> Mapping[str, Outcome]:
        outcomes = await bench.handle(hint(bench))
        first_is_recorded.set()
        return outcomes

    async def second() -> Mapping[str, Outcome]:
        bench.clock.advance(seconds=2)
        return await bench.handle(hint(bench))

    bench.directory.observe = one_inside_the_other  # type: ignore[method-assign]
    for outcomes in await asyncio.gather(first(), second()):
        assert outcomes == {ANNA: Outcome.NOOP}
    assert bench.directory.looks == [ANNA, ANNA]
    assert bench.queues.sent == []
    assert bench.ledger.memories[ANNA].looked_at == bench.clock(), "the later of the two"


def once(bench: Bench, **changed: Any) -> None:
    """Another look is recorded in the moment before this one is."""

    def somebody_is_faster(_: object) -> None:
        bench.ledger.before_save = lambda memory: None
        bench.somebody_records(replace(bench.ledger.memories[ANNA], **changed))

    bench.ledger.before_save = somebody_is_faster


async def test_what_the_other_one_recorded_besides_stays(bench: Bench) -> None:
    once(bench, attempts=3, outcome=Outcome.RETRY, received_at=NOW + timedelta(minutes=7))
    await bench.look()
    row = bench.ledger.memories[ANNA]
    assert (row.outcome, row.attempts, row.received_at) == (Outcome.NOOP, 0, NOW + timedelta(minutes=7))
    assert bench.queues.sent == []


async def test_an_older_look_does_not_take_the_place_of_a_newer_one(bench: Bench) -> None:
    newer = bench.clock() + timedelta(minutes=1)
    once(bench, looked_at=newer, outcome=Outcome.SKIPPED)
    await bench.look()
    row = bench.ledger.memories[ANNA]
    assert (row.looked_at, row.outcome) == (newer, Outcome.SKIPPED)
    assert bench.queues.sent == []


@pytest.mark.parametrize(
    "changed",
    [
        {"fingerprint": KEYS.phone(ANNA, "+31687654321")},
        {"fingerprint": None},
        {"intended": KEYS.phone(ANNA, "+31687654321")},
        {"accepted": Accepted(AddPhone.kind, NOW)},
        {"state_written": MfaState.ENFORCED},
        {"hold": Hold("v1:x", NOW)},
        {"claim": Claim("look-of-another", NOW + timedelta(hours=1) + LEASE)},
        {"done_at": NOW + timedelta(hours=1)},
    ],
    ids=lambda changed: next(iter(changed)),
)
async def test_after_a_look_that_wrote_it_looks_again(bench: Bench, changed: dict[str, Any]) -> None:
    before = bench.ledger.memories[ANNA]
    once(bench, **changed)
    await bench.look()
    [(again, _)] = bench.queues.sent
    assert (again.users, again.cause) == ((ANNA,), Cause.RETRY)
    assert bench.ledger.memories[ANNA] == replace(before, **changed), "its row is not touched"


async def test_a_look_that_wrote_itself_looks_again(bench: Bench) -> None:
    bench.directory.people[ANNA].state = MfaState.DISABLED

    def at_the_end(memory: object) -> None:
        if bench.directory.people[ANNA].state is not MfaState.DISABLED and bench.audit.rows[-1].outcome:
            once(bench)
            bench.ledger.before_save(memory)  # type: ignore[arg-type]

    bench.ledger.before_save = at_the_end
    await bench.look()
    assert [type(action) for _, action in bench.directory.requests] == [AddPhone, SetMfaState, SetMfaState]
    [(again, _)] = bench.queues.sent
    assert again.users == (ANNA,)


async def test_a_look_that_failed_says_nothing_about_the_row_of_another_one(bench: Bench) -> None:
    del bench.directory.people[ANNA]
    before = bench.ledger.memories[ANNA]
    once(bench)
    assert await bench.look(attempt=len(DELAYS) + 1) == {ANNA: Outcome.GONE}
    assert bench.ledger.memories[ANNA] == before
    [(again, _)] = bench.queues.sent
    assert again.users == (ANNA,)


async def test_who_was_parked_by_the_other_one_is_free(bench: Bench) -> None:
    now = bench.clock()
    await bench.parking.park(Parked(ANNA, "graphUnavailable", (ANNA,), now, now, 7, "replay"))
    once(bench, outcome=Outcome.PARKED)
    await bench.look()
    assert bench.parking.items == {}
    assert bench.ledger.memories[ANNA].outcome is Outcome.NOOP
