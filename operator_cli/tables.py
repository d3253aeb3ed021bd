"""Tables as a person reads them: drawn on a terminal, bare columns elsewhere."""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any

from rich import box
from rich.table import Table
from rich.text import Text

from operator_cli.session import screen

Document = Mapping[str, Any]

_STYLES = {
    **dict.fromkeys(("done", "noop", "healthy", "live", "ok", "applied", "ended"), "green"),
    **dict.fromkeys(("planned", "held", "retry", "none", "unknown", "paused", "changed"), "yellow"),
    **dict.fromkeys(("refused", "parked", "unhealthy", "wrong", "unreachable", "tripped", "failed"), "red"),
    **dict.fromkeys(("expired", "missing", "unchecked", "degraded"), "red"),
}


def count_table(title: str, counts: Document) -> Table:
    """How many of each word, most first."""
    table = new_table(title, title.lower().removesuffix("s"), "users")
    for word, count in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
        add_row(table, word, count)
    return table


def fact_table(title: str, facts: Iterable[tuple[str, Any]]) -> Table:
    """One line for each thing that is known."""
    table = new_table(title, "", "")
    table.show_header = False
    for name, value in facts:
        if value not in (None, [], ""):
            add_row(table, name, value)
    return table


def new_table(title: str, *columns: str) -> Table:
    """Drawn on a terminal, bare columns elsewhere."""
    drawn = box.ROUNDED if screen().is_terminal else None
    table = Table(title=title, title_justify="left", title_style="bold", box=drawn, pad_edge=drawn is not None)
    table.min_width = len(title)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def add_row(table: Table, *values: Any) -> None:
    """A line of whatever the document holds."""
    table.add_row(*(_cell(value) for value in values))


def _cell(value: Any) -> Text:
    """Text as it is, without control characters that would steer the terminal."""
    text = _plain(value)
    return Text("".join(sign if sign.isprintable() else "?" for sign in text), style=_STYLES.get(text, ""))


def _plain(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(item) for item in value)
    return str(value)


def moment(text: Any) -> str | None:
    """To the second, in UTC; as it came where it is no moment."""
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    except ValueError:
        return text
