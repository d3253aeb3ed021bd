"""Crash at every point of a run: whoever is listed ends by name, each write is done once, what changed is left alone.

The number of deaths is printed at the end of a test run.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial

import pytest

from shared.errors import Transient
from shared.memory import LEASE
from shared.models import MfaState, Outcome, Reason
from shared.plan import AddPhone, SetMfaState
from shared.ports import Phase
from shared.run_book import RUNS
from shared.run_items import Item, ItemState
from shared.run_rules import Run, RunState, run_of
from tests.workflow.crashing import Mortal, Story, die_everywhere
from tests.workflow.run_bench import CAROL, RunBench, everybody
from tests.workflow.test_reconcile import ANNA, BOB

PORTS = ("directory", "ledger", "audit", "queues", "parking", "control", "items", "changed")
DAVE = "dddddddd-0000-4000-8000-000000000004"
UNAVAILABLE = Transient(Reason.GRAPH_UNAVAILABLE, "503")


@dataclass
class RunStory:
    """Anna and Carol need everything, Bob will change, Dave has it all."""

    prepare: Callable[[RunBench], None] = lambda bench: None
    bench: RunBench = field(init=False)

    def __post_init__(self) -> None:
        self.bench = RunBench()
        for user_id in (ANNA, BOB, CAROL):
            self.bench.person(user_id)
        self.bench.person(DAVE, mobile="+31 612345678", state=MfaState.ENFORCED)
        self.bench.changed.pages = everybody(ANNA, BOB, CAROL, DAVE)
        self.prepare(self.bench)

    async def run(self, mortal: Mortal) -> None:
        real = {name: getattr(self.bench, name) for name in PORTS}
        for name, port in real.items():
            setattr(self.bench, name, mortal.port(port))
        try:
            await self.act()
        finally:
            for name, port in real.items():
                setattr(self.bench, name, port)

    async def act(self) -> None:
        raise NotImplementedError

    async def settle(self) -> None:
        """The operator asks again, the sweep's timer comes, and every message that was not worked on."""
        self.bench.clock.advance(seconds=LEASE.total_seconds() + 1)
        await self.act()
        await self.bench.advancer.advance()
        await self.bench.rest(timedelta(hours=6))

    @property
    def noted(self) -> Run | None:
        """The current run."""
        current = self.bench.control.records.get(RUNS)
        record = current and self.bench.control.records[f"run-{current.values['current']}"]
        return run_of(record.values, record.version) if record else None

    @property
    def items(self) -> dict[str, Item]:
        return self.bench.items.runs[self.noted.id] if self.noted else {}

    def written(self, user_id: str) -> list[type]:
        return [type(action) for user, action in self.bench.directory.journal if user == user_id]

    def check_always(self) -> None:
        people = self.bench.directory.people.values()
        assert all(person.state is MfaState.DISABLED or person.mobile for person in people), "5: MFA without a phone"
        assert self.written(BOB) == self.written(DAVE) == [], "7: written to who was not agreed to"
        run = self.noted
        if run is None:
            return
        passed = {user for page in self.passed(run) for user in page}
        owed = {user_id for user_id in passed if run.has_open(self.items[user_id])}
        assert owed <= set(self.bench.queues.users), "14: the checkpoint is ahead of the queue"

    def passed(self, run: Run) -> list[tuple[str, ...]]:
        """The pages behind the checkpoint."""
        if run.apply_at or run.cancelled_at:
            return [tuple(self.items)] if run.walked_at and not run.cancelled_at else []
        return [(ANNA, BOB, CAROL, DAVE)] if run.listed else [(ANNA, BOB)] if run.link else []

    async def check_run(self, state: RunState) -> None:
        assert self.noted
        assert await self.bench.state(self.noted.id) is state

    def check(self) -> None:
        self.check_always()
        assert self.bench.queues.sent == [], "it has come to rest"
        assert set(self.items) == {ANNA, BOB, CAROL, DAVE}, "everybody is listed"
        looks: dict[str, list[Phase]] = {}
        for row in self.bench.audit.rows:
            looks.setdefault(row.look, []).append(row.phase)
        assert all(phases == [Phase.INTENT, Phase.OUTCOME] for phases in looks.values()), "15: one intent, one outcome"


@dataclass
class Planning(RunStory):
    """Everybody has a plan, and nobody was written to."""

    async def act(self) -> None:
        if self.noted is None:
            await self.bench.plan()
        await self.bench.rest()

    def check_always(self) -> None:
        super().check_always()
        assert (self.bench.directory.requests, self.bench.audit.rows) == ([], []), "9: a plan writes nothing"
        assert self.bench.ledger.memories == {}, "a plan answers nobody's hint"

    def check(self) -> None:
        super().check()
        assert self.noted
        assert self.noted.listed
        assert {item.state for item in self.items.values()} == {ItemState.PLANNED}, "11: everybody has a plan"
        assert {user for user, item in self.items.items() if item.steps} == {ANNA, BOB, CAROL}


@dataclass
class Applying(RunStory):
    """Anna and Carol are done, Bob is left alone."""

    fails: Callable[[RunBench], None] = lambda bench: None

    async def begin(self) -> None:
        """Up to where the story begins: this process does not die."""
        await self.bench.planned()
        bob = self.bench.directory.people[BOB]
        bob.user = replace(bob.user, mobile_phone="06 87654321")
        self.fails(self.bench)

    async def run(self, mortal: Mortal) -> None:
        await self.begin()
        await super().run(mortal)

    async def act(self) -> None:
        assert self.noted
        await self.bench.apply(self.noted.id)
        await self.bench.rest()

    def check(self) -> None:
        super().check()
        states = {user_id: item.state for user_id, item in self.items.items()}
        ended, planned = ItemState.ENDED, ItemState.PLANNED
        assert states == {ANNA: ended, BOB: ItemState.CHANGED, CAROL: ended, DAVE: planned}, "11: by name"
        for user_id in (ANNA, CAROL):
            assert self.written(user_id) == [AddPhone, SetMfaState], "1: each write once, in order"
            assert self.items[user_id].outcome in (Outcome.DONE, Outcome.NOOP)
            assert self.bench.ledger.memories[user_id].outcome in (Outcome.DONE, Outcome.NOOP)
        assert BOB not in self.bench.ledger.memories, "nothing recorded of whom it left alone"
        assert self.bench.parking.items == {}


@dataclass
class Cancelled(Applying):
    """Anna's look was begun, so she is finished. Nobody has begun with Carol, so she is left alone."""

    asked: bool = False

    async def act(self) -> None:
        assert self.noted
        if not self.asked:
            await self.bench.apply(self.noted.id)
            await self.bench.advancer.advance()
            self.bench.platform.chores.clear()
            self.bench.platform.waits.clear()
            self.one_message_each()
            self.asked = True
            await self.bench.deliver()
        await self.bench.runs.cancel(self.noted.id)
        await self.bench.rest()

    def one_message_each(self) -> None:
        """As if there were twenty others between them."""
        self.bench.platform.sent = [
            (replace(message, users=(user,)), delay)
            for message, delay in self.bench.platform.sent
            for user in message.users
        ]

    def check(self) -> None:
        RunStory.check(self)
        assert self.noted
        assert self.noted.cancelled_at
        anna = self.bench.directory.people[ANNA]
        assert (anna.mobile is None) == (anna.state is MfaState.DISABLED), "nobody is left half done"
        assert self.written(ANNA) in ([], [AddPhone, SetMfaState])
        assert self.items[ANNA].state is (ItemState.ENDED if self.written(ANNA) else ItemState.PLANNED)
        assert self.written(CAROL) == [], "a queued look of a cancelled run writes nothing"
        assert set(self.bench.ledger.memories) <= {ANNA}
        if (memory := self.bench.ledger.memories.get(ANNA)) is not None:
            assert memory.claim is None, "15: no look is left without its end"


def fails(where: str, times: int) -> Callable[[RunBench], None]:
    def prepare(bench: RunBench) -> None:
        getattr(bench.directory, where)[ANNA] = [UNAVAILABLE] * times

    return prepare


STORIES: dict[str, Callable[[], Story]] = {
    "runs: planning": Planning,
    "runs: planning, with a retry": partial(Planning, prepare=fails("observe_failures", 2)),
    "runs: applying": Applying,
    "runs: applying, with a retry": partial(Applying, fails=fails("observe_failures", 2)),
    "runs: applying, with a retry between two writes": partial(Applying, fails=fails("read_back_failures", 2)),
    "runs: cancelled half-way": Cancelled,
    "runs: cancelled half-way, with a retry": partial(Cancelled, fails=fails("read_back_failures", 1)),
}


@pytest.mark.parametrize("name", STORIES)
async def test_a_crash_at_every_call_of_a_run(name: str, record_property: Callable[[str, object], None]) -> None:
    deaths = await die_everywhere(STORIES[name])
    assert deaths > 1, "it makes calls"
    record_property("deaths", f"{name.split(':', maxsplit=1)[0]} {deaths}")


async def test_the_table_bites() -> None:
    """A platform that loses a message in a crash leaves somebody without an end."""

    class Careless(Applying):
        async def settle(self) -> None:
            self.bench.platform.sent.clear()
            self.bench.platform.chores.clear()
            self.bench.platform.waits.clear()
            await super().settle()

    with pytest.raises(AssertionError, match="died"):
        await die_everywhere(Careless)
