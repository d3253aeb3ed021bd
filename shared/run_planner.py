"""The look of a run that is planned: what would be done for these users, and nothing more. Floor 5.

It writes neither to Graph nor to the ledger: a ledger row says that a look is complete, and a plan answers nobody's
hint.
"""

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime

from shared.decision import decide
from shared.errors import Conflict, Failure, Transient
from shared.fingerprint import Keys
from shared.memory import Memory
from shared.messages import Message
from shared.models import Cause, Observation, Outcome, Reason
from shared.moments import millis
from shared.plan import Plan
from shared.policy import Mode, Policy
from shared.ports import Directory, Ledger, Queues, RunItems
from shared.retry_rules import PAUSED_DELAY, Verdict, judge, spread_out
from shared.run_items import Item, ItemState, end_state
from shared.run_rules import Run
from shared.steps import steps_of
from shared.switches import Switches

_NOT_SHOWN = Transient(Reason.NOT_CONFIRMED, "accepted by Graph and not visible yet")
"""A look of the service has just written: what is left to plan shows when that shows."""


@dataclass(frozen=True, slots=True)
class RunPlanner:
    """The ports of a planning look."""

    directory: Directory
    ledger: Ledger
    items: RunItems
    queues: Queues
    switches: Switches
    policy: Policy
    keys: Keys
    now: Callable[[], datetime]
    chance: Callable[[], float]

    async def plan(self, run: Run, message: Message, items: Mapping[str, Item]) -> None:
        """Looks at the users of these items. While the service is paused Graph is not asked: the message goes back."""
        if (await self.switches.state()).paused:
            await self.queues.send(replace(message, users=tuple(items)), PAUSED_DELAY)
            return
        memories = await self.ledger.load(tuple(items))
        observed = await self.directory.in_background().observe(tuple(items))
        for user_id, item in items.items():
            await self._note(run, message, item, memories[user_id], observed[user_id])

    async def _note(self, run: Run, message: Message, item: Item, memory: Memory, seen: Observation | Failure) -> None:
        plan = self._decide(memory, seen) if isinstance(seen, Observation) else None
        if plan and plan.outcome is not Outcome.RETRY:
            steps = steps_of(plan.actions, item.user_id, self.keys)
            await self._save(run, item.planned(plan, steps, self.now()))
            return
        failure = _NOT_SHOWN if isinstance(seen, Observation) else seen
        verdict = judge(failure, message.attempt, memory.outcome)
        if verdict.outcome is Outcome.RETRY:
            await self._come_back(run, item.user_id, verdict)
        else:
            # there is nobody to do anything for: planned, and nothing to apply
            state = ItemState.PLANNED if verdict.outcome is Outcome.GONE else end_state(verdict.outcome)
            await self._save(run, item.ended(state, verdict.outcome, (verdict.reason,), self.now()))

    def _decide(self, memory: Memory, seen: Observation) -> Plan:
        """In the words of mode plan, whatever the mode: nothing is done here."""
        return decide(seen, replace(self.policy, mode=Mode.PLAN), memory, self.keys, self.now())

    async def _come_back(self, run: Run, user_id: str, verdict: Verdict) -> None:
        """As a backfill and not as a retry: once the run is cancelled there is nothing that must be finished."""
        again = Message((user_id,), Cause.BACKFILL, millis(self.now()), run.id, verdict.attempt)
        await self.queues.send(again, spread_out(verdict.delay, self.chance()))

    async def _save(self, run: Run, item: Item) -> None:
        with suppress(Conflict):  # another delivery of this message was faster: its plan stands
            await self.items.save(run.id, item)
