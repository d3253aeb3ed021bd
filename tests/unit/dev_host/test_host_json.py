"""host.json: defaults, limits, and what is said about a value out of range."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from dev.host import host_json
from dev.host.errors import ConfigurationError
from dev.host.host_json import HostOptions


def parse(queues: dict[str, Any] | None = None, development: bool = False, **document: Any) -> HostOptions:
    extensions = {"queues": queues} if queues is not None else {}
    return host_json.parse({"version": "2.0", "extensions": extensions, **document}, development=development)


def test_defaults() -> None:
    options = parse()
    assert options.route_prefix == "api"
    assert options.function_timeout == 1800
    queues = options.queues
    assert (queues.batch_size, queues.max_dequeue_count, queues.visibility_seconds) == (16, 5, 0)
    assert queues.new_batch_threshold == 8 * (os.cpu_count() or 1)
    assert queues.base64


@pytest.mark.parametrize(
    ("development", "queues", "seconds"),
    [
        (False, {}, 60.0),
        (True, {}, 2.0),
        (True, {"maxPollingInterval": "00:00:30"}, 30.0),
        (False, {"maxPollingInterval": "00:00:00.1"}, 0.1),
    ],
)
def test_polling_interval(development: bool, queues: dict[str, Any], seconds: float) -> None:
    assert parse(queues, development).queues.max_polling_seconds == seconds


def test_everything_set() -> None:
    options = parse(
        {
            "batchSize": 4,
            "newBatchThreshold": 0,
            "visibilityTimeout": "00:00:30",
            "maxDequeueCount": 2,
            "messageEncoding": "None",
        },
        functionTimeout="00:10:00",
    )
    assert options.queues.most_in_flight == 4
    assert options.queues.visibility_seconds == 30
    assert options.queues.max_dequeue_count == 2
    assert not options.queues.base64
    assert options.function_timeout == 600


def test_threshold_follows_the_batch() -> None:
    assert parse({"batchSize": 1}).queues.new_batch_threshold == 0


@pytest.mark.parametrize(("prefix", "expected"), [("", ""), ("/v1/", "v1"), ("a/b", "a/b")])
def test_route_prefix(prefix: str, expected: str) -> None:
    document = {"version": "2.0", "extensions": {"http": {"routePrefix": prefix}}}
    assert host_json.parse(document, development=False).route_prefix == expected


@pytest.mark.parametrize(
    ("queues", "complaint"),
    [
        ({"batchSize": 0}, r"host.json: extensions.queues.batchSize must be 1 to 32, not 0"),
        ({"batchSize": 33}, "must be 1 to 32, not 33"),
        ({"batchSize": "16"}, "must be 1 to 32, not '16'"),
        ({"newBatchThreshold": -1}, "must be 0 or more"),
        ({"maxDequeueCount": 0}, "must be 1 or more"),
        ({"maxPollingInterval": "00:00:00.05"}, "at least 0.1 s"),
        ({"maxPollingInterval": 5}, "must be a time span"),
        ({"visibilityTimeout": "-00:00:01"}, "must be a time span"),
        ({"visibilityTimeout": "00:99:00"}, "must be a time span"),
        ({"messageEncoding": "utf8"}, 'must be "base64" or "none"'),
    ],
)
def test_out_of_range(queues: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        parse(queues)


@pytest.mark.parametrize(
    ("document", "complaint"),
    [
        ({"version": "1.0"}, '"version" must be "2.0"'),
        ({"extensions": []}, "extensions must be an object"),
        ({"functionTimeout": "ten minutes"}, "functionTimeout"),
        ({"functionTimeout": "00:00:00"}, "functionTimeout"),
    ],
)
def test_refused_documents(document: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ConfigurationError, match=complaint):
        host_json.parse({"version": "2.0", **document}, development=False)


@pytest.mark.parametrize("unbounded", [-1, "-1", None])
def test_unbounded_function_timeout(unbounded: object) -> None:
    assert parse(functionTimeout=unbounded).function_timeout is None


@pytest.mark.parametrize(
    ("content", "complaint"), [(None, "there is no host.json"), ("{", "not valid JSON"), ("\ufeff{}", "version")]
)
def test_load(tmp_path: Path, content: str | None, complaint: str) -> None:
    if content is not None:
        (tmp_path / "host.json").write_text(content, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=complaint):
        host_json.load(tmp_path)


def test_load_reads_the_file(tmp_path: Path) -> None:
    (tmp_path / "host.json").write_text(json.dumps({"version": "2.0"}))
    assert host_json.load(tmp_path).route_prefix == "api"
