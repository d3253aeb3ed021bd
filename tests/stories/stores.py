"""What a world keeps: the queue, and the ports of tests/fakes.py that note when something was kept."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.memory import Memory
from shared.messages import Chore, Message, decode, encode
from shared.plan import AddPhone
from shared.ports import AuditRow, Record
from shared.switches import PAUSE
from tests.fakes import FakeAudit, FakeControl, FakeLedger
from tests.stories.process import WORK


@dataclass(eq=False)
class Waiting:
    """A message in the queue, as text; invisible until it is due."""

    text: str
    due: datetime
    failures: int = 0

    @property
    def users(self) -> tuple[str, ...]:
        return decode(self.text).users


@dataclass
class MemoryQueue:
    """The Queues port."""

    now: Callable[[], datetime]
    waiting: list[Waiting] = field(default_factory=list)
    poison: list[Waiting] = field(default_factory=list)
    chores: list[Chore] = field(default_factory=list)

    async def send(self, message: Message, delay: timedelta = timedelta(0)) -> None:
        self.put(encode(message), delay)

    async def send_chore(self, chore: Chore, received: int, delay: timedelta = timedelta(0), attempt: int = 1) -> None:
        self.chores.append(chore)

    def put(self, text: str, delay: timedelta = timedelta(0)) -> None:
        self.waiting.append(Waiting(text, self.now() + delay))

    def due(self) -> list[Waiting]:
        return [item for item in self.waiting if item.due <= self.now()]

    def soonest(self) -> datetime | None:
        return min((item.due for item in self.waiting), default=None)


@dataclass
class NotedLedger(FakeLedger):
    """Knows for each saved row how long the tenant's journal was then, and whether it claimed a number as ours."""

    length: Callable[[], int] = lambda: 0
    owned: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)

    async def save(self, memory: Memory) -> Memory:
        saved = await super().save(memory)
        accepted = memory.accepted is not None and memory.accepted.what == AddPhone.kind
        ours = memory.fingerprint is not None or accepted
        self.owned.setdefault(memory.user_id, []).append((self.length(), ours))
        return saved


@dataclass
class NotedAudit(FakeAudit):
    """Knows for each row how long the tenant's journal was then, and which work wrote it."""

    length: Callable[[], int] = lambda: 0
    noted: list[tuple[int, str]] = field(default_factory=list)

    async def append(self, row: AuditRow) -> None:
        known = len(self.rows)
        await super().append(row)
        if len(self.rows) > known:  # an outcome that is recorded already stays as it is
            self.noted.append((self.length(), WORK.get()))


@dataclass
class NotedControl(FakeControl):
    """Knows when the kill switch was moved: (length of the journal, what was begun by then, paused)."""

    when: Callable[[], tuple[int, int]] = lambda: (0, 0)
    moved: list[tuple[int, int, bool]] = field(default_factory=list)

    async def save(self, name: str, record: Record) -> Record:
        saved = await super().save(name, record)
        self._note(name, record)
        return saved

    def throw(self, name: str, values: Mapping[str, Any]) -> None:
        """Somebody else saves, now."""
        self.saves += 1
        self.records[name] = Record(values, str(self.saves))
        self._note(name, self.records[name])

    def _note(self, name: str, record: Record) -> None:
        if name == PAUSE:
            self.moved.append((*self.when(), bool(record.values["paused"])))
