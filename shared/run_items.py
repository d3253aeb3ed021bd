"""A user in a run: what the plan was, and how it ended. Floor 2, values only."""

from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Self

from shared.models import Outcome, Reason
from shared.plan import Plan
from shared.steps import Step


class ItemState(StrEnum):
    """How far one user has come in a run."""

    OPEN = "open"
    """Listed, not looked at yet."""
    PLANNED = "planned"
    """Looked at: `actions` is what would be done."""
    ENDED = "ended"
    """Applied; `outcome` says how it ended."""
    CHANGED = "changed"
    """Something else would have to be done than was planned: left alone."""
    FAILED = "failed"
    """It kept failing; the reason says why."""


@dataclass(frozen=True, slots=True)
class Item:
    """One row a user and run. `version` is the storage's ETag; None: nothing is known of how it was stored.

    `actions` are for people and `steps` for the machine; both say what was planned, also when the item has ended.
    """

    user_id: str
    state: ItemState = ItemState.OPEN
    outcome: Outcome | None = None
    reasons: tuple[Reason, ...] = ()
    actions: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    source: str | None = None
    at: datetime | None = None
    version: str | None = field(default=None, compare=False)

    @property
    def waits_for_apply(self) -> bool:
        """Whether there is something planned that has not been done yet."""
        return self.state is ItemState.PLANNED and bool(self.steps)

    @property
    def is_worth_showing(self) -> bool:
        """Whether a person wants to see it before or after the run: most people need nothing."""
        return bool(self.actions) or self.state in (ItemState.CHANGED, ItemState.FAILED)

    def planned(self, plan: Plan, steps: tuple[Step, ...], at: datetime) -> Self:
        """After the look that planned."""
        described = tuple(action.describe() for action in plan.actions)
        seen = replace(self, outcome=plan.outcome, reasons=plan.reasons, actions=described, steps=steps)
        return replace(seen, state=ItemState.PLANNED, source=plan.source, at=at)

    def ended(self, state: ItemState, outcome: Outcome, reasons: tuple[Reason, ...], at: datetime) -> Self:
        """After the last look at it."""
        return replace(self, state=state, outcome=outcome, reasons=reasons, at=at)


def end_state(outcome: Outcome) -> ItemState:
    """The state of an item whose look ended with this word."""
    return ItemState.FAILED if outcome is Outcome.PARKED else ItemState.ENDED
