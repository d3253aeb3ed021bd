"""Waiting until the app has looked at a user since a request."""

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

from operator_cli.client import Answer
from operator_cli.exits import ExitCode, Stop
from operator_cli.session import Session, screen

FIRST_PAUSE_SECONDS = 0.5
LONGEST_PAUSE_SECONDS = 5.0
GROWTH = 1.5
"""Each question costs the app some Graph calls, so it is asked less and less often."""

_NOT_YET = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""A new user may not have reached Graph's replica, or Graph is busy: no reason to stop waiting."""


def last_look(session: Session, user: str) -> datetime | None:
    """When the last complete look at the user began; None where there was none or it cannot be told."""
    return looked_at(session.client.ask("GET", user_path(user)).document)


def wait_for_look(session: Session, user: str, since: datetime, limit: float) -> Answer:
    """The explanation once it holds a look begun after `since`. Raises Stop after `limit` seconds."""
    until = session.world.clock() + limit
    pause, outcome = FIRST_PAUSE_SECONDS, "queued"
    with _spinner(session):
        while True:
            answer = session.ask("GET", user_path(user), fine=lambda each: each.is_success or each.status in _NOT_YET)
            moment = looked_at(answer.document)
            if moment and moment > since:
                return answer
            outcome = (answer.document.get("ledger") or {}).get("outcome") or outcome
            if session.world.clock() + pause > until:
                break
            session.world.sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
    text = f"not looked at within {limit:g} s (last outcome: {outcome}); it goes on, see: mfa-prefill explain {user}"
    raise Stop(ExitCode.NO, text)


def user_path(user: str) -> str:
    """The route of a user; a guest's principal name holds a #."""
    return f"users/{quote(user, safe='@')}"


def looked_at(explanation: Mapping[str, Any]) -> datetime | None:
    """The ledger's `lookedAt`."""
    text = (explanation.get("ledger") or {}).get("lookedAt")
    return datetime.fromisoformat(text) if text else None


def _spinner(session: Session) -> Any:
    console = screen(stderr=True)
    quiet = session.as_json or not console.is_terminal
    return nullcontext() if quiet else console.status("waiting for the app to look at the user …")
