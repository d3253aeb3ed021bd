"""Waiting until a run has left a phase, with a bar on a terminal."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn

from operator_cli.client import Answer
from operator_cli.exits import ExitCode, Stop
from operator_cli.session import Session, screen
from operator_cli.waiting import FIRST_PAUSE_SECONDS, GROWTH, LONGEST_PAUSE_SECONDS

_BUSY = frozenset({HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.SERVICE_UNAVAILABLE})
"""The app or its storage is busy: no reason to stop waiting."""


type Bar = Callable[[Mapping[str, Any]], None]
"""Shows how far a run is."""


def wait_for_run(session: Session, run: str, phases: Collection[str], limit: float) -> Answer:
    """The run's page once it is in none of these phases. Raises Stop after `limit` seconds."""
    until = session.world.clock() + limit
    pause, progress = FIRST_PAUSE_SECONDS, 0.0
    with _bar(session) as show:
        while True:
            answer = session.ask("GET", f"runs/{run}", fine=lambda each: each.is_success or each.status in _BUSY)
            if answer.is_success and answer.document.get("state") not in phases:
                show({**answer.document, "progress": 1})
                return answer
            if answer.is_success:
                show(answer.document)
                progress = answer.document.get("progress") or 0.0
            if session.world.clock() + pause > until:
                break
            session.world.sleep(pause)
            pause = min(pause * GROWTH, LONGEST_PAUSE_SECONDS)
    text = f"not over within {limit:g} s ({progress:.0%}); it goes on, see: mfa-prefill backfill show {run} --wait"
    raise Stop(ExitCode.NO, text)


@contextmanager
def _bar(session: Session) -> Iterator[Bar]:
    console = screen(stderr=True)
    if session.as_json or not console.is_terminal:
        yield lambda _: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TextColumn("{task.fields[told]}"))
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("waiting for the run …", total=1.0, told="")
        yield lambda document: progress.update(
            task,
            description=str(document.get("state")),
            completed=document.get("progress") or 0.0,
            told=_told(document),
        )


def _told(document: Mapping[str, Any]) -> str:
    """Numbers beside the bar; those that are not known yet are left out."""
    rate, end = document.get("perMinute"), document.get("estimatedEnd")
    parts = [f"{document.get('looked')} of {document.get('users')} users"]
    parts += [f"{rate:g} a minute"] if rate else []
    parts += [f"until {str(end)[11:16]} UTC"] if end else []
    return ", ".join(parts)
