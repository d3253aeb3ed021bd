"""Whether the audit tells of each write once: every intent with exactly one outcome."""

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Audited:
    """`problems`: user and what is wrong. `by_sweep`: people to whom something was written because of a sweep."""

    looks: int
    problems: Sequence[tuple[str, str]]
    by_sweep: frozenset[str]


def check_audit(rows: Iterable[Mapping[str, Any]], leaving: Collection[str] = ()) -> Audited:
    """All rows, in any order. `leaving`: people deleted within the last hour, whose last look is not over yet."""
    phases: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    by_sweep = set()
    for row in rows:
        phases[row["PartitionKey"], row["look"]][row["phase"]] += 1
        if row["phase"] == "intent" and row["cause"] == "sweep":
            by_sweep.add(row["PartitionKey"])
    problems = [
        (user, f"look {look} has {counts['intent']} intents and {counts['outcome']} outcomes")
        for (user, look), counts in sorted(phases.items())
        if (counts["intent"], counts["outcome"]) not in {(1, 1), *([(1, 0)] if user in leaving else [])}
    ]
    return Audited(len(phases), problems, frozenset(by_sweep))


def knew_its_number(rows: Iterable[Mapping[str, Any]], user: str, before: datetime) -> bool:
    """Whether a look had come to its end whose number Graph had accepted or shown: only then a removal can be told."""
    return any(
        row["PartitionKey"] == user
        and row["phase"] == "outcome"
        and "mobile" in row["actions"]
        and datetime.fromisoformat(row["at"]) < before
        for row in rows
    )
