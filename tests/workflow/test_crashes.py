"""Crash at every point: each workflow dies at each of its I/O calls, and ends as if nothing had happened.

The number of deaths is printed at the end of a test run.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import pytest

from shared.errors import Failure, Permanent, Transient
from shared.memory import LEASE, Memory
from shared.messages import Chore, Message, encode
from shared.models import Cause, DefaultMethod, MfaState, Outcome, Reason, SignInPreference
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.poisoned import PoisonKeeper
from shared.policy import Policy
from shared.ports import SUBSCRIPTION, SWEEP, DeltaPage, Parked, Phase, Record
from shared.replay import Replayer
from shared.retries import Retries
from shared.retry_rules import DELAYS
from shared.subscription_rules import MIN_PASSES, Setback, StalledRenewal
from shared.subscriptions import Keeper
from shared.sweep import Sweeper
from tests.fakes import (
    NOW,
    FakeChangedUsers,
    FakeClock,
    FakeControl,
    FakeLedger,
    FakeParking,
    FakeQueues,
    FakeSubscriptionApi,
)
from tests.workflow.crashing import Mortal, Story, die_everywhere
from tests.workflow.test_reconcile import ANNA, APPLY, BOB, KEYS, Bench
from tests.workflow.test_subscriptions import DESIRED, LIVE, OTHER, OURS
from tests.workflow.test_sweep import DELTA, POLICY, SKIP, USERS, page

PORTS = ("directory", "ledger", "audit", "queues", "parking", "control")
NEW, OLD = "+31 612345678", "+31 687654321"


@dataclass
class Look:
    """One user through the reconciler, until the queue is empty."""

    policy: Policy = APPLY
    attempt: int = 1
    prepare: Callable[[Bench], None] = lambda bench: None
    ends: frozenset[Outcome] = frozenset({Outcome.DONE, Outcome.NOOP})
    writes: tuple[type[Action], ...] = (AddPhone, SetMfaState)
    bench: Bench = field(init=False)

    def __post_init__(self) -> None:
        self.bench = Bench(policy=self.policy)
        self.bench.person()
        self.prepare(self.bench)

    async def run(self, mortal: Mortal) -> None:
        real = {name: getattr(self.bench, name) for name in PORTS}
        for name, port in real.items():
            setattr(self.bench, name, mortal.port(port))
        try:
            await self.bench.look(attempt=self.attempt)
        finally:
            for name, port in real.items():
                setattr(self.bench, name, port)

    async def settle(self) -> None:
        self.bench.clock.advance(seconds=LEASE.total_seconds() + 1)
        await self.bench.look(cause=Cause.RETRY, attempt=self.attempt)
        for _ in range(40):
            if not self.bench.queues.sent:
                return
            self.bench.queues.sent.sort(key=lambda sent: sent[1])
            message, delay = self.bench.queues.sent.pop(0)
            self.bench.clock.advance(seconds=delay.total_seconds())
            await self.bench.handle(message)
        raise AssertionError("it does not come to rest")

    def check_always(self) -> None:
        anna = self.bench.directory.people[ANNA]
        assert anna.state is MfaState.DISABLED or anna.mobile, "5: MFA on without a phone"

    def check(self) -> None:
        self.check_always()
        written = [type(action) for _, action in self.bench.directory.journal]
        assert tuple(written) == self.writes, "1: each write once, in order"
        assert self.bench.ledger.memories[ANNA].outcome in self.ends, "11: at rest, by name"
        looks: dict[str, list[Phase]] = {}
        for row in self.bench.audit.rows:
            looks.setdefault(row.look, []).append(row.phase)
        assert all(phases == [Phase.INTENT, Phase.OUTCOME] for phases in looks.values()), "15: one intent, one outcome"
        assert bool(looks) == bool(written)
        parked = self.bench.ledger.memories[ANNA].outcome is Outcome.PARKED
        assert (ANNA in self.bench.parking.items) == parked


def fails(count: int, failure: Transient | Permanent, where: str = "observe_failures") -> Callable[[Bench], None]:
    def prepare(bench: Bench) -> None:
        getattr(bench.directory, where)[ANNA] = [failure] * count

    return prepare


def number_changed(bench: Bench) -> None:
    anna = bench.directory.people[ANNA]
    anna.mobile, anna.state = OLD, MfaState.ENFORCED
    fingerprint = KEYS.phone(ANNA, OLD.replace(" ", ""))
    bench.ledger.memories[ANNA] = Memory(ANNA, fingerprint=fingerprint, version="0")


def committed_but_told_otherwise(bench: Bench) -> None:
    bench.directory.write_failures[ANNA] = [Transient(Reason.GRAPH_UNAVAILABLE, "504")] * 2
    bench.directory.commits_anyway = {ANNA}


def parked_before(bench: Bench) -> None:
    bench.ledger.memories[ANNA] = Memory(ANNA, outcome=Outcome.PARKED, reasons=(Reason.POISON,), version="0")
    bench.parking.items[ANNA] = Parked(ANNA, "poison", (ANNA,), NOW, NOW, 6)


def system_preferred(bench: Bench) -> None:
    bench.directory.people[ANNA].preference = SignInPreference(None, False)


UNAVAILABLE = Transient(Reason.GRAPH_UNAVAILABLE, "503")
THROTTLED = Transient(Reason.THROTTLED, "429", timedelta(seconds=77))
FORBIDDEN = Permanent(Reason.NOT_ALLOWED, "403", "grant it")
LAST = len(DELAYS) + 1


@dataclass
class SweepStory:
    """Two pages and a delta link: whoever is behind the checkpoint has been queued."""

    links: dict[str | None, DeltaPage | Failure] = field(default_factory=dict)
    known: dict[str, object] = field(default_factory=dict)
    control: FakeControl = field(default_factory=FakeControl)
    queues: FakeQueues = field(default_factory=FakeQueues)
    clock: FakeClock = field(default_factory=FakeClock)

    def __post_init__(self) -> None:
        if self.known:
            self.control.records[SWEEP] = Record(self.known, "1")

    async def run(self, mortal: Mortal) -> None:
        changed, control, queues = mortal.port(FakeChangedUsers(self.links)), mortal.port(self.control), self.queues
        await Sweeper(changed, control, mortal.port(queues), POLICY, self.clock).sweep()

    async def settle(self) -> None:
        await self.run(Mortal())

    def check_always(self) -> None:
        link = self.control.records.get(SWEEP, Record({})).values.get("link")
        behind = {None: 0, DELTA + "old": 0, SKIP + "1": 25, DELTA + "1": 45}[link]
        assert set(USERS[:behind]) <= set(self.queues.users), "14: the checkpoint is ahead of the queue"

    def check(self) -> None:
        assert self.control.records[SWEEP].values["link"] == DELTA + "1"
        assert set(self.queues.users) == set(USERS)
        assert Chore.SWEEP in self.queues.chores, "4: without a subscription the next sweep is on its way"


PAGES: dict[str | None, DeltaPage | Failure] = {
    None: page(*USERS[:25], next_link=SKIP + "1"),
    SKIP + "1": page(*USERS[25:], delta_link=DELTA + "1"),
    DELTA + "1": page(delta_link=DELTA + "1"),
}
EXPIRED: dict[str, object] = {"selection": "id,mobilePhone", "policy": POLICY, "link": DELTA + "old"}


@dataclass
class KeeperStory:
    """Ends with one healthy subscription and, where there was a gap, a sweep over it."""

    exists: tuple[str, ...] = ()
    remembers: bool = True
    expires: timedelta = timedelta(days=20)
    gap: bool = True
    renew: bool = False
    stalled: bool = False
    control: FakeControl = field(default_factory=FakeControl)
    queues: FakeQueues = field(default_factory=FakeQueues)
    api: FakeSubscriptionApi = field(default_factory=lambda: FakeSubscriptionApi(LIVE))

    def __post_init__(self) -> None:
        for item in self.exists:
            self.api.existing[item] = replace(LIVE, id=item, expires=NOW + self.expires)
        if self.exists and self.remembers:
            self.control.records[SUBSCRIPTION] = Record({"id": self.exists[0], "fingerprint": "fingerprint"}, "0")
        if self.stalled:
            self.api.unmoved = True
            [ours] = self.api.existing.values()
            before = StalledRenewal(ours.id, ours.expires, NOW, MIN_PASSES - 1, Setback.UNMOVED, "200")
            values = dict(self.control.records[SUBSCRIPTION].values) | {"renewal": before.as_values()}
            self.control.records[SUBSCRIPTION] = Record(values, "0")

    async def run(self, mortal: Mortal) -> None:
        await self.keep(mortal, self.renew)

    async def keep(self, mortal: Mortal, renew: bool) -> None:
        api, control, queues = mortal.port(self.api), mortal.port(self.control), mortal.port(self.queues)
        await Keeper(api, control, queues, DESIRED, FakeClock()).keep(renew)

    async def settle(self) -> None:
        """The chore's message comes again, if it was one; a timer's run is followed by the next one's."""
        await self.keep(Mortal(), self.renew)
        await self.keep(Mortal(), renew=False)

    def check_always(self) -> None:
        assert len(self.api.existing) <= max(1, len(self.exists)), "13: no second one"

    def check(self) -> None:
        [kept] = self.api.existing.values()
        assert self.control.records[SUBSCRIPTION].values["id"] == kept.id
        assert self.control.records[SUBSCRIPTION].values["missingSince"] is None
        assert kept.expires - NOW > timedelta(days=14)
        assert bool(self.queues.chores) == self.gap, "what the gap swallowed is swept"
        assert bool(self.api.renewed) or not self.renew, "a renewal that was asked for is sent"


@dataclass
class RetryStory:
    """A chore that keeps failing has one retry on its way, whatever dies; `attempt` 2: it is a retry itself."""

    attempt: int = 1
    control: FakeControl = field(default_factory=FakeControl)
    queues: FakeQueues = field(default_factory=FakeQueues)
    clock: FakeClock = field(default_factory=FakeClock)
    stamp: int = 1

    def __post_init__(self) -> None:
        if self.attempt > 1:
            self.control.records["retry-sweep"] = Record(
                {"stamp": self.stamp, "attempt": self.attempt, "due": NOW.isoformat()}, "0"
            )

    async def run(self, mortal: Mortal) -> None:
        await self.fail(mortal, self.stamp, self.attempt)

    async def fail(self, mortal: Mortal, stamp: int, attempt: int) -> None:
        retries = Retries(mortal.port(self.control), mortal.port(self.queues), self.clock)
        if await retries.is_current(Chore.SWEEP, stamp, attempt):
            await retries.after_failure(Chore.SWEEP, UNAVAILABLE, attempt)

    async def settle(self) -> None:
        """The platform brings the message again, and then a timer's run fails as well."""
        self.clock.advance(seconds=1)
        await self.fail(Mortal(), self.stamp, self.attempt)
        await self.fail(Mortal(), 0, 1)

    def check_always(self) -> None:
        """Between the message and its name the chain hangs by what the platform repeats."""

    def check(self) -> None:
        stamps = [int(moment.timestamp() * 1000) for moment in self.queues.moments]
        named = self.control.records["retry-sweep"].values["stamp"]
        assert stamps.count(named) == 1, "one retry goes on"


@dataclass
class PoisonStory:
    """What gave up is in the list, with its users."""

    text: str
    parked: frozenset[str]
    ledger: FakeLedger = field(default_factory=FakeLedger)
    parking: FakeParking = field(default_factory=FakeParking)

    async def run(self, mortal: Mortal) -> None:
        await PoisonKeeper(mortal.port(self.ledger), mortal.port(self.parking), FakeClock()).take(self.text, 5)

    async def settle(self) -> None:
        await self.run(Mortal())

    def check_always(self) -> None:
        """Nothing is promised before it is parked: the message is in the poison queue until then."""

    def check(self) -> None:
        assert {user for item in self.parking.items.values() for user in item.users} == self.parked


@dataclass
class ReplayStory:
    """Whoever is to be tried again is in the queue before it leaves the list."""

    parking: FakeParking = field(default_factory=FakeParking)
    queues: FakeQueues = field(default_factory=FakeQueues)

    def __post_init__(self) -> None:
        for key, user in ((ANNA, ANNA), ("message-1", BOB), ("message-2", USERS[0])):
            self.parking.items[key] = Parked(key, "poison", (user,), NOW, NOW, 5)

    async def run(self, mortal: Mortal) -> None:
        await Replayer(mortal.port(self.parking), mortal.port(self.queues), FakeClock()).replay(None)

    async def settle(self) -> None:
        await self.run(Mortal())

    def check_always(self) -> None:
        left = {user for item in self.parking.items.values() for user in item.users}
        assert {ANNA, BOB, USERS[0]} <= left | set(self.queues.users)

    def check(self) -> None:
        assert set(self.queues.users) == {ANNA, BOB, USERS[0]}
        assert set(self.parking.items) == {ANNA}


APPLY_SMS = replace(APPLY, default_method=DefaultMethod.SMS)
AT_ONCE = replace(APPLY, change_hold=timedelta(0))
PARKED = frozenset({Outcome.PARKED})

STORIES: dict[str, Callable[[], Story]] = {
    "reconcile: a new user": Look,
    "reconcile: with the default method": partial(
        Look, policy=APPLY_SMS, prepare=system_preferred, writes=(AddPhone, SetDefaultMethod, SetMfaState)
    ),
    "reconcile: a changed number, at once": partial(
        Look, policy=AT_ONCE, prepare=number_changed, writes=(UpdatePhone,)
    ),
    "reconcile: a changed number, held": partial(Look, prepare=number_changed, writes=(UpdatePhone,)),
    "reconcile: Graph unavailable twice": partial(Look, prepare=fails(2, UNAVAILABLE)),
    "reconcile: throttled before the write": partial(Look, prepare=fails(1, THROTTLED, "write_failures")),
    "reconcile: 504 after the write": partial(Look, prepare=committed_but_told_otherwise),
    "reconcile: given up": partial(Look, attempt=LAST, prepare=fails(40, FORBIDDEN), ends=PARKED, writes=()),
    "reconcile: parked before": partial(Look, prepare=parked_before),
    "sweep: in full": partial(SweepStory, PAGES),
    "sweep: after the link expired": partial(SweepStory, PAGES, EXPIRED),
    "keeper: none": KeeperStory,
    "keeper: near its end": partial(KeeperStory, (OURS,), expires=timedelta(days=3), gap=False),
    "keeper: of another secret": partial(KeeperStory, (OURS,), remembers=False),
    "keeper: two of them": partial(KeeperStory, (OURS, OTHER), gap=False),
    "keeper: asked for a renewal": partial(KeeperStory, (OURS,), renew=True, gap=False),
    "keeper: cannot be renewed": partial(KeeperStory, (OURS,), expires=timedelta(days=5), stalled=True),
    "chore: failed": RetryStory,
    "chore: failed again": partial(RetryStory, attempt=2),
    "poison: two users": partial(PoisonStory, encode(Message((ANNA, BOB), Cause.SWEEP, 1)), frozenset({ANNA, BOB})),
    "poison: unreadable": partial(PoisonStory, f"{{{ANNA}", frozenset({ANNA})),
    "replay: all": ReplayStory,
}


@pytest.mark.parametrize("name", STORIES)
async def test_a_crash_at_every_call(name: str, record_property: Callable[[str, object], None]) -> None:
    deaths = await die_everywhere(STORIES[name])
    assert deaths > 1, "it makes calls"
    record_property("deaths", f"{name.split(':', maxsplit=1)[0]} {deaths}")


def test_every_workflow_that_does_io_is_in_the_table() -> None:
    told = Counter(name.split(":")[0] for name in STORIES)
    assert set(told) == {"reconcile", "sweep", "keeper", "chore", "poison", "replay"}


async def test_the_table_bites() -> None:
    """A keeper that loses its notes in a crash makes a second subscription."""

    class Forgetful(KeeperStory):
        async def settle(self) -> None:
            self.control.records.pop(SUBSCRIPTION, None)
            await super().settle()

        def check(self) -> None:
            assert len(self.api.created) == 1

    with pytest.raises(AssertionError, match="died"):
        await die_everywhere(Forgetful)
