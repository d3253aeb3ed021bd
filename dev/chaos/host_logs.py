"""What the hosts wrote of looks that failed."""

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

_FAILED = re.compile(r"([0-9a-f-]{36}): (retry|parked) \((\w+)\)")


@dataclass(frozen=True, slots=True)
class Told:
    """Failed looks by reason, and how many the person had who had most."""

    failed: Mapping[str, int]
    most: int


def read_logs(logs: Iterable[Path]) -> Told:
    """All files of all hosts."""
    reasons: Counter[str] = Counter()
    people: Counter[str] = Counter()
    for path in logs:
        with path.open(errors="replace") as lines:
            for found in filter(None, map(_FAILED.search, lines)):
                reasons[f"{found[2]} {found[3]}"] += 1
                people[found[1]] += 1
    return Told(dict(reasons.most_common()), max(people.values(), default=0))
