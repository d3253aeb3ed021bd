"""What the simulator's journal tells of each user: when they came, which phone they have, when it was set."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

type Json = dict[str, Any]

PHONE_WRITES = frozenset({"phone.create", "phone.update"})


@dataclass(slots=True)
class Story:
    """One user so far. Times are the simulator's clock; `given_at`: when HR last entered or changed something."""

    created_at: float
    given_at: float
    changed_at: float
    phone: str | None = None
    state: str = "disabled"
    life: str = "active"
    phone_at: float | None = None
    phone_seconds: float | None = None
    state_at: float | None = None

    @property
    def canonical_phone(self) -> str | None:
        """The registered number, E.164."""
        return self.phone.replace(" ", "") if self.phone else None


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a user, for those who watch."""

    user: str
    words: str


@dataclass(slots=True)
class Chronicle:
    """All stories by user id. Feed it the journal, in order."""

    stories: dict[str, Story] = field(default_factory=dict)
    began_at: float | None = None
    position: int = 0

    def take(self, entries: Iterable[Json]) -> list[Event]:
        """Take in journal entries; what is worth telling of them."""
        return [event for entry in entries if entry["user"] and (event := self._take_one(entry))]

    def phone_seconds(self) -> list[float]:
        """How long it took from HR's entry to the phone being set, for everyone whom the app gave one."""
        return sorted(story.phone_seconds for story in self.stories.values() if story.phone_seconds is not None)

    def _take_one(self, entry: Json) -> Event | None:
        at, after, operation = entry["epoch"], entry["after"], entry["operation"]
        if after is None:
            return None
        if self.began_at is None:
            self.began_at = at
        story = self.stories.setdefault(entry["user"], Story(at, at, at))
        if entry["actor"] == "hr":
            story.given_at = at
        phone, state = dict(after["phones"]).get("mobile"), after["mfa_state"]
        words = _words(operation, story, phone, state)
        if words or operation == "user.equipped":
            story.changed_at = at
        if entry["actor"] == "app":
            _note_deed(story, at, operation, phone, state)
        story.phone, story.state, story.life = phone, state, after["life"]
        return Event(entry["user"], words) if words else None


def _note_deed(story: Story, at: float, operation: str, phone: str | None, state: str) -> None:
    if operation in PHONE_WRITES and phone != story.phone:
        story.phone_at, story.phone_seconds = at, at - story.given_at
    if state != story.state and story.state_at is None:
        story.state_at = at


def _words(operation: str, story: Story, phone: str | None, state: str) -> str:
    changes = []
    if operation == "user.equipped":
        changes.append("created")
    if phone != story.phone and operation != "user.equipped":
        changes.append("phone set" if phone else "phone removed")
    if state != story.state and operation != "user.equipped":
        changes.append(f"MFA {state}")
    if operation in ("user.update", "user.delete"):
        changes.append("edited" if operation == "user.update" else "deleted")
    return ", ".join(changes)
