"""One Azurite for the whole run, and a sample app with queues of its own for each test."""

import json
import uuid
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from azure.storage.queue.aio import QueueServiceClient

from dev.azurite.launcher import Azurite, running_azurite
from dev.host.launcher import running_host
from tests.contract.dev_host.running import Sample

SAMPLE = Path(__file__).parent / "sample" / "function_app.py"
RunSample = Callable[..., AbstractAsyncContextManager[Sample]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def azurite() -> AsyncIterator[Azurite]:
    async with running_azurite() as running:
        yield running


@pytest.fixture
def run_sample(tmp_path: Path, azurite: Azurite) -> RunSample:
    """Runs the sample app: `queues` goes into host.json, `env` on top of the settings, `flags` to the host."""

    @asynccontextmanager
    async def run(
        queues: dict[str, Any] | None = None,
        *,
        storage: Azurite = azurite,
        env: dict[str, str] | None = None,
        flags: tuple[str, ...] = (),
        **document: Any,
    ) -> AsyncIterator[Sample]:
        app = write_app(tmp_path / "app", SAMPLE.read_text(), queues, **document)
        name = uuid.uuid4().hex[:8]
        settings = {
            "AzureWebJobsStorage": storage.connection_string,
            "WORK_QUEUE": f"work-{name}",
            "OUT_QUEUE": f"out-{name}",
            "TICK_SCHEDULE": "0 0 0 1 1 *",
            **(env or {}),
        }
        async with (
            running_host(env=settings, cwd=app, folder=tmp_path, flags=flags) as host,
            QueueServiceClient.from_connection_string(storage.connection_string) as service,
            aiohttp.ClientSession(host.url) as client,
        ):
            yield Sample(host, client, service, name)

    return run


def write_app(folder: Path, source: str, queues: dict[str, Any] | None = None, **document: Any) -> Path:
    """A folder with function_app.py and host.json; it polls often, so that nothing waits for a poll."""
    folder.mkdir()
    (folder / "function_app.py").write_text(source)
    extensions = {"queues": {"maxPollingInterval": "00:00:00.2", **(queues or {})}}
    (folder / "host.json").write_text(json.dumps({"version": "2.0", "extensions": extensions, **document}))
    return folder
