"""One simulated tenant: the room that both doors, Graph and /sim/, lead to."""

import heapq
import itertools
import random
import uuid
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field

from dev.graph_schema.check import Checker
from dev.graph_schema.schema import Schema
from dev.graph_simulator.clock import Clock
from dev.graph_simulator.faults import FaultRules
from dev.graph_simulator.findings import Findings
from dev.graph_simulator.journal import Journal
from dev.graph_simulator.model import Subscription, User
from dev.graph_simulator.oracle import Oracle
from dev.graph_simulator.oracle_policy import OraclePolicy
from dev.graph_simulator.outbox import Outbox
from dev.graph_simulator.stats import Stats
from dev.graph_simulator.switches import Switches
from dev.graph_simulator.throttling import Throttle

DEFAULT_TENANT_ID = "c0ffee00-0000-4000-8000-000000000001"
"""Tenant id when none is given: obviously made up."""


@dataclass(order=True)
class _Appointment:
    at: float
    order: int
    action: Callable[[], None] = field(compare=False)


class Tenant:
    """Users, subscriptions, faults and everything that is remembered about them. Mutable on purpose."""

    def __init__(self, tenant_id: str = DEFAULT_TENANT_ID, seed: int = 0, *, check_answers: bool = False) -> None:
        """`check_answers`: hold every answer and notification against Microsoft's description, in `findings`."""
        self.id = tenant_id
        self.seed = seed
        self.check_answers = check_answers
        self.clock = Clock()
        self.wake: Callable[[], None] = _nothing
        self._order = itertools.count()
        self.reset()

    def reset(self) -> None:
        """Back to an empty tenant with default switches; the clock keeps its time."""
        self.random = random.Random(self.seed)
        self.users: dict[str, User] = {}
        self.names: dict[str, str] = {}
        self.holders: defaultdict[str, set[str]] = defaultdict(set)
        self.group_parents: dict[str, set[str]] = {}
        self.role_assignable_groups: set[str] = set()
        self.group_roles: dict[str, set[str]] = {}
        self.group_eligible_roles: dict[str, set[str]] = {}
        self.has_p2 = True
        self.no_licence_form = "code"
        self.sms_policy_state = "enabled"
        self.sms_usable_for_sign_in = False
        self.system_preferred_state = "default"
        self.subscriptions: dict[str, Subscription] = {}
        self.sequence = 0
        self.delta_rounds: dict[str, object] = {}
        self.switches = Switches()
        self.expired_before = 0.0
        self.flipped: frozenset[str] = frozenset()
        self.faults = FaultRules()
        self.policy = OraclePolicy()
        self.journal = Journal()
        self.oracle = Oracle(self.policy)
        self.outbox = Outbox()
        self.stats = Stats()
        self.findings = Findings(self.check_answers)
        self.throttle = Throttle()
        self._appointments: list[_Appointment] = []

    def now(self) -> float:
        """Simulated epoch seconds."""
        return self.clock.now()

    def next_sequence(self) -> int:
        """The number of the next change in the directory."""
        self.sequence += 1
        return self.sequence

    def new_id(self) -> str:
        """A fresh GUID, the same ones for the same seed."""
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def at(self, moment: float, action: Callable[[], None]) -> None:
        """Do `action` once simulated time reaches `moment`."""
        heapq.heappush(self._appointments, _Appointment(moment, next(self._order), action))
        self.wake()

    def settle(self) -> None:
        """Do everything whose time has come, and check what is about to be sent to webhooks."""
        while self._appointments and self._appointments[0].at <= self.now():
            heapq.heappop(self._appointments).action()
        for item in self.outbox.unseen() if self.findings.wanted else ():
            self.findings.note("notification", Checker(Schema.v1()).problems("changeNotification", item.payload))

    def next_appointment(self) -> float | None:
        """When something is due next, in simulated epoch seconds."""
        return self._appointments[0].at if self._appointments else None

    def chance(self, share: float) -> bool:
        """True in `share` (0 to 1) of the calls."""
        return share > 0 and self.random.random() < share


def _nothing() -> None:
    """Nobody waits for the clock yet."""
