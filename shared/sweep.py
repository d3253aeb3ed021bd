"""The sweep: /users/delta finds what no notification told. Floor 5.

For users Graph never says that something was missed.

https://learn.microsoft.com/graph/delta-query-overview

Delta is used for ids only: its pages lag, repeat and lack properties. The checkpoint moves after the ids of a page are
queued and never before, so a crash anywhere repeats work and skips none. Two sweepers cannot both move it (ETag).
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.errors import Conflict, DeltaExpired
from shared.messages import Chore, in_messages
from shared.models import Cause
from shared.ports import SWEEP, ChangedUsers, Control, DeltaPage, Queues, Record

_log = logging.getLogger("mfa_prefill.sweep")

DEADLINE = timedelta(minutes=4)
"""Well below the host's function timeout; a sweep that is not through by then goes on in a chore of its own."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did. `complete` False: it goes on later, from the page it stopped at."""

    users: int
    pages: int
    full: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class Sweeper:
    """The ports of a sweep."""

    changed: ChangedUsers
    control: Control
    queues: Queues
    now: Callable[[], datetime]

    async def sweep(self) -> Swept:
        """Queues every user changed since the last sweep; every user where there is no usable delta link.

        Raises GraphFailed; the checkpoint then stands where it stood.
        """
        record = await self.control.load(SWEEP)
        link = self._usable_link(record)
        try:
            return await self._follow(record, link)
        except DeltaExpired:
            _log.warning("the delta link has expired: full sweep", extra={"action": "sweep_restarted"})
            return await self._follow(await self.control.load(SWEEP), None)

    def _usable_link(self, record: Record) -> str | None:
        """A link tracks the properties it was made for; when the sources change it is of no use."""
        same = record.values.get("selection") == self.changed.selection
        return record.values.get("link") if same else None

    async def _follow(self, record: Record, link: str | None) -> Swept:
        started = self.now()
        full = link is None or bool(record.values.get("full") and not record.values.get("complete"))
        users = pages = 0
        while True:
            page = await self.changed.page(link)
            await self._queue(page)
            users, pages = users + len(page.user_ids), pages + 1
            complete = page.next_link is None
            link = page.next_link or page.delta_link
            try:
                record = await self.control.save(SWEEP, self._checkpoint(record, link, full, complete))
            except Conflict:
                _log.warning("another sweep is under way; this one stops", extra={"action": "sweep_yielded"})
                return Swept(users, pages, full, complete=False)
            if complete:
                return self._told(Swept(users, pages, full, complete=True))
            if self.now() - started > DEADLINE:
                await self.queues.send_chore(Chore.SWEEP, _millis(self.now()))
                return self._told(Swept(users, pages, full, complete=False))

    async def _queue(self, page: DeltaPage) -> None:
        for message in in_messages(page.user_ids, Cause.SWEEP, _millis(self.now())):
            await self.queues.send(message)

    def _checkpoint(self, record: Record, link: str | None, full: bool, complete: bool) -> Record:
        now = self.now().isoformat()
        values = dict(record.values) | {
            "link": link,
            "selection": self.changed.selection,
            "full": full,
            "complete": complete,
            "pageAt": now,
        }
        if complete:
            values["completedAt"] = now
        return Record(values, record.version)

    def _told(self, swept: Swept) -> Swept:
        text = "sweep: %d users on %d pages, full=%s, complete=%s"
        _log.info(text, swept.users, swept.pages, swept.full, swept.complete, extra={"action": "swept"})
        return swept


def _millis(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
