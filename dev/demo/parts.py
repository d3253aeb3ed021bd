"""The parts of the demo: Azurite, the Graph simulator, the Functions host with this app."""

import secrets
import shutil
import socket
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.azurite.launcher import running_azurite
from dev.demo.app_client import AppClient
from dev.demo.supervisor import Supervisor
from dev.demo.tenant import SimulatedTenant
from dev.graph_simulator.launcher import running_simulator
from dev.host.launcher import ROOT, RunningHost, running_host
from shared.settings import SETTINGS

FOLDER = ROOT / ".local" / "demo"
KEPT_RUNS = 9
HOST_PORT, SIMULATOR_PORT = 7071, 9001
"""Taken with --stay where they are free, so that addresses stay the same from day to day."""

RECEIVE_VISIBILITY_SECONDS = "2"
"""How soon the messages of a killed host come back; 600 in Azure."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that runs."""

    tenant: SimulatedTenant
    app: AppClient
    host: RunningHost
    supervisor: Supervisor


def new_folder() -> Path:
    """A folder for this run's logs; the oldest ones go."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    runs = sorted((path for path in FOLDER.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for old in runs[:-KEPT_RUNS]:
        shutil.rmtree(old, ignore_errors=True)
    folder = FOLDER / f"{time.strftime('%Y%m%d-%H%M%S')}-{secrets.token_hex(2)}"
    folder.mkdir()
    return folder


@asynccontextmanager
async def running_parts(folder: Path, say: Callable[[str], None], *, known_ports: bool) -> AsyncIterator[Parts]:
    """All parts for the length of a `with` block; they end in the opposite order."""
    async with AsyncExitStack() as stack:
        azurite = await stack.enter_async_context(running_azurite())
        say("Azurite runs: the queues and tables of an Azure storage account, in memory.")
        port = _free_port(SIMULATOR_PORT) if known_ports else 0
        simulator = await stack.enter_async_context(running_simulator(port))
        say(f"The Graph simulator runs: {simulator.url}, tenant {simulator.tenant_id}.")
        host_port = _free_port(HOST_PORT if known_ports else 0)
        settings = _settings(azurite.connection_string, simulator.url, simulator.tenant_id, host_port)
        flags = ["--receive-visibility", RECEIVE_VISIBILITY_SECONDS, "--verbose"]
        host = await stack.enter_async_context(running_host(env=settings, folder=folder, port=host_port, flags=flags))
        say(f"The Functions host runs with the app in it: {host.url}.")
        tenant, app = SimulatedTenant(simulator.url), AppClient(host.url, host.key)
        stack.push_async_callback(tenant.close)
        stack.push_async_callback(app.close)
        supervisor = Supervisor(host, say)
        await stack.enter_async_context(supervisor.on_duty())
        yield Parts(tenant, app, host, supervisor)


def _settings(storage: str, graph_url: str, tenant_id: str, port: int) -> dict[str, str]:
    """Every setting of the app, so that none comes from the environment or from local.settings.json."""
    address = f"127.0.0.1:{port}"
    return {
        **{setting.name: "" for setting in SETTINGS},
        "AzureWebJobsStorage": storage,
        "AZURE_CLIENT_ID": "",
        "WEBSITE_HOSTNAME": address,
        "PREFILL_MODE": "apply",
        "PREFILL_GRAPH_URL": graph_url,
        "PREFILL_PUBLIC_URL": f"http://{address}",
        "PREFILL_TENANT_ID": tenant_id,
        "PREFILL_SECRET": secrets.token_urlsafe(32),
    }


def _free_port(wanted: int) -> int:
    """The wanted port, or any free one."""
    for port in (wanted, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise OSError("no free port on 127.0.0.1")
