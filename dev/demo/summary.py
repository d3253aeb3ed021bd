"""The end of the demo: what happened to whom and why, how long it took, what the oracle says."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

from rich.console import Console
from rich.text import Text

from dev.demo.expectation import Expectation
from dev.demo.masking import mask_number, mask_spelling
from dev.demo.roll import Case, Roll
from dev.demo.screen import new_table
from shared.words import OUTCOME_WORDS, REASON_WORDS

type Json = dict[str, Any]

OUTCOMES: Mapping[str, str] = {**OUTCOME_WORDS, "?": "the app has said nothing"}
REASONS = REASON_WORDS


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything the summary tells."""

    roll: Roll
    violations: Sequence[Json]
    notifications: Json
    stats: Json
    restarts: int
    timed_out: bool
    logs: Path

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
    for line in (*_figures(verdict), *_violations(verdict), "", *_last_lines(verdict)):
        console.print(Text(line), soft_wrap=True)


def _outcome(case: Case) -> str:
    return case.word.outcome if case.word else "?"


def _show_people(roll: Roll, console: Console) -> None:
    table = new_table()
    table.add_column("why")
    for outcome in OUTCOMES:
        cases = [case for case in roll.cases if _outcome(case) == outcome]
        if cases:
            table.add_section()
            table.add_row("", Text(f"{outcome}: {len(cases)}", style="bold"))
        for case in cases:
            table.add_row(*_row(case))
    console.print(table)


def _row(case: Case) -> tuple[Text, ...]:
    person, story = case.person, case.story
    phone, state = (mask_number(story.phone), story.state) if story else ("-", "-")
    why = case.word.why if case.word else ""
    mark = "" if case.finished else "!"
    cells = (f"{person.number:02}{mark}", person.kind, mask_spelling(case.held), phone, state, why)
    return tuple(Text(cell, style="" if case.finished else "red") for cell in cells)


def _show_words(roll: Roll, console: Console) -> None:
    outcomes = {_outcome(case) for case in roll.cases}
    reasons = Counter(reason for case in roll.cases if case.word for reason in case.word.reasons)
    console.print("\nThe words:")
    for words, used in ((OUTCOMES, outcomes), (REASONS, set(reasons))):
        for word in sorted(used):
            console.print(Text(f"  {word:<15} {words.get(word, 'see docs')}"), soft_wrap=True)
    console.print()


def _figures(verdict: Verdict) -> Iterator[str]:
    roll, counts = verdict.roll, verdict.notifications["counts"]
    seconds = roll.chronicle.phone_seconds()
    if seconds:
        yield (
            f"From HR's entry to the phone being set: median {median(seconds):.1f} s, "
            f"longest {seconds[-1]:.1f} s ({len(seconds)} phones, by the simulator's journal)."
        )
    yield (
        f"Notifications: {counts['raised']} raised, {counts['delivered']} delivered, {counts['dropped']} lost. "
        f"Graph requests: {verdict.stats['total']}, of which {verdict.stats['throttled']} answered 429."
    )
    if counts["dropped"]:
        found = sum("notification" not in case.word.causes for case in roll.cases if case.word)
        yield f"Found only by the sweep: {found} of {len(roll.cases)} people."
    if roll.extra and not verdict.timed_out:
        yield f"The app has looked at all {roll.extra} generated people as well."
    if verdict.restarts:
        yield f"The Functions host died and was started again: {verdict.restarts} time(s)."


def _violations(verdict: Verdict) -> Iterator[str]:
    names = {user_id: case.person.name for user_id, case in verdict.roll.by_id.items()}
    count = len(verdict.violations)
    yield f"The oracle, which checks every write against the invariants, found {count or 'no'} violations."
    for item in verdict.violations:
        yield f"  invariant {item['invariant']}: {item['what']} ({names.get(item['user'], item['user'])}, {item['at']})"


def _last_lines(verdict: Verdict) -> Iterator[str]:
    if not verdict.good:
        yield f"The host's log and the simulator's journal are in {verdict.logs}."
    if verdict.timed_out:
        yield "The time is up."
    if verdict.unexpected:
        yield f"{len(verdict.unexpected)} people did not end as expected:"
        yield from (f"  {_difference(case)}" for case in verdict.unexpected)
    elif verdict.violations:
        yield "Everyone ended as expected, but not in a way that is allowed: see the violations."
    elif verdict.timed_out:
        yield "The people of the dataset ended as expected, but not all of the generated ones."
    else:
        yield "Everyone ended as expected."


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
