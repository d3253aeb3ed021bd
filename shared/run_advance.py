"""The chore of a run: whom it is about gets an item and a message, page by page. Floor 5.

The checkpoint moves after the ids of a page are queued and never before, so a crash anywhere repeats work and skips
none; a repeated message finds its item looked at. Two chores at once cannot both move it (ETag).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.errors import Conflict, DeltaExpired, GraphFailed, Transient
from shared.messages import Chore
from shared.models import Cause, Reason
from shared.moments import millis
from shared.ports import ChangedUsers, Queues
from shared.run_book import ITEMS_A_PAGE, RunBook
from shared.run_rules import Run
from shared.switches import Switches
from shared.turns import queue_in_turn

_log = logging.getLogger("mfa_prefill.runs")

DEADLINE = timedelta(minutes=4)
"""Well below the host's function timeout; what is left goes on in a chore of its own."""


@dataclass(frozen=True, slots=True)
class RunAdvancer:
    """The ports of the chore. `changed` is asked for everybody, from the start; the sweep's own link is not touched."""

    book: RunBook
    changed: ChangedUsers
    queues: Queues
    switches: Switches
    now: Callable[[], datetime]

    async def advance(self) -> None:
        """Goes on with the current run, if it has anybody to queue. Raises GraphFailed; the checkpoint then stands."""
        run = await self.book.current()
        if run is None or not await self._is_due(run):
            return
        try:
            await self._queue_all(replace(run, walked_at=None))
        except Conflict:
            _log.warning("run %s was moved by somebody else; this chore stops", run.id, extra={"action": "run_yielded"})

    async def _is_due(self, run: Run) -> bool:
        """While the service is paused every message is in the queue already, and comes back to it."""
        if not run.is_due(self.now()):
            return False
        return run.walked_at is None or not (await self.switches.state()).paused

    async def _queue_all(self, run: Run) -> None:
        started, messages = self.now(), 0
        while run.walked_at is None:
            if self.now() - started > DEADLINE:
                await self.queues.send_chore(Chore.RUN, millis(self.now()))
                return
            step = self._walk if run.listed else self._list
            run, more = await step(run, messages)
            messages += more
        _log.info("run %s: all of a phase queued", run.id, extra={"action": "run_queued", "run": run.id})

    async def _list(self, run: Run, before: int) -> tuple[Run, int]:
        """A page of everybody. Items first: a look without an item would do nothing."""
        try:
            page = await self.changed.page(run.link)
        except DeltaExpired as error:
            # from the start, but not at once: where Graph refuses each link that it gives, that would go on for ever
            await self.book.save(replace(run, link=None))
            raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, f"from the start again: {error}")) from error
        users = tuple(dict.fromkeys(page.user_ids))
        await self.book.items.list(run.id, users)
        messages = await queue_in_turn(self.queues, users, Cause.BACKFILL, self.now(), before, run.id)
        return await self.book.save(run.page_listed(page.next_link, self.now())), messages

    async def _walk(self, run: Run, before: int) -> tuple[Run, int]:
        """A page of the items: those that are open."""
        page = await self.book.items.page(run.id, run.after, ITEMS_A_PAGE)
        users = [item.user_id for item in page if run.has_open(item)]
        messages = await queue_in_turn(self.queues, users, Cause.BACKFILL, self.now(), before, run.id)
        last = page[-1].user_id if len(page) == ITEMS_A_PAGE else None
        return await self.book.save(run.page_walked(last, len(users), self.now())), messages
