"""When each timer last ran and should run next, kept over restarts.

The one deviation by design: the real host keeps this in blob storage (azure-webjobs-hosts/timers/…/status); here it is
a file in the `--state` folder, so that the host needs nothing but a queue service.
"""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class TimerStatus:
    """ScheduleStatus of the timers extension; `last` is None until the timer has run once."""

    last: datetime | None
    next: datetime
    last_updated: datetime

    def as_json(self) -> dict[str, str]:
        # .NET's default(DateTime) is what "never" looks like to a function.
        last = self.last.isoformat() if self.last else "0001-01-01T00:00:00+00:00"
        return {"Last": last, "Next": self.next.isoformat(), "LastUpdated": self.last_updated.isoformat()}

    @classmethod
    def from_json(cls, document: dict[str, Any]) -> Self:
        last, following, updated = (datetime.fromisoformat(document[name]) for name in ("Last", "Next", "LastUpdated"))
        return cls(last if last.year > 1 else None, following, updated)


class TimerStatusFile:
    """The statuses of one app's timers in one file, named after the app's folder as the host id is."""

    def __init__(self, state_folder: Path, app_folder: Path) -> None:
        host_id = hashlib.sha256(str(app_folder.resolve()).encode()).hexdigest()[:8]
        self._path = state_folder / f"timers-{host_id}.json"

    def read(self, function: str) -> TimerStatus | None:
        """What is recorded; a file that cannot be read counts as none, like a status blob that is not JSON."""
        try:
            return TimerStatus.from_json(self._document()[function])
        except (KeyError, ValueError, TypeError):
            return None

    def write(self, function: str, status: TimerStatus) -> None:
        document = {**self._document(), function: status.as_json()}
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(".tmp")
        draft.write_text(json.dumps(document, indent=2))
        draft.replace(self._path)

    def _document(self) -> dict[str, Any]:
        try:
            document = json.loads(self._path.read_text())
        except (FileNotFoundError, ValueError):
            return {}
        return document if isinstance(document, dict) else {}
