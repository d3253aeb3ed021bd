"""Start the simulator from a test or a demo: as a process, or inside the running event loop."""

import asyncio
import contextlib
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass

from aiohttp import web

from dev.graph_simulator.server import create_app
from dev.graph_simulator.tenant import DEFAULT_TENANT_ID, Tenant

START_SECONDS = 20.0
STOP_SECONDS = 5.0


class WrongAnswers(Exception):
    """The simulator sent what Graph never sends; each line names an answer and its fault."""


@dataclass(frozen=True, slots=True)
class SimulatorProcess:
    """A simulator in a process of its own."""

    url: str
    tenant_id: str
    process: asyncio.subprocess.Process

    def kill(self) -> None:
        """End it the hard way (SIGKILL)."""
        if self.process.returncode is None:
            self.process.kill()

    async def stop(self) -> int:
        """End it politely (SIGTERM); returns the exit code."""
        if self.process.returncode is None:
            self.process.terminate()
        try:
            return await asyncio.wait_for(self.process.wait(), STOP_SECONDS)
        except TimeoutError:
            self.kill()
            return await self.process.wait()
        finally:
            # else an event loop that ends at once leaves an open pipe behind, and Python complains of it
            if self.process.stdin:
                self.process.stdin.close()


@dataclass(frozen=True, slots=True)
class ServedSimulator:
    """A simulator in this event loop, with its tenant at hand."""

    url: str
    tenant: Tenant


@contextlib.asynccontextmanager
async def running_simulator(
    port: int = 0, tenant_id: str = DEFAULT_TENANT_ID, seed: int = 0, *, check_answers: bool = False
) -> AsyncIterator[SimulatorProcess]:
    """Run `python -m dev.graph_simulator` until the block ends. `check_answers` fills /sim/findings."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "dev.graph_simulator", "--port", str(port), "--tenant", tenant_id, "--seed", str(seed)),
        *(["--check-answers"] if check_answers else []),
        "--stop-with-stdin",  # a pipe from us, which closes when we end, however we end
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        url = await asyncio.wait_for(_url(process), START_SECONDS)
        yield SimulatorProcess(url, tenant_id, process)
    finally:
        await SimulatorProcess("", tenant_id, process).stop()


async def _url(process: asyncio.subprocess.Process) -> str:
    if process.stdout is None:
        raise RuntimeError("the simulator has no standard output")
    line = (await process.stdout.readline()).decode().strip()
    if not line.startswith("Ready "):
        raise RuntimeError(f"the simulator did not start; it said {line!r}")
    return line.removeprefix("Ready ")


@contextlib.asynccontextmanager
async def serving_simulator(
    tenant: Tenant | None = None, port: int = 0, tenant_id: str = DEFAULT_TENANT_ID, seed: int = 0
) -> AsyncIterator[ServedSimulator]:
    """Serve a tenant (a new one unless given) on 127.0.0.1 until the block ends.

    A new tenant checks its own answers; WrongAnswers at the end if one did not fit Microsoft's description.
    """
    served = tenant or Tenant(tenant_id, seed, check_answers=True)
    runner = web.AppRunner(create_app(served), access_log=None, shutdown_timeout=0.2)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", port).start()
        host, bound = runner.addresses[0][:2]
        yield ServedSimulator(f"http://{host}:{bound}", served)
        served.settle()
        if served.findings.found:
            raise WrongAnswers("\n".join(served.findings.found))
    finally:
        await runner.cleanup()
