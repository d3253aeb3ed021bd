"""What a good client never does, told from the journal alone.

The numbers are those of the project's invariants: 5 no lockout, 6 never weaken, 7 people win, 8 excluded means
no write, 9 plan mode, pause and budget, 12 obey Retry-After, 13 one sound subscription. `source`: the number is one
that the directory holds.
"""

from collections import defaultdict, deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dev.graph_simulator.clock import SECONDS_PER_HOUR, SECONDS_PER_MINUTE, iso_precise
from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.journal import READ, Entry
from dev.graph_simulator.oracle_memory import Known
from dev.graph_simulator.oracle_policy import OraclePolicy
from dev.graph_simulator.oracle_rules import RULES, Finding, Write

NO_DOUBLE_RENEWAL_SECONDS = 10 * SECONDS_PER_MINUTE
"""PATCH and reauthorize must be this far apart.

https://learn.microsoft.com/graph/change-notifications-lifecycle-events
"""


@dataclass(frozen=True, slots=True)
class Violation:
    """One broken promise, and where in the journal."""

    invariant: str
    user: str
    at: float
    what: str
    sequence: int

    def as_json(self) -> JsonObject:
        """As /sim/violations shows it."""
        return {
            "invariant": self.invariant,
            "user": self.user,
            "at": iso_precise(self.at),
            "what": self.what,
            "sequence": self.sequence,
        }


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything found, in the order in which it happened. `races` broke only because another hand was quicker."""

    violations: tuple[Violation, ...]
    races: tuple[Violation, ...]


def judge(entries: Iterable[Entry], policy: OraclePolicy | None = None) -> Verdict:
    """Read the journal from the start; each write is measured against the policy in force at its time.

    `policy` is where the journal's policy entries start from.
    """
    oracle = Oracle(policy or OraclePolicy())
    for entry in entries:
        oracle.read(entry)
    return oracle.verdict()


class Oracle:
    """Reads a journal entry by entry; what it has read it need not read again."""

    def __init__(self, policy: OraclePolicy) -> None:
        self._policy = policy
        self._known: defaultdict[str, dict[str, Known]] = defaultdict(dict)
        self._writes: deque[float] = deque()
        self._renewals: dict[str, tuple[str, float]] = {}
        self._position = 0
        self._violations: list[Violation] = []
        self._races: list[Violation] = []

    def catch_up(self, entries: Sequence[Entry]) -> Verdict:
        """Read what has come since the last time."""
        for entry in entries[self._position :]:
            self.read(entry)
        self._position = len(entries)
        return self.verdict()

    def verdict(self) -> Verdict:
        """Everything found so far."""
        return Verdict(tuple(self._violations), tuple(self._races))

    def read(self, entry: Entry) -> None:
        """Take in one entry."""
        if entry.actor == "policy":
            self._policy = self._policy.changed(entry.request)
        elif entry.actor == READ:
            self._of(entry).look(entry, self._policy.defaultRegion)
        elif entry.actor != "app":
            for known in self._known[entry.user].values():
                known.other_hand(entry)
        elif entry.operation.startswith("subscription."):
            self._renewal(entry)
        elif entry.operation == "request.early":
            if self._policy.strictRetryAfter:
                self._note(entry, Finding("12", "request before the Retry-After deadline"))
        else:
            self._write(entry)

    def _of(self, entry: Entry) -> Known:
        return self._known[entry.user].setdefault(entry.caller, Known())

    def _write(self, entry: Entry) -> None:
        """A write on a user: plan mode and pause forbid even the attempt, the other rules only what took effect."""
        known = self._of(entry)
        if self._policy.mode == "plan" or self._policy.paused:
            why = "in plan mode" if self._policy.mode == "plan" else "while paused"
            self._note(entry, Finding("9", f"{entry.operation} {why}"))
        if not entry.committed:
            return
        self._budget(entry)
        if entry.before is not None:
            write = Write(entry, entry.before, known, self._policy)
            for rule in RULES:
                for finding in rule(write):
                    self._note(entry, finding)
        known.wrote(entry)

    def _budget(self, entry: Entry) -> None:
        self._writes.append(entry.at)
        while self._writes[0] <= entry.at - SECONDS_PER_HOUR:
            self._writes.popleft()
        if self._policy.writesPerHour and len(self._writes) > self._policy.writesPerHour:
            self._note(entry, Finding("9", f"more than {self._policy.writesPerHour} writes within an hour"))

    def _renewal(self, entry: Entry) -> None:
        """13: PATCH and reauthorize of one subscription within ten minutes leave it inconsistent."""
        if not entry.committed or entry.operation not in ("subscription.renew", "subscription.reauthorize"):
            return
        subscription = str(entry.request.get("id"))
        operation, at = self._renewals.get(subscription, (entry.operation, 0.0))
        if operation != entry.operation and entry.at - at < NO_DOUBLE_RENEWAL_SECONDS:
            self._note(entry, Finding("13", "PATCH and reauthorize of one subscription within 10 minutes"))
        self._renewals[subscription] = (entry.operation, entry.at)

    def _note(self, entry: Entry, finding: Finding) -> None:
        violation = Violation(finding.invariant, entry.user, entry.at, finding.what, entry.sequence)
        (self._races if finding.raced else self._violations).append(violation)
