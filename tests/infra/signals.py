"""What the app's logs say, what its code can say, and what the queries read of it."""

import ast
import json
import re
from pathlib import Path
from typing import Any

from dev import infra

_WORDS = re.compile(r'\baction\s*(?:==|in)\s*(\([^)]*\)|"[^"]*")')


def collected(path: Path) -> list[tuple[str, dict[str, Any]]]:
    """The signals of a run: each one's action, and its record as tests/infra/collector wrote it."""
    lines = [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []
    return [(line["fields"]["action"], line) for line in lines if "action" in line["fields"]]


def declared_signals() -> dict[str, set[str]]:
    """Every `{"action": …}` in the code, with the other words of the same dictionary."""
    found: dict[str, set[str]] = {}
    for path in (infra.ROOT / "shared").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Dict):
                keys = [key.value if isinstance(key, ast.Constant) else None for key in node.keys]
                if "action" in keys:
                    value = node.values[keys.index("action")]
                    if isinstance(value, ast.Constant):
                        found.setdefault(str(value.value), set()).update(str(key) for key in keys if key)
    return found


def words_of(query: str) -> set[str]:
    """The actions a query asks for."""
    return {word for group in _WORDS.findall(query) for word in re.findall(r'"([^"]+)"', group)}


def fields_of(query: str) -> set[str]:
    """The fields of a signal that a query reads."""
    return set(re.findall(r"\bsignal\.(\w+)", query)) - {"action"}


def tail_of(text: str) -> dict[str, Any]:
    """What infra/queries/signals.kql makes of a line; {} where it finds nothing."""
    pattern = re.findall(r"extract\(@'(.+?)', 1, message\)", (infra.INFRA / "queries" / "signals.kql").read_text())
    found = re.search(pattern[0], text)
    return dict(json.loads(found[1])) if found else {}
