"""mfa-prefill: the operator's command line over the app's HTTP routes.

Exit codes: 0 fine, 1 the answer is no, 2 usage, 3 cannot reach or not allowed.
"""

from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import typer

from operator_cli import backfill, inputs, pages, show, verdicts
from operator_cli.client import Answer
from operator_cli.group import AnywhereGroup
from operator_cli.session import Options, Session, World, session
from operator_cli.waiting import last_look, user_path, wait_for_look

ANSWER_SECONDS = 30.0
WAIT_SECONDS = 300.0

app = typer.Typer(
    cls=AnywhereGroup, no_args_is_help=True, pretty_exceptions_enable=False, help=__doc__, add_completion=False
)
subscription = typer.Typer(help="The Graph subscription that brings the notifications.")
app.add_typer(subscription, name="subscription")
parked = typer.Typer(help="What gave up, and trying it again.")
app.add_typer(parked, name="parked")
app.add_typer(backfill.app, name="backfill")

User = Annotated[str, typer.Argument(callback=inputs.user, help="Object id or user principal name.")]


@app.callback()
def options(
    context: typer.Context,
    url: Annotated[
        str | None,
        typer.Option(
            envvar="MFA_PREFILL_URL", callback=inputs.base_url, help="The function app's address, always needed."
        ),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(
            envvar="MFA_PREFILL_KEY",
            callback=inputs.function_key,
            help="A function key; better in the environment, where other users of the machine do not see it.",
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="The route's JSON on stdout and nothing else.")] = False,
    timeout: Annotated[float, typer.Option(min=0.1, help="Seconds to wait for one answer.")] = ANSWER_SECONDS,
) -> None:
    """The global options may stand anywhere on the line."""
    world = context.find_object(World) or World()
    context.obj = Options(url, key, as_json, timeout, world)


@app.command()
def health(context: typer.Context) -> None:
    """Is the app well? 1 when it is not."""
    with session(context) as asked:
        answer = asked.ask("GET", "health", fine=_tells_health)
        asked.show(answer, lambda: show.health(answer.document))
        _end(verdicts.health(answer.document))


@app.command()
def report(
    context: typer.Context,
    page: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Save the status page there, to look at in a browser.")
    ] = None,
) -> None:
    """What happened to whom, and who needs a person."""
    with session(context) as asked:
        if page:
            pages.save(page, asked.page("report"))
            return
        answer = asked.ask("GET", "report")
        asked.show(answer, lambda: show.report(answer.document))


@app.command()
def doctor(context: typer.Context) -> None:
    """Each permission, policy and setting against the live tenant. 1 when a check failed."""
    with session(context) as asked:
        answer = asked.ask("GET", "doctor")
        asked.show(answer, lambda: show.doctor(answer.document))
        _end(verdicts.doctor(answer.document))


@app.command()
def explain(context: typer.Context, user: User) -> None:
    """Why is this user as it is? 1 when there is no such user."""
    with session(context) as asked:
        answer = asked.ask("GET", user_path(user))
        asked.show(answer, lambda: show.explanation(answer.document))


@app.command()
def reconcile(
    context: typer.Context,
    user: User,
    wait: Annotated[bool, typer.Option("--wait", help="Until the app has looked; then tell how it ended.")] = False,
    wait_limit: Annotated[float, typer.Option(min=0, help="Seconds to wait at most, with --wait.")] = WAIT_SECONDS,
) -> None:
    """Look at this user now. With --wait: 1 when the user ended refused, parked or gone."""
    with session(context) as asked:
        if wait:
            answer = _reconciled(asked, user, wait_limit)
            asked.show(answer, lambda: show.explanation(answer.document))
            _end(verdicts.look(answer.document))
        else:
            answer = asked.ask("POST", f"{user_path(user)}/reconcile")
            asked.show(answer, lambda: show.queued(answer.document))


@app.command()
def clear(context: typer.Context, user: User) -> None:
    """A number that somebody removed may be set again; the user is looked at at once."""
    with session(context) as asked:
        answer = asked.ask("POST", f"{user_path(user)}/clear")
        asked.show(answer, lambda: show.queued(answer.document))


@parked.callback(invoke_without_command=True)
def parked_or_list(context: typer.Context) -> None:
    """`list` when nothing else is asked for."""
    if context.invoked_subcommand is None:
        parked_list(context)


@parked.command("list")
def parked_list(context: typer.Context) -> None:
    """What gave up, why, and what to do about it."""
    with session(context) as asked:
        answer = asked.ask("GET", "parked")
        asked.show(answer, lambda: show.parked(answer.document))


@parked.command("replay")
def parked_replay(
    context: typer.Context,
    keys: Annotated[list[str] | None, typer.Argument(help="What `parked list` shows under what.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="All of it.")] = False,
) -> None:
    """Try it again, some of it or all. 1 when there was nothing to try."""
    if bool(keys) == everything:
        raise typer.BadParameter("give the keys, or --all")
    with session(context) as asked:
        answer = asked.ask("POST", "parked/replay", body={"keys": keys} if keys else None)
        asked.show(answer, lambda: show.replayed(answer.document))
        _end(verdicts.replayed(answer.document))


@app.command()
def pause(
    context: typer.Context,
    reason: Annotated[str, typer.Option(help="Why, in a few words; kept and shown. No phone numbers.")] = "",
) -> None:
    """Write to nobody until somebody resumes; the queue keeps collecting."""
    with session(context) as asked:
        answer = asked.ask("POST", "pause", body={"reason": reason} if reason else None)
        asked.show(answer, lambda: show.switch(answer.document))


@app.command()
def resume(context: typer.Context) -> None:
    """Write again, after a pause or after the breaker tripped; the breaker's hour starts afresh."""
    with session(context) as asked:
        answer = asked.ask("POST", "resume")
        asked.show(answer, lambda: show.switch(answer.document))


@subscription.callback(invoke_without_command=True)
def subscription_or_show(context: typer.Context) -> None:
    """`show` when nothing else is asked for."""
    if context.invoked_subcommand is None:
        subscription_show(context)


@subscription.command("show")
def subscription_show(context: typer.Context) -> None:
    """As noted and as Graph lists it. 1 when it is not live."""
    _subscription(context, "GET")


@subscription.command("ensure")
def subscription_ensure(context: typer.Context) -> None:
    """Make it exactly one healthy subscription now."""
    _subscription(context, "POST")


@subscription.command("remove")
def subscription_remove(context: typer.Context) -> None:
    """Delete it; no timer makes one again until `ensure`."""
    with session(context) as asked:
        answer = asked.ask("DELETE", "subscription")
        asked.show(answer, lambda: show.subscription(answer.document))


def _subscription(context: typer.Context, method: str) -> None:
    with session(context) as asked:
        answer = asked.ask(method, "subscription")
        asked.show(answer, lambda: show.subscription(answer.document))
        _end(verdicts.subscription(answer.document))


def _reconciled(asked: Session, user: str, limit: float) -> Answer:
    """A look may be under way already: only one that is both new and begun after the request answers it."""
    before = last_look(asked, user)
    queued = asked.ask("POST", f"{user_path(user)}/reconcile")
    since = max(before, queued.asked_at) if before else queued.asked_at
    return wait_for_look(asked, str(queued.document.get("id", user)), since, limit)


def _tells_health(answer: Answer) -> bool:
    return answer.status in {HTTPStatus.OK, HTTPStatus.SERVICE_UNAVAILABLE} and "status" in answer.document


def _end(verdict: Exception | None) -> None:
    if verdict:
        raise verdict


def main() -> None:
    """The console script."""
    app(prog_name="mfa-prefill")


if __name__ == "__main__":
    main()
