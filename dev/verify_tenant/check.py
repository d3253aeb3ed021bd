"""What a check is: a question to Graph, what it settles, and which answers would be as assumed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from dev.verify_tenant.exchange import Answer, Exchange
from dev.verify_tenant.permissions import Need

if TYPE_CHECKING:
    from dev.verify_tenant.bench import Bench


class Verdict(StrEnum):
    """How an assumption came out."""

    AS_ASSUMED = "as assumed"
    DIFFERENT = "different"
    NOT_TRIED = "not tried"


class NotTried(Exception):
    """A check cannot go on; the text says why."""


@dataclass(slots=True)
class Trace:
    """What one check asked, was answered and measured."""

    exchanges: list[Exchange] = field(default_factory=list)
    answers: dict[str, Answer] = field(default_factory=dict)
    measures: dict[str, float] = field(default_factory=dict)
    facts: dict[str, bool] = field(default_factory=dict)
    failure: str = ""

    def __getitem__(self, label: str) -> Answer:
        return self.answers[label]


@dataclass(frozen=True, slots=True)
class Expectation:
    """Which answers fit an assumption.

    `holds` is pure. It is asked only when all of `on` were answered, and answers None when they do not tell; `unclear`
    then says why. `conclusive` are statuses that are an answer here although they usually say nothing, such as 403.
    """

    assumption: str
    on: tuple[str, ...]
    words: str
    holds: Callable[[Trace], bool | None]
    unclear: str = "the answers do not tell"
    conclusive: frozenset[int] = frozenset()
    app_only: bool = False


@dataclass(frozen=True, slots=True)
class Check:
    """One check. `option`: it is only possible with this command-line option. `long`: it waits and measures."""

    id: str
    title: str
    ask: Callable[["Bench"], Awaitable[None]]
    expectations: tuple[Expectation, ...]
    needs: tuple[Need, ...]
    option: str = ""
    long: bool = False

    @property
    def settles(self) -> tuple[str, ...]:
        """The ids of the assumptions."""
        return tuple(expectation.assumption for expectation in self.expectations)


def check(
    check_id: str,
    title: str,
    *expectations: Expectation,
    needs: tuple[Need, ...],
    option: str = "",
    long: bool = False,
) -> Callable[[Callable[["Bench"], Awaitable[None]]], Check]:
    """Make a check of the function below, which asks."""

    def make(ask: Callable[["Bench"], Awaitable[None]]) -> Check:
        return Check(check_id, title, ask, expectations, needs, option, long)

    return make


def answers(
    assumption: str,
    on: str | tuple[str, ...],
    status: int | tuple[int, ...],
    code: str = "",
    *,
    conclusive: tuple[int, ...] = (),
) -> Expectation:
    """Expect a status, and a code where one is assumed, of each of the named answers."""
    labels, statuses = (on,) if isinstance(on, str) else on, (status,) if isinstance(status, int) else status
    words = " or ".join(map(str, statuses)) + (f" {code}" if code else "")

    def holds(trace: Trace) -> bool:
        return all(trace[label].status in statuses and (not code or trace[label].code == code) for label in labels)

    return Expectation(assumption, labels, words, holds, conclusive=frozenset({*conclusive, *statuses}))


def shows(
    assumption: str,
    on: str | tuple[str, ...],
    words: str,
    holds: Callable[[Trace], bool | None],
    *,
    unclear: str = "the answers do not tell",
    conclusive: tuple[int, ...] = (),
    app_only: bool = False,
) -> Expectation:
    """Expect what `holds` looks for in the named answers; `words` says it to a reader."""
    labels = (on,) if isinstance(on, str) else on
    return Expectation(assumption, labels, words, holds, unclear, frozenset(conclusive), app_only)
