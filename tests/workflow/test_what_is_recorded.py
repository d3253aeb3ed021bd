"""Rows and messages carry what operators, alerts and the next look need: each field once, by value."""

import itertools
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from shared.errors import Permanent, Transient
from shared.memory import LEASE, Memory
from shared.messages import Message
from shared.models import Cause, MfaState, Outcome, Reason
from shared.ports import SUBSCRIPTION, SWEEP, Parked, Phase, Record
from shared.pulse import PULSE
from shared.replay import Replayer
from shared.retry_rules import DELAYS
from shared.subscription_rules import RENEW_BELOW
from tests.fakes import NOW, FakeDirectory, FakeParking, FakeQueues
from tests.workflow import test_subscriptions as keeping
from tests.workflow import test_sweep as sweeping
from tests.workflow.test_reconcile import ANNA, APPLY, BOB, KEYS, Bench

UNAVAILABLE = Transient(Reason.GRAPH_UNAVAILABLE, "503")
FORBIDDEN = Permanent(Reason.NOT_ALLOWED, "403 accessDenied", "grant it")
RUN = "run-7"
RECEIVED = int(NOW.timestamp() * 1000)


@pytest.fixture
def bench() -> Bench:
    return Bench()


def message(*users: str, cause: Cause = Cause.BACKFILL, attempt: int = 1) -> Message:
    return Message(users or (ANNA,), cause, RECEIVED, RUN, attempt)


async def test_the_ledger_row_of_a_look_that_wrote(bench: Bench) -> None:
    bench.person()
    bench.clock.advance(seconds=3)
    await bench.handle(message())
    row = bench.ledger.memories[ANNA]
    assert (row.cause, row.run, row.policy) == (Cause.BACKFILL, RUN, APPLY.fingerprint())
    assert (row.received_at, row.done_at, row.looked_at) == (NOW, bench.clock(), bench.clock())
    assert (row.attempts, row.masked, row.claim, row.intended) == (0, "+31 ••••••78", None, None)


async def test_both_rows_of_the_audit(bench: Bench) -> None:
    bench.person()
    await bench.handle(message())
    for row, phase in zip(bench.audit.rows, (Phase.INTENT, Phase.OUTCOME), strict=True):
        assert (row.user_id, row.phase, row.at, row.began) == (ANNA, phase, NOW, NOW)
        assert (row.cause, row.policy) == (Cause.BACKFILL, APPLY.fingerprint())


async def test_an_equal_number_is_adopted(bench: Bench) -> None:
    bench.person(mobile="+31 612345678", state=MfaState.ENFORCED)
    await bench.handle(message())
    assert KEYS.is_phone(bench.ledger.memories[ANNA].fingerprint, ANNA, "+31612345678")


async def test_a_retry_knows_its_run_and_its_attempt(bench: Bench) -> None:
    bench.person()
    bench.directory.observe_failures[ANNA] = [UNAVAILABLE]
    await bench.handle(message(attempt=2))
    assert bench.queues.sent == [(Message((ANNA,), Cause.RETRY, RECEIVED, RUN, 3), DELAYS[1])]
    row = bench.ledger.memories[ANNA]
    assert (row.outcome, row.attempts, row.looked_at) == (Outcome.RETRY, 3, None)


async def test_so_does_a_look_at_what_could_not_be_read(bench: Bench) -> None:
    bench.person(privileged=None, unreadable=("roles: 403",))
    await bench.handle(message())
    [(again, _)] = bench.queues.sent
    assert (again.run, again.attempt, again.received) == (RUN, 2, RECEIVED)


async def test_and_a_hold_that_comes_back_when_it_ends(bench: Bench) -> None:
    bench.person(mobile="+31 687654321", state=MfaState.ENFORCED)
    fingerprint = KEYS.phone(ANNA, "+31687654321")
    bench.ledger.memories[ANNA] = Memory(ANNA, fingerprint=fingerprint, version="0")
    await bench.handle(message())
    ends = NOW + APPLY.change_hold
    due = Message((ANNA,), Cause.HOLD, int(ends.timestamp() * 1000), RUN)
    assert bench.queues.sent == [(due, APPLY.change_hold)]


async def test_who_lost_a_race_comes_back_alone(bench: Bench) -> None:
    bench.person()
    bench.person(BOB)

    def somebody_is_faster(memory: Memory) -> None:
        if memory.user_id == BOB and memory.claim:
            bench.somebody_records(Memory(BOB))

    bench.ledger.before_save = somebody_is_faster
    await bench.handle(message(ANNA, BOB))
    assert bench.queues.sent == [(replace(message(BOB), cause=Cause.RETRY), DELAYS[0])]


async def test_a_claim_lasts_as_long_as_its_lease(bench: Bench) -> None:
    bench.person()
    claims = []
    bench.directory.before_write = lambda user, _: claims.append(bench.ledger.memories[user].claim)
    await bench.handle(message())
    assert [claim.until for claim in claims if claim] == [NOW + LEASE] * 2


async def test_when_and_after_how_many_attempts_it_was_parked(bench: Bench) -> None:
    bench.person()
    bench.directory.observe_failures[ANNA] = [FORBIDDEN] * 2
    await bench.handle(message(attempt=7))
    bench.clock.advance(hours=1)
    await bench.look(attempt=8)
    parked = bench.parking.items[ANNA]
    assert (parked.first_at, parked.last_at, parked.attempts) == (NOW, bench.clock(), 8)
    assert (parked.users, parked.advice) == ((ANNA,), "grant it")


@pytest.mark.parametrize(
    ("cause", "outcome"),
    [
        (Cause.NOTIFICATION, Outcome.PARKED),
        (Cause.SWEEP, Outcome.PARKED),
        (Cause.BACKFILL, Outcome.PARKED),
        (Cause.MANUAL, Outcome.RETRY),
        (Cause.RETRY, Outcome.RETRY),
    ],
)
async def test_who_is_parked_gets_one_attempt_for_a_hint_and_all_of_them_from_an_operator(
    bench: Bench, cause: Cause, outcome: Outcome
) -> None:
    bench.person()
    bench.ledger.memories[ANNA] = Memory(ANNA, outcome=Outcome.PARKED, version="0")
    bench.directory.observe_failures[ANNA] = [UNAVAILABLE]
    assert await bench.look(cause=cause) == {ANNA: outcome}


@dataclass
class Ranked(FakeDirectory):
    """Knows which of its looks went behind the others."""

    behind: list[str] = field(default_factory=list)

    def in_background(self) -> "Ranked":
        self.behind.append("asked")
        return self


@pytest.mark.parametrize(
    ("cause", "waits"),
    [(Cause.SWEEP, True), (Cause.BACKFILL, True), (Cause.NOTIFICATION, False), (Cause.MANUAL, False)],
)
async def test_what_nobody_waits_for_goes_behind(cause: Cause, waits: bool) -> None:
    bench = Bench(directory=Ranked())
    bench.person()
    await bench.look(cause=cause)
    # one to gather, then a write and a read-back for the phone and for the state
    assert len(bench.directory.behind) == (5 if waits else 0)  # type: ignore[attr-defined]


async def test_a_look_leaves_its_pulse(bench: Bench) -> None:
    bench.person(privileged=None, unreadable=("roles: 403",))
    await bench.look(cause=Cause.NOTIFICATION)
    told = bench.control.records[PULSE].values
    assert told["unreadable"] == ["roles: 403"]
    assert told["notificationAt"] == bench.clock().isoformat()


async def test_a_replay_is_dated(bench: Bench) -> None:
    parking, queues = FakeParking(), FakeQueues()
    parking.items[ANNA] = Parked(ANNA, "poison", (ANNA,), NOW, NOW, 6)
    await Replayer(parking, queues, bench.clock).replay(None)
    assert queues.sent[0][0] == Message((ANNA,), Cause.MANUAL, RECEIVED)


async def test_what_the_keeper_notes() -> None:
    bench = keeping.Bench()
    await bench.keep()
    [created] = bench.api.created
    assert bench.control.records[SUBSCRIPTION].values == {
        "id": created.id,
        "fingerprint": "fingerprint",
        "pending": None,
        "missingSince": None,
        "removedAt": None,
        "notificationUrl": created.notification_url,
        "expires": created.expires.isoformat(),
        "checkedAt": NOW.isoformat(),
    }
    assert created.expires - NOW > RENEW_BELOW


async def test_what_the_sweep_notes_on_its_way_and_at_its_end() -> None:
    bench = sweeping.Bench()
    users, link = sweeping.USERS, sweeping.SKIP + "1"
    bench.changed.pages = {None: sweeping.page(*users[:2], next_link=link), link: UNAVAILABLE}
    with pytest.raises(Exception, match="503"):
        await bench.sweeper.sweep()
    begun = {"link": link, "full": True, "fullAt": NOW.isoformat(), "complete": False}
    kept = {"selection": bench.changed.selection, "policy": sweeping.POLICY, "pageAt": NOW.isoformat()}
    assert bench.control.records[SWEEP].values == begun | kept
    assert {sent.received for sent, _ in bench.queues.sent} == {RECEIVED}
    bench.clock.advance(minutes=1)
    bench.changed.pages[link] = sweeping.page(delta_link=sweeping.DELTA)
    bench.control.records[SUBSCRIPTION] = Record({"removedAt": NOW.isoformat()}, "1")
    await bench.sweeper.sweep()
    told = bench.control.records[SWEEP].values
    assert told["completedAt"] == told["pageAt"] == bench.clock().isoformat()
    assert (told["fullAt"], told["complete"], bench.queues.chores) == (NOW.isoformat(), True, []), "none is wanted"


async def test_messages_are_spread_over_all_pages() -> None:
    bench = sweeping.Bench()
    many = tuple(f"{n:08x}-0000-4000-8000-000000000000" for n in range(3_000))
    links = [None, sweeping.SKIP + "1", sweeping.SKIP + "2", None]
    for number, (link, following) in enumerate(itertools.pairwise(links)):
        ids = many[number * 1_000 : (number + 1) * 1_000]
        ends = None if following else sweeping.DELTA
        bench.changed.pages[link] = sweeping.page(*ids, next_link=following, delta_link=ends)
    await bench.sweeper.sweep()
    assert bench.queues.sent[-1][1] == timedelta(seconds=(150 - 1 - 25) / 2)
