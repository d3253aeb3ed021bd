"""One run of the command line: the app to ask, the screen to write on, and the door with its exit code."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
import typer
from rich.console import Console, RenderableType

from operator_cli.client import PAGE, Answer, Client
from operator_cli.exits import Stop
from operator_cli.verdicts import refusal

UNLIMITED_WIDTH = 1000
"""Of a pipe or a file: nothing is wrapped or cut there."""


@dataclass(frozen=True, slots=True)
class World:
    """What a run needs of the world; tests bring their own."""

    transport: httpx.BaseTransport | None = None
    sleep: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.monotonic


@dataclass(frozen=True, slots=True)
class Options:
    """The global options, checked. The key is not for printing. `url` None: not given, which `--help` may do."""

    url: str | None
    key: str | None
    as_json: bool
    timeout: float
    world: World

    def __repr__(self) -> str:
        return f"Options(url={self.url!r})"


@dataclass(frozen=True, slots=True)
class Session:
    """An open connection to the app."""

    client: Client
    world: World
    as_json: bool

    def ask(
        self,
        method: str,
        path: str,
        fine: Callable[[Answer], bool] = lambda answer: answer.is_success,
        body: Mapping[str, Any] | None = None,
    ) -> Answer:
        """The route's answer. Raises Stop when it is not `fine`; for machines its JSON is printed all the same."""
        answer = self.client.ask(method, path, body)
        if fine(answer):
            return answer
        if self.as_json and answer.document:
            typer.echo(answer.text)
        raise refusal(answer)

    def page(self, path: str) -> str:
        """The route's page for a browser. Raises Stop where there is none."""
        answer = self.client.ask("GET", path, accept=PAGE)
        if answer.is_page:
            return answer.text
        raise refusal(answer)

    def show(self, answer: Answer, tables: Callable[[], Sequence[RenderableType]]) -> None:
        """The route's JSON as it came, or tables of it."""
        if self.as_json:
            typer.echo(answer.text)
            return
        console = screen()
        for index, table in enumerate(tables()):
            console.print(*([""] if index else []), table, sep="\n")


@contextmanager
def session(context: typer.Context) -> Iterator[Session]:
    """The body's questions go to the app of the global options; a Stop becomes one line on stderr and the exit code."""
    options = context.find_object(Options)
    if options is None:
        raise RuntimeError("the callback of the command group has not run")
    if options.url is None:
        raise typer.BadParameter("give the function app's address with --url or MFA_PREFILL_URL")
    try:
        with Client(options.url, options.key, options.timeout, options.world.transport) as client:
            yield Session(client, options.world, options.as_json)
    except Stop as stop:
        typer.echo(f"mfa-prefill: {stop}", err=True)
        raise typer.Exit(stop.code) from stop


def screen(stderr: bool = False) -> Console:
    """Wide and without colours where no terminal reads along."""
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    return (
        console
        if console.is_terminal
        else Console(
            stderr=stderr, highlight=False, markup=False, emoji=False, width=UNLIMITED_WIDTH, color_system=None
        )
    )
