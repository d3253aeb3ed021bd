"""Keeps the Functions host alive: if its process dies, somebody says so and starts it again on the same port."""

import asyncio
import signal
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

from dev.host.launcher import RunningHost

type Say = Callable[[str], None]


class Supervisor:
    """Watches one host. ChildDidNotStart where it does not come up again."""

    def __init__(self, host: RunningHost, say: Say) -> None:
        self._host = host
        self._say = say
        self.restarts = 0

    def kill_host(self) -> None:
        """kill -9, as a crash of the machine would."""
        if self._host.process and self._host.process.returncode is None:
            self._host.process.kill()

    @asynccontextmanager
    async def on_duty(self) -> AsyncIterator[None]:
        """Watch for the length of a `with` block."""
        async with asyncio.TaskGroup() as group:
            watch = group.create_task(self._watch())
            try:
                yield
            finally:
                watch.cancel()

    async def _watch(self) -> None:
        while process := self._host.process:
            await self._start_again(await process.wait())

    async def _start_again(self, code: int) -> None:
        end = signal.Signals(-code).name if code < 0 else f"exit code {code}"
        self._say(f"The Functions host has died ({end}). Starting it again on port {self._host.port}.")
        began = time.monotonic()
        await self._host.kill()  # it is dead; this lets go of it
        await self._host.start()
        self.restarts += 1
        self._say(f"The host is back after {time.monotonic() - began:.1f} s. What it had in hand comes back by itself.")
