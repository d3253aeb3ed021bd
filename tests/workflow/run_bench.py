"""The workflows of runs on fakes, and a platform that delivers what waits in the queues."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from shared.messages import Chore, Message, encode
from shared.models import Cause, MfaState
from shared.poisoned import PoisonKeeper
from shared.ports import DeltaPage
from shared.run_advance import RunAdvancer
from shared.run_book import RunBook
from shared.run_items import Item
from shared.run_planner import RunPlanner
from shared.run_poison import RunPoisonKeeper
from shared.run_rules import Run, RunState
from shared.run_view import RunViewer
from shared.run_worker import RunWorker
from shared.runs import Runs
from tests.fakes import FakeChangedUsers, FakeQueues, FakeRunItems
from tests.workflow.test_reconcile import ANNA, BOB, KEYS, Bench

CAROL = "cccccccc-0000-4000-8000-000000000003"


def everybody(*users: str) -> dict[str | None, Any]:
    """What /users/delta tells from the start: two pages."""
    half = len(users) // 2
    return {None: DeltaPage(users[:half], "next", None), "next": DeltaPage(users[half:], None, "delta")}


@dataclass
class RunBench(Bench):
    """Everything is made anew for each call, as in a process that has just started."""

    items: FakeRunItems = field(default_factory=FakeRunItems)
    changed: FakeChangedUsers = field(default_factory=FakeChangedUsers)
    runs_made: int = 0
    chance: float = 0.0
    platform: FakeQueues = field(init=False)
    """The queues as they are, also while a process sees them through something else."""

    def __post_init__(self) -> None:
        self.platform = self.queues

    @property
    def book(self) -> RunBook:
        return RunBook(self.control, self.items)

    @property
    def runs(self) -> Runs:
        return Runs(self.book, self.queues, self.policy.mode, self.clock, self._run_id)

    @property
    def advancer(self) -> RunAdvancer:
        return RunAdvancer(self.book, self.changed, self.queues, self.reconciler.switches, self.clock)

    @property
    def worker(self) -> RunWorker:
        one = self.reconciler
        looks = (self.directory, self.ledger, self.items, self.queues, one.switches)
        planner = RunPlanner(*looks, self.policy, KEYS, self.clock, lambda: self.chance)
        return RunWorker(self.book, planner, one, self.ledger, self.queues, KEYS, self.clock)

    @property
    def poison(self) -> RunPoisonKeeper:
        return RunPoisonKeeper(PoisonKeeper(self.ledger, self.parking, self.clock), self.book, self.clock)

    async def plan(self, *users: str) -> str:
        """A run over these users (none: everybody), as an operator asks for it."""
        self.clock.advance(seconds=1)
        return (await self.runs.plan(users or None)).id

    async def apply(self, run_id: str) -> RunState:
        self.clock.advance(seconds=1)
        return await self.runs.apply(run_id)

    async def planned(self, *users: str) -> str:
        """A run that is planned."""
        run_id = await self.plan(*users)
        await self.rest()
        return run_id

    async def applied(self, run_id: str) -> None:
        await self.apply(run_id)
        await self.rest()

    async def take(self, message: Message) -> None:
        """As the trigger hands it on."""
        self.clock.advance(seconds=1)
        if message.run is None:
            await self.reconciler.reconcile(message)
        else:
            await self.worker.take(message)

    async def rest(self, within: timedelta = timedelta(hours=3)) -> None:
        """Delivers what is in the queues, and what that leads to, until it is empty or the rest waits for longer."""
        until = self.clock() + within
        for _ in range(300):
            await self._do_chores()
            if not self.platform.sent:
                return
            self.platform.sent.sort(key=lambda sent: sent[1])
            _, delay = self.platform.sent[0]
            if self.clock() + delay > until:
                return
            self.clock.advance(seconds=delay.total_seconds())
            self.platform.sent = [(later, max(wait - delay, timedelta(0))) for later, wait in self.platform.sent]
            await self.deliver()
        raise AssertionError("it does not come to rest")

    async def deliver(self) -> None:
        """The first message. It leaves the queue when it has been worked on, and not before."""
        real = self.platform
        [first, *_] = real.sent
        await self.take(first[0])
        real.sent.remove(first)

    async def _do_chores(self) -> None:
        real = self.platform
        while real.chores:
            assert real.chores[0] is Chore.RUN
            await self.advancer.advance()
            real.chores.pop(0)
            real.waits.pop(0)

    async def run(self, run_id: str) -> Run:
        run = await self.book.load(run_id)
        assert run
        return run

    async def state(self, run_id: str) -> RunState:
        return await self.book.state(await self.run(run_id))

    async def show(self, run_id: str, after: str | None = None) -> dict[str, Any]:
        shown = await RunViewer(self.book, self.clock).show(run_id, after)
        assert shown
        return shown

    def item(self, run_id: str, user_id: str) -> Item:
        return self.items.runs[run_id][user_id]

    def backfill(self, run_id: str, *users: str, cause: Cause = Cause.BACKFILL, attempt: int = 1) -> Message:
        return Message(users, cause, int(self.clock().timestamp() * 1000), run_id, attempt)

    def hint(self) -> Message:
        """Graph tells that Anna changed."""
        return Message((ANNA,), Cause.NOTIFICATION, int(self.clock().timestamp() * 1000))

    def everything(self) -> str:
        """Every row and message there is, as text: to look for what must not be in it."""
        rows = (self.items.runs, self.control.records, self.ledger.memories, self.audit.rows, self.parking.items)
        return repr(rows) + "".join(encode(message) for message, _ in self.queues.sent)

    def _run_id(self) -> str:
        self.runs_made += 1
        return f"{self.runs_made:012x}"


def anna_and_bob() -> RunBench:
    """Anna needs everything, Bob has it all."""
    bench = RunBench()
    bench.person(ANNA)
    bench.person(BOB, mobile="+31 612345678", state=MfaState.ENFORCED)
    bench.changed.pages = everybody(ANNA, BOB)
    return bench
