"""What the person who started the demo sees while it runs: a live table on a terminal, plain lines anywhere else."""

import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Protocol

from rich import box
from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from dev.demo.masking import mask_number, mask_spelling
from dev.demo.roll import Case, Roll

PLAIN_WIDTH = 100
LEAST_ROWS, MOST_ROWS = 6, 20
OTHER_LINES = 12
"""Lines of the terminal that are not rows of the live table."""


class Screen(Protocol):
    """Where the demo says what happens."""

    console: Console

    def say(self, text: str) -> None:
        """One line that stays, with the seconds since the start."""

    def settled(self, case: Case) -> None:
        """A person has ended as expected (or has come as far as expected for now)."""

    def refresh(self, roll: Roll) -> None:
        """Show how things stand."""


@dataclass(slots=True)
class Clock:
    """Seconds since the start."""

    began: float

    def stamp(self) -> str:
        return f"{time.monotonic() - self.began:6.1f} s"


class PlainScreen:
    """Lines without any control character, for files and build logs."""

    def __init__(self) -> None:
        self.console = Console(
            width=PLAIN_WIDTH, force_terminal=False, no_color=True, color_system=None, highlight=False, markup=False
        )
        self._clock = Clock(time.monotonic())

    def say(self, text: str) -> None:
        """See Screen."""
        self.console.print(f"{self._clock.stamp()}  {text}", soft_wrap=True)

    def settled(self, case: Case) -> None:
        """See Screen."""
        self.say(f"{case.person.name} {case.person.kind:<27} {describe(case)}")

    def refresh(self, roll: Roll) -> None:
        """See Screen: lines tell it all."""


class LiveScreen:
    """A table that is redrawn in place; what is said stands above it."""

    def __init__(self) -> None:
        self.console = Console(highlight=False)
        self._clock = Clock(time.monotonic())
        self._live: Live | None = None

    @contextmanager
    def live(self) -> Iterator[None]:
        """Show the live table for the length of a `with` block."""
        with Live(console=self.console, auto_refresh=False, transient=True) as self._live:
            yield
        self._live = None

    def say(self, text: str) -> None:
        """See Screen."""
        self.console.print(f"[dim]{self._clock.stamp()}[/]  {escape(text)}")

    def settled(self, case: Case) -> None:
        """See Screen: the table tells it."""

    def refresh(self, roll: Roll) -> None:
        """See Screen."""
        if self._live:
            rows = min(max(self.console.height - OTHER_LINES, LEAST_ROWS), MOST_ROWS)
            self._live.update(_live_table(roll, rows, self._clock.stamp().strip()), refresh=True)


def choose_screen() -> PlainScreen | LiveScreen:
    """Live on a terminal, plain where nobody watches."""
    return LiveScreen() if sys.stdout.isatty() and not os.environ.get("CI") else PlainScreen()


def describe(case: Case) -> str:
    """What has become of a person so far, in one line."""
    if case.story is None or case.word is None:
        return "nothing yet"
    phone, why = mask_number(case.story.phone), f" ({case.word.why})" if case.word.why else ""
    return f"{phone:<13} MFA {case.story.state:<8}  {case.word.outcome}{why}"


def new_table() -> Table:
    """The columns about a person; what the app says of them is for the caller to add."""
    table = Table(box=box.SIMPLE_HEAD, padding=0, show_edge=False, title_style="")
    for name, width in (("#", 3), ("who", 27), ("directory holds", 24), ("phone now", 13), ("MFA now", 8)):
        table.add_column(name, width=width, no_wrap=True, overflow="ellipsis")
    return table


def _live_table(roll: Roll, rows: int, clock: str) -> Table:
    table = new_table()
    table.title, table.title_justify = _counts(roll, clock), "left"
    table.add_column("the app says", width=20, no_wrap=True, overflow="ellipsis")
    came = [case for case in roll.cases if case.story]
    came.sort(key=lambda case: case.story.changed_at if case.story else 0.0)
    for case in came[-rows:]:
        table.add_row(*_row(case))
    return table


def _counts(roll: Roll, clock: str) -> str:
    stories = roll.chronicle.stories.values()
    phones = sum(story.phone_at is not None for story in stories)
    states = sum(story.state_at is not None for story in stories)
    finished = sum(case.finished for case in roll.cases)
    everyone = len(roll.cases) + roll.extra
    return (
        f"[bold]{clock}[/]  {len(stories)} of {everyone} people created, {phones} phones set, {states} MFA states set, "
        f"{finished} of {len(roll.cases)} ended as expected"
    )


def _row(case: Case) -> tuple[str, ...]:
    story, word = case.story, case.word
    phone = mask_number(story.phone if story else None)
    state = story.state if story else "-"
    said = "…"
    if word:
        colour = "green" if case.settled else "yellow"
        said = f"[{colour}]{word.outcome}[/] {word.why}"
    elif story and story.phone_seconds is not None:
        said = f"phone set after {story.phone_seconds:.1f} s"
    held = escape(mask_spelling(case.held))
    return f"{case.person.number:02}", escape(case.person.kind), held, phone, state, said
