"""The story of the demo: a subscription, waves of new people, trouble, later changes, and the wait for the end."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterable, Sequence
from itertools import batched

from dev.demo.options import Options
from dev.demo.parts import Parts
from dev.demo.person import Deed, Later, Person, Trouble
from dev.demo.roll import Case, Roll
from dev.demo.screen import Screen
from dev.demo.troubles import LATE_SECONDS, STORM_QUOTA, STORM_SECONDS, fault_rules
from dev.demo.watcher import Watcher

WAVE_SIZE = 6
EXTRA_WAVE_SIZE = 100
FIRE_AGAIN_SECONDS = 10.0
CALM_SECONDS = 0.5
REPLICATION_SECONDS, NO_QUOTA = 0.3, (0, 10)
"""The simulator's own defaults."""


def waves(people: Iterable[Person], seed: int) -> list[list[Person]]:
    """Who comes together: in an order that the seed decides, the late one and the storm each as a wave of their own."""
    everyone = list(people)
    random.Random(seed).shuffle(everyone)
    early = [person for person in everyone if person.early]
    plain = [person for person in everyone if not person.early and person.trouble not in _OWN_WAVE]
    result = [list(wave) for wave in batched([*early, *plain], WAVE_SIZE, strict=False)]
    for place, trouble in ((2, Trouble.LATE), (len(result) // 2, Trouble.STORM)):
        result.insert(place, [person for person in everyone if person.trouble is trouble])
    return result


_OWN_WAVE = (Trouble.LATE, Trouble.STORM)


class Onboarding:
    """Lets it all happen, and returns when everyone has ended as expected; otherwise it waits for ever."""

    def __init__(self, options: Options, parts: Parts, roll: Roll, watcher: Watcher, screen: Screen) -> None:
        self._options = options
        self._tenant, self._app, self._supervisor = parts.tenant, parts.app, parts.supervisor
        self._roll = roll
        self._watcher = watcher
        self._say = screen.say
        self._case = {case.person.number: case for case in roll.cases}
        self._replicated_at = 0.0

    async def run(self) -> None:
        """From the subscription to the end."""
        await self._subscribe()
        await self._tenant.set_faults(fault_rules(case.person for case in self._roll.cases))
        if self._options.drop_notifications:
            await self._tenant.switch(drop_notifications=1.0)
            self._say("From here on every change notification is lost on its way.")
        await self._people_come()
        await self._extra_people_come()
        await self._sweep("Everyone is there, and the app has been told of nobody.")
        await self._things_happen()
        await self._sweep("Of those changes the app has been told nothing either.")
        await self._end()

    async def _subscribe(self) -> None:
        await self._fire_until("keep_subscription", self._tenant.subscriptions)
        subscription = (await self._tenant.subscriptions())[0]
        until = subscription["expirationDateTime"][:16].replace("T", " ")
        self._say(f"The app's timer keep_subscription has subscribed to changes of users, until {until}.")

    async def _fire_until(self, timer: str, done: Callable[[], Awaitable[object]]) -> None:
        """Fire a timer until there is something to show for it; the host may be dead when it is fired."""
        while True:
            fired = await self._app.fire(timer)
            patience = FIRE_AGAIN_SECONDS if fired else 1.0
            try:
                async with asyncio.timeout(patience):
                    await _until(done)
                    return
            except TimeoutError:
                self._say(f"The timer {timer} has shown no effect yet. Firing it again.")

    async def _people_come(self) -> None:
        plan = waves((case.person for case in self._roll.cases), self._options.seed)
        count = len(self._roll.cases)
        self._say(f"HR creates {count} people, in {len(plan)} waves. Graph notifies the app, which is told ids only.")
        for place, wave in enumerate(plan):
            await self._wave_comes(wave)
            if self._options.kill_host and place == len(plan) // 2:
                self._say("kill -9: the Functions host is killed in the middle of its work.")
                self._supervisor.kill_host()
            await asyncio.sleep(self._options.wave_seconds)

    async def _wave_comes(self, wave: Sequence[Person]) -> None:
        for trouble in sorted({person.trouble for person in wave if person.trouble}):
            who = ", ".join(sorted(person.name for person in wave if person.trouble is trouble))
            self._say(f"Trouble ahead for {who}: {trouble.value}.")
        match wave[0].trouble:
            case Trouble.LATE:
                await self._tenant.switch(replication_seconds=LATE_SECONDS)
                await self._create(wave)
                await self._tenant.switch(replication_seconds=REPLICATION_SECONDS)
                self._replicated_at = asyncio.get_running_loop().time() + LATE_SECONDS + 2 * REPLICATION_SECONDS
            case Trouble.STORM:
                await self._tenant.switch(method_quota=STORM_QUOTA)
                await self._create(wave)
                await asyncio.sleep(STORM_SECONDS)
                await self._tenant.switch(method_quota=NO_QUOTA)
                self._say("The throttling is over.")
            case _:
                await self._create(wave)

    async def _create(self, wave: Sequence[Person]) -> None:
        for person in wave:
            case = self._case[person.number]
            user_id = await self._tenant.create(person.as_user())
            case.asked_at = asyncio.get_running_loop().time()
            self._roll.came(case, user_id)

    async def _extra_people_come(self) -> None:
        left = self._options.people
        if left:
            self._say(f"HR creates {left} generated people more.")
        while left > 0:
            await self._tenant.create_many(min(left, EXTRA_WAVE_SIZE), self._options.seed + left)
            left -= EXTRA_WAVE_SIZE
            await asyncio.sleep(self._options.wave_seconds)

    async def _sweep(self, words: str) -> None:
        """What the timer does every hour. Only needed where notifications are lost."""
        if not self._options.drop_notifications:
            return
        loop = asyncio.get_running_loop()
        await asyncio.sleep(max(self._replicated_at - loop.time(), 3 * REPLICATION_SECONDS))
        self._say(f"{words} Firing the app's timer sweep, which asks Graph for everyone who has changed.")
        before = await self._swept_at()

        async def swept() -> bool:
            return await self._swept_at() != before

        await self._fire_until("sweep", swept)

    async def _swept_at(self) -> object:
        report = await self._app.report()
        return report["sweep"]["completedAt"] if report else None

    async def _things_happen(self) -> None:
        """What comes later comes once the app is through with the person."""
        changing = [case for case in self._roll.cases if case.person.later]
        if self._options.drop_notifications:
            await self._watcher.until(lambda: all(case.settled for case in changing))
        await asyncio.gather(*(self._happens(case, case.person.later) for case in changing if case.person.later))

    async def _happens(self, case: Case, later: Later) -> None:
        await self._watcher.until(lambda: case.settled)
        case.untold = self._options.drop_notifications and not later.in_delta
        hidden = " No sweep can find this: delta does not tell of authentication methods." if case.untold else ""
        self._say(f"{case.person.name}: {later.words}.{hidden}")
        user_id = case.user_id or ""
        case.changed, case.asked_at = True, asyncio.get_running_loop().time()
        match later.deed:
            case Deed.HR_EDITS:
                await self._tenant.edit(user_id, later.values)
            case Deed.HR_DELETES:
                await self._tenant.delete(user_id)
            case Deed.REMOVES_PHONE:
                await self._tenant.remove_phone(user_id)
            case Deed.REGISTERS_PHONE:
                await self._tenant.register_phone(user_id, later.values["number"])

    async def _end(self) -> None:
        """Everyone as expected, nothing under way any more, and still everyone as expected when asked again."""
        while True:
            await self._watcher.until(lambda: not self._roll.unfinished())
            await self._extra_people_end()
            await self._calm()
            if await self._watcher.confirm(self._roll.cases):
                return

    async def _calm(self) -> None:
        async def delivered() -> bool:
            return not (await self._tenant.notifications())["pending"]

        await _until(delivered)
        await asyncio.sleep(CALM_SECONDS)
        await self._watcher.look()

    async def _extra_people_end(self) -> None:
        """The generated people: the app has looked at all of them and nobody is to be looked at again."""
        retrying = sum(case.expected.outcome == "retry" for case in self._roll.cases)

        async def looked_at() -> bool:
            report = await self._app.report()
            everyone = report is not None and report["users"] == self._roll.came_in_all()
            return everyone and report is not None and report["outcomes"].get("retry", 0) <= retrying

        if self._options.people:
            await _until(looked_at, CALM_SECONDS)


async def _until(done: Callable[[], Awaitable[object]], pause: float = 0.05) -> None:
    while not await done():  # noqa: ASYNC110 - asked over HTTP
        await asyncio.sleep(pause)
