"""The app in the local host and what it needs, for a benchmark that goes over the wire."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from dev.azurite.launcher import running_azurite
from dev.host.launcher import RunningHost, running_host
from shared.fingerprint import Keys

TENANT = "11111111-2222-3333-4444-555555555555"
SECRET = "a secret for benchmarks, long enough"  # noqa: S105 (of a storage emulator and a simulator)
KEYS = Keys(SECRET)


@asynccontextmanager
async def running_app(settings: Mapping[str, str]) -> AsyncIterator[RunningHost]:
    """Azurite and the host, each a process of its own."""
    async with running_azurite() as azurite:
        ours = {
            "AzureWebJobsStorage": azurite.connection_string,
            "PREFILL_TENANT_ID": TENANT,
            "PREFILL_SECRET": SECRET,
        }
        async with running_host(env=ours | dict(settings)) as host:
            yield host


async def megabytes(host: RunningHost) -> float:
    """Resident memory of the host process; the worker library and the app are inside it."""
    if host.process is None:
        raise RuntimeError("the host does not run")
    process = await asyncio.create_subprocess_exec(
        *("ps", "-o", "rss=", "-p", str(host.process.pid)), stdout=asyncio.subprocess.PIPE
    )
    stdout, _ = await process.communicate()
    return int(stdout) * 1024 / 1e6
