"""One question to Graph and its answer, free of any HTTP library, so that `$batch` and the socket share one path."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from dev.graph_simulator.snapshot import Observation

type JsonObject = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, as the token says it."""

    app_id: str
    tenant_id: str
    object_id: str
    roles: frozenset[str]


NOBODY = Caller(app_id="", tenant_id="", object_id="", roles=frozenset())


@dataclass(frozen=True, slots=True)
class GraphRequest:
    """A request below one API version. `path` starts with a slash and is still percent-encoded.

    `exchange` is the id of the HTTP request this one came in: a `$batch` has several of these in one.
    """

    method: str
    version: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: JsonObject | None
    base_url: str
    request_id: str
    caller: Caller = NOBODY
    inner: bool = False
    exchange: str = ""
    params: Mapping[str, str] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """Absolute address of the API version, without a trailing slash."""
        return f"{self.base_url}/{self.version}"

    def fields(self) -> JsonObject:
        """The JSON body; an absent one is an empty object."""
        return self.body or {}


@dataclass(frozen=True, slots=True)
class GraphResponse:
    """An answer. `observed` tells the journal what the client could read from it; `cut` = drop the connection."""

    status: int
    body: JsonObject | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    html: str | None = None
    observed: tuple[Observation, ...] = ()
    cut: bool = False


NO_CONTENT = GraphResponse(204)
