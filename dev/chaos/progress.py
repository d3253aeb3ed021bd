"""What is seen while it runs: one line that changes on a terminal, plain lines anywhere else."""

import asyncio
import os
import sys
import time
from collections.abc import Callable
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

PLAIN_PAUSE_SECONDS = 15.0
LIVE_PAUSE_SECONDS = 0.5
NAME_WIDTH = 36


class Screen:
    """Lines that stay, and one that tells how things stand."""

    def __init__(self) -> None:
        self.alive = sys.stdout.isatty() and not os.environ.get("CI")
        plain: dict[str, Any] = {"width": 140, "no_color": True, "force_terminal": False}
        self.console = Console(highlight=False, markup=False, **({} if self.alive else plain))
        self._began = time.monotonic()

    def say(self, text: str) -> None:
        """One line that stays, with the seconds since the start."""
        self.console.print(f"{self.stamp()}  {text}", soft_wrap=True)

    def stamp(self) -> str:
        """Seconds since the start."""
        return f"{time.monotonic() - self._began:6.1f} s"

    async def watch(self, standing: Callable[[], str]) -> None:
        """Show how things stand until cancelled."""
        if not self.alive:
            while True:
                await asyncio.sleep(PLAIN_PAUSE_SECONDS)
                self.say(standing())
        with Live(console=self.console, auto_refresh=False, transient=True) as live:
            while True:
                live.update(Text(f"{self.stamp()}  {standing()}"), refresh=True)
                await asyncio.sleep(LIVE_PAUSE_SECONDS)

    def show(self, figures: dict[str, Any]) -> None:
        """The report."""
        table = Table(box=None, show_header=False, pad_edge=False)
        table.add_column(width=NAME_WIDTH)
        table.add_column(overflow="fold")
        for name, value in figures.items():
            table.add_row(name, Text(_words(value)))
        self.console.print()
        self.console.print(table)


def _words(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {_words(each)}" for name, each in value.items()) or "none"
    return str(value)
