"""What an operator may ask of a run: plan it, apply exactly that plan, stop it. Floor 5.

Everything here only notes what is wanted; the work is done by chores (`shared.run_advance`) and messages
(`shared.run_worker`), which read the note.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.errors import Conflict, RunRefused
from shared.messages import Chore
from shared.moments import millis
from shared.policy import Mode
from shared.ports import Queues
from shared.run_book import RunBook
from shared.run_rules import Run, RunState

NO_SUCH_RUN = "noSuchRun"


@dataclass(frozen=True, slots=True)
class Runs:
    """The ports of the operators' side of runs. `new_id` makes twelve hexadecimal digits."""

    book: RunBook
    queues: Queues
    mode: Mode
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    async def plan(self, users: Sequence[str] | None) -> Run:
        """A new run over these users, None: over everybody; a planned run that nobody applied is superseded.

        Raises RunRefused while another run is at work. The items of named users are there before the run is.
        """
        names = await self.book.names()
        await self._refuse_beside(await self.book.load(names.values.get("current")))
        run = Run(self.new_id(), self.now(), listed=users is not None)
        if users is not None:
            await self.book.items.list(run.id, users)
        run = await self.book.save(run)
        try:
            await self.book.make_current(run, names)
        except Conflict:
            raise RunRefused("runActive", "another run was begun at this moment: look at that one") from None
        await self._go_on()
        return run

    async def apply(self, run_id: str) -> RunState:
        """Lets a planned run be done; asked again it says how far it is. Raises RunRefused."""
        run = await self._existing(run_id)
        state = await self.book.state(run)
        if state not in (RunState.APPLYING, RunState.APPLIED):
            self._refuse_unless_planned(state)
            run = await self.book.change(run, lambda known: known.applying(self.now()))
            state = await self._state_after_apply(run)
        if state is RunState.APPLYING:
            await self._go_on()
        return state

    async def cancel(self, run_id: str) -> RunState:
        """Stops a run: its queued looks then do nothing. A run that is over stays what it is. Raises RunRefused."""
        run = await self._existing(run_id)
        state = await self.book.state(run)
        if state in (RunState.APPLIED, RunState.SUPERSEDED):
            return state
        await self.book.change(run, lambda known: known.cancelled(self.now()))
        return RunState.CANCELLED

    async def _refuse_beside(self, current: Run | None) -> None:
        if current and (state := await self.book.state(current)).is_active:
            raise RunRefused("runActive", f"run {current.id} is {state}: wait for it, or cancel it")

    def _refuse_unless_planned(self, state: RunState) -> None:
        if state is not RunState.PLANNED:
            raise RunRefused("notPlanned", f"this run is {state}; only a planned run can be applied")
        if self.mode is Mode.PLAN:
            raise RunRefused("planMode", "PREFILL_MODE is plan, so nothing is written to anybody: set it to apply")

    async def _state_after_apply(self, run: Run) -> RunState:
        """Somebody may have cancelled it, or begun another one, in the moment between."""
        state = await self.book.state(run)
        if state not in (RunState.APPLYING, RunState.APPLIED):
            raise RunRefused("notPlanned", f"this run is {state} since a moment ago")
        return state

    async def _existing(self, run_id: str) -> Run:
        run = await self.book.load(run_id)
        if run is None:
            raise RunRefused(NO_SUCH_RUN, "no such run")
        return run

    async def _go_on(self) -> None:
        await self.queues.send_chore(Chore.RUN, millis(self.now()))
