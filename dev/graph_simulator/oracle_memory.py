"""What the oracle keeps in mind about one caller and one user while it reads the journal."""

from collections import deque
from dataclasses import dataclass, field

from dev.graph_simulator.journal import Entry
from dev.graph_simulator.numbers import written_from
from dev.graph_simulator.snapshot import Snapshot

PHONE_LOOKS = ("read.phones", "read.methods")
PHONE_WRITES = ("phone.create", "phone.update")


@dataclass(slots=True)
class Known:
    """`written` is the number the caller may call its own: written by it, or found equal to the directory's."""

    last_write: int = -1
    last_phone_write: int = -1
    last_other_hand: int = -1
    written: str | None = None
    removed_by_others: bool = False
    looks: dict[str, Entry] = field(default_factory=dict)
    recent_looks: deque[Entry] = field(default_factory=lambda: deque(maxlen=64))
    usable_looks: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=8))

    def look(self, entry: Entry, default_region: str) -> None:
        """The caller was shown something."""
        self.looks[entry.operation] = entry
        self.recent_looks.append(entry)
        shown = entry.shown
        if entry.operation not in PHONE_LOOKS or shown is None:
            return
        if _shows_usable(entry.operation, shown):
            self.usable_looks.append((entry.sequence, entry.exchange))
        regions = (*shown.regions, default_region) if default_region else shown.regions
        if shown.mobile and written_from(shown.mobile, shown.sources, regions):
            self.written, self.removed_by_others = shown.mobile, False

    def wrote(self, entry: Entry) -> None:
        """A write of the caller took effect."""
        self.last_write = entry.sequence
        if entry.operation not in PHONE_WRITES:
            return
        self.last_phone_write = entry.sequence
        if entry.after and entry.after.mobile and entry.request.get("phoneType", "mobile") == "mobile":
            self.written, self.removed_by_others = entry.after.mobile, False

    def other_hand(self, entry: Entry) -> None:
        """Somebody else changed the user."""
        self.last_other_hand = entry.sequence
        if self.written and entry.before and entry.after and entry.before.mobile != entry.after.mobile:
            self.removed_by_others = entry.after.mobile is None

    def saw_usable(self, entry: Entry) -> bool:
        """Whether a usable method was read, in an earlier exchange, since the last phone write."""
        return any(
            sequence > self.last_phone_write and exchange != entry.exchange for sequence, exchange in self.usable_looks
        )

    def surprised_since(self, look: Entry) -> bool:
        """Whether what changed since a look can be another's doing: the caller wrote nothing, or others did too."""
        return self.last_write < look.sequence or self.last_other_hand > look.sequence

    def latest(self, kinds: tuple[str, ...]) -> Entry | None:
        """The newest look of some kinds."""
        found = [self.looks[kind] for kind in kinds if kind in self.looks]
        return max(found, key=lambda entry: entry.sequence, default=None)

    def since(self, moment: float, kinds: tuple[str, ...]) -> list[Entry]:
        """All looks of some kinds from a moment on."""
        return [entry for entry in self.recent_looks if entry.at >= moment and entry.operation in kinds]


def _shows_usable(operation: str, shown: Snapshot) -> bool:
    """phoneMethods shows the phone only; methods shows everything."""
    return shown.usable if operation == "read.methods" else shown.mobile is not None
