"""A command group whose options may stand anywhere: `mfa-prefill --json report` is `mfa-prefill report --json`."""

from collections.abc import Iterable, Iterator

import typer
from typer.core import TyperGroup, TyperOption


class AnywhereGroup(TyperGroup):
    """Moves its own options to the front before the line is parsed."""

    def parse_args(self, ctx: typer.Context, args: list[str]) -> list[str]:  # type: ignore[override]
        """As typer does it, with the group's options in front."""
        options = [param for param in self.params if isinstance(param, TyperOption)]
        flags = {name for option in options if option.is_flag for name in option.opts}
        valued = {name for option in options if not option.is_flag for name in option.opts}
        return super().parse_args(ctx, hoist(args, flags, valued))


def hoist(arguments: Iterable[str], flags: set[str], valued: set[str]) -> list[str]:
    """The same arguments, the named options first. What follows `--`, or an option without its value, stays put."""
    front: list[str] = []
    rest: list[str] = []
    waiting = iter(arguments)
    for argument in waiting:
        if argument == "--":
            rest += [argument, *waiting]
        elif argument in flags or ("=" in argument and argument.partition("=")[0] in valued):
            front.append(argument)
        elif argument in valued:
            _with_value(argument, waiting, front, rest)
        else:
            rest.append(argument)
    return front + rest


def _with_value(name: str, waiting: Iterator[str], front: list[str], rest: list[str]) -> None:
    value = next(waiting, None)
    if value is None:
        rest.append(name)
    else:
        front += [name, value]
