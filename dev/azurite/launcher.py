"""Start Azurite, use it, and leave nothing behind.

async with running_azurite() as azurite:
    settings = {"AzureWebJobsStorage": azurite.connection_string}
"""

import re
import shutil
import signal
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from dev.host.child import Child

FOLDER = Path(__file__).resolve().parent
SCRIPT = FOLDER / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
LOCAL_NODE = FOLDER.parent.parent / ".tools" / "node" / "bin" / "node"

# The one account every Azurite has; both values are public by design.
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

# Azurite ends when our end of its standard input closes, so it cannot outlive us. By a signal, not process.exit: on
# SIGTERM it first writes what it holds to disk. It would also wait for idle connections to close, hence the rest.
BOOT = """
const { Server } = require("node:http");
const close = Server.prototype.close;
Server.prototype.close = function (done) { close.call(this, done); this.closeAllConnections(); return this; };
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume().unref();
require(process.argv[1]);
"""
SERVICES = ("blob", "queue", "table")
_LISTENING = re.compile(r"Azurite (\w+) service is successfully listening at http://127\.0\.0\.1:(\d+)")
START_SECONDS = 60.0
STOP_SECONDS = 5.0


class AzuriteMissing(Exception):
    """Azurite is not installed here; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the three services listen; 0 takes a free port."""

    blob: int = 0
    queue: int = 0
    table: int = 0


def find_node() -> str:
    """The machine's node, or else the one `make` put under .tools."""
    node = shutil.which("node") or (str(LOCAL_NODE) if LOCAL_NODE.exists() else None)
    if node is None or not SCRIPT.exists():
        raise AzuriteMissing("Azurite is not installed here. Run: make .venv/.ready")
    return node


class Azurite:
    """One Azurite, which can be stopped and started again on the same ports.

    Its data outlives a restart only where `location` names a folder; without one it lives in memory.
    """

    def __init__(self, ports: Ports, location: Path | None, output: Path) -> None:
        self.ports = ports
        self._location = location
        self._child = Child([], output)

    @property
    def blob_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.blob}/{ACCOUNT}"

    @property
    def queue_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.queue}/{ACCOUNT}"

    @property
    def table_url(self) -> str:
        return f"http://127.0.0.1:{self.ports.table}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
            f"BlobEndpoint={self.blob_url};QueueEndpoint={self.queue_url};TableEndpoint={self.table_url};"
        )

    async def start(self) -> None:
        """Start it and wait until its three services listen; the free ports it found are kept from then on."""
        self._child.command = [find_node(), "--eval", BOOT, "--", str(SCRIPT), *self._arguments()]
        await self._child.start(lambda output: len(_ports_in(output)) == len(SERVICES), START_SECONDS)
        self.ports = Ports(**_ports_in(self._child.output()))

    async def stop(self) -> None:
        """Stop it and wait until its ports are free again; data in `location` is on disk then."""
        await self._child.end(signal.SIGTERM, STOP_SECONDS)

    def _arguments(self) -> list[str]:
        place = ["--location", str(self._location)] if self._location else ["--inMemoryPersistence"]
        flags = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
        for service in SERVICES:
            flags += [f"--{service}Port", str(getattr(self.ports, service))]
            # Longer than the 15 s an aiohttp client keeps an idle connection: then it is always the client that
            # closes, and no request is sent into a connection the server is just closing.
            flags += [f"--{service}KeepAliveTimeout", "60"]
        return [*place, *flags]


def _ports_in(output: str) -> dict[str, int]:
    return {service.lower(): int(port) for service, port in _LISTENING.findall(output)}


@asynccontextmanager
async def running_azurite(location: Path | None = None, ports: Ports | None = None) -> AsyncIterator[Azurite]:
    """Azurite for the length of a `with` block, on free ports unless told, in memory unless a folder is given."""
    with tempfile.TemporaryDirectory(prefix="azurite-") as folder:
        azurite = Azurite(ports or Ports(), location, Path(folder) / "azurite.log")
        await azurite.start()
        try:
            yield azurite
        finally:
            await azurite.stop()
