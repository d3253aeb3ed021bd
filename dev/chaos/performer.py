"""Plays the script: HR and people do what they do, Graph fails as planned, timers fire as on the platform."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import httpx

from dev.chaos.cast import Newcomer
from dev.chaos.options import Options
from dev.chaos.phases import CALM, Phase
from dev.chaos.script import Deed, Event
from dev.chaos.tenant import ChaosTenant, refused
from dev.demo.app_client import AppClient

TIMER_SECONDS = (8.0, 20.0)
"""How often the sweep and the keeper run: every hour in Azure, more often here, as a run has no hours."""


@dataclass(slots=True)
class Performer:
    """What was really done is counted. All moments are seconds since `began`, in the loop's time."""

    tenant: ChaosTenant
    app: AppClient
    began: float
    done: Counter[str] = field(default_factory=Counter)
    void: int = 0
    came: dict[str, Newcomer] = field(default_factory=dict)
    admins: dict[str, float] = field(default_factory=dict)
    phase: str = CALM.name
    hits: Counter[str] = field(default_factory=Counter)
    subscriptions_lost: int = 0

    async def play(self, script: Sequence[Event]) -> None:
        """Everything that happens to people, each as soon as its time has come."""
        for event in script:
            await self._until(event.at)
            try:
                await self._do(event)
            except httpx.HTTPStatusError as problem:
                if not refused(problem):
                    raise
                self.void += 1
            else:
                self.done[event.deed.value] += 1

    async def trouble(self, phases: Sequence[Phase], end: float, say: Callable[[str], None]) -> None:
        """One kind after the other; calm at the end."""
        for phase in phases:
            await self._until(phase.at)
            self.phase = phase.kind.name
            say(f"{phase.kind.name}")
            await self._take_hits()
            await self.tenant.replace_faults(phase.kind.switches, phase.kind.rules)
            if phase.kind.loses_subscription:
                self.subscriptions_lost += await self.tenant.lose_subscriptions()
        await self._until(end)
        await self._take_hits()
        self.phase = CALM.name
        await self.tenant.replace_faults({}, ())

    async def timers(self, options: Options) -> None:
        """Fires sweep and keeper now and then, on whichever host is next, until cancelled."""
        dice = random.Random(f"timers {options.seed}")
        while True:
            await asyncio.sleep(dice.uniform(*TIMER_SECONDS))
            timer = dice.choice(("sweep", "keep_subscription"))
            self.done[f"timer {timer}"] += await self.app.fire(timer)

    async def _take_hits(self) -> None:
        """Rules forget their hits when they are replaced."""
        for rule in (await self.tenant.faults())["rules"]:
            self.hits[_name(rule["effect"])] += rule["hits"]

    async def _until(self, at: float) -> None:
        await asyncio.sleep(max(self.began + at - asyncio.get_running_loop().time(), 0))

    async def _do(self, event: Event) -> None:
        person, values, tenant = event.person, event.values, self.tenant
        match event.deed:
            case Deed.CREATE:
                await tenant.create(person.as_user())
                self.came[person.id] = person
            case Deed.REGISTER:
                await tenant.register_phone(person.id, values["number"])
            case Deed.METHOD:
                await tenant.register_method(person.id, values["kind"])
            case deed if deed in _PLAIN:
                await _PLAIN[deed](tenant, person.id)
            case deed:
                await tenant.edit(person.id, values)
                if deed is Deed.ROLE:
                    self.admins.setdefault(person.id, time.time())


_PLAIN: dict[Deed, Callable[[ChaosTenant, str], Awaitable[None]]] = {
    Deed.DELETE: ChaosTenant.delete,
    Deed.RESTORE: ChaosTenant.restore,
    Deed.DESTROY: ChaosTenant.delete_for_good,
    Deed.REMOVE: ChaosTenant.remove_phone,
}


def _name(effect: dict[str, Any]) -> str:
    """A fault in words, for the report."""
    words = [f"{name} {value}" if value is not True else name for name, value in sorted(effect.items())]
    return ", ".join(words)
