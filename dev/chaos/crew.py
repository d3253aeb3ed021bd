"""The host processes: started, killed at any moment, started again."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from dev.chaos.options import Options
from dev.host.child import ChildDidNotStart
from dev.host.launcher import RunningHost

RECEIVE_VISIBILITY_SECONDS = "2"
"""How soon the messages of a killed host come back; 600 in Azure."""

POLITE_SHARE = 0.05
"""So many ends are a SIGTERM, as when the platform scales in."""

MOST_FAILED_STARTS = 3


class Crew:
    """All hosts of one run. What each wrote stays in its folder, one file for each of its lives."""

    def __init__(self, folder: Path, app: Path, key: str) -> None:
        self._folder = folder
        self._app = app
        self._key = key
        self._hosts: list[RunningHost] = []
        self._ready: dict[RunningHost, bool] = {}
        self.counts: Counter[str] = Counter()

    def living(self) -> Sequence[str]:
        """The addresses of the hosts that serve."""
        return [host.url for host in self._hosts if self._ready[host]]

    async def start(self, count: int, env: Mapping[str, str]) -> None:
        """The first host alone, as it compiles the copy of the app; then the others."""
        for number in range(1, count + 1):
            folder = self._folder / f"host-{number}"
            folder.mkdir()
            flags = ["--receive-visibility", RECEIVE_VISIBILITY_SECONDS, "--verbose"]
            host = RunningHost(port=0, env=env, cwd=self._app, folder=folder, key=self._key, flags=flags)
            self._hosts.append(host)
            self._ready[host] = False
            await self._start(host)

    async def stop(self) -> None:
        """All of them, politely."""
        self._ready = dict.fromkeys(self._hosts, False)
        await asyncio.gather(*(host.terminate() for host in self._hosts))

    async def harass(self, options: Options, is_over: Callable[[], bool]) -> None:
        """Kill somebody every few seconds until it is over; returns when all are up again."""
        dice = random.Random(f"kills {options.seed}")
        async with asyncio.TaskGroup() as group:
            while True:
                await asyncio.sleep(options.kill_every * dice.uniform(0.5, 1.5))
                if is_over():
                    break
                ready = [host for host in self._hosts if self._ready[host]]
                chosen, polite = dice.random(), dice.random() < POLITE_SHARE
                if ready:
                    group.create_task(self._end_and_start(ready[int(chosen * len(ready))], polite=polite))

    def logs(self) -> Sequence[Path]:
        """What they wrote."""
        return sorted(self._folder.glob("host-*/*.log"))

    async def _end_and_start(self, host: RunningHost, *, polite: bool) -> None:
        if polite:
            self.counts["SIGTERM"] += 1
            code = await host.terminate()
            self.counts["SIGTERM drained" if code == 0 else "SIGTERM not drained"] += 1
            self._ready[host] = False
        else:
            self.counts["kill -9"] += 1
            # the front does not know yet: that is for it to find out
            await host.kill()
            self._ready[host] = False
        await self._start(host)
        self.counts["restarts"] += 1

    async def _start(self, host: RunningHost) -> None:
        for _ in range(MOST_FAILED_STARTS):
            self._turn_page(host)
            host.port = 0  # a new one for each life: any outgoing connection may have taken the old one meanwhile
            try:
                await host.start()
            except ChildDidNotStart:
                self.counts["failed starts"] += 1
            else:
                self._ready[host] = True
                return
        raise ChildDidNotStart(f"a host does not start any more; see {host.output_path}")

    def _turn_page(self, host: RunningHost) -> None:
        """A file of its own for each life; the launcher reads all of it while it waits for `Ready`."""
        if host.output_path.exists():
            lives = len(list(host.output_path.parent.glob("host-*.log")))
            host.output_path.rename(host.output_path.with_name(f"host-{lives + 1:04}.log"))
