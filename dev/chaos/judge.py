"""How each person must have ended, told from Graph's final truth and the journal; written without the app's code.

The rules are those of the decision table; where a kill can rightly lead to either of two ends, both are good.
"""

from dataclasses import dataclass
from typing import Any

from dev.chaos.cast import NO_NUMBER, Newcomer, Source, source_of
from dev.chaos.history import History
from dev.chaos.storage import Row

STRONGER = frozenset({"fido2", "microsoftAuthenticator", "windowsHelloForBusiness"})
ANYWHERE = frozenset({"fido2", "microsoftAuthenticator"})
"""Windows Hello answers a prompt on one computer only."""

GONE = (("retry", frozenset({"notFoundYet"})), ("gone", frozenset({"gone"})))
LONGEST_RACE_SECONDS = 60.0
"""A look that began before somebody became an administrator may still end."""

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Truth:
    """All there is to know about one person. `admin_since`: when they became an administrator, if they did."""

    person: Newcomer
    user: Json
    history: History
    row: Row | None
    admin_since: float | None = None

    @property
    def mobile(self) -> str | None:
        """The registered number, E.164."""
        number = self.user["authentication"]["mobile"]
        return number.replace(" ", "") if number else None

    @property
    def methods(self) -> frozenset[str]:
        """What is registered besides phones."""
        return frozenset(self.user["authentication"]["methodKinds"])

    @property
    def usable(self) -> bool:
        """Whether this person can answer a prompt anywhere."""
        return self.mobile is not None or bool(self.methods & ANYWHERE)

    @property
    def state(self) -> str:
        """The per-user MFA state."""
        return str(self.user["authentication"]["perUserMfaState"])


def complaints(truth: Truth) -> list[str]:
    """What is wrong with how a person ended; nothing when all is as it must be."""
    if truth.row is None:
        return ["no ledger row: the app does not know of this person"]
    untouched = _untouched(truth)
    if untouched:
        return [*_word(truth, untouched), *_late_write(truth)]
    return [*_graph(truth), *_word(truth, (*_words(truth), *_waiting(truth)))]


type Words = tuple[tuple[str, frozenset[str]], ...]


def _untouched(truth: Truth) -> Words:
    """The words for people whom policy leaves alone, whatever they have."""
    user = truth.user
    if user["life"] != "active":
        return GONE
    if not user["accountEnabled"]:
        return _skipped("disabled")
    if user["userType"] == "Guest":
        return _skipped("guest")
    return _skipped("privileged") if user["roles"] else ()


def _skipped(reason: str) -> Words:
    return (("skipped", frozenset({reason})),)


def _late_write(truth: Truth) -> list[str]:
    since = truth.admin_since
    if since is None or truth.history.last_write_at <= since + LONGEST_RACE_SECONDS:
        return []
    return [f"written to {truth.history.last_write_at - since:.0f} s after becoming an administrator"]


def _graph(truth: Truth) -> list[str]:
    """What Graph must hold."""
    source, found = source_of(truth.user), []
    if source.number and not truth.methods & STRONGER and truth.mobile != source.number:
        if truth.mobile is None and not _may_stay_away(truth):
            found.append("the phone is missing")
        if truth.mobile is not None and truth.history.last_hand == "app":
            found.append("a number that the app wrote is out of date")
    if truth.usable and truth.state == "disabled":
        found.append("a usable method, but no MFA state")
    return found


def _may_stay_away(truth: Truth) -> bool:
    """Whether somebody removed a number that was, or could count as, the app's own."""
    return truth.history.human_removed and (truth.history.app_wrote_phone or truth.person.own_match)


def _words(truth: Truth) -> Words:
    source = source_of(truth.user)
    stuck = {"noMethod"} if not truth.usable else set()
    outcomes = ("refused",) if _is_refused(truth, source) else ("noop", "done")
    return tuple((outcome, frozenset({*reason, *stuck})) for outcome in outcomes for reason in _reasons(truth, source))


def _is_refused(truth: Truth, source: Source) -> bool:
    return not truth.methods & STRONGER and source.reason not in ("", NO_NUMBER)


def _reasons(truth: Truth, source: Source) -> tuple[tuple[str, ...], ...]:
    """The reason words about the phone; more than one possibility where it depends on what was remembered."""
    if truth.methods & STRONGER:
        return (("strongerMethod",),)
    if not source.number:
        return ((source.reason,),)
    if truth.mobile == source.number:
        return ((),)
    return (("removedByHuman",),) if truth.mobile is None else (("differs",), ("userManaged",))


def _waiting(truth: Truth) -> Words:
    """A number removed before any read has shown it: for some minutes the app waits for a read that lags."""
    unseen = truth.row is not None and truth.row.values.get("acceptedAt")
    return (("retry", frozenset({"notConfirmed"})),) if unseen and _may_stay_away(truth) else ()


def _word(truth: Truth, expected: Words) -> list[str]:
    row = truth.row
    if row is None or (row.outcome, row.reasons) in expected:
        return []
    wanted = " or ".join(" ".join([outcome, *sorted(reasons)]) for outcome, reasons in expected)
    return [f"the app says {row.words!r}, expected {wanted!r}"]
