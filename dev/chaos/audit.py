"""Whether the audit tells of each write once: every intent with exactly one outcome."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Audited:
    """`problems`: user and what is wrong. `by_sweep`: people to whom something was written because of a sweep."""

    looks: int
    problems: Sequence[tuple[str, str]]
    by_sweep: frozenset[str]


def check_audit(rows: Iterable[Mapping[str, Any]]) -> Audited:
    """All rows, in any order."""
    phases: defaultdict[tuple[str, str], Counter[str]] = defaultdict(Counter)
    by_sweep = set()
    for row in rows:
        phases[row["PartitionKey"], row["look"]][row["phase"]] += 1
        if row["phase"] == "intent" and row["cause"] == "sweep":
            by_sweep.add(row["PartitionKey"])
    problems = [
        (user, f"look {look} has {counts['intent']} intents and {counts['outcome']} outcomes")
        for (user, look), counts in sorted(phases.items())
        if (counts["intent"], counts["outcome"]) != (1, 1)
    ]
    return Audited(len(phases), problems, frozenset(by_sweep))
