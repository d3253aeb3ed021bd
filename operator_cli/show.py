"""The routes' documents as tables. Unknown or missing fields are shown as nothing; nothing here decides."""

from collections.abc import Sequence
from typing import Any

from rich.table import Table

from operator_cli.tables import Document, add_row, count_table, fact_table, moment, new_table


def health(document: Document) -> list[Table]:
    """One line for each thing that can be unwell."""
    return [fact_table("Health", [(name, document.get(name)) for name in _words(document)])]


def report(document: Document) -> list[Table]:
    """Counts first, then what asks for a person."""
    seconds = document.get("secondsFromNotificationToDone") or {}
    summary = [
        ("as of", moment(document.get("asOf"))),
        ("mode", document.get("mode")),
        ("policy", document.get("policy")),
        ("users", document.get("users")),
        ("phone only", document.get("phoneOnly")),
        ("seconds to done, median", seconds.get("median")),
        ("seconds to done, longest", seconds.get("max")),
    ]
    tables = [fact_table("Report", summary)]
    tables += [count_table(title, document.get(title.lower()) or {}) for title in ("Outcomes", "Reasons")]
    tables.append(_worklist(document.get("worklist") or []))
    tables.append(_parked(document.get("parked") or []))
    tables.append(fact_table("Writes", _switch_facts(document.get("writes") or {})))
    tables.append(fact_table("Subscription", _subscription_facts(document.get("subscription") or {})))
    tables.append(fact_table("Sweep", _sweep_facts(document.get("sweep") or {})))
    return [table for table in tables if table.row_count]


def explanation(document: Document) -> list[Table]:
    """What Graph holds, what would be done, what is remembered, what was done."""
    tables = [
        fact_table("In Graph", _graph_facts(document)),
        fact_table("Plan", _plan_facts(document.get("plan") or {})),
        fact_table("Ledger", _ledger_facts(document.get("ledger") or {})),
        _history(document.get("history") or []),
    ]
    return [table for table in tables if table.row_count]


def queued(document: Document) -> list[Table]:
    """What a request to reconcile was told."""
    return [fact_table("Reconcile", [("user", document.get("id")), ("status", document.get("status"))])]


def doctor(document: Document) -> list[Table]:
    """One line for each check, with the fix."""
    table = new_table("Doctor", "check", "state", "told", "fix")
    for check in document.get("checks") or []:
        add_row(table, *(check.get(name) for name in ("check", "state", "told", "fix")))
    return [table]


def parked(document: Document) -> list[Table]:
    """What gave up, and what to do about it."""
    return [_parked(document.get("parked") or [])]


def replayed(document: Document) -> list[Table]:
    """Whom a replay looks at again."""
    facts = [("queued", document.get("queued")), ("users", document.get("users")), ("left", document.get("left"))]
    return [fact_table("Replay", facts)]


def switch(document: Document) -> list[Table]:
    """The kill switch as it stands."""
    return [fact_table("Writes", _switch_facts(document))]


def subscription(document: Document) -> list[Table]:
    """As noted by the app, and as Graph lists it."""
    facts = [*_subscription_facts(document), ("resource", document.get("resource")), ("done now", _steps(document))]
    table = new_table("Listed by Graph", "id", "resource", "changeType", "notificationUrl", "expires")
    for item in document.get("listed") or []:
        names = ("id", "resource", "changeType", "notificationUrl")
        add_row(table, *(item.get(name) for name in names), moment(item.get("expires")))
    return [each for each in (fact_table("Subscription", facts), table) if each.row_count]


def _words(document: Document) -> list[str]:
    known = ["status", "settings", "wrong", "storage", "subscription", "writes", "reading", "sweep"]
    return known + [name for name in document if name not in known]


def _steps(document: Document) -> str | None:
    steps = document.get("steps")
    return None if steps is None else ", ".join(steps) or "nothing, it was healthy"


def _subscription_facts(item: Document) -> list[tuple[str, Any]]:
    return [
        ("state", item.get("state")),
        ("id", item.get("id")),
        ("expires", moment(item.get("expires"))),
        ("notification URL", item.get("notificationUrl")),
        ("checked at", moment(item.get("checkedAt"))),
        ("missing since", moment(item.get("missingSince"))),
        ("renewal fails since", moment(item.get("renewalFailsSince"))),
        ("problem", item.get("problem")),
    ]


def _switch_facts(item: Document) -> list[tuple[str, Any]]:
    return [
        ("state", item.get("state")),
        ("paused", item.get("paused")),
        ("by", item.get("by")),
        ("since", moment(item.get("at"))),
        ("why", item.get("detail")),
        ("users in the last hour", item.get("usersInTheLastHour")),
        ("most per hour", item.get("mostPerHour")),
    ]


def _sweep_facts(item: Document) -> list[tuple[str, Any]]:
    return [
        ("completed at", moment(item.get("completedAt"))),
        ("last page at", moment(item.get("pageAt"))),
        ("full", item.get("full")),
        ("complete", item.get("complete")),
    ]


def _graph_facts(document: Document) -> list[tuple[str, Any]]:
    graph = document.get("graph") or {}
    source = graph.get("source") or {}
    phones = [f"{phone.get('phoneType')} {phone.get('phoneNumber')}" for phone in graph.get("phoneMethods") or []]
    return [
        ("user", document.get("id")),
        ("problem", document.get("problem")),
        ("account enabled", graph.get("accountEnabled")),
        ("user type", graph.get("userType")),
        ("usage location", graph.get("usageLocation")),
        ("synced", graph.get("onPremisesSyncEnabled")),
        (source.get("attribute") or "source", source.get("value")),
        ("phones", phones),
        ("methods", graph.get("methods")),
        ("MFA state", graph.get("perUserMfaState")),
        ("usable method", graph.get("usableMethod")),
    ]


def _plan_facts(plan: Document) -> list[tuple[str, Any]]:
    return [
        ("outcome", plan.get("outcome")),
        ("reasons", plan.get("reasons")),
        ("actions", plan.get("actions")),
        ("number", plan.get("number")),
        ("source", plan.get("source")),
        ("held until", moment(plan.get("holdUntil"))),
    ]


def _ledger_facts(ledger: Document) -> list[tuple[str, Any]]:
    return [
        ("outcome", ledger.get("outcome")),
        ("reasons", ledger.get("reasons")),
        ("looked at", moment(ledger.get("lookedAt"))),
        ("cause", ledger.get("cause")),
        ("number written by us", ledger.get("numberWrittenByUs")),
        ("MFA state written", ledger.get("stateWritten")),
        ("attempts", ledger.get("attempts")),
    ]


def _history(rows: Sequence[Document]) -> Table:
    table = new_table("History, newest first", "at", "phase", "cause", "outcome", "reasons", "actions")
    for row in rows:
        names = ("phase", "cause", "outcome", "reasons", "actions")
        add_row(table, moment(row.get("at")), *(row.get(name) for name in names))
    return table


def _worklist(rows: Sequence[Document]) -> Table:
    table = new_table("Worklist", "user", "outcome", "reasons", "number", "source")
    for row in rows:
        add_row(table, *(row.get(name) for name in ("id", "outcome", "reasons", "number", "source")))
    return table


def _parked(rows: Sequence[Document]) -> Table:
    table = new_table("Parked", "what", "reason", "since", "last", "attempts", "advice")
    for row in rows:
        first, last = moment(row.get("firstAt")), moment(row.get("lastAt"))
        add_row(table, row.get("key"), row.get("reason"), first, last, row.get("attempts"), row.get("advice"))
    return table
