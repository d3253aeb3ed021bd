"""The end: who is judged how, and everything the report tells."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from statistics import median
from typing import Any

from dev.chaos.audit import Audited, check_audit, knew_its_number
from dev.chaos.history import not_shown, read_journal
from dev.chaos.judge import Truth, complaints
from dev.chaos.parts import Parts
from dev.chaos.performer import Performer
from dev.chaos.storage import Row

ADDED_AGAIN = "number added again after somebody removed it"
"""The oracle's words."""

WRITTEN_OFF = ("poison", "unreadable")
"""Reasons to park that tell nobody what to do about the person."""

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Unfit:
    """A person who has not ended as they must. `unseen`: what Graph never showed the app, if that is why."""

    user_id: str
    complaints: Sequence[str]
    unseen: Sequence[str]
    last_act: str

    @property
    def untold(self) -> bool:
        """Whether the app cannot know: a person's own act, told by a notification only, and that was lost."""
        return self.last_act == "human" and bool(self.unseen)


@dataclass(frozen=True, slots=True)
class Judgement:
    """Everyone, at one moment."""

    unfit: Sequence[Unfit]
    parked: Sequence[Json]
    audited: Audited
    violations: Sequence[Json]
    races: int
    phone_seconds: Sequence[float]
    unknowable: int = 0

    @property
    def good(self) -> bool:
        """Whether all is right."""
        written_off = any(row["reason"] in WRITTEN_OFF for row in self.parked)
        return not (self.unfit or written_off or self.audited.problems or self.violations)

    @property
    def untold(self) -> Sequence[Unfit]:
        """Those of whom the app cannot know."""
        return [unfit for unfit in self.unfit if unfit.untold]

    def after(self, first: "Judgement") -> "Judgement":
        """This one, with those whom the first sweep had to find and did not: a second one is no excuse."""
        still = {unfit.user_id for unfit in self.unfit}
        missed = [unfit for unfit in first.unfit if not unfit.untold and unfit.user_id not in still]
        return replace(self, unfit=[*self.unfit, *missed])


async def judge_everyone(parts: Parts, performer: Performer) -> Judgement:
    """Reads the simulator, the tables and the journal; asks the app nothing."""
    everyone, ledger = await parts.tenant.everyone(), await parts.storage.ledger()
    journal, _ = await parts.tenant.journal(0)
    histories = read_journal(journal)
    unfit = []
    for user_id, person in performer.came.items():
        since = performer.admins.get(user_id)
        truth = Truth(person, everyone[user_id], histories[user_id], ledger.get(user_id), since)
        found = complaints(truth)
        if found:
            unseen = not_shown(await parts.tenant.shown(user_id))
            late = _looked_before(ledger.get(user_id), histories[user_id].last_act_at)
            unfit.append(Unfit(user_id, found, unseen or late, histories[user_id].last_act))
    oracle = await parts.tenant.oracle()
    seconds = sorted(history.phone_seconds for history in histories.values() if history.phone_seconds is not None)
    rows, parked = await parts.storage.audit(), await parts.storage.parked()
    leaving = {user for user, row in ledger.items() if row.outcome == "retry" and everyone[user]["life"] != "active"}
    broken = [item for item in oracle["violations"] if not _unknowable(item, rows)]
    excused = len(oracle["violations"]) - len(broken)
    return Judgement(unfit, parked, check_audit(rows, leaving), broken, len(oracle["races"]), seconds, excused)


def _unknowable(violation: Json, rows: Sequence[Json]) -> bool:
    """A number that a person removed before the look that wrote it had come to its end: docs/promises.md."""
    again = violation["what"] == ADDED_AGAIN
    return again and not knew_its_number(rows, violation["user"], datetime.fromisoformat(violation["at"]))


def _looked_before(row: Row | None, moment: float) -> Sequence[str]:
    """A look that was shown the act but left its user to one begun before the act has told the app nothing."""
    at = row.values.get("lookedAt") if row else None
    return ("a look that came to its end",) if at and datetime.fromisoformat(at).timestamp() < moment else ()


@dataclass(slots=True)
class Report:
    """All figures, in the order in which they are shown."""

    figures: dict[str, Any] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def tell(self, judgement: Judgement) -> None:
        """What is wrong, each in one line."""
        self.problems += [
            f"{unfit.user_id}: {'; '.join(unfit.complaints)}{_unseen(unfit)}" for unfit in judgement.unfit
        ]
        self.problems += [f"{user}: {what}" for user, what in judgement.audited.problems]
        self.problems += [
            f"{item['user']}: invariant {item['invariant']}: {item['what']}" for item in judgement.violations
        ]
        written_off = (row for row in judgement.parked if row["reason"] in WRITTEN_OFF)
        self.problems += [f"{row['RowKey']}: parked as {row['reason']}" for row in written_off]

    def as_json(self) -> Json:
        """For a file."""
        return {**self.figures, "problems": self.problems}


def _unseen(unfit: Unfit) -> str:
    return f" (Graph has not shown the app: {', '.join(unfit.unseen)})" if unfit.unseen else ""


def seconds_in_words(seconds: Sequence[float]) -> Json:
    """Median, the slowest percent and the worst."""
    if not seconds:
        return {"people": 0}
    worst_percent = seconds[int(len(seconds) * 0.99)]
    figures = {"median": median(seconds), "99 of 100": worst_percent, "worst": seconds[-1]}
    return {"people": len(seconds), **{name: round(value, 1) for name, value in figures.items()}}
