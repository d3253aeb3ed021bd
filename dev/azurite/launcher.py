"""Start Azurite, use it, and leave nothing behind.

async with running_azurite() as azurite:
    settings = {"AzureWebJobsStorage": azurite.connection_string}
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

FOLDER = Path(__file__).resolve().parent
SCRIPT = FOLDER / "node_modules" / "azurite" / "dist" / "src" / "azurite.js"
LOCAL_NODE = FOLDER.parent.parent / ".tools" / "node" / "bin" / "node"

# The one account every Azurite has; both values are public by design.
# https://learn.microsoft.com/azure/storage/common/storage-use-azurite#well-known-storage-account-and-key
ACCOUNT = "devstoreaccount1"
ACCOUNT_KEY = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="

# Azurite ends when our end of its standard input closes, so it cannot outlive us, however we end. A signal rather than
# process.exit: on SIGTERM it writes what it holds to disk first, and would wait for every idle connection, hence the rest.
BOOT = """
const { Server } = require("node:http");
const close = Server.prototype.close;
Server.prototype.close = function (done) { close.call(this, done); this.closeAllConnections(); return this; };
process.stdin.on("end", () => process.kill(process.pid, "SIGTERM")).resume().unref();
require(process.argv[1]);
"""
START_SECONDS = 30.0
STOP_SECONDS = 5.0


class AzuriteError(Exception):
    """Azurite is not installed, or did not start; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Ports:
    blob: int
    queue: int
    table: int


def free_ports() -> Ports:
    """Three ports nobody listens on at this moment."""
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(3)]
        for candidate in sockets:
            candidate.bind(("127.0.0.1", 0))
        return Ports(*(candidate.getsockname()[1] for candidate in sockets))


def find_node() -> str:
    """The machine's node, or else the one `make` put under .tools."""
    node = shutil.which("node") or (str(LOCAL_NODE) if LOCAL_NODE.exists() else None)
    if node is None or not SCRIPT.exists():
        raise AzuriteError("Azurite is not installed here. Run: make .venv/.ready")
    return node


class Azurite:
    """One Azurite, which can be stopped and started again on the same ports.

    Its data outlives a restart only where `location` names a folder; without one it lives in memory.
    """

    def __init__(self, ports: Ports, location: Path | None) -> None:
        self._ports = ports
        self._location = location
        self._process: asyncio.subprocess.Process | None = None
        self._output: IO[bytes] | None = None

    @property
    def blob_url(self) -> str:
        return f"http://127.0.0.1:{self._ports.blob}/{ACCOUNT}"

    @property
    def queue_url(self) -> str:
        return f"http://127.0.0.1:{self._ports.queue}/{ACCOUNT}"

    @property
    def table_url(self) -> str:
        return f"http://127.0.0.1:{self._ports.table}/{ACCOUNT}"

    @property
    def connection_string(self) -> str:
        return (
            f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
            f"BlobEndpoint={self.blob_url};QueueEndpoint={self.queue_url};TableEndpoint={self.table_url};"
        )

    async def start(self) -> None:
        """Start it and wait until its three services listen."""
        self._output = tempfile.TemporaryFile()  # noqa: SIM115 - closed in stop()
        self._process = await asyncio.create_subprocess_exec(
            *(find_node(), "--eval", BOOT, "--", str(SCRIPT), *self._arguments()),
            stdin=asyncio.subprocess.PIPE,
            stdout=self._output,
            stderr=self._output,
            start_new_session=True,  # a Ctrl+C at the terminal is for us; we stop Azurite when we are done with it
        )
        try:
            async with asyncio.timeout(START_SECONDS):
                for port in (self._ports.blob, self._ports.queue, self._ports.table):
                    await self._listening(port)
        except BaseException:
            await self.stop()
            raise

    async def stop(self) -> None:
        """Stop it and wait until its ports are free again; data in `location` is on disk then."""
        process, self._process = self._process, None
        if process is None:
            return
        _signal_group(process, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await process.wait()
        except TimeoutError:
            _signal_group(process, signal.SIGKILL)
            await process.wait()
        assert process.stdin is not None
        process.stdin.close()
        if self._output is not None:
            self._output.close()

    def _arguments(self) -> list[str]:
        place = ["--location", str(self._location)] if self._location else ["--inMemoryPersistence"]
        flags = ["--silent", "--skipApiVersionCheck", "--disableTelemetry"]
        for service in ("blob", "queue", "table"):
            flags += [f"--{service}Port", str(getattr(self._ports, service))]
            # Longer than the 15 s for which an aiohttp client keeps an idle connection: the client closes first, and
            # no request is sent into a connection that the server is just closing.
            flags += [f"--{service}KeepAliveTimeout", "60"]
        return [*place, *flags]

    async def _listening(self, port: int) -> None:
        assert self._process is not None
        while True:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                if self._process.returncode is not None:
                    raise AzuriteError(f"Azurite did not start: {self._complaint()}") from None
                await asyncio.sleep(0.02)
            else:
                writer.close()
                return

    def _complaint(self) -> str:
        assert self._output is not None
        self._output.seek(0)
        return self._output.read().decode(errors="replace").strip() or "it says nothing"


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)


@asynccontextmanager
async def running_azurite(location: Path | None = None, ports: Ports | None = None) -> AsyncIterator[Azurite]:
    """Azurite for the length of a `with` block, on free ports unless told, in memory unless a folder is given."""
    if location is not None:
        location.mkdir(parents=True, exist_ok=True)
    azurite = Azurite(ports or free_ports(), location)
    await azurite.start()
    try:
        yield azurite
    finally:
        await azurite.stop()
