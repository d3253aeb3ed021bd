"""One run of the demo, from the first line to the exit code."""

import asyncio
import contextlib
import json
from pathlib import Path

import httpx

from dev.azurite.launcher import AzuriteMissing
from dev.demo import stay, summary
from dev.demo.interrupt import Interrupt
from dev.demo.onboarding import Onboarding
from dev.demo.options import Options
from dev.demo.parts import Parts, running_parts
from dev.demo.people import people
from dev.demo.roll import Roll
from dev.demo.screen import LiveScreen, choose_screen
from dev.demo.watcher import Watcher
from dev.host.child import ChildDidNotStart
from dev.host.launcher import ROOT

INTRODUCTION = """\
MFA Prefill for Microsoft Entra ID: a demonstration on this machine. No Azure, no credentials, no internet.

What is going to happen:
  1. Three parts start: Azurite (Microsoft's storage emulator), a simulated Microsoft Graph, and this app
     in the worker library that Azure Functions runs it in.
  2. The app subscribes to changes of users, as it would in a real tenant.
  3. HR creates {count} people with the phone numbers that real directories hold. Of each the app is told
     the id. It looks at the person, decides, adds the phone to the sign-in methods, reads it back, and
     only then turns on MFA. Some have no usable number, some have registered a phone of their own, and
     now and then Graph fails.
  4. Later things change: HR corrects numbers, people remove or replace phones, accounts come and go.
  5. At the end a table says what happened to whom and why. An oracle in the simulator checks every write.

All people and numbers are made up; numbers are shown masked. It takes about half a minute.
"""


class Demo:
    """`folder` takes the logs."""

    def __init__(self, options: Options, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._screen = choose_screen()
        self._roll = Roll.of(people())
        self._roll.extra = options.people
        self._code: int | None = None

    async def run(self) -> int:
        """The exit code: 0 everyone ended as expected, 1 not so, 128 and more: ended by a signal before that."""
        interrupt = Interrupt(self._screen.say)
        self._print(INTRODUCTION.format(count=len(self._roll.cases)))
        try:
            await self._with_parts()
        except* asyncio.CancelledError:
            pass  # asked for: see interrupt.number
        except* (ChildDidNotStart, AzuriteMissing, httpx.HTTPError) as problems:
            self._code = 1
            self._complain(problems)
        if self._code is None:
            return 128 + interrupt.number
        return self._code

    async def _with_parts(self) -> None:
        async with running_parts(self._folder, self._screen.say, known_ports=self._options.stay) as parts:
            watcher = Watcher(self._roll, parts.tenant, parts.app, self._screen)
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(watcher.run())
                timed_out = await self._onboard(parts, watcher)
                await self._conclude(parts, timed_out=timed_out)
                if self._options.stay:
                    await self._stay(parts, watcher)
                watch.cancel()

    async def _onboard(self, parts: Parts, watcher: Watcher) -> bool:
        """Whether the time was up before everyone had ended as expected."""
        live = self._screen.live() if isinstance(self._screen, LiveScreen) else contextlib.nullcontext()
        with live:
            try:
                async with asyncio.timeout(self._options.deadline_seconds):
                    await Onboarding(self._options, parts, self._roll, watcher, self._screen).run()
            except TimeoutError:
                return True
        return False

    async def _conclude(self, parts: Parts, *, timed_out: bool) -> None:
        tenant = parts.tenant
        verdict = summary.Verdict(
            roll=self._roll,
            violations=await tenant.violations(),
            notifications=await tenant.notifications(),
            stats=await tenant.stats(),
            restarts=parts.supervisor.restarts,
            timed_out=timed_out,
            logs=self._logs,
        )
        self._code = 0 if verdict.good else 1
        if not verdict.good:
            journal, _ = await tenant.journal(0)
            (self._folder / "journal.json").write_text(json.dumps(journal, indent=1))
        summary.show(verdict, self._screen.console)

    async def _stay(self, parts: Parts, watcher: Watcher) -> None:
        someone = next((case.user_id for case in self._roll.cases if case.user_id), "")
        self._print(stay.invitation(parts, someone))
        watcher.on_event = lambda event: stay.tell(event, self._roll, self._screen)
        await asyncio.Event().wait()

    def _complain(self, problems: BaseExceptionGroup[Exception]) -> None:
        for problem in _leaves(problems):
            who = "the Graph simulator does not answer: " if isinstance(problem, httpx.HTTPError) else ""
            self._print(f"\nThe demo cannot go on: {who}{str(problem) or type(problem).__name__}")
        self._print(f"The logs are in {self._logs}.")

    @property
    def _logs(self) -> Path:
        return self._folder.relative_to(ROOT)

    def _print(self, text: str) -> None:
        self._screen.console.print(text, markup=False, soft_wrap=True)


def _leaves(problems: BaseExceptionGroup[Exception]) -> list[BaseException]:
    found: list[BaseException] = []
    for problem in problems.exceptions:
        found += _leaves(problem) if isinstance(problem, BaseExceptionGroup) else [problem]
    return found
