"""What a run is, and the word for where it stands. Pure. Floor 3.

Little is noted and the rest derived: a run is `planned` because everybody was listed and no item is open, not because
somebody lived long enough to write it down.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Self

from shared.moments import kept_moment
from shared.run_items import Item, ItemState

_RUN_ID = re.compile(r"[0-9a-f]{12}")

WALK_AGAIN = timedelta(hours=2)
"""Longer than the longest wait between two attempts: an item that is open for so long may have lost its message."""


class RunState(StrEnum):
    """Where a run stands."""

    PLANNING = "planning"
    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    CANCELLED = "cancelled"
    SUPERSEDED = "superseded"

    @property
    def is_active(self) -> bool:
        """Whether it is at work: one run at a time."""
        return self in (RunState.PLANNING, RunState.APPLYING)


def run_id(text: object) -> str | None:
    """The id of a run that `text` is; None when it is anything else: an id becomes part of a table key."""
    return text if isinstance(text, str) and _RUN_ID.fullmatch(text) else None


@dataclass(frozen=True, slots=True)
class Run:
    """One run's record. `version` is its ETag; None: it does not exist yet.

    Listing: `link` is the next page of everybody, `listed` that everybody has an item. A walk goes over the items and
    queues those that are open: `after` is the last it has passed, `found` how many were open so far, `walked_at` when
    everybody of this phase had been queued. `quiet`: a whole walk has found nothing open.
    """

    id: str
    created_at: datetime
    listed: bool = False
    link: str | None = None
    after: str | None = None
    found: int = 0
    walked_at: datetime | None = None
    quiet: bool = False
    apply_at: datetime | None = None
    cancelled_at: datetime | None = None
    version: str | None = None

    @property
    def started_at(self) -> datetime:
        """When its phase began."""
        return self.apply_at or self.created_at

    def has_open(self, item: Item) -> bool:
        """Whether this phase still owes this item a look."""
        return item.waits_for_apply if self.apply_at else item.state is ItemState.OPEN

    def is_due(self, now: datetime) -> bool:
        """Whether there may be somebody to queue."""
        if self.cancelled_at or self.quiet:
            return False
        return self.walked_at is None or now - self.walked_at >= WALK_AGAIN

    def applying(self, now: datetime) -> Self:
        """The same run, from now on applied. One that was cancelled meanwhile stays so."""
        if self.apply_at or self.cancelled_at:
            return self
        return replace(self, apply_at=now, after=None, found=0, walked_at=None, quiet=False)

    def cancelled(self, now: datetime) -> Self:
        """The same run, stopped."""
        return self if self.cancelled_at else replace(self, cancelled_at=now)

    def page_listed(self, link: str | None, now: datetime) -> Self:
        """After a page of everybody; `link` None: that was the last one."""
        return replace(self, link=link, listed=link is None, walked_at=None if link else now)

    def page_walked(self, last: str | None, found: int, now: datetime) -> Self:
        """After a page of items of which `found` were open; `last` None: that was the last page."""
        found += self.found
        if last is not None:
            return replace(self, after=last, found=found, walked_at=None)
        return replace(self, after=None, found=0, walked_at=now, quiet=found == 0)

    def as_json(self) -> dict[str, Any]:
        """For the record."""
        return {
            "id": self.id,
            "createdAt": self.created_at.isoformat(),
            "listed": self.listed,
            "link": self.link,
            "after": self.after,
            "found": self.found,
            "walkedAt": _text(self.walked_at),
            "quiet": self.quiet,
            "applyAt": _text(self.apply_at),
            "cancelledAt": _text(self.cancelled_at),
        }


def run_of(values: Mapping[str, Any], version: str | None) -> Run:
    """The run that a record holds."""
    return Run(
        id=values["id"],
        created_at=datetime.fromisoformat(values["createdAt"]),
        listed=values["listed"],
        link=values["link"],
        after=values["after"],
        found=values["found"],
        walked_at=kept_moment(values["walkedAt"]),
        quiet=values["quiet"],
        apply_at=kept_moment(values["applyAt"]),
        cancelled_at=kept_moment(values["cancelledAt"]),
        version=version,
    )


def state_of(run: Run, is_current: bool, any_open: bool) -> RunState:
    """The word. Whoever is not the current run cannot go on: what it had applied it has applied."""
    if run.cancelled_at:
        return RunState.CANCELLED
    over = run.listed and not any_open
    if run.apply_at and over:
        return RunState.APPLIED
    if not is_current:
        return RunState.SUPERSEDED
    if run.apply_at:
        return RunState.APPLYING
    return RunState.PLANNED if over else RunState.PLANNING


def _text(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
