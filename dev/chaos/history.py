"""What the simulator's journal tells of each person: who did what to the phone, and what the app was shown last."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

type Json = dict[str, Any]

PEOPLE = ("hr", "human")
SHOWS = {
    "read.user": ("enabled", "life", "user_type", "sources", "regions"),
    "read.phones": ("phones",),
    "read.methods": ("methods",),
    "read.requirements": ("mfa_state",),
}
"""What each kind of read tells."""


@dataclass(slots=True)
class History:
    """One person. Moments are the simulator's clock, seconds since 1970."""

    created_at: float
    last_hand: str = ""
    app_wrote_phone: bool = False
    human_removed: bool = False
    first_phone_at: float | None = None
    last_write_at: float = 0.0
    last_act: str = ""
    last_act_at: float = 0.0
    edited_before_first_phone: bool = False

    @property
    def phone_seconds(self) -> float | None:
        """From creation to the phone being set by the app, where HR changed nothing in between."""
        if self.first_phone_at is None or self.edited_before_first_phone:
            return None
        return self.first_phone_at - self.created_at


def read_journal(entries: Iterable[Json]) -> dict[str, History]:
    """The history of each person."""
    found: dict[str, History] = {}
    for entry in entries:
        if entry["user"] and entry["after"] is not None:
            _take(found.setdefault(entry["user"], History(entry["epoch"])), entry)
    return found


def _take(history: History, entry: Json) -> None:
    actor, before, after = entry["actor"], _mobile(entry["before"]), _mobile(entry["after"])
    if actor == "app" and entry["before"] != entry["after"]:
        history.last_write_at = entry["epoch"]
    if actor in PEOPLE:
        history.last_act, history.last_act_at = actor, entry["epoch"]
        history.edited_before_first_phone |= actor == "hr" and history.first_phone_at is None
    if before == after:
        return
    history.last_hand = "app" if actor == "app" else "human"
    if actor == "app":
        history.app_wrote_phone = True
        history.first_phone_at = history.first_phone_at or entry["epoch"]
    elif after is None:
        history.human_removed = True


def _mobile(snapshot: Mapping[str, Any] | None) -> str | None:
    """Digits of the registered mobile phone; None: there is none."""
    number = dict(snapshot["phones"]).get("mobile") if snapshot else None
    return number.replace(" ", "") if number else None


def not_shown(entries: Sequence[Json]) -> tuple[str, ...]:
    """What of the final state Graph has never shown to the app, the journal of one person with reads given.

    A person's own change is told by a notification only, never by delta; where that was lost, or read too early, the
    app cannot know.
    """
    states = [entry["after"] for entry in entries if entry["after"]]
    final = states[-1] if states else {}
    reads = {entry["operation"]: entry["shown"] for entry in entries if entry["actor"] == "read"}
    stale = [
        name for kind, names in SHOWS.items() if kind in reads for name in names if _differs(reads[kind], final, name)
    ]
    return (*stale, *(kind for kind in SHOWS if kind not in reads))


def _differs(shown: Json | None, final: Json, name: str) -> bool:
    return shown is None or shown[name] != final[name]
