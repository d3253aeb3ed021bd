"""Raw bindings, as the decorators write them, to triggers and outputs."""

import json
from typing import Any

import pytest

from dev.host import bindings
from dev.host.bindings import Function, HttpTrigger, QueueTrigger, TimerTrigger
from dev.host.connections import Connection
from dev.host.errors import BindingError
from dev.host.worker import IndexedFunction

SETTINGS = {
    "AzureWebJobsStorage": "UseThis=1",
    "Other__queueServiceUri": "https://q",
    "QUEUE": "Users",
    "WHEN": "0 7 * * * *",
}
HTTP = {"type": "httpTrigger", "direction": "IN", "name": "req"}
QUEUE = {"type": "queueTrigger", "direction": "IN", "name": "msg"}
TIMER = {"type": "timerTrigger", "direction": "IN", "name": "timer"}
OUT = {"type": "queue", "direction": "OUT", "name": "out"}
RESPONSE = {"type": "http", "direction": "OUT", "name": "$return"}


def bind(*raw: dict[str, Any], prefix: str = "api") -> Function:
    indexed = IndexedFunction("intake", "id-1", [json.dumps(each) for each in raw], has_retry_policy=False)
    return bindings.bind(indexed, SETTINGS, prefix)


@pytest.mark.parametrize(
    ("raw", "route", "methods", "level"),
    [
        ({}, "api/intake", None, "function"),
        ({"route": "users/{id}", "methods": ["POST", "get"]}, "api/users/{id}", {"GET", "POST"}, "function"),
        ({"authLevel": "ANONYMOUS"}, "api/intake", None, "anonymous"),
        ({"authLevel": "admin"}, "api/intake", None, "admin"),
    ],
)
def test_http_trigger(raw: dict[str, Any], route: str, methods: set[str] | None, level: str) -> None:
    trigger = bind({**HTTP, **raw}, RESPONSE).trigger
    assert isinstance(trigger, HttpTrigger)
    assert (trigger.route.text, trigger.methods, trigger.auth_level) == (route, methods, level)


def test_route_prefix_may_be_empty() -> None:
    trigger = bind({**HTTP, "route": "x"}, prefix="").trigger
    assert isinstance(trigger, HttpTrigger)
    assert trigger.route.text == "x"


@pytest.mark.parametrize(
    ("raw", "queue", "connection"),
    [
        ({"queueName": "%QUEUE%-in"}, "users-in", Connection(connection_string="UseThis=1")),
        ({"queueName": "abc", "connection": "Storage"}, "abc", Connection(connection_string="UseThis=1")),
        ({"queueName": "abc", "connection": "Other"}, "abc", Connection(queue_service_url="https://q")),
    ],
)
def test_queue_trigger(raw: dict[str, Any], queue: str, connection: Connection) -> None:
    assert bind({**QUEUE, **raw}).trigger == QueueTrigger("msg", queue, connection)


@pytest.mark.parametrize(
    ("raw", "run_on_startup", "use_monitor"),
    [
        ({"schedule": "%WHEN%"}, False, True),
        ({"schedule": "%WHEN%", "runOnStartup": True, "useMonitor": False}, True, False),
        ({"schedule": "*/10 * * * * *", "useMonitor": True}, False, False),  # too often to be monitored
    ],
)
def test_timer_trigger(raw: dict[str, Any], run_on_startup: bool, use_monitor: bool) -> None:
    trigger = bind({**TIMER, **raw}).trigger
    assert isinstance(trigger, TimerTrigger)
    assert (trigger.run_on_startup, trigger.use_monitor) == (run_on_startup, use_monitor)


def test_outputs() -> None:
    function = bind(HTTP, RESPONSE, {**OUT, "queueName": "a-b"}, {**OUT, "name": "$return", "queueName": "ccc"})
    assert [(output.name, output.queue) for output in function.queue_outputs] == [("out", "a-b"), ("$return", "ccc")]
    assert function.http_output == "$return"


@pytest.mark.parametrize(
    ("raw", "complaint"),
    [
        ([{**QUEUE, "queueName": "%NOPE%"}], "'%NOPE%' does not resolve to a value: set the application setting NOPE"),
        ([{**QUEUE, "queueName": "no_underscores"}], "is not a queue name"),
        ([{**QUEUE, "queueName": "ab"}], "is not a queue name"),
        ([{**QUEUE, "queueName": "a--b"}], "is not a queue name"),
        ([{**QUEUE, "queueName": "{rand-guid}"}], "no binding expressions"),
        ([{**QUEUE, "queueName": "abc", "connection": "Missing"}], "storage connection 'Missing' is not set"),
        ([{**TIMER, "schedule": "hourly"}], "schedule 'hourly' has 1 fields"),
        ([{**HTTP, "authLevel": "user"}], "authLevel 'user'"),
        ([{**HTTP, "type": "blobTrigger"}], "'blobtrigger' is not a trigger this host knows"),
        ([HTTP, {**OUT, "type": "table"}], "binding type 'table'"),
        ([HTTP, {**QUEUE, "queueName": "abc"}], "it has 2 triggers"),
        ([RESPONSE], "it has 0 triggers"),
    ],
)
def test_refused(raw: list[dict[str, Any]], complaint: str) -> None:
    with pytest.raises(BindingError, match=complaint):
        bind(*raw)
