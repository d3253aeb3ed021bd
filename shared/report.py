"""What the service has done and whether it is well: the numbers behind /api/report. Floor 5."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.health import reading_word, sweep_word
from shared.memory import Memory
from shared.models import Outcome, Reason
from shared.policy import Policy
from shared.ports import SUBSCRIPTION, SWEEP, Control, Ledger, Parked, Parking
from shared.pulse import PULSE
from shared.subscription_rules import StalledRenewal, subscription_word
from shared.switches import Switches

WORKLIST = frozenset({Outcome.REFUSED, Outcome.PARKED, Outcome.HELD})
"""Outcomes that ask something of a person; the report lists their users first."""

DEAD_ENDS = frozenset({Reason.NO_METHOD})
"""Reasons that ask for a person whatever the outcome is: neither a phone nor MFA is set, and nothing is going to change
that by itself."""

MOST_LISTED = 500


@dataclass(frozen=True, slots=True)
class Reporter:
    """The ports of the report."""

    ledger: Ledger
    control: Control
    parking: Parking
    switches: Switches
    policy: Policy
    now: Callable[[], datetime]

    async def report(self) -> dict[str, Any]:
        """Counts by outcome and reason, who is phone-only, the worklist, the switches, subscription and sweep."""
        outcomes: Counter[str] = Counter()
        reasons: Counter[str] = Counter()
        worklist: list[dict[str, Any]] = []
        dead_ends: list[dict[str, Any]] = []
        seconds: list[float] = []
        phone_only = users = waiting = 0
        async for memory in self.ledger.rows():
            if memory.outcome is None:
                continue
            users += 1
            phone_only += memory.phone_only
            outcomes[memory.outcome.value] += 1
            reasons.update(reason.value for reason in memory.reasons)
            if memory.done_at and memory.received_at:
                seconds.append((memory.done_at - memory.received_at).total_seconds())
            if waits_for_a_person(memory):
                waiting += 1
                rows = worklist if memory.outcome in WORKLIST else dead_ends
                if len(rows) < MOST_LISTED:
                    rows.append(_listed(memory))
        return {
            "asOf": self.now().isoformat(),
            "mode": self.policy.mode.value,
            "policy": self.policy.fingerprint(),
            "users": users,
            "outcomes": dict(sorted(outcomes.items())),
            "reasons": dict(sorted(reasons.items())),
            "phoneOnly": phone_only,
            "secondsFromNotificationToDone": _spread(seconds),
            "waitingForAPerson": waiting,
            "worklist": [*worklist, *dead_ends][:MOST_LISTED],
            "parked": [parked_item(item) for item in await self.parking.all()],
            "writes": await self._writes(),
            "reading": await self.reading(),
            "subscription": await self.subscription(),
            "sweep": await self._sweep(),
        }

    async def subscription(self) -> dict[str, Any]:
        """What the keeper noted last, and the word for it. `problem` says what its last pass failed with."""
        values = (await self.control.load(SUBSCRIPTION)).values
        stalled = StalledRenewal.of(values.get("renewal"))
        told = {key: values.get(key) for key in ("id", "expires", "notificationUrl", "checkedAt", "missingSince")}
        return {
            "state": subscription_word(values, self.now()),
            **told,
            "renewalFailsSince": stalled.since.isoformat() if stalled else None,
            "problem": stalled.detail if stalled else values.get("problem"),
        }

    async def reading(self) -> dict[str, Any]:
        """Whether everything that tells a user's class can be read; where not, nobody is written to."""
        values = (await self.control.load(PULSE)).values
        told = {key: values.get(key) for key in ("unreadable", "unreadableSince", "lookedAt", "notificationAt")}
        return {"state": reading_word(values)} | told

    async def _writes(self) -> dict[str, Any]:
        """The kill switch, and how much of the hour's budget is used."""
        pause, budget = await self.switches.state(), await self.switches.budget()
        used = {"usersInTheLastHour": budget.counted, "mostPerHour": self.switches.writes_per_hour}
        return {"state": pause.writes.value} | pause.as_json() | used

    async def _sweep(self) -> dict[str, Any]:
        values = (await self.control.load(SWEEP)).values
        told = {key: values.get(key) for key in ("completedAt", "pageAt", "full", "complete")}
        return {"state": sweep_word(values, self.now())} | told


def waits_for_a_person(memory: Memory) -> bool:
    """Whether this user's last look ended in something that only a person can change."""
    return memory.outcome in WORKLIST or not DEAD_ENDS.isdisjoint(memory.reasons)


def _listed(memory: Memory) -> dict[str, Any]:
    return {
        "id": memory.user_id,
        "outcome": memory.outcome.value if memory.outcome else None,
        "reasons": [reason.value for reason in memory.reasons],
        "number": memory.masked,
        "source": memory.source,
    }


def parked_item(item: Parked) -> dict[str, Any]:
    """For operators."""
    return {
        "key": item.key,
        "reason": item.reason,
        "users": list(item.users),
        "firstAt": item.first_at.isoformat(),
        "lastAt": item.last_at.isoformat(),
        "attempts": item.attempts,
        "advice": item.advice,
    }


def _spread(seconds: list[float]) -> dict[str, float] | None:
    if not seconds:
        return None
    ordered = sorted(seconds)
    return {"median": round(ordered[len(ordered) // 2], 1), "max": round(ordered[-1], 1)}
