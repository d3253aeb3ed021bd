"""Start `python -m dev.host` as a process of its own, for tests and the demo.

async with running_host(env={"AzureWebJobsStorage": azurite.connection_string}) as host:
    await session.post(f"{host.url}/api/hello", headers={"x-functions-key": host.key})
"""

import asyncio
import contextlib
import os
import re
import signal
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from dev.host.child import Child

ROOT = Path(__file__).resolve().parent.parent.parent
_LISTENING = re.compile(r"^Listening on: http://127\.0\.0\.1:(\d+)$", re.MULTILINE)
_READY = re.compile(r"^Ready$", re.MULTILINE)
START_SECONDS = 60.0
# Above the 10 s that the host drains for.
STOP_SECONDS = 15.0


class RunningHost:
    """One host process at a time on one port, started, stopped and killed at will."""

    def __init__(
        self, *, port: int, env: Mapping[str, str], cwd: Path, folder: Path, key: str, flags: Sequence[str]
    ) -> None:
        self.port = port
        self.key = key
        self.output_path = folder / "host.log"
        self._flags = ["--key", key, "--state", str(folder), "--stop-with-stdin", *flags]
        self._child = Child([], self.output_path, cwd, _environment(env))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def process(self) -> asyncio.subprocess.Process | None:
        """The process, while it is ours to stop."""
        return self._child.process

    def output(self) -> str:
        """All it wrote so far, both streams, over all its starts."""
        return self._child.output()

    async def start(self) -> None:
        """Start it and wait for `Ready`; the free port it found is kept for the next start."""
        self._child.command = [sys.executable, "-m", "dev.host", "--port", str(self.port), *self._flags]
        await self._child.start(lambda output: _READY.search(output) is not None, START_SECONDS)
        self.port = int(_LISTENING.findall(self.output())[-1])

    async def terminate(self) -> int:
        """SIGTERM; the exit code once it has drained."""
        return await self._child.end(signal.SIGTERM, STOP_SECONDS)

    async def kill(self) -> int:
        """SIGKILL: gone at once; messages in hand stay invisible until their lease ends."""
        return await self._child.end(signal.SIGKILL, STOP_SECONDS)


def _environment(settings: Mapping[str, str]) -> dict[str, str]:
    environment = {**os.environ, **settings}
    # Compiling a large app anew at each start takes seconds, and a test run may have turned .pyc files off.
    environment.pop("PYTHONDONTWRITEBYTECODE", None)
    search = [str(ROOT), environment.get("PYTHONPATH", "")]
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, search))
    return environment


@asynccontextmanager
async def running_host(
    *,
    port: int = 0,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    folder: Path | None = None,
    key: str = "local-function-key",
    flags: Sequence[str] = (),
) -> AsyncIterator[RunningHost]:
    """A host for the length of a `with` block.

    `cwd` is the app's folder, `folder` where its output and timer status go (a temporary one unless told),
    `env` settings on top of the environment, `flags` more of the command line. ChildDidNotStart where it does not.
    """
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="functions-host-")))
        host = RunningHost(port=port, env=env or {}, cwd=cwd, folder=folder, key=key, flags=flags)
        await host.start()
        try:
            yield host
        finally:
            await host.terminate()
