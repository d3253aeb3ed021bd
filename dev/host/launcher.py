"""Start `python -m dev.host` as a process of its own, for tests and the demo.

async with running_host(env={"AzureWebJobsStorage": azurite.connection_string}) as host:
    await session.post(f"{host.url}/api/hello", headers={"x-functions-key": host.key})
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
START_SECONDS = 60.0
# Above the 10 s that the host drains for.
STOP_SECONDS = 15.0


class HostDidNotStartError(Exception):
    """The host ended, or was not ready in time; the text holds what it wrote."""


class RunningHost:
    """One host process at a time on one port, started, stopped and killed at will."""

    def __init__(
        self, *, port: int, env: Mapping[str, str], cwd: Path, folder: Path, key: str, flags: Sequence[str]
    ) -> None:
        self.port = port
        self.key = key
        self.output_path = folder / "host.log"
        self.process: asyncio.subprocess.Process | None = None
        self._cwd = cwd
        self._environment = {**os.environ, **env}
        # The compiled files of a large app are worth keeping, and a test run may have turned them off.
        self._environment.pop("PYTHONDONTWRITEBYTECODE", None)
        search = [str(ROOT), self._environment.get("PYTHONPATH", "")]
        self._environment["PYTHONPATH"] = os.pathsep.join(filter(None, search))
        self._command = [
            *(sys.executable, "-m", "dev.host", "--port", str(port), "--key", key),
            *("--state", str(folder), "--stop-with-stdin", *flags),
        ]

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def output(self) -> str:
        """All it wrote so far, both streams, over all its starts."""
        return self.output_path.read_text(errors="replace") if self.output_path.exists() else ""

    async def start(self) -> None:
        """Start it, again if need be, and wait for `Ready`."""
        with self.output_path.open("ab") as output:
            written = output.tell()
            self.process = await asyncio.create_subprocess_exec(
                *self._command,
                cwd=self._cwd,
                env=self._environment,
                stdin=asyncio.subprocess.PIPE,  # closes when we end, however we end: the host then drains
                stdout=output,
                stderr=output,
                start_new_session=True,  # a Ctrl+C at the terminal is for us
            )
        try:
            async with asyncio.timeout(START_SECONDS):
                while "Ready" not in self._lines_since(written):
                    if self.process.returncode is not None:
                        raise HostDidNotStartError(self.output())
                    await asyncio.sleep(0.02)
        except TimeoutError:
            await self.kill()
            raise HostDidNotStartError(f"not ready after {START_SECONDS} s:\n{self.output()}") from None

    async def terminate(self) -> int:
        """SIGTERM; the exit code once it has drained."""
        return await self._end(signal.SIGTERM)

    async def kill(self) -> int:
        """SIGKILL: gone at once, messages in hand stay invisible until their lease ends."""
        return await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> int:
        process = self.process
        if process is None:
            return 0
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                return await process.wait()
        except TimeoutError:
            process.kill()
            return await process.wait()
        finally:
            if process.stdin is not None:
                process.stdin.close()

    def _lines_since(self, position: int) -> list[str]:
        return self.output_path.read_bytes()[position:].decode(errors="replace").splitlines()


def free_port() -> int:
    """A port nobody listens on at this moment."""
    with socket.socket() as candidate:
        candidate.bind(("127.0.0.1", 0))
        port: int = candidate.getsockname()[1]
        return port


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

    `cwd` is the app's folder, `folder` where its output and timer status go (a temporary one unless told), `flags`
    more of the command line, `env` settings on top of the environment.
    """
    with contextlib.ExitStack() as stack:
        if folder is None:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="functions-host-")))
        host = RunningHost(
            port=port or free_port(), env=env or {}, cwd=cwd, folder=folder, key=key, flags=flags
        )
        try:
            await host.start()
            yield host
        finally:
            if host.process is not None and host.process.returncode is None:
                await host.terminate()
