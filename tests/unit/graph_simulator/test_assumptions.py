"""Assumptions and the code that relies on them name each other."""

import re
from pathlib import Path

from dev import graph_simulator
from dev.graph_simulator.assumptions import ASSUMPTIONS

FOLDER = Path(graph_simulator.__file__).parent
MARK = re.compile(r"\[assume: ([a-z0-9-]+)\]")


def marks() -> set[str]:
    files = [path for path in FOLDER.glob("*.py") if path.name != "assumptions.py"]
    return {mark for path in files for mark in MARK.findall(path.read_text(encoding="utf-8"))}


def test_every_assumption_is_used_and_every_mark_is_explained() -> None:
    assert marks() == {assumption.id for assumption in ASSUMPTIONS}


def test_assumptions_are_listed_once_and_say_how_sure_they_are() -> None:
    assert len({assumption.id for assumption in ASSUMPTIONS}) == len(ASSUMPTIONS)
    assert {assumption.source for assumption in ASSUMPTIONS} == {"field", "inferred", "chosen"}


def test_the_simulator_shares_no_code_with_the_app() -> None:
    imports = re.compile(r"^\s*(?:from|import)\s+(shared|function_app|operator_cli)\b", re.MULTILINE)
    assert [path.name for path in FOLDER.glob("*.py") if imports.search(path.read_text(encoding="utf-8"))] == []
