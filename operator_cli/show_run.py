"""A run's documents as tables."""

from rich.table import Table

from operator_cli.tables import Document, add_row, count_table, fact_table, moment, new_table


def begun(document: Document) -> list[Table]:
    """What was asked of a run, and where it stands now."""
    return [fact_table("Run", [("run", document.get("id")), ("state", document.get("state"))])]


def page(document: Document) -> list[Table]:
    """How far it is, what it comes to, whom it is about."""
    tables = [fact_table("Run", _facts(document))]
    tables += [count_table(title, document.get(title.lower()) or {}) for title in ("Outcomes", "Reasons", "Actions")]
    tables.append(_items(document))
    return [each for each in tables if each.row_count]


def _facts(document: Document) -> list[tuple[str, object]]:
    progress = document.get("progress")
    return [
        ("run", document.get("id")),
        ("state", document.get("state")),
        ("created", moment(document.get("createdAt"))),
        ("phase began", moment(document.get("startedAt"))),
        ("as of", moment(document.get("asOf"))),
        ("users", document.get("users")),
        ("looked at", document.get("looked")),
        ("open", document.get("open")),
        ("progress", f"{progress:.0%}" if isinstance(progress, int | float) else None),
        ("users a minute", document.get("perMinute")),
        ("estimated end", moment(document.get("estimatedEnd"))),
        ("failures", document.get("failures")),
        ("more items after", document.get("next")),
    ]


def _items(document: Document) -> Table:
    table = new_table("Items", "user", "state", "outcome", "reasons", "actions", "source")
    for item in document.get("items") or []:
        add_row(table, *(item.get(name) for name in ("id", "state", "outcome", "reasons", "actions", "source")))
    return table
