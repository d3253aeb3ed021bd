"""The Azure CLI, as hooks call it. Standard library only, Python 3.9: azd runs hooks with whatever Python there is."""

from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

SECONDS = 120


class AzFailed(Exception):
    """The Azure CLI is missing, or said no; the text is its own."""


def az(*arguments: str) -> Any:
    """What `az` answers, read as JSON; None where it answers nothing. Raises AzFailed."""
    program = shutil.which("az")  # az.cmd on Windows
    if program is None:
        raise AzFailed("the Azure CLI (az) is not installed")
    command = [program, *arguments, "--output", "json", "--only-show-errors"]
    try:
        ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise AzFailed(f"az {arguments[0]} took longer than {SECONDS} seconds") from None
    if ran.returncode:
        raise AzFailed(ran.stderr.strip() or f"az {arguments[0]} ended with exit code {ran.returncode}")
    return json.loads(ran.stdout) if ran.stdout.strip() else None


def rest(method: str, url: str, body: object = None) -> Any:
    """A request to Azure or Microsoft Graph, as whoever is signed in to az. Raises AzFailed."""
    more = ["--body", json.dumps(body)] if body is not None else []
    return az("rest", "--method", method, "--url", url, *more)


def function_key(resource_group: str, app: str) -> str:
    """The default function key of a deployed app. Raises AzFailed; never in a printed text."""
    keys = az("functionapp", "keys", "list", "--resource-group", resource_group, "--name", app)
    found = (keys or {}).get("functionKeys") or {}
    if not found:
        raise AzFailed("the app has no function key yet: its code has not started")
    return str(found.get("default") or next(iter(found.values())))
