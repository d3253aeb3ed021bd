"""A request to Graph and what came back, as values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

NO_ANSWER = 0
"""The status of a request that was not answered: no connection, or no answer in time."""

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `path` starts with a slash and comes after the version; `body` may hold a secret: never show it."""

    method: str
    path: str
    body: Json | None = field(default=None, repr=False)
    version: str = "v1.0"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def line(self) -> str:
        """Method, version and path."""
        return f"{self.method} /{self.version}{self.path}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back. `body` is None where it is no JSON. `seconds`: how long it took."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: Any = field(default=None, repr=False)
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """2xx."""
        return 200 <= self.status < 300

    def field(self, name: str) -> Any:
        """A property of the body; None where the body is no object or lacks it."""
        return self.body.get(name) if isinstance(self.body, dict) else None

    @property
    def values(self) -> list[Json]:
        """The objects of a list; empty where there is none."""
        value = self.field("value")
        return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []

    @property
    def code(self) -> str:
        """The error code; empty where there is none."""
        return self._error("code")

    @property
    def message(self) -> str:
        """The error message; empty where there is none."""
        return self._error("message")

    def header(self, name: str) -> str:
        """A header by its lower-case name; empty where there is none."""
        return self.headers.get(name, "")

    def _error(self, name: str) -> str:
        error = self.field("error")
        value = error.get(name) if isinstance(error, dict) else None
        return value if isinstance(value, str) else ""

    def part(self, part_id: str) -> "Answer":
        """The inner answer of a batch; NO_ANSWER where the batch has none of that id."""
        responses = self.field("responses")
        for item in responses if isinstance(responses, list) else []:
            if isinstance(item, dict) and item.get("id") == part_id and isinstance(item.get("status"), int):
                headers = item.get("headers")
                lowered = {str(k).lower(): str(v) for k, v in headers.items()} if isinstance(headers, dict) else {}
                return Answer(item["status"], lowered, item.get("body"), self.seconds)
        return Answer(NO_ANSWER)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request of a check with its answer. `label` names it for the check's expectations; empty: preparation."""

    label: str
    request: Request
    answer: Answer
