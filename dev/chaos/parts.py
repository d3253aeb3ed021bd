"""Everything that runs: Azurite, the simulator, the front, the hosts behind it."""

import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.azurite.launcher import running_azurite
from dev.chaos.crew import Crew
from dev.chaos.front import Front, running_front
from dev.chaos.options import Options
from dev.chaos.storage import Storage, running_storage
from dev.chaos.tenant import ChaosTenant
from dev.demo.app_client import AppClient
from dev.graph_simulator.launcher import running_simulator
from shared.settings import SETTINGS

OF_THE_APP = ("function_app.py", "host.json", "shared")
HOLD_SECONDS = 10
"""A changed number waits so long: short enough for the whole way from `held` to the new number."""

MOST_WRITES = "1000000"
"""The breaker has tests of its own."""


@dataclass(frozen=True, slots=True)
class Parts:
    """What the run speaks to."""

    tenant: ChaosTenant
    app: AppClient
    front: Front
    crew: Crew
    storage: Storage


@asynccontextmanager
async def running_parts(options: Options, folder: Path) -> AsyncIterator[Parts]:
    """All parts for the length of a `with` block; they end in the opposite order."""
    key = secrets.token_urlsafe(16)
    async with AsyncExitStack() as stack:
        azurite = await stack.enter_async_context(running_azurite())
        simulator = await stack.enter_async_context(running_simulator(seed=options.seed))
        crew = Crew(folder, _copied(options.app, folder / "app"), key)
        stack.push_async_callback(crew.stop)
        front = await stack.enter_async_context(running_front(crew.living))
        tenant, app = ChaosTenant(simulator.url), AppClient(front.url, key)
        stack.push_async_callback(tenant.close)
        stack.push_async_callback(app.close)
        storage = await stack.enter_async_context(running_storage(azurite.connection_string))
        await crew.start(options.hosts, _settings(azurite.connection_string, simulator.url, simulator.tenant_id, front))
        yield Parts(tenant, app, front, crew, storage)


def _copied(app: Path, folder: Path) -> Path:
    """The app as deployed: whoever edits its source during the run does not change what is tried."""
    folder.mkdir()
    for name in OF_THE_APP:
        source, target = app / name, folder / name
        if source.is_dir():
            shutil.copytree(source, target)
        else:
            shutil.copy2(source, target)
    return folder


def _settings(storage: str, graph_url: str, tenant_id: str, front: Front) -> dict[str, str]:
    """Every setting of the app, so that none comes from the environment."""
    return {
        **{setting.name: "" for setting in SETTINGS},
        "AzureWebJobsStorage": storage,
        "AZURE_CLIENT_ID": "",
        "WEBSITE_HOSTNAME": front.url.removeprefix("http://"),
        "PREFILL_MODE": "apply",
        "PREFILL_GRAPH_URL": graph_url,
        "PREFILL_PUBLIC_URL": front.url,
        "PREFILL_TENANT_ID": tenant_id,
        "PREFILL_SECRET": secrets.token_urlsafe(32),
        "PREFILL_CHANGE_HOLD": f"{HOLD_SECONDS}s",
        "PREFILL_WRITES_PER_HOUR": MOST_WRITES,
    }
