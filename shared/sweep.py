"""The sweep: /users/delta finds what no notification told. Floor 5.

For users Graph never says that something was missed.

https://learn.microsoft.com/graph/delta-query-overview

Delta is used for ids only: its pages lag, repeat and lack properties. The checkpoint moves after the ids of a page are
queued and never before, so a crash anywhere repeats work and skips none. Two sweepers cannot both move it (ETag).
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.errors import Conflict, DeltaExpired, GraphFailed, Transient
from shared.messages import Chore
from shared.models import Cause, Reason
from shared.moments import kept_moment, millis
from shared.ports import SUBSCRIPTION, SWEEP, ChangedUsers, Control, Queues, Record
from shared.subscription_rules import subscription_word
from shared.turns import queue_in_turn

_log = logging.getLogger("mfa_prefill.sweep")

DEADLINE = timedelta(minutes=4)
"""Well below the host's function timeout; a sweep that is not through by then goes on in a chore of its own."""


FULL_EVERY = timedelta(days=1)
"""Joining a group, losing a role and registering a method change nothing that /users/delta tracks, so once a day
everybody is looked at."""

SOON = timedelta(minutes=5)
"""The next sweep while there is no live subscription."""


@dataclass(frozen=True, slots=True)
class Swept:
    """What a sweep did. `complete` False: it goes on later, from the page it stopped at."""

    users: int
    pages: int
    full: bool
    complete: bool


@dataclass(frozen=True, slots=True)
class Sweeper:
    """The ports of a sweep. `policy` is the fingerprint of the settings that steer the decision."""

    changed: ChangedUsers
    control: Control
    queues: Queues
    policy: str
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
        try:
            return await self._follow(await self.control.load(SWEEP), None)
        except DeltaExpired as error:
            # Graph does not want a link that it has just given: asking on would be asking for ever
            raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, f"expired again at once: {error}")) from error

    def _usable_link(self, record: Record) -> str | None:
        """A link tracks the properties it was made for, and knows nothing of groups, roles and our own policy."""
        values = record.values
        same = (values.get("selection"), values.get("policy")) == (self.changed.selection, self.policy)
        return values.get("link") if same and not self._is_due_in_full(values) else None

    def _is_due_in_full(self, values: Mapping[str, Any]) -> bool:
        began, complete = kept_moment(values.get("fullAt")), values.get("complete")
        return bool(complete) and (began is None or self.now() - began >= FULL_EVERY)

    async def _follow(self, record: Record, link: str | None) -> Swept:
        started = self.now()
        full = link is None or bool(record.values.get("full") and not record.values.get("complete"))
        full_at = started.isoformat() if link is None else record.values.get("fullAt")
        users = pages = messages = 0
        while True:
            page = await self.changed.page(link)
            messages += await queue_in_turn(self.queues, page.user_ids, Cause.SWEEP, self.now(), messages)
            users, pages = users + len(page.user_ids), pages + 1
            complete = page.next_link is None
            link = page.next_link or page.delta_link
            told = {"link": link, "full": full, "fullAt": full_at, "complete": complete}
            try:
                record = await self.control.save(SWEEP, self._checkpoint(record, told))
            except Conflict:
                _log.warning("another sweep is under way; this one stops", extra={"action": "sweep_yielded"})
                return Swept(users, pages, full, complete=False)
            if complete:
                await self._come_back_soon()
                return self._told(Swept(users, pages, full, complete=True))
            if self.now() - started > DEADLINE:
                await self.queues.send_chore(Chore.SWEEP, millis(self.now()))
                return self._told(Swept(users, pages, full, complete=False))

    def _checkpoint(self, record: Record, told: Mapping[str, Any]) -> Record:
        now = self.now().isoformat()
        kept = {"selection": self.changed.selection, "policy": self.policy, "pageAt": now}
        ended = {"completedAt": now} if told["complete"] else {}
        return Record({**record.values, **told, **kept, **ended}, record.version)

    async def _come_back_soon(self) -> None:
        """While notifications may be getting lost the sweep is all there is: it does not wait for its timer."""
        now = self.now()
        if subscription_word((await self.control.load(SUBSCRIPTION)).values, now) in ("live", "removed"):
            return
        record = await self.control.load(SWEEP)
        coming = kept_moment(record.values.get("nextAt"))
        if coming and coming > now:
            return  # somebody has asked for it already: chores must not multiply
        # asked for before it is noted: a crash in between asks twice, and the second one finds nothing to ask for
        await self.queues.send_chore(Chore.SWEEP, millis(now), SOON)
        with suppress(Conflict):
            await self.control.save(
                SWEEP, Record({**record.values, "nextAt": (now + SOON).isoformat()}, record.version)
            )

    def _told(self, swept: Swept) -> Swept:
        text = "sweep: %d users on %d pages, full=%s, complete=%s"
        _log.info(text, swept.users, swept.pages, swept.full, swept.complete, extra={"action": "swept"})
        return swept
