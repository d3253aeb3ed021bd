"""Where the runs are noted: one record each, one that names the current run, and the items. Floor 4.

    runs        {current}: the id of the newest run
    run-<id>    see `shared.run_rules.Run`

Whether a run may do anything is asked here each time: a message that names one proves nothing.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from shared.errors import Conflict
from shared.ports import Control, Record, RunItems
from shared.run_items import Item
from shared.run_rules import Run, RunState, run_id, run_of, state_of

RUNS = "runs"
"""The name of the record in the control table."""

ITEMS_A_PAGE = 1000
"""What the table service gives in one answer.

https://learn.microsoft.com/rest/api/storageservices/query-timeout-and-pagination
"""

MOST_ATTEMPTS = 20
"""Every conflict means that somebody else moved the same run; hardly two people and a chore at once."""


@dataclass(frozen=True, slots=True)
class RunBook:
    """The ports of the runs' records."""

    control: Control
    items: RunItems

    async def load(self, text: str | None) -> Run | None:
        """The run of this id; None where there is none."""
        known = run_id(text)
        record = await self.control.load(_name(known)) if known else Record({})
        return run_of(record.values, record.version) if record.values else None

    async def save(self, run: Run) -> Run:
        """The run as stored. Raises Conflict when somebody else was faster."""
        record = await self.control.save(_name(run.id), Record(run.as_json(), run.version))
        return replace(run, version=record.version)

    async def change(self, run: Run, change: Callable[[Run], Run]) -> Run:
        """What a chore notes meanwhile does not undo what an operator wants. Raises Conflict after many attempts."""
        for _ in range(MOST_ATTEMPTS):
            wanted = change(run)
            if wanted == run:
                return run
            try:
                return await self.save(wanted)
            except Conflict:
                run = await self.load(run.id) or run
        raise Conflict(run.id)

    async def names(self) -> Record:
        """The record that names the current run."""
        return await self.control.load(RUNS)

    async def current(self) -> Run | None:
        """The newest run, in whatever state."""
        return await self.load((await self.names()).values.get("current"))

    async def make_current(self, run: Run, names: Record) -> None:
        """Raises Conflict when another run has become the current one since `names` was read."""
        await self.control.save(RUNS, Record({**names.values, "current": run.id}, names.version))

    async def may_work(self, run: Run) -> bool:
        """Whether messages of this run are its own: it is the current one, and nobody has cancelled it."""
        return not run.cancelled_at and await self.is_current(run)

    async def is_current(self, run: Run) -> bool:
        """Whether no newer one has taken its place."""
        return (await self.names()).values.get("current") == run.id

    async def open_items(self, run: Run | None, users: Sequence[str]) -> Mapping[str, Item]:
        """Of these users those to whom the phase of the run still owes a look."""
        items = await self.items.load(run.id, users) if run else {}
        return {user_id: item for user_id, item in items.items() if run and run.has_open(item)}

    async def state(self, run: Run) -> RunState:
        """Where it stands."""
        return state_of(run, await self.is_current(run), await self._any_open(run))

    async def _any_open(self, run: Run) -> bool:
        after, page_is_full = None, not run.quiet
        while page_is_full:
            page = await self.items.page(run.id, after, ITEMS_A_PAGE)
            if any(run.has_open(item) for item in page):
                return True
            page_is_full = len(page) == ITEMS_A_PAGE
            after = page[-1].user_id if page else None
        return False


def _name(known: str) -> str:
    return f"run-{known}"
