"""Faults on demand: which requests go wrong, how, and how often."""

import random
import re
from dataclasses import dataclass
from typing import Any

from dev.graph_simulator.exchange import JsonObject

SCOPES = ("", "outer", "inner")
BACKENDS = ("", "bare", "wrapped")


@dataclass(frozen=True, slots=True)
class Effect:
    """What goes wrong. Without a status the request is only delayed, hung or cut.

    `hang`: never answer. `cut_before`: drop the connection, nothing is done. `cut_after_commit` and
    `error_after_commit` (a status): the request is done, the caller is told otherwise. `backend`: the error comes from
    the service behind `authentication/`, `bare` in its own form or `wrapped` in Graph's.
    """

    status: int = 0
    body: JsonObject | None = None
    backend: str = ""
    html: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    delay_seconds: float = 0.0
    hang: bool = False
    cut_before: bool = False
    cut_after_commit: bool = False
    error_after_commit: int = 0


@dataclass(slots=True)
class Rule:
    """One fault: which requests, what effect, how many times (None = always) and how likely."""

    method: str
    path: re.Pattern[str] | None
    user: str
    effect: Effect
    times: int | None
    probability: float
    scope: str
    source: JsonObject
    hits: int = 0

    def fits(self, method: str, path: str, user_keys: frozenset[str], inner: bool) -> bool:
        """Whether a request is meant by this rule."""
        if self.times is not None and self.hits >= self.times:
            return False
        if self.scope and (self.scope == "inner") != inner:
            return False
        if self.method and self.method != method:
            return False
        if self.user and self.user not in user_keys:
            return False
        return self.path is None or self.path.search(path) is not None


class FaultRules:
    """The rules in force; the first that fits decides."""

    def __init__(self) -> None:
        self.rules: list[Rule] = []

    def replace(self, rules: list[JsonObject]) -> None:
        """Put `rules` (JSON) in force instead of the present ones; ValueError tells what is wrong."""
        self.rules = [_rule(values) for values in rules]

    def choose(
        self, method: str, path: str, user_keys: frozenset[str], inner: bool, dice: random.Random
    ) -> Effect | None:
        """The effect for one request, if any."""
        for rule in self.rules:
            if rule.fits(method, path, user_keys, inner) and dice.random() < rule.probability:
                rule.hits += 1
                return rule.effect
        return None

    def as_json(self) -> list[JsonObject]:
        """The rules as they were given, with the number of hits."""
        return [{**rule.source, "hits": rule.hits} for rule in self.rules]


def _rule(values: JsonObject) -> Rule:
    _only(values, {"match", "effect", "times", "probability", "scope", "hits"}, "rule")
    match: dict[str, Any] = values.get("match") or {}
    _only(match, {"method", "path_regex", "user"}, "match")
    scope = values.get("scope") or ""
    if scope not in SCOPES:
        raise ValueError(f"scope {scope!r}: give one of {SCOPES}")
    path = match.get("path_regex")
    return Rule(
        method=str(match.get("method") or "").upper(),
        path=_pattern(str(path)) if path else None,
        user=str(match.get("user") or "").casefold(),
        effect=_effect(values.get("effect") or {}),
        times=None if values.get("times") is None else int(values["times"]),
        probability=float(values.get("probability", 1.0)),
        scope=scope,
        source={name: value for name, value in values.items() if name != "hits"},
    )


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except re.error as problem:
        raise ValueError(f"path_regex {text!r}: {problem}") from problem


_EFFECTS = {
    "status",
    "body",
    "backend",
    "html",
    "headers",
    "retry_after",
    "delay_seconds",
    "hang",
    "cut_before",
    "cut_after_commit",
    "error_after_commit",
}


def _effect(values: JsonObject) -> Effect:
    _only(values, _EFFECTS, "effect")
    headers = {str(name): str(value) for name, value in (values.get("headers") or {}).items()}
    if values.get("retry_after") is not None:
        headers["Retry-After"] = str(values["retry_after"])
    html = values.get("html")
    if html is True:
        html = "<html><body><h1>Our services aren't available right now</h1></body></html>"
    backend = values.get("backend") or ""
    if backend not in BACKENDS:
        raise ValueError(f"backend {backend!r}: give one of {BACKENDS}")
    return Effect(
        status=int(values.get("status") or 0),
        body=values.get("body"),
        backend=backend,
        html=html or None,
        headers=tuple(headers.items()),
        delay_seconds=float(values.get("delay_seconds") or 0.0),
        hang=bool(values.get("hang")),
        cut_before=bool(values.get("cut_before")),
        cut_after_commit=bool(values.get("cut_after_commit")),
        error_after_commit=int(values.get("error_after_commit") or 0),
    )


def _only(values: JsonObject, known: set[str], what: str) -> None:
    unknown = sorted(set(values) - known)
    if unknown:
        raise ValueError(f"{what}: unknown fields {unknown}; known are {sorted(known)}")
