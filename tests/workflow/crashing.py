"""A process that dies at its n-th I/O call, before the call is done or after it has taken effect."""

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Protocol


class Died(Exception):
    """The process is gone: nothing it would have done next happens."""


@dataclass
class Mortal:
    """Counts every I/O call of a process, and lets it die at one. 0: it lives."""

    dies_at: int = 0
    after: bool = False
    calls: int = 0
    dead: bool = False

    def port(self, port: object) -> Any:
        """What the process sees of a port."""
        return _Watched(port, self)

    async def does(self, call: Callable[[], Awaitable[object]]) -> object:
        if self.dead:
            raise Died
        self.calls += 1
        self.dead = self.calls == self.dies_at
        if self.dead and not self.after:
            raise Died
        answer = await call()
        if self.dead:
            raise Died
        return answer


class _Watched:
    def __init__(self, port: Any, mortal: Mortal) -> None:
        self._port, self._mortal = port, mortal

    def in_background(self) -> "_Watched":
        return self

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._port, name)
        if not callable(found) or name == "rows":
            return found

        async def call(*args: Any, **kwargs: Any) -> object:
            return await self._mortal.does(lambda: found(*args, **kwargs))

        return call


class Story(Protocol):
    """A world in which one workflow runs, and what must hold when it has come to rest."""

    async def run(self, mortal: Mortal) -> None:
        """One delivery to a process of this fate."""

    async def settle(self) -> None:
        """What the platform does afterwards: the same message again, and whatever waits in the queues."""

    def check(self) -> None:
        """Asserts the promises at rest."""

    def check_always(self) -> None:
        """Asserts what holds at every moment, also right after the death."""


async def die_everywhere(make: Callable[[], Story]) -> int:
    """Runs a story to its end once for each call it makes, dying there, before and after; how many deaths it were."""
    deaths = 0
    for after in (False, True):
        for dies_at in itertools.count(1):
            story, mortal = make(), Mortal(dies_at, after)
            try:
                await story.run(mortal)
            except Died:
                deaths += 1
            story.check_always()
            await story.settle()
            try:
                story.check()
            except AssertionError as error:
                raise AssertionError(f"died {'after' if after else 'before'} call {dies_at}") from error
            if not mortal.dead:
                break
    return deaths
