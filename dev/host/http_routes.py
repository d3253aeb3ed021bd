"""Route templates, as ASP.NET Core routing reads them in the Functions host.

`users/{id}/reconcile`, `{id:int}`, `{id?}`, `{id=5}`, `{*rest}`. Literals match in any case; a template with literals
further to the left wins over one with parameters.
https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#customize-the-http-endpoint
https://learn.microsoft.com/aspnet/core/fundamentals/routing#route-constraints
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self
from urllib.parse import unquote
from uuid import UUID

from dev.host.errors import BindingError

_PARAMETER = re.compile(
    r"\{(?P<star>\*{0,2})(?P<name>\w+)(?P<rules>(?::[^{}=?]+)*)(?:=(?P<default>[^{}]*)|(?P<opt>\?))?\}"
)
_RULE = re.compile(r":(\w+)(?:\(([^)]*)\))?")


def _is_guid(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True


def _is_int(value: str, bits: int) -> bool:
    limit = 2 ** (bits - 1)
    return re.fullmatch(r"[+-]?[0-9]{1,20}", value) is not None and -limit <= int(value) < limit


CONSTRAINTS: dict[str, Callable[[str, str], bool]] = {
    "int": lambda value, _: _is_int(value, 32),
    "long": lambda value, _: _is_int(value, 64),
    "guid": lambda value, _: _is_guid(value),
    "bool": lambda value, _: value.lower() in {"true", "false"},
    "alpha": lambda value, _: re.fullmatch(r"[A-Za-z]*", value) is not None,
    "minlength": lambda value, limit: len(value) >= int(limit),
    "maxlength": lambda value, limit: len(value) <= int(limit),
    "regex": lambda value, pattern: re.search(pattern, value, re.IGNORECASE) is not None,
}


@dataclass(frozen=True, slots=True)
class Literal:
    text: str

    rank = 1


@dataclass(frozen=True, slots=True)
class Parameter:
    name: str
    rules: tuple[tuple[str, str], ...]
    default: str | None
    optional: bool
    catch_all: bool

    @property
    def rank(self) -> int:
        """ASP.NET's RoutePrecedence: constrained before plain, plain before catch-all."""
        return (4 if self.catch_all else 2) + (0 if self.rules else 1)

    def accepts(self, value: str) -> bool:
        return all(CONSTRAINTS[rule](value, argument) for rule, argument in self.rules)


Segment = Literal | Parameter


@dataclass(frozen=True, slots=True)
class RouteTemplate:
    """A parsed template; `match` gives the route values of a path that fits."""

    text: str
    segments: tuple[Segment, ...]

    @classmethod
    def parse(cls, text: str) -> Self:
        text = text.strip("/")
        return cls(text, tuple(_segment(part) for part in text.split("/")))

    @property
    def precedence(self) -> tuple[int, ...]:
        return tuple(segment.rank for segment in self.segments)

    def match(self, raw_path: str) -> dict[str, str] | None:
        """Route values for a path still percent-encoded, or None. A parameter without a value is left out."""
        # An encoded slash stays encoded, or else it would be taken for a separator (Kestrel does the same).
        parts = [unquote(re.sub("%2f", "%252F", part, flags=re.IGNORECASE)) for part in _split(raw_path)]
        values: dict[str, str] = {}
        for position, segment in enumerate(self.segments):
            if isinstance(segment, Parameter) and segment.catch_all:
                rest = "/".join(parts[position:])
                return _with_value(values, segment, rest or segment.default)
            part = parts[position] if position < len(parts) else None
            if not _fits(segment, part, values):
                return None
        return values if len(parts) <= len(self.segments) else None


def _split(raw_path: str) -> list[str]:
    path = raw_path.removeprefix("/").removesuffix("/")
    return path.split("/") if path else []


def _fits(segment: Segment, part: str | None, values: dict[str, str]) -> bool:
    if isinstance(segment, Literal):
        return part is not None and part.lower() == segment.text.lower()
    if not part:
        if segment.default is not None:
            values[segment.name] = segment.default
        return segment.optional or segment.default is not None
    return _with_value(values, segment, part) is not None


def _with_value(values: dict[str, str], parameter: Parameter, value: str | None) -> dict[str, str] | None:
    if not value:
        return values
    if not parameter.accepts(value):
        return None
    values[parameter.name] = value
    return values


def _segment(text: str) -> Segment:
    if "{" not in text:
        return Literal(text)
    match = _PARAMETER.fullmatch(text)
    if match is None:
        raise BindingError(f"route segment '{text}' is more than this host understands")
    rules = tuple(_RULE.findall(match["rules"]))
    unknown = [rule for rule, _ in rules if rule not in CONSTRAINTS]
    if unknown:
        raise BindingError(f"route constraint '{unknown[0]}' in '{text}' is not one this host knows")
    try:
        for rule, argument in rules:
            CONSTRAINTS[rule]("", argument)  # once for its argument: better now than at the first request
    except (ValueError, re.error) as error:
        raise BindingError(f"route constraint in '{text}': {error}") from error
    return Parameter(match["name"], rules, match["default"], match["opt"] is not None, bool(match["star"]))
