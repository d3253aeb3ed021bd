"""Application settings and storage connections: where a value comes from, and what wins."""

import json
import os
from pathlib import Path

import pytest
from azure.storage.queue.aio import QueueServiceClient

from dev.host import app_settings, connections
from dev.host.connections import Connection
from dev.host.errors import BindingError, ConfigurationError


@pytest.fixture(autouse=True)
def environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever a test puts into os.environ is gone after it."""
    monkeypatch.setattr(os, "environ", os.environ.copy())


def test_local_settings_stand_below_the_environment(tmp_path: Path) -> None:
    os.environ["TAKEN"] = "from the environment"
    values = {"TAKEN": "from the file", "FREE": 5}
    (tmp_path / "local.settings.json").write_text(json.dumps({"IsEncrypted": False, "Values": values}))
    app_settings.load_local_settings(tmp_path)
    assert (os.environ["TAKEN"], os.environ["FREE"]) == ("from the environment", "5")


@pytest.mark.parametrize(("content", "complaint"), [("{", "not valid JSON"), ('{"IsEncrypted": true}', "encrypted")])
def test_local_settings_that_cannot_be_used(tmp_path: Path, content: str, complaint: str) -> None:
    (tmp_path / "local.settings.json").write_text(content)
    with pytest.raises(ConfigurationError, match=complaint):
        app_settings.load_local_settings(tmp_path)


def test_platform_settings_only_where_absent() -> None:
    for name in ("WEBSITE_HOSTNAME", "AZURE_FUNCTIONS_ENVIRONMENT"):
        os.environ.pop(name, None)
    os.environ["PREFILL_PUBLIC_URL"] = "https://tunnel.example"
    app_settings.add_platform_settings(7071)
    assert os.environ["WEBSITE_HOSTNAME"] == "127.0.0.1:7071"
    assert os.environ["PREFILL_PUBLIC_URL"] == "https://tunnel.example"
    assert os.environ["AZURE_FUNCTIONS_ENVIRONMENT"] == "Development"


@pytest.mark.parametrize(
    ("text", "resolved"), [("plain", "plain"), ("%A%", "1"), ("x-%A%-%B%", "x-1-"), ("100%", "100%")]
)
def test_resolve(text: str, resolved: str) -> None:
    assert app_settings.resolve(text, {"A": "1", "B": ""}) == resolved


@pytest.mark.parametrize(
    ("settings", "disabled"),
    [
        ({}, False),
        ({"AzureWebJobs.sweep.Disabled": "true"}, True),
        ({"AzureWebJobs_sweep_Disabled": "1"}, True),
        ({"AzureWebJobs.sweep.Disabled": "false"}, False),
        ({"AzureWebJobs.other.Disabled": "true"}, False),
    ],
)
def test_disabled(settings: dict[str, str], disabled: bool) -> None:
    assert app_settings.is_disabled("sweep", settings) is disabled


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"X": "plain"}, Connection(connection_string="plain")),
        ({"X": "plain", "AzureWebJobsX": "prefixed"}, Connection(connection_string="prefixed")),
        ({"X": "plain", "X__queueServiceUri": "https://q"}, Connection(connection_string="plain")),
        ({"X": "UseDevelopmentStorage=true;"}, Connection(connection_string=connections.DEVELOPMENT_STORAGE)),
        ({"X__serviceUri": "https://s"}, Connection(queue_service_url="https://s")),
        ({"X__serviceUri": "https://s", "X__queueServiceUri": "https://q"}, Connection(queue_service_url="https://q")),
        (
            {"X__accountName": "acct", "X__queueServiceUri": "https://q"},
            Connection(queue_service_url="https://acct.queue.core.windows.net"),
        ),
        (
            {"X__queueServiceUri": "https://q", "X__clientId": "c1"},
            Connection(queue_service_url="https://q", client_id="c1"),
        ),
    ],
)
def test_connection(settings: dict[str, str], expected: Connection) -> None:
    assert connections.resolve("X", settings) == expected


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [({}, "'X' is not set"), ({"X": "", "X__queueServiceUri": "https://q"}, "setting X is empty")],
)
def test_connection_refused(settings: dict[str, str], complaint: str) -> None:
    with pytest.raises(BindingError, match=complaint):
        connections.resolve("X", settings)


async def test_clients_are_opened_by_string_and_by_identity() -> None:
    by_string = connections.open_client(Connection(connection_string=connections.DEVELOPMENT_STORAGE))
    by_identity = connections.open_client(Connection(queue_service_url="https://acct.queue.core.windows.net"))
    assert isinstance(by_string, QueueServiceClient)
    assert by_identity.url == "https://acct.queue.core.windows.net/"
    await by_string.close()
    await by_identity.close()


def test_a_connection_string_that_is_none() -> None:
    with pytest.raises(BindingError, match="storage connection string"):
        connections.open_client(Connection(connection_string="nonsense"))
