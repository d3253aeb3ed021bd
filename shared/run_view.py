"""What GET /api/runs/{runId} tells: how far a run is, what it comes to, and whom it is about. Floor 5.

Counted from the items each time, so that it cannot be wrong for longer than a look takes.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.run_book import ITEMS_A_PAGE, RunBook
from shared.run_items import Item, ItemState
from shared.run_rules import Run, state_of

MOST_SHOWN = 500

NEARLY = 0.99
"""Of a run that is not over, however little is left: more may be listed yet."""

LONGEST_GUESS = 365 * 24 * 60
"""Minutes. A run that waits for somebody to resume the service gets slower and slower; no date says that."""


@dataclass(slots=True)
class Tally:
    """The sums over the items of a run."""

    run: Run
    after: str | None
    users: int = 0
    looked: int = 0
    open: int = 0
    failures: int = 0
    last_at: datetime | None = None
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    actions: Counter[str] = field(default_factory=Counter)
    shown: list[Item] = field(default_factory=list)
    more: bool = False

    def count(self, item: Item) -> None:
        """Takes in one item."""
        self.users += 1
        self.failures += item.state is ItemState.FAILED
        self.outcomes.update([item.outcome.value] if item.outcome else [])
        self.reasons.update(reason.value for reason in item.reasons)
        self.actions.update(step.kind for step in item.steps)
        if self.run.has_open(item):
            self.open += 1
        elif item.steps or not self.run.apply_at:
            self.looked += 1
            self.last_at = max(filter(None, (self.last_at, item.at)), default=None)
        if item.is_worth_showing and (self.after is None or item.user_id > self.after):
            self._show(item)

    def _show(self, item: Item) -> None:
        if len(self.shown) < MOST_SHOWN:
            self.shown.append(item)
        else:
            self.more = True


@dataclass(frozen=True, slots=True)
class RunViewer:
    """The ports of a run's page."""

    book: RunBook
    now: Callable[[], datetime]

    async def show(self, run_id: str, after: str | None = None) -> dict[str, Any] | None:
        """None when there is no such run. `after`: the last item of the page before."""
        run = await self.book.load(run_id)
        if run is None:
            return None
        tally = await self._tally(run, after)
        state = state_of(run, await self.book.is_current(run), tally.open > 0)
        now = self.now()
        return {
            "id": run.id,
            "state": state.value,
            "createdAt": run.created_at.isoformat(),
            "startedAt": run.started_at.isoformat(),
            "asOf": now.isoformat(),
            **_pace(tally, state.is_active, now),
            "outcomes": dict(sorted(tally.outcomes.items())),
            "reasons": dict(sorted(tally.reasons.items())),
            "actions": dict(sorted(tally.actions.items())),
            "failures": tally.failures,
            "items": [_shown(item) for item in tally.shown],
            "next": tally.shown[-1].user_id if tally.more else None,
        }

    async def _tally(self, run: Run, after: str | None) -> Tally:
        tally, last, page_is_full = Tally(run, after), None, True
        while page_is_full:
            page = await self.book.items.page(run.id, last, ITEMS_A_PAGE)
            for item in page:
                tally.count(item)
            page_is_full = len(page) == ITEMS_A_PAGE
            last = page[-1].user_id if page else None
        return tally


def _pace(tally: Tally, is_active: bool, now: datetime) -> dict[str, Any]:
    """How many, how far, how fast, until when."""
    whole = tally.looked + tally.open
    part = tally.looked / whole if whole else 0.0
    ended = now if is_active else tally.last_at or tally.run.started_at
    minutes = (ended - tally.run.started_at) / timedelta(minutes=1)
    rate = tally.looked / minutes if minutes > 0 else None
    left = tally.open / rate if is_active and tally.run.listed and rate else None
    ends = now + timedelta(minutes=left) if left is not None and left < LONGEST_GUESS else None
    return {
        "users": tally.users,
        "looked": tally.looked,
        "open": tally.open,
        "progress": round(min(part, NEARLY), 3) if is_active else 1.0 if not tally.open else round(part, 3),
        "perMinute": round(rate, 1) if rate is not None else None,
        "estimatedEnd": ends.isoformat() if ends else None,
    }


def _shown(item: Item) -> dict[str, Any]:
    return {
        "id": item.user_id,
        "state": item.state.value,
        "outcome": item.outcome.value if item.outcome else None,
        "reasons": [reason.value for reason in item.reasons],
        "actions": list(item.actions),
        "source": item.source,
    }
