"""Where the simulator itself strayed from Microsoft's description: kept for the tests, which want none."""

from collections.abc import Iterable

from dev.graph_simulator.exchange import JsonObject

KEPT = 100
"""How many findings are kept; more of the same would tell nothing new."""


class Findings:
    """Answers and notifications that were checked, and those that did not fit. Checking costs a fifth of the speed."""

    def __init__(self, wanted: bool) -> None:
        self.wanted = wanted
        self.checked = 0
        self.found: list[str] = []

    def note(self, what: str, problems: Iterable[object]) -> None:
        """Record one check."""
        self.checked += 1
        self.found += [f"{what}: {problem}" for problem in problems][: KEPT - len(self.found)]

    def as_json(self) -> JsonObject:
        """As /sim/findings shows them."""
        return {"checked": self.checked, "found": self.found}
