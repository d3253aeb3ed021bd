"""What happened to users, by whom: the evidence the oracle reads."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from dev.graph_simulator.clock import iso_precise
from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.snapshot import Observation, Snapshot

READ = "read"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event. `actor`: app (a Graph call), human, hr, system or policy (the oracle's own settings changed).

    `status` is what the rules answered, `sent` what reached the wire (a fault may sit in between; 0 = cut off).
    `exchange` is the same for all inner requests of one `$batch`.
    """

    sequence: int
    at: float
    actor: str
    caller: str
    operation: str
    user: str
    request: JsonObject = field(default_factory=dict)
    before: Snapshot | None = None
    after: Snapshot | None = None
    shown: Snapshot | None = None
    status: int = 0
    sent: int = 0
    call: str = ""
    request_id: str = ""
    exchange: str = ""

    @property
    def committed(self) -> bool:
        """Whether a write took effect: accepted, or refused although the state changed (the 409 of SMS sign-in)."""
        return 200 <= self.status < 300 or (self.before is not None and self.before != self.after)

    def as_json(self) -> JsonObject:
        """The entry as /sim/journal shows it."""
        values: dict[str, Any] = {name: getattr(self, name) for name in _PLAIN}
        values["at"] = iso_precise(self.at)
        values["epoch"] = self.at
        for name in ("before", "after", "shown"):
            snapshot: Snapshot | None = getattr(self, name)
            values[name] = asdict(snapshot) if snapshot else None
        return values


_PLAIN = (
    "sequence",
    "actor",
    "caller",
    "operation",
    "user",
    "request",
    "status",
    "sent",
    "call",
    "request_id",
    "exchange",
)


class Journal:
    """Append-only list of entries."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def write(self, at: float, actor: str, operation: str, user: str = "", **details: Any) -> Entry:
        """Append one event; `details` are further fields of `Entry`."""
        details.setdefault("caller", actor)
        entry = Entry(len(self.entries), at, actor, operation=operation, user=user, **details)
        self.entries.append(entry)
        return entry

    def read(self, at: float, caller: str, exchange: str, observations: Iterable[Observation]) -> None:
        """Record what a client was shown."""
        for seen in observations:
            details = {"caller": caller, "exchange": exchange, "shown": seen.shown, "status": 200, "sent": 200}
            self.write(at, READ, f"read.{seen.kind}", seen.user, **details)

    def clear(self) -> None:
        """Forget everything."""
        self.entries.clear()
