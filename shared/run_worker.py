"""A message that belongs to a run: what is done with it is read from the run's record and items. Floor 6.

While the run is planned, an open item gets its plan; while it is applied, a look on the one path that may do no more
than the item says. Everything else of a run's messages is nobody's business any more, but for one thing: a look that
began to write and failed (it comes back as `retry`) or died (the ledger holds its claim) is finished like any other
look of the service, run or no run. And a message that names no run of ours is an ordinary one: ids, and nothing else.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial

from shared.errors import Conflict
from shared.fingerprint import Keys
from shared.looks import Ended, answered
from shared.memory import Memory
from shared.messages import Message
from shared.models import Cause, Outcome
from shared.moments import millis
from shared.plan import Plan
from shared.ports import Ledger, Queues
from shared.reconcile import Reconciler
from shared.run_book import RunBook
from shared.run_items import Item, ItemState, end_state
from shared.run_planner import RunPlanner
from shared.run_rules import Run
from shared.steps import is_rest

_log = logging.getLogger("mfa_prefill.runs")


@dataclass(frozen=True, slots=True)
class RunWorker:
    """The ports of a run's messages."""

    book: RunBook
    planner: RunPlanner
    reconciler: Reconciler
    ledger: Ledger
    queues: Queues
    keys: Keys
    now: Callable[[], datetime]

    async def take(self, message: Message) -> None:
        """Does what the run's record says. Raises what storage raises: the message then comes back."""
        run = await self.book.load(message.run)
        items = await self.book.open_items(run, message.users)
        if run and items and await self.book.may_work(run):
            own = replace(message, users=tuple(items))
            if run.apply_at:
                await self._apply(run, own, items, self._bounds(items))
            else:
                await self.planner.plan(run, own, items)
            message = replace(message, users=tuple(user for user in message.users if user not in items))
            items = {}
        await self._finish(run, message, items)

    async def _finish(self, run: Run | None, message: Message, items: Mapping[str, Item]) -> None:
        """Looks of the service: what was begun is finished, and the run's list tells how."""
        if run is None:
            # such text names nothing, goes no further and keeps nobody from being looked at
            await self.reconciler.reconcile(replace(message, run=None))
            return
        if message.cause is Cause.BACKFILL:
            message = replace(message, users=await self._begun(items) if run.apply_at else ())
        if run.apply_at:
            await self._apply(run, message, items, {})
        elif message.users:
            await self.reconciler.reconcile(message)

    async def _begun(self, items: Mapping[str, Item]) -> tuple[str, ...]:
        """Whose look died on its way: it has claimed the user, so it may have written."""
        memories = await self.ledger.load(tuple(items))
        return tuple(user_id for user_id in items if memories[user_id].claim)

    def _bounds(self, items: Mapping[str, Item]) -> Mapping[str, Callable[[Plan], bool]]:
        return {user_id: partial(self._permits, item) for user_id, item in items.items()}

    def _permits(self, item: Item, plan: Plan) -> bool:
        return is_rest(plan.actions, item.steps, item.user_id, self.keys)

    async def _apply(
        self, run: Run, message: Message, items: Mapping[str, Item], within: Mapping[str, Callable[[Plan], bool]]
    ) -> None:
        """Looks at the users of a message, and ends those items whose looks are over."""
        if run.apply_at:
            # a message left over from planning must not be answered by a look from before anybody agreed
            message = replace(message, received=max(message.received, millis(run.apply_at)))
        ended = await self.reconciler.look(message, within) if message.users else {}
        memories = await self.ledger.load(tuple(items))
        for user_id, item in items.items():
            end = self._end(ended.get(user_id), memories[user_id], message)
            if end and end.set_aside:
                await self._set_aside(run, memories[user_id])
            if end:
                await self._save(run, item, end)

    def _end(self, ended: Ended | None, memory: Memory, message: Message) -> Ended | None:
        """How an item ended; None: its message is on its way.

        Where another look was faster than this message, what the ledger says of that one is the answer.
        """
        if ended and ended.outcome is not Outcome.RETRY:
            return ended
        if memory.outcome and answered(memory, message):
            return Ended(memory.outcome, memory.reasons)
        return None

    async def _set_aside(self, run: Run, memory: Memory) -> None:
        """Where an earlier attempt of this run failed or died, another look is owed: the service has it now."""
        fields = {"action": "run_set_aside", "run": run.id, "user": memory.user_id}
        _log.info("%s: not as planned, left alone by run %s", memory.user_id, run.id, extra=fields)
        if memory.claim or (memory.outcome is Outcome.RETRY and memory.run == run.id):
            again = Message((memory.user_id,), Cause.RETRY, millis(self.now()), None, max(memory.attempts, 1))
            await self.queues.send(again)

    async def _save(self, run: Run, item: Item, end: Ended) -> None:
        state = ItemState.CHANGED if end.set_aside else end_state(end.outcome)
        with suppress(Conflict):  # another delivery of this message was faster
            await self.book.items.save(run.id, item.ended(state, end.outcome, end.reasons, self.now()))
