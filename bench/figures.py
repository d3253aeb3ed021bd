"""Measured figures and the table they are shown in."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Result:
    """One benchmark's table, and a note below it."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    note: str = ""

    def table(self) -> Table:
        """Numbers to the right."""
        table = Table(title=self.title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
        for index, column in enumerate(self.columns):
            table.add_column(column, justify="right" if index else "left", overflow="fold")
        for row in self.rows:
            table.add_row(*row)
        return table


def percentile(values: Sequence[float], share: float) -> float:
    """The smallest value that at least this share of the values does not exceed."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]


def ratio(value: float, base: float) -> str:
    """`value` in terms of `base`: "1.0x", "0.25x"."""
    times = value / base if base else math.inf
    return f"{times:.1f}x" if times >= 1 else f"{times:.2f}x"


def milliseconds(seconds: float) -> str:
    """Three figures at most."""
    value = seconds * 1000
    return f"{value:,.0f} ms" if value >= 100 else f"{value:.1f} ms"


def microseconds(seconds: float) -> str:
    """Whole ones."""
    return f"{seconds * 1_000_000:,.1f} µs"
