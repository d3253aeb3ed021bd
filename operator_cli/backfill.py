"""mfa-prefill backfill: what would be done for everybody, then exactly that."""

from typing import Annotated

import typer

from operator_cli import inputs, show_run, verdicts
from operator_cli.client import Answer
from operator_cli.run_waiting import wait_for_run
from operator_cli.session import Session, session

WAIT_SECONDS = 24 * 3600.0
"""A tenant of a hundred thousand people takes hours, as Graph lets us."""

app = typer.Typer(help="What would be done for everybody, then exactly that.", no_args_is_help=True)

RunId = Annotated[str, typer.Argument(callback=inputs.run, help="What `backfill plan` told.")]
Wait = Annotated[bool, typer.Option("--wait", help="Until it is over; then 1 when it ended with failures.")]
WaitLimit = Annotated[float, typer.Option(min=0, help="Seconds to wait at most, with --wait.")]


@app.command()
def plan(
    context: typer.Context,
    users: Annotated[
        list[str] | None, typer.Argument(callback=inputs.object_ids, help="Object ids; none: everybody.")
    ] = None,
    wait: Wait = False,
    wait_limit: WaitLimit = WAIT_SECONDS,
) -> None:
    """Look at everybody, write to nobody. With --wait: 1 when somebody could not be looked at."""
    with session(context) as asked:
        answer = asked.ask("POST", "runs", body={"users": users} if users else None)
        _go_on(asked, answer, "planning", wait, wait_limit)


@app.command()
def show(
    context: typer.Context,
    run: RunId,
    after: Annotated[
        str | None, typer.Option(callback=inputs.one_object_id, help="The last item of the page before.")
    ] = None,
    wait: Wait = False,
    wait_limit: WaitLimit = WAIT_SECONDS,
) -> None:
    """How far it is and what it comes to. 1 when it ended with failures."""
    with session(context) as asked:
        if wait:
            wait_for_run(asked, run, frozenset({"planning", "applying"}), wait_limit)
        answer = asked.ask("GET", f"runs/{run}?after={after}" if after else f"runs/{run}")
        asked.show(answer, lambda: show_run.page(answer.document))
        _end(verdicts.run(answer.document))


@app.command()
def apply(context: typer.Context, run: RunId, wait: Wait = False, wait_limit: WaitLimit = WAIT_SECONDS) -> None:
    """Do exactly what was planned. Whoever would need something else by now is left alone."""
    with session(context) as asked:
        answer = asked.ask("POST", f"runs/{run}/apply")
        _go_on(asked, answer, "applying", wait, wait_limit)


@app.command()
def cancel(context: typer.Context, run: RunId) -> None:
    """Stop it: whom it has not begun to write to is not written to."""
    with session(context) as asked:
        answer = asked.ask("POST", f"runs/{run}/cancel")
        asked.show(answer, lambda: show_run.begun(answer.document))


def _go_on(asked: Session, answer: Answer, phase: str, wait: bool, limit: float) -> None:
    """What was begun, or how it ended."""
    if not wait:
        asked.show(answer, lambda: show_run.begun(answer.document))
        return
    ended = wait_for_run(asked, str(answer.document.get("id")), frozenset({phase}), limit)
    asked.show(ended, lambda: show_run.page(ended.document))
    _end(verdicts.run(ended.document) or verdicts.stopped(ended.document))


def _end(verdict: Exception | None) -> None:
    if verdict:
        raise verdict
