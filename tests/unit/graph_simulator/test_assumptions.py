"""Assumptions, the code that relies on them, the checks that settle them and the page about them name each other."""

import re
from dataclasses import fields
from pathlib import Path

import pytest

from dev import graph_simulator
from dev.graph_simulator.assumptions import ASSUMPTIONS, UNKNOWN, Assumption
from dev.graph_simulator.flips import FLIPS
from dev.verify_tenant import pages
from dev.verify_tenant.checks import CHECKS

FOLDER = Path(graph_simulator.__file__).parent
MARK = re.compile(r"\[assume: ([a-z0-9-]+)\]")
SOURCE = re.compile(r"https://\S+|(?:field|inferred|metadata): .{15,}")
BY_ID = {assumption.id: assumption for assumption in ASSUMPTIONS}
NAMED_ONES = (
    "undeclared-property-400",
    "hardware-oath-beta-only",
    "unspaced-number-hidden",
    "restricted-unit-403",
    "agent-users-listed",
    "pim-groups-elsewhere",
    "licence-code-wrapped",
    "pim-quota",
    "batch-priority",
    "limited-group-info",
    "role-404-not-user",
    "phone-type-null",
    "app-only-unmasked",
    "next-link-host",
    "null-user-type",
)
"""What the app's code believes without the simulator's help."""

each = pytest.mark.parametrize("assumption", ASSUMPTIONS, ids=lambda assumption: assumption.id)


def marks() -> set[str]:
    files = [path for path in FOLDER.glob("*.py") if path.name != "assumptions.py"]
    return {mark for path in files for mark in MARK.findall(path.read_text(encoding="utf-8"))}


def test_every_simulated_assumption_is_marked_and_every_mark_is_explained() -> None:
    assert marks() == {assumption.id for assumption in ASSUMPTIONS if assumption.simulated}


def test_assumptions_are_listed_once() -> None:
    assert len(BY_ID) == len(ASSUMPTIONS)
    assert set(NAMED_ONES) <= set(BY_ID)


@each
def test_an_assumption_is_told_whole(assumption: Assumption) -> None:
    texts = [field.name for field in fields(assumption) if field.name not in ("check", "unchecked", "simulated")]
    assert [name for name in texts if not str(getattr(assumption, name)).strip()] == []
    assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)+", assumption.id)
    assert assumption.source == UNKNOWN or SOURCE.match(assumption.source)
    assert assumption.if_wrong[0].isupper()
    assert assumption.if_wrong.endswith(".")


@each
def test_an_assumption_has_a_check_or_a_reason_and_never_both(assumption: Assumption) -> None:
    assert bool(assumption.check) != bool(assumption.unchecked.strip())


def test_checks_and_assumptions_name_each_other() -> None:
    settled = {name: check.id for check in CHECKS for name in check.settles}
    assert settled == {assumption.id: assumption.check for assumption in ASSUMPTIONS if assumption.check}
    assert sum(len(check.settles) for check in CHECKS) == len(settled), "an assumption is settled by one check only"
    assert all(check.settles for check in CHECKS)
    assert len({check.id for check in CHECKS}) == len(CHECKS)


def test_what_can_be_turned_round_is_an_assumption_with_a_check() -> None:
    assert len(FLIPS) >= 12
    assert {name for name in FLIPS if not BY_ID[name].check} == set()


def test_the_page_about_assumptions_is_level_with_the_code() -> None:
    assert pages.ASSUMPTIONS_PAGE.read_text(encoding="utf-8") == pages.assumptions_page(), (
        "run `python -m dev.verify_tenant.pages`"
    )


def test_the_page_shows_every_assumption_under_one_subject() -> None:
    assert tuple(item for _, items in pages.SUBJECTS for item in items) == ASSUMPTIONS


def test_the_simulator_shares_no_code_with_the_app() -> None:
    imports = re.compile(r"^\s*(?:from|import)\s+(shared|function_app|operator_cli)\b", re.MULTILINE)
    assert [path.name for path in FOLDER.rglob("*.py") if imports.search(path.read_text(encoding="utf-8"))] == []


def test_the_simulator_does_not_know_who_verifies_it() -> None:
    imports = re.compile(r"^\s*(?:from|import)\s+dev\.verify_tenant\b", re.MULTILINE)
    assert [path.name for path in FOLDER.rglob("*.py") if imports.search(path.read_text(encoding="utf-8"))] == []
