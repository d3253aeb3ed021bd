"""host.json: what this host reads of it, with the defaults and the limits of the real one.

https://learn.microsoft.com/azure/azure-functions/functions-host-json
"""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dev.host.errors import ConfigurationError
from dev.host.time_span import seconds_of

DEFAULT_MAX_POLLING_SECONDS = 60.0
# In Development, and only where the setting was left alone, the extension polls at least every 2 s.
DEVELOPMENT_MAX_POLLING_SECONDS = 2.0
# Default on Flex Consumption, Premium and Dedicated; the classic Consumption plan has 5 minutes.
DEFAULT_FUNCTION_TIMEOUT_SECONDS = 30 * 60.0


@dataclass(frozen=True, slots=True)
class QueueOptions:
    """extensions.queues; durations in seconds. Limits: QueuesOptions.cs in the storage-queues extension.

    https://learn.microsoft.com/azure/azure-functions/functions-bindings-storage-queue#host-json
    """

    batch_size: int = 16
    new_batch_threshold: int = 8
    max_polling_seconds: float = DEFAULT_MAX_POLLING_SECONDS
    visibility_seconds: int = 0
    max_dequeue_count: int = 5
    base64: bool = True

    @property
    def most_in_flight(self) -> int:
        """How many messages of one function run at once in one instance."""
        return self.batch_size + self.new_batch_threshold


@dataclass(frozen=True, slots=True)
class HostOptions:
    """All of host.json that matters here; `function_timeout` is in seconds, None without limit."""

    route_prefix: str
    queues: QueueOptions
    function_timeout: float | None


def load(app_folder: Path) -> HostOptions:
    """Read and check host.json; the host does not start with a value out of range."""
    path = app_folder / "host.json"
    if not path.exists():
        raise ConfigurationError(f"there is no host.json in {app_folder}: it marks a folder as a function app")
    try:
        document = json.loads(path.read_text(encoding="utf-8-sig"))
    except ValueError as error:
        raise ConfigurationError(f"host.json is not valid JSON: {error}") from error
    return parse(document, development=os.environ.get("AZURE_FUNCTIONS_ENVIRONMENT") == "Development")


def parse(document: dict[str, Any], *, development: bool) -> HostOptions:
    """The options in a host.json document."""
    if document.get("version") != "2.0":
        raise ConfigurationError('host.json: "version" must be "2.0"')
    extensions = _Section(document, "host.json").section("extensions")
    return HostOptions(
        route_prefix=str(extensions.section("http").values.get("routePrefix", "api")).strip("/"),
        queues=_queue_options(extensions.section("queues"), development=development),
        function_timeout=_function_timeout(document),
    )


def _queue_options(section: "_Section", *, development: bool) -> QueueOptions:
    batch_size = section.whole("batchSize", 16, at_least=1, at_most=32)
    polling = DEVELOPMENT_MAX_POLLING_SECONDS if development else DEFAULT_MAX_POLLING_SECONDS
    encoding = str(section.values.get("messageEncoding", "base64")).lower()
    if encoding not in {"base64", "none"}:
        raise ConfigurationError(f'{section.path}.messageEncoding must be "base64" or "none", not "{encoding}"')
    return QueueOptions(
        batch_size=batch_size,
        # Half a batch for each core, except on the Dynamic plan (QueuesOptions.cs).
        new_batch_threshold=section.whole("newBatchThreshold", batch_size // 2 * (os.cpu_count() or 1), at_least=0),
        max_polling_seconds=section.span("maxPollingInterval", polling, at_least=0.1),
        visibility_seconds=int(section.span("visibilityTimeout", 0.0, at_least=0.0)),
        max_dequeue_count=section.whole("maxDequeueCount", 5, at_least=1),
        base64=encoding == "base64",
    )


def _function_timeout(document: dict[str, Any]) -> float | None:
    """https://learn.microsoft.com/azure/azure-functions/functions-host-json#functiontimeout (-1: unbounded)."""
    if "functionTimeout" not in document:
        return DEFAULT_FUNCTION_TIMEOUT_SECONDS
    value = document["functionTimeout"]
    if value is None or str(value) == "-1":
        return None
    seconds = seconds_of(str(value))
    if not seconds:
        raise ConfigurationError(f'host.json: functionTimeout "{value}" is not a time span like "00:05:00"')
    return seconds


class _Section:
    """An object within host.json that knows where it stands, to say so when a value is refused."""

    def __init__(self, values: dict[str, Any], path: str) -> None:
        self.values = values
        self.path = path

    def section(self, name: str) -> "_Section":
        values = self.values.get(name, {})
        if not isinstance(values, dict):
            raise ConfigurationError(f"{self.path}: {name} must be an object")
        return _Section(values, f"{self.path}: {name}" if self.path == "host.json" else f"{self.path}.{name}")

    def whole(self, name: str, default: int, *, at_least: int, at_most: int | None = None) -> int:
        value = self.values.get(name, default)
        if not isinstance(value, int) or value < at_least or (at_most is not None and value > at_most):
            limits = f"{at_least} or more" if at_most is None else f"{at_least} to {at_most}"
            raise ConfigurationError(f"{self.path}.{name} must be {limits}, not {value!r}")
        return value

    def span(self, name: str, default: float, *, at_least: float) -> float:
        if name not in self.values:
            return default
        seconds = seconds_of(str(self.values[name]))
        if seconds is None or seconds < at_least:
            raise ConfigurationError(
                f'{self.path}.{name} must be a time span like "00:00:02" of at least {at_least} s, '
                f"not {self.values[name]!r}"
            )
        return seconds
