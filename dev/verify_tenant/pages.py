"""`python -m dev.verify_tenant.pages`: write the tables of docs/assumptions.md and docs/verify-tenant.md.

A test compares them with what is written.
"""

import re
from collections.abc import Sequence
from pathlib import Path

from dev.graph_simulator.assumed.batch import BATCH
from dev.graph_simulator.assumed.errors import ERRORS
from dev.graph_simulator.assumed.mfa import MFA
from dev.graph_simulator.assumed.phones import PHONES
from dev.graph_simulator.assumed.roles import ROLES
from dev.graph_simulator.assumed.subscriptions import SUBSCRIPTIONS
from dev.graph_simulator.assumed.users import USERS
from dev.graph_simulator.assumptions import Assumption
from dev.verify_tenant.check import Check
from dev.verify_tenant.checks import CHECKS
from dev.verify_tenant.permissions import SETUP, Need

DOCS = Path(__file__).resolve().parents[2] / "docs"
ASSUMPTIONS_PAGE, RUN_PAGE = DOCS / "assumptions.md", DOCS / "verify-tenant.md"

SUBJECTS: tuple[tuple[str, tuple[Assumption, ...]], ...] = (
    ("Tokens, refusals, throttling", ERRORS),
    ("Users and the delta query", USERS),
    ("Phones", PHONES),
    ("MFA state, preferences, other methods", MFA),
    ("Groups and roles", ROLES),
    ("Subscriptions and notifications", SUBSCRIPTIONS),
    ("Batches", BATCH),
)

HEAD = """# What is assumed about Microsoft Graph

Microsoft does not document everything that this app meets. This is the complete list of what the project believes all
the same: on which evidence, what the app does if it is wrong, and which live check settles it. The simulator that the
tests run against follows this list ([`assumptions.py`](../dev/graph_simulator/assumptions.py)), so a wrong entry is a
wrong test. [`make verify-tenant`](verify-tenant.md) settles the entries that have a check against a real tenant.

Evidence: a plain link is Microsoft's own page, `field` another public program or a report that relies on it, `metadata`
Microsoft's machine-made files, `inferred` follows from a page without being said there, `unknown` nothing was found.

<!-- Written by `python -m dev.verify_tenant.pages`; a test keeps it level with the code. -->
"""

OPTIONS = {
    "bare_credential": "`--bare-credential`",
    "guest": "`--guest`",
    "notification_url": "`--notification-url`",
    "oath_user": "`--oath-user`",
    "provoke_throttling": "`--provoke-throttling`",
    "restricted_unit": "`--restricted-unit`, an application's token",
}

_BETWEEN = re.compile(r"(<!-- (?P<name>[a-z]+): [^>]*-->\n).*?(<!-- end -->)", re.DOTALL)
_ADDRESS = re.compile(r"(?<![(<])https://[^\s,)]+")


def assumptions_page() -> str:
    """docs/assumptions.md."""
    return HEAD + "".join(f"\n## {title}\n\n{_assumptions(items)}" for title, items in SUBJECTS)


def _assumptions(items: Sequence[Assumption]) -> str:
    rows = ["| id | what is assumed, and why | evidence | if it is wrong | settled by |", "|---|---|---|---|---|"]
    for item in items:
        settled = f"`{item.check}`" if item.check else f"no check: {item.unchecked}"
        cells = (f"`{item.id}`", f"{item.what} ({item.why})", _linked(item.source), item.if_wrong, settled)
        rows.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(rows) + "\n"


def _linked(source: str) -> str:
    return _ADDRESS.sub(lambda found: f"<{found[0]}>", source)


def checks_table(checks: Sequence[Check] = CHECKS) -> str:
    """Every check: what it asks, what it settles, what it needs."""
    rows = ["| check | what is asked | settles | permissions | only with |", "|---|---|---|---|---|"]
    for item in checks:
        settles = ", ".join(f"`{name}`" for name in item.settles)
        needs = ", ".join(f"`{need.least}`" for need in item.needs) or "none"
        only = OPTIONS[item.option] if item.option else _only_apps(item)
        title = item.title + (" (waits)" if item.long else "")
        rows.append(f"| `{item.id}` | {title} | {settles} | {needs} | {only} |")
    return "\n".join(rows) + "\n"


def _only_apps(item: Check) -> str:
    names = [f"`{each.assumption}`" for each in item.expectations if each.app_only]
    return f"an application's token, for {', '.join(names)}" if names else ""


def permissions_table(checks: Sequence[Check] = CHECKS) -> str:
    """Every permission that a run without options asks for, and what for."""
    wanted: dict[str, list[str]] = {need.least: ["the set-up"] for need in SETUP}
    for item in checks:
        for need in item.needs if not item.option else ():
            _add(wanted, need, f"`{item.id}`")
    rows = ["| permission | what for |", "|---|---|"]
    rows += [f"| `{name}` | {', '.join(uses)} |" for name, uses in sorted(wanted.items())]
    return "\n".join(rows) + "\n"


def _add(wanted: dict[str, list[str]], need: Need, use: str) -> None:
    uses = wanted.setdefault(need.least, [])
    if uses[:1] != ["the set-up"]:
        uses.append(use)


def run_page(text: str) -> str:
    """docs/verify-tenant.md with its tables renewed."""
    tables = {"checks": checks_table(), "permissions": permissions_table()}
    return _BETWEEN.sub(lambda found: f"{found[1]}\n{tables[found['name']]}\n{found[3]}", text)


def main() -> None:
    """Write both pages."""
    ASSUMPTIONS_PAGE.write_text(assumptions_page(), encoding="utf-8")
    RUN_PAGE.write_text(run_page(RUN_PAGE.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
