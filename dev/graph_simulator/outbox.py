"""Notifications on their way out: what is waiting, and what became of the rest."""

from collections import Counter, deque
from dataclasses import dataclass, field

from dev.graph_simulator.exchange import JsonObject

REMEMBERED_DELIVERIES = 5_000
"""How many finished deliveries the log keeps; counters count all."""


@dataclass(frozen=True, slots=True)
class Item:
    """One entry of a notification collection and when it may leave."""

    subscription_id: str
    url: str
    payload: JsonObject
    raised_at: float
    due_at: float
    lifecycle: bool = False


@dataclass(slots=True)
class Delivery:
    """One POST and its attempts. `outcome`: pending, delivered, discarded (4 h are over) or dropped."""

    url: str
    items: int
    raised_at: float
    lifecycle: bool
    statuses: list[int] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    outcome: str = "pending"
    delivered_after: float | None = None

    def as_json(self) -> JsonObject:
        """The delivery as the log shows it; seconds, status 0 = no answer in time."""
        return {name: getattr(self, name) for name in self.__slots__}


class Outbox:
    """Items that wait, deliveries that were tried, and counts of everything."""

    def __init__(self) -> None:
        self.waiting: list[Item] = []
        self.deliveries: deque[Delivery] = deque(maxlen=REMEMBERED_DELIVERIES)
        self.in_flight = 0
        self.counts: Counter[str] = Counter()
        self._seen: dict[int, Item] = {}

    def unseen(self) -> list[Item]:
        """Return the waiting items that were not returned before."""
        waiting = {id(item): item for item in self.waiting}
        found = [item for key, item in waiting.items() if key not in self._seen]
        self._seen = waiting
        return found

    def as_json(self) -> JsonObject:
        """Counts and the delivery log."""
        names = ("raised", "duplicated", "dropped", "stalled", "delivered", "discarded", "posts", "failedAttempts")
        return {
            "counts": {name: self.counts[name] for name in names},
            "pending": len(self.waiting) + self.in_flight,
            "deliveries": [delivery.as_json() for delivery in self.deliveries],
        }
