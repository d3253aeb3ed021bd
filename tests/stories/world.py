"""A small world: a simulated tenant, two processes of the app, a queue, and one clock that only moves by rule.

Real are the workflows, the Graph client, the codecs and the simulator's rules; in memory are the storage ports
(tests/fakes.py), the queue and the wire. Storage and the tenant outlive the processes.
"""

import asyncio
import itertools
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from dev.graph_simulator.errors import GraphError
from dev.graph_simulator.model import Subscription, User
from dev.graph_simulator.people import KINDS, make_people
from dev.graph_simulator.population import make_user
from dev.graph_simulator.switches import Switches as Weather
from dev.graph_simulator.tenant import Tenant
from shared.coalescing import Coalescer
from shared.errors import Conflict, GraphFailed
from shared.fingerprint import Keys
from shared.graph.client import Service
from shared.graph.delta import GraphChangedUsers
from shared.graph.directory import GraphDirectory
from shared.graph.roles import RoleReader
from shared.intake import take_changes
from shared.messages import Message, decode, encode
from shared.models import Cause
from shared.moments import kept_moment
from shared.notifications import Expected
from shared.pace import ROLES_THROTTLE, THROTTLE, Pace
from shared.poisoned import PoisonKeeper
from shared.policy import Policy
from shared.ports import SWEEP, Record
from shared.pulse import Pulse
from shared.reconcile import Reconciler
from shared.recording import Recorder
from shared.sweep import Sweeper
from shared.switches import Switches
from shared.tombstones import Tombstones
from shared.triggers import DEADLINE_SECONDS, MOST_EARLY
from tests.fakes import FakeParking
from tests.stories.measure import tell_oracle
from tests.stories.process import APP_ID, FAR, WORK, Account, Crash, Gate, Line, Outage, StillClock, through
from tests.stories.stores import MemoryQueue, NotedAudit, NotedControl, NotedLedger, Waiting

KEYS = Keys("k" * 40)
EVERYBODY, BOARD, PILOT, TEAM, ADMINS = GROUPS = tuple(f"00000000-0000-4000-8000-0000000000e{n}" for n in range(5))
"""TEAM is nested in PILOT; ADMINS can hold roles."""
SUBSCRIPTION = "5b5c1f7d-0000-4000-8000-0000000000bb"

MOST_DELIVERIES = 5
RETRY_AFTER_FAILURE, RETRY_AFTER_CRASH = timedelta(seconds=30), timedelta(minutes=10)
"""host.json: maxDequeueCount and visibilityTimeout; a message whose process died stays hidden for ten minutes."""
MANY = 800
"""More deliveries than any world without faults needs to come to rest."""


@dataclass(frozen=True)
class Rulebook:
    """What an operator sets."""

    policy: Policy
    writes_per_hour: int = 1_000


@dataclass
class Instance:
    """One worker process."""

    line: Line
    gate: Gate
    reconciler: Reconciler
    sweeper: Sweeper
    coalescer: Coalescer


class World:
    """Everything that exists, and the verbs of a story."""

    def __init__(self, clock: StillClock, lines: Sequence[Line], rulebook: Rulebook) -> None:
        self.tenant = Tenant()
        self.tenant.clock = clock
        self.calm()
        self.tenant.group_parents, self.tenant.role_assignable_groups = {TEAM: {PILOT}}, {ADMINS}
        self._subscribe()
        journal = self.tenant.journal
        self.ledger = NotedLedger(length=lambda: len(journal.entries))
        self.audit, self.parking = NotedAudit(length=lambda: len(journal.entries)), FakeParking()
        self.control = NotedControl(when=lambda: (len(journal.entries), self.begun))
        self.account, self.queue = Account(), MemoryQueue(self.now)
        self.begun = 0
        self.work_of: dict[str, str] = {}
        self.answered_until: dict[str, int] = {}
        self.told_nothing: set[str] = set()
        self.limits: list[tuple[int, int]] = []
        self._lines, self._people = lines, itertools.count(1)
        for line in lines:
            line.forget()
        self.change_rules(rulebook)

    @property
    def policy(self) -> Policy:
        return self.rulebook.policy

    @property
    def people(self) -> list[User]:
        return list(self.tenant.users.values())

    @property
    def paused(self) -> bool:
        return bool(self.control.moved and self.control.moved[-1][-1])

    def person(self, who: int) -> User:
        return self.people[who % len(self.people)]

    def now(self) -> datetime:
        return datetime.fromtimestamp(self.tenant.now(), UTC)

    def millis(self) -> int:
        return int(self.tenant.now() * 1000)

    # the app's processes

    def change_rules(self, rulebook: Rulebook) -> None:
        """New settings, and with them new processes."""
        self.rulebook = rulebook
        self.limits.append((self.begun, rulebook.writes_per_hour))
        self.restart()

    def restart(self) -> None:
        """Both processes begin anew and know only what is stored."""
        self.instances = [self._start(line) for line in self._lines]

    def _start(self, line: Line) -> Instance:
        gate, account = Gate(), self.account
        control, queues = through(self.control, gate, account), through(self.queue, gate, account)
        ledger, audit = through(self.ledger, gate, account), through(self.audit, gate, account)
        parking = through(self.parking, gate, account)
        pace = Pace(control, self.now, asyncio.sleep)
        role_pace = Pace(control, self.now, asyncio.sleep, ROLES_THROTTLE)
        line.connect(self.tenant, gate, self.policy, pace, role_pace, self._marked())
        reconciler = Reconciler(
            directory=GraphDirectory(line.client, self.policy, RoleReader(line.client)),
            ledger=ledger,
            audit=audit,
            queues=queues,
            switches=Switches(control, self.rulebook.writes_per_hour, self.now),
            pulse=Pulse(control, self.now),
            recorder=Recorder(ledger, audit, queues, parking, self.policy, self.now, self.tenant.random.random),
            policy=self.policy,
            keys=KEYS,
            now=self.now,
            new_id=self._look_id,
        )
        sweeper = Sweeper(GraphChangedUsers(line.client), control, queues, self.policy.fingerprint(), self.now)
        return Instance(line, gate, reconciler, sweeper, Coalescer())

    def _marked(self) -> dict[Service, float]:
        """Until when all instances know that they may not ask each service."""
        records = {Service.DIRECTORY: THROTTLE, Service.ROLES: ROLES_THROTTLE}
        known = {service: self.control.records.get(name, Record({})) for service, name in records.items()}
        moments = {service: kept_moment(record.values.get("until")) for service, record in known.items()}
        return {service: moment.timestamp() if moment else 0.0 for service, moment in moments.items()}

    def _look_id(self) -> str:
        look = f"look-{len(self.work_of) + 1}"
        self.work_of[look] = WORK.get()
        return look

    def _subscribe(self) -> None:
        now = self.tenant.now()
        url, state = "https://app.contoso.example/api/notifications", KEYS.client_state()
        self.tenant.subscriptions[SUBSCRIPTION] = Subscription(
            SUBSCRIPTION, APP_ID, APP_ID, "users", ("updated",), url, None, state, FAR, "1.2", now, FAR
        )

    # people, weather, time

    def hire(self, kind: int, seed: int, existing: bool, **authentication: Any) -> User:
        number = next(self._people)
        given = dict(_candidates(seed)[kind % len(KINDS)])
        state = (given.get("authentication") or {}) | authentication
        names = {"id": f"{number:08x}-0000-4000-8000-000000000000", "userPrincipalName": f"p{number}@contoso.example"}
        more = {"existing": existing, "notify": True, "authentication": state, "groups": [EVERYBODY]}
        return make_user(self.tenant, given | names | more)

    def acts(self, user: User, actor: str, operation: str, action: Callable[[], object]) -> None:
        """Somebody does something that Graph may refuse; either way it is written down."""
        before = user.snapshot()
        try:
            action()
        except GraphError:
            """Refused, or done all the same: the states before and after tell."""
        after = user.snapshot()
        self.tenant.journal.write(self.tenant.now(), actor, operation, user.id, before=before, after=after)

    def calm(self) -> None:
        self.storm([])
        self.tenant.switches = Weather().changed({"delta_page_size": 2, "replay_delta": True})

    def storm(self, rules: list[dict[str, Any]], **weather: Any) -> None:
        self.tenant.faults.replace(rules)
        self.tenant.switches = self.tenant.switches.changed(weather)

    def advance(self, by: timedelta) -> None:
        self.tenant.clock.advance(max(by.total_seconds(), 0.0))
        self.tenant.settle()

    # notifications, messages, sweeps

    def notify(self, fates: Iterable[int], instance: int = 0) -> None:
        """Graph posts what it has to say: each item so many times (0: it is lost)."""
        items = [item.payload for item, times in zip(self.tenant.outbox.waiting, fates) for _ in range(times)]  # noqa: B905
        self.tenant.outbox.waiting = []
        expected = Expected(self.tenant.id, KEYS.accepts_client_state, SUBSCRIPTION)
        body = json.dumps({"value": items}).encode()
        for text in take_changes(body, expected, self.millis(), self.instances[instance].coalescer).messages:
            self.queue.put(text)

    def ask(self, user_id: str) -> None:
        """POST /api/users/{id}/reconcile."""
        self.queue.put(encode(Message((user_id,), Cause.MANUAL, self.millis())))

    async def resume(self) -> None:
        """POST /api/resume."""
        await Switches(self.control, self.rulebook.writes_per_hour, self.now).resume()

    async def clear(self, user_id: str) -> None:
        """POST /api/users/{id}/clear."""
        clearing = Tombstones(self.ledger, self.audit, self.policy, self.now, lambda: f"clearing-{self.begun}")
        with suppress(Conflict):
            await clearing.clear(user_id)
            self.ask(user_id)

    async def deliver(self, items: Sequence[Waiting], to: Sequence[int] = (0,)) -> None:
        """Hands messages to processes in turn, all at once."""
        tell_oracle(self.tenant, self.policy, self.paused)
        await asyncio.gather(*(self._work(self.instances[to[n % len(to)]], item) for n, item in enumerate(items)))
        await self._clear_up()

    async def _work(self, instance: Instance, item: Waiting) -> None:
        self._begin()
        message = decode(item.text)
        early = timedelta(milliseconds=message.received - self.millis())
        if timedelta(0) < early <= MOST_EARLY:
            self.queue.waiting.remove(item)
            self.queue.put(item.text, early)
            return
        since = min(message.received, self.millis())  # the end of a hold may lie ahead
        if all(self._looked_after(user_id, message.received) for user_id in message.users):
            self.told_nothing.add(WORK.get())
        try:
            async with asyncio.timeout(DEADLINE_SECONDS):
                await instance.reconciler.reconcile(message)
        except (Crash, Outage, TimeoutError, Conflict):
            self._failed(item, RETRY_AFTER_CRASH if instance.gate.dead else RETRY_AFTER_FAILURE)
        else:
            self.queue.waiting.remove(item)
            for user_id in message.users:
                self.answered_until[user_id] = max(since, self.answered_until.get(user_id, 0))

    def _looked_after(self, user_id: str, received: int) -> bool:
        row = self.ledger.memories.get(user_id)
        return row is not None and row.looked_at is not None and received < int(row.looked_at.timestamp() * 1000)

    def _begin(self) -> None:
        self.begun += 1
        WORK.set(f"work-{self.begun}")

    def _failed(self, item: Waiting, hidden: timedelta) -> None:
        item.failures, item.due = item.failures + 1, self.now() + hidden
        if item.failures >= MOST_DELIVERIES:
            self.queue.waiting.remove(item)
            self.queue.poison.append(item)

    async def sweep(self, by: Sequence[int] = (0,)) -> None:
        tell_oracle(self.tenant, self.policy, self.paused)
        await asyncio.gather(*(self._sweep(self.instances[number]) for number in by))
        await self._clear_up()

    async def _sweep(self, instance: Instance) -> None:
        self._begin()
        try:
            await instance.sweeper.sweep()
        except (Crash, Outage, GraphFailed):
            """The next run of the timer begins where this one's checkpoint stands."""

    async def _clear_up(self) -> None:
        """Waits for what a failed look has left running, parks poison, and starts dead processes again."""
        mine = asyncio.current_task()
        while others := [task for task in asyncio.all_tasks() if task is not mine]:
            await asyncio.wait(others)
        self.account.down = frozenset()
        for item in self.queue.poison:
            await PoisonKeeper(self.ledger, self.parking, self.now).take(item.text, item.failures)
        self.queue.poison.clear()
        for number, instance in enumerate(self.instances):
            instance.gate.expect({}, itertools.repeat(0.0))
            if instance.gate.dead:
                self.instances[number] = self._start(instance.line)

    async def live_through(self, by: timedelta) -> None:
        """Time passes, and every message is delivered when it is due."""
        until = self.now() + by
        for _ in range(MANY):
            soonest = self.queue.soonest()
            if soonest is None or soonest > until:
                break
            self.advance(soonest - self.now())
            await self.deliver(self.queue.due()[:1])
        self.advance(until - self.now())

    async def work_off(self) -> None:
        for _ in range(MANY):
            soonest = self.queue.soonest()
            if soonest is None:
                return
            self.advance(soonest - self.now())
            await self.deliver(self.queue.due()[:1])
        raise AssertionError(f"messages without end: {[decode(item.text) for item in self.queue.waiting]}")

    async def forget_checkpoint(self) -> None:
        """The next sweep begins at the beginning."""
        record = await self.control.load(SWEEP)
        await self.control.save(SWEEP, Record({}, record.version))


@lru_cache
def _candidates(seed: int) -> list[dict[str, Any]]:
    return make_people(len(KINDS), seed)
