"""The end of the demo: what happened to whom and why, how long it took, what the oracle says."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from dev.demo.expectation import Expectation
from dev.demo.masking import mask_number, mask_spelling
from dev.demo.roll import Case, Roll

type Json = dict[str, Any]

OUTCOMES = {
    "done": "something was written for them and read back",
    "noop": "nothing to do",
    "held": "a changed number waits (PREFILL_CHANGE_HOLD) before it replaces one that works",
    "refused": "the directory's text is not one number that can receive a text message: a worklist for HR",
    "skipped": "policy leaves them alone",
    "retry": "to be looked at again later",
    "parked": "given up; waits for an operator",
    "gone": "no such user",
    "?": "the app has said nothing",
}
REASONS = {
    "ambiguous": "two numbers in one field; nobody should guess",
    "badNumber": "not a phone number",
    "changeHeld": "the number was changed in the directory; the old one stays until the hold is over",
    "differs": "the person has registered another number; it stays",
    "disabled": "the account is disabled",
    "guest": "guests are skipped by default",
    "needsRegion": "a national number, and neither usageLocation nor country says of which country",
    "noMethod": "no MFA state without a method that can answer the prompt: that would lock the person out",
    "noNumber": "the directory holds no mobile phone",
    "notFoundYet": "Graph does not know the user: too new, or deleted",
    "notMobile": "no text message can be sent there, or not directly",
    "removedByHuman": "somebody removed the phone; it is not added again",
    "strongerMethod": "something better than a phone is registered; no phone is added beside it",
    "userManaged": "the person has replaced the phone; it stays",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything the summary tells."""

    roll: Roll
    violations: Sequence[Json]
    notifications: Json
    stats: Json
    restarts: int
    timed_out: bool

    @property
    def unexpected(self) -> list[Case]:
        """Who did not end as expected."""
        return self.roll.unfinished()

    @property
    def good(self) -> bool:
        """Whether the demo has shown what it should."""
        return not self.unexpected and not self.violations and not self.timed_out


def show(verdict: Verdict, console: Console) -> None:
    """All of it, the verdict last."""
    console.print()
    _show_people(verdict.roll, console)
    _show_words(verdict.roll, console)
    for line in _figures(verdict):
        console.print(escape(line), soft_wrap=True)
    for item in verdict.violations:
        console.print(escape(f"  invariant {item['invariant']}: {item['what']} (user {item['user']}, {item['at']})"))
    console.print()
    for line in _last_lines(verdict):
        console.print(escape(line), soft_wrap=True)


def _outcome(case: Case) -> str:
    return case.word.outcome if case.word else "?"


def _show_people(roll: Roll, console: Console) -> None:
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_footer=False)
    for name, width in (("#", 2), ("who", 28), ("directory holds", 23), ("phone now", 15), ("MFA now", 8)):
        table.add_column(name, width=width, no_wrap=True, overflow="ellipsis")
    table.add_column("why", overflow="fold")
    for outcome in OUTCOMES:
        cases = [case for case in roll.cases if _outcome(case) == outcome]
        if cases:
            table.add_section()
            table.add_row("", f"[bold]{outcome}[/], {len(cases)}")
        for case in cases:
            table.add_row(*_row(case))
    console.print(table)


def _row(case: Case) -> tuple[str, ...]:
    held, story = escape(mask_spelling(case.held)), case.story
    mark = "" if case.finished else " <- unexpected"
    why = ", ".join(sorted(case.word.reasons)) if case.word else ""
    phone, state = (mask_number(story.phone), story.state) if story else ("-", "-")
    return f"{case.person.number:02}", escape(case.person.kind), held, phone, state, why + mark


def _show_words(roll: Roll, console: Console) -> None:
    outcomes = {_outcome(case) for case in roll.cases}
    reasons = Counter(reason for case in roll.cases if case.word for reason in case.word.reasons)
    for words, used in ((OUTCOMES, outcomes), (REASONS, set(reasons))):
        for word in sorted(used):
            console.print(f"  {word:<15} {words.get(word, 'see docs')}", soft_wrap=True)
    console.print()


def _figures(verdict: Verdict) -> list[str]:
    roll, counts = verdict.roll, verdict.notifications["counts"]
    seconds = roll.chronicle.phone_seconds()
    lines = []
    if seconds:
        lines.append(
            f"From HR's entry to the phone being set: median {median(seconds):.1f} s, "
            f"longest {seconds[-1]:.1f} s ({len(seconds)} phones; simulator's journal)."
        )
    lines.append(
        f"Notifications: {counts['raised']} raised, {counts['delivered']} delivered, {counts['dropped']} lost. "
        f"Graph requests: {verdict.stats['total']}, {verdict.stats['throttled']} answered 429."
    )
    if counts["dropped"]:
        words = [case.word for case in roll.cases if case.word]
        found = sum("notification" not in word.causes for word in words)
        lines.append(f"Found only by the sweep: {found} of {len(roll.cases)} people.")
    if roll.extra:
        lines.append(
            f"Generated people besides: {roll.extra}, of whom all have been looked at." * (not verdict.timed_out)
        )
    if verdict.restarts:
        lines.append(f"The Functions host died and was started again: {verdict.restarts} time(s).")
    found = len(verdict.violations)
    lines.append(f"The oracle, which checks every write against the invariants, found {found or 'no'} violations.")
    return [line for line in lines if line]


def _last_lines(verdict: Verdict) -> list[str]:
    lines = []
    if verdict.timed_out:
        lines.append("The time is up.")
    if verdict.unexpected:
        lines.append(f"{len(verdict.unexpected)} people did not end as expected:")
        lines += [f"  {_difference(case)}" for case in verdict.unexpected]
    elif verdict.violations:
        lines.append("Everyone ended as expected, but not in a way that was allowed: see the violations.")
    elif verdict.timed_out:
        lines.append("The people of the dataset ended as expected, the generated ones did not.")
    else:
        lines.append("Everyone ended as expected.")
    return lines


def _difference(case: Case) -> str:
    if case.story is None:
        return f"{case.person.name} ({case.person.kind}): was never created"
    word = case.word
    said = f"{word.outcome} {sorted(word.reasons)}" if word else "nothing"
    now = f"phone {mask_number(case.story.phone)}, MFA {case.story.state}, the app says {said}"
    later = "" if case.changed or not case.person.later else f"; still to come: {case.person.later.words}"
    return f"{case.person.name} ({case.person.kind}, {case.user_id}): {now}; expected {_wanted(case.expected)}{later}"


def _wanted(expected: Expectation) -> str:
    phone = f"{expected.phone[:3]}…{expected.phone[-2:]}" if expected.phone else "-"
    return f"phone {phone}, MFA {expected.state}, {expected.outcome} {sorted(expected.reasons)}"
