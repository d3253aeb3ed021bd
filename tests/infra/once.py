"""What takes seconds to make is made once for a run of tests, also where several processes share the run."""

import json
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PATIENCE_SECONDS = 300.0


def once(factory: pytest.TempPathFactory, name: str, make: Callable[[], Any]) -> Any:
    """What `make` makes, as JSON; the first process to ask makes it, the others wait and read."""
    folder = factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        folder = folder.parent  # what the workers of one run have in common
    made = folder / f"{name}.json"
    try:
        os.close(os.open(folder / f"{name}.lock", os.O_CREAT | os.O_EXCL))
    except FileExistsError:
        return _wait_for(made)
    try:
        content = {"made": make()}
    except BaseException as error:
        _write(made, {"failed": str(error)})
        raise
    _write(made, content)
    return json.loads(made.read_text())["made"]


def _write(path: Path, content: Any) -> None:
    unfinished = path.with_suffix(".part")
    unfinished.write_text(json.dumps(content))
    unfinished.replace(path)


def _wait_for(path: Path) -> Any:
    end = time.monotonic() + PATIENCE_SECONDS
    while not path.exists():
        assert time.monotonic() < end, f"{path.name} was not made"
        time.sleep(0.1)
    content = json.loads(path.read_text())
    assert "failed" not in content, content["failed"]
    return content["made"]
