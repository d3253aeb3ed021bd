"""What must hold after every step of a story, told from the tenant's journal and from what is stored."""

import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta

from dev.graph_simulator.journal import READ, Entry
from dev.graph_simulator.numbers import written_from
from dev.graph_simulator.oracle import Violation, judge
from shared.models import Outcome, Reason
from shared.ports import Phase
from shared.switches import WINDOW
from shared.tombstones import CLEARED
from tests.stories.world import World

SLACK = timedelta(minutes=1)
"""The budget counts users when they are granted, by the minute; the write follows within seconds."""

ADDED_AGAIN = "number added again after somebody removed it"


class Promises:
    """Remembers what it has read already."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._updates = self._texts = 0
        self._secrets: set[str] = set()

    def check(self) -> None:
        """Raises AssertionError with every broken promise in words."""
        broken = [problem for check in self._checks() for problem in check]
        assert not broken, "\n".join(broken)

    def _checks(self) -> tuple[Iterator[str], ...]:
        return (
            self._oracle(),
            self._hold(),
            self._intents(),
            self._phases(),
            self._thrift(),
            self._pause(),
            self._budget(),
            self._secrecy(),
            self._nobody_forgotten(),
            (
                f"parked without a reason: {p}"
                for p in self._world.parking.items.values()
                if not (p.reason and p.advice)
            ),
            (f"asked before Retry-After: {path}" for i in self._world.instances for path in i.line.wire.hasty),
        )

    def writes(self) -> list[Entry]:
        """Every attempt of the app to write to a user."""
        return [entry for entry in self._world.tenant.journal.entries if entry.actor == "app" and entry.user]

    # the oracle

    def _oracle(self) -> Iterator[str]:
        journal = self._world.tenant.journal.entries
        for found in self._world.tenant.oracle.catch_up(journal).violations:
            if self._is_sound(found):
                yield f"{found} {journal[found.sequence]}"

    def _is_sound(self, found: Violation) -> bool:
        """The oracle takes all looks of the app for one; another's look must not speak against this write."""
        journal = self._world.tenant.journal.entries
        if found.what == ADDED_AGAIN and not self._was_ours(found):
            return False
        mine = work_of(journal[found.sequence])
        told = [
            e for e in journal[: found.sequence + 1] if e.actor != READ or e.user != found.user or work_of(e) == mine
        ]
        return any((v.sequence, v.what) == (found.sequence, found.what) for v in judge(told).violations)

    def _was_ours(self, found: Violation) -> bool:
        """Whether the ledger told that the removed number was ours: accepted or read back, and not cleared since."""
        saves = self._world.ledger.owned.get(found.user, [])
        return next((owned for length, owned in reversed(saves) if length <= found.sequence), False)

    def _hold(self) -> Iterator[str]:
        """A number is replaced only after the app had known the new one for as long as the policy holds changes."""
        journal = self._world.tenant.journal.entries
        news, self._updates = journal[self._updates :], len(journal)
        for entry in news:
            if entry.operation == "phone.update" and entry.committed and not self._was_known(entry):
                yield f"number replaced before its hold ended: {entry}"

    def _was_known(self, write: Entry) -> bool:
        number = write.after.mobile if write.after else None
        latest = write.at - self._world.policy.change_hold.total_seconds()
        return number is None or any(
            entry.shown and written_from(number, entry.shown.sources, (*entry.shown.regions, "SE", "US"))
            for entry in self._world.tenant.journal.entries
            if entry.actor == READ and entry.user == write.user and entry.at <= latest
        )

    # the audit

    def _intents(self) -> Iterator[str]:
        """Each write lies between an intent of the same work and its outcome."""
        spans: defaultdict[tuple[str, str], list[list[int]]] = defaultdict(list)
        for row, (length, _) in zip(self._world.audit.rows, self._world.audit.noted, strict=True):
            span = spans[self._world.work_of.get(row.look, ""), row.user_id]
            if row.phase is Phase.INTENT:
                span.append([length])
            elif span:
                span[-1].append(length)
        for write in self.writes():
            open_spans = spans[work_of(write), write.user]
            if not any(s[0] <= write.sequence and (len(s) == 1 or write.sequence < s[1]) for s in open_spans):
                yield f"a write without an intent: {write}"

    def _phases(self) -> Iterator[str]:
        for look, phases in self.phases().items():
            if phases not in ([Phase.INTENT], [Phase.INTENT, Phase.OUTCOME]):
                yield f"audit of {look}: {phases}"

    def phases(self) -> dict[str, list[Phase]]:
        """The phases of every look in the audit, in order."""
        looks: dict[str, list[Phase]] = {}
        for row in self._world.audit.rows:
            if row.actions != (CLEARED,):
                looks.setdefault(row.look, []).append(row.phase)
        return looks

    def _thrift(self) -> Iterator[str]:
        """A message older than the last complete look costs no Graph call."""
        for entry in self._world.tenant.journal.entries:
            if entry.exchange and work_of(entry) in self._world.told_nothing:
                yield f"asked for nothing: {entry}"

    # pause and budget

    def _pause(self) -> Iterator[str]:
        """After the switch was thrown a look finishes the write it is at, and none begins."""
        moves = self._world.control.moved
        ends = [length for length, _, _ in moves[1:]] + [len(self._world.tenant.journal.entries)]
        for (start, begun, paused), end in zip(moves, ends, strict=False):
            seen: set[tuple[str, str]] = set()
            for write in self.writes() if paused else []:
                key = (work_of(write), write.user)
                if start <= write.sequence < end and (key in seen or _number(write) > begun):
                    yield f"written while paused: {write}"
                seen |= {key} if start <= write.sequence < end else set()

    def _budget(self) -> Iterator[str]:
        """The users written to in any hour, counted once for each look; a resume or a new limit starts afresh."""
        world = self._world
        afresh = sorted([(begun, 0) for _, begun, paused in world.control.moved if not paused] + world.limits)
        since, limit = afresh[-1][0], world.limits[-1][1]
        first: dict[tuple[str, str], float] = {}
        for write in self.writes():
            if write.committed and _number(write) > since:
                first.setdefault((work_of(write), write.user), write.at)
        moments = sorted(first.values())
        for at in moments:
            counted = sum(at - (WINDOW - SLACK).total_seconds() < moment <= at for moment in moments)
            if counted > limit:
                yield f"{counted} users written to within an hour, {limit} allowed"
                return

    # what is stored

    def _secrecy(self) -> Iterator[str]:
        """No number is in any row, record or message."""
        for user in self._world.people:
            shown = user.snapshot()
            texts = [number for _, number in shown.phones] + list(shown.sources)
            self._secrets |= {digits[-7:] for text in texts if len(digits := re.sub(r"\D", "", text)) >= 9}
        rows = self._world.audit.rows
        news, self._texts = rows[self._texts :], len(rows)
        kept = [
            *(asdict(row) for row in news),
            *(asdict(memory) for memory in self._world.ledger.memories.values()),
            *(record.values for record in self._world.control.records.values()),
            *(asdict(item) for item in self._world.parking.items.values()),
            *(item.text for item in self._world.queue.waiting),
        ]
        for text in map(str, kept):
            spoken = re.sub(r"[\s()\-./]", "", text)
            yield from (f"a number in {text}" for secret in self._secrets if secret in spoken)

    def _nobody_forgotten(self) -> Iterator[str]:
        """Who ought to come back, or was named in a message that no look has answered, is in the queue or parked."""
        world = self._world
        known = {user for item in world.queue.waiting for user in item.users} | set(world.parking.items)
        for user in sorted({*world.answered_until, *world.ledger.memories} - known):
            if self._is_open(user):
                yield f"{user} is forgotten: {world.ledger.memories.get(user)}"

    def _is_open(self, user: str) -> bool:
        row = self._world.ledger.memories.get(user)
        until = self._world.answered_until.get(user, 0)
        if row is None or row.looked_at is None or int(row.looked_at.timestamp() * 1000) < until:
            return True
        return row.reasons == (Reason.UNKNOWN,) or row.outcome in (Outcome.RETRY, Outcome.HELD)


def work_of(entry: Entry) -> str:
    """The work that a request belonged to."""
    return entry.exchange.partition("/")[0]


def _number(entry: Entry) -> int:
    return int(work_of(entry).removeprefix("work-"))
