"""A child process that cannot outlive its parent, with what it wrote in a file."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path


class ChildDidNotStart(Exception):
    """The child ended, or was not ready in time; the text holds what it wrote."""


class Child:
    """One process at a time, started, stopped and killed at will.

    Its standard input is a pipe from us that closes when we end, however we end; the child's part is to stop then.
    """

    def __init__(
        self, command: Sequence[str], output: Path, cwd: Path | None = None, env: Mapping[str, str] | None = None
    ) -> None:
        self.command = list(command)
        self.process: asyncio.subprocess.Process | None = None
        self._output = output
        self._cwd = cwd
        self._env = env

    def output(self) -> str:
        """All it wrote so far, both streams, over all its starts."""
        return self._output.read_text(errors="replace") if self._output.exists() else ""

    async def start(self, ready: Callable[[str], bool], seconds: float) -> None:
        """Start it and wait until `ready` says so of what it has written since."""
        with self._output.open("ab") as output:
            written_before = len(self.output())
            self.process = await asyncio.create_subprocess_exec(
                *self.command,
                cwd=self._cwd,
                env=self._env,
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a Ctrl+C at the terminal is for us; we stop our children ourselves
            )
        try:
            async with asyncio.timeout(seconds):
                await self._until(ready, written_before)
        except TimeoutError:
            raise ChildDidNotStart(f"not ready after {seconds:g} s:\n{self.output()}") from None
        finally:
            if not ready(self.output()[written_before:]):
                await self.end(signal.SIGKILL, seconds)

    async def end(self, number: signal.Signals, patience: float) -> int:
        """Send a signal, wait so many seconds, then kill; returns the exit code (0 where there was no process)."""
        process, self.process = self.process, None
        if process is None or process.stdin is None:
            return 0
        _signal_group(process, number)
        try:
            async with asyncio.timeout(patience):
                return await process.wait()
        except TimeoutError:
            _signal_group(process, signal.SIGKILL)
            return await process.wait()
        finally:
            process.stdin.close()

    async def _until(self, ready: Callable[[str], bool], written_before: int) -> None:
        while not ready(self.output()[written_before:]):
            if self.process is None or self.process.returncode is not None:
                raise ChildDidNotStart(self.output()[written_before:].strip() or "it ended without a word")
            await asyncio.sleep(0.02)


def _signal_group(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, number)
