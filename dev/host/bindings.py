"""From the worker's raw bindings (JSON text, %SETTING% and all) to typed triggers and outputs."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from dev.host import app_settings, connections
from dev.host.connections import Connection
from dev.host.errors import BindingError
from dev.host.http_routes import RouteTemplate
from dev.host.ncrontab import Schedule
from dev.host.worker import IndexedFunction

DEFAULT_CONNECTION = "AzureWebJobsStorage"
AUTH_LEVELS = {"anonymous", "function", "admin"}
# https://learn.microsoft.com/rest/api/storageservices/naming-queues-and-metadata#queue-names
_QUEUE_NAME = re.compile(r"(?=.{3,63}$)[a-z0-9]+(?:-[a-z0-9]+)*")


@dataclass(frozen=True, slots=True)
class HttpTrigger:
    """`methods` is None where every method will do; `auth_level` is anonymous, function or admin."""

    parameter: str
    route: RouteTemplate
    methods: frozenset[str] | None
    auth_level: str


@dataclass(frozen=True, slots=True)
class QueueTrigger:
    parameter: str
    queue: str
    connection: Connection


@dataclass(frozen=True, slots=True)
class TimerTrigger:
    parameter: str
    schedule: Schedule
    run_on_startup: bool
    use_monitor: bool


@dataclass(frozen=True, slots=True)
class QueueOutput:
    """`name` is the parameter, or $return."""

    name: str
    queue: str
    connection: Connection


Trigger = HttpTrigger | QueueTrigger | TimerTrigger


@dataclass(frozen=True, slots=True)
class Function:
    """A function ready to be listened for; `http_output` names the binding that carries its HTTP response."""

    name: str
    id: str
    trigger: Trigger
    queue_outputs: tuple[QueueOutput, ...]
    http_output: str | None


class _Reader:
    """Reads the bindings of one function."""

    def __init__(self, function: str, settings: Mapping[str, str], route_prefix: str) -> None:
        self._function = function
        self._settings = settings
        self._route_prefix = route_prefix

    def trigger(self, binding: dict[str, Any]) -> Trigger:
        match binding["type"].lower():
            case "httptrigger":
                return self._http_trigger(binding)
            case "queuetrigger":
                return QueueTrigger(binding["name"], *self._queue(binding))
            case "timertrigger":
                return self._timer_trigger(binding)
            case other:
                raise BindingError(f"'{other}' is not a trigger this host knows (http, queue and timer are)")

    def queue_output(self, binding: dict[str, Any]) -> QueueOutput:
        return QueueOutput(binding["name"], *self._queue(binding))

    def _http_trigger(self, binding: dict[str, Any]) -> HttpTrigger:
        level = str(binding.get("authLevel") or "function").lower()
        if level not in AUTH_LEVELS:
            raise BindingError(f"authLevel '{level}' is none of {', '.join(sorted(AUTH_LEVELS))}")
        # host, WebHost/WebScriptHostHttpRoutesManager.cs: without a route, the function's name is its route.
        route = binding.get("route") or self._function
        methods = binding.get("methods")
        return HttpTrigger(
            binding["name"],
            RouteTemplate.parse(f"{self._route_prefix}/{route}"),
            frozenset(str(method).upper() for method in methods) if methods else None,
            level,
        )

    def _timer_trigger(self, binding: dict[str, Any]) -> TimerTrigger:
        schedule = Schedule.parse(app_settings.resolve(binding["schedule"], self._settings))
        # extension, TimerTriggerAttributeBindingProvider: a status written more than once a minute costs too much.
        use_monitor = binding.get("useMonitor", True) and not schedule.fires_more_than_once_a_minute
        return TimerTrigger(binding["name"], schedule, bool(binding.get("runOnStartup")), bool(use_monitor))

    def _queue(self, binding: dict[str, Any]) -> tuple[str, Connection]:
        name = app_settings.resolve(binding["queueName"], self._settings).lower()
        if "{" in name:
            raise BindingError(f"queue name '{name}': this host knows no binding expressions but %SETTING%")
        if not _QUEUE_NAME.fullmatch(name):
            raise BindingError(f"'{name}' is not a queue name: 3 to 63 lower-case letters, digits, single hyphens")
        return name, connections.resolve(binding.get("connection") or DEFAULT_CONNECTION, self._settings)


def bind(indexed: IndexedFunction, settings: Mapping[str, str], route_prefix: str) -> Function:
    """Resolve one function's bindings, or say why they cannot be used."""
    reader = _Reader(indexed.name, settings, route_prefix)
    triggers: list[Trigger] = []
    outputs: list[QueueOutput] = []
    http_output = None
    for binding in map(json.loads, indexed.raw_bindings):
        # The decorators write enums by name ("IN", "ANONYMOUS"); function.json had them in lower case.
        kind, direction = binding["type"].lower(), binding["direction"].lower()
        if kind.endswith("trigger"):
            triggers.append(reader.trigger(binding))
        elif (kind, direction) == ("queue", "out"):
            outputs.append(reader.queue_output(binding))
        elif (kind, direction) == ("http", "out"):
            http_output = binding["name"]
        else:
            raise BindingError(f"binding type '{binding['type']}' is not one this host knows")
    if len(triggers) != 1:
        raise BindingError(f"it has {len(triggers)} triggers, a function has one")
    return Function(indexed.name, indexed.id, triggers[0], tuple(outputs), http_output)
