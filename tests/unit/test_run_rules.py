"""Where a run stands is read from its record and its items."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.models import Outcome
from shared.run_items import Item, ItemState, end_state
from shared.run_rules import WALK_AGAIN, Run, RunState, run_id, run_of, state_of
from shared.steps import Step
from tests.builders import ALICE, NOW

LATER = NOW + timedelta(hours=1)
RUN = Run("0123456789ab", NOW)
LISTED = replace(RUN, listed=True)
APPLYING = LISTED.applying(LATER)
STEP = Step("setMfaState", "enabled")


@pytest.mark.parametrize(
    ("run", "is_current", "any_open", "state"),
    [
        pytest.param(RUN, True, False, RunState.PLANNING, id="not everybody is listed"),
        pytest.param(RUN, True, True, RunState.PLANNING, id="listing and looking"),
        pytest.param(LISTED, True, True, RunState.PLANNING, id="looking"),
        pytest.param(LISTED, True, False, RunState.PLANNED, id="everybody looked at"),
        pytest.param(RUN, False, True, RunState.SUPERSEDED, id="another one, while planning"),
        pytest.param(LISTED, False, False, RunState.SUPERSEDED, id="another one, planned"),
        pytest.param(APPLYING, True, True, RunState.APPLYING, id="some left"),
        pytest.param(APPLYING, True, False, RunState.APPLIED, id="none left"),
        pytest.param(APPLYING, False, False, RunState.APPLIED, id="applied before the next one"),
        pytest.param(APPLYING, False, True, RunState.SUPERSEDED, id="another one was begun at the same moment"),
        pytest.param(RUN.cancelled(LATER), True, True, RunState.CANCELLED, id="cancelled while planning"),
        pytest.param(APPLYING.cancelled(LATER), True, False, RunState.CANCELLED, id="cancelled near the end"),
    ],
)
def test_the_word_for_a_run(run: Run, is_current: bool, any_open: bool, state: RunState) -> None:
    assert state_of(run, is_current, any_open) is state


def test_one_that_was_cancelled_is_not_applied_any_more_and_applying_begins_once() -> None:
    cancelled = LISTED.cancelled(NOW)
    assert cancelled.applying(LATER) == cancelled
    assert APPLYING.applying(LATER + timedelta(hours=1)) == APPLYING
    assert cancelled.cancelled(LATER) == cancelled


@pytest.mark.parametrize(
    ("item", "planning", "applying"),
    [
        (Item(ALICE), True, False),
        (Item(ALICE, ItemState.PLANNED), False, False),
        (Item(ALICE, ItemState.PLANNED, steps=(STEP,)), False, True),
        (Item(ALICE, ItemState.ENDED, steps=(STEP,)), False, False),
        (Item(ALICE, ItemState.CHANGED, steps=(STEP,)), False, False),
        (Item(ALICE, ItemState.FAILED, steps=(STEP,)), False, False),
    ],
)
def test_whom_a_phase_still_owes_a_look(item: Item, planning: bool, applying: bool) -> None:
    assert (LISTED.has_open(item), APPLYING.has_open(item)) == (planning, applying)


def test_a_walk_begins_again_after_two_hours_until_it_finds_nobody() -> None:
    first = LISTED.page_walked(ALICE, 3, NOW)
    assert (first.after, first.found, first.is_due(NOW)) == (ALICE, 3, True)
    ended = first.page_walked(None, 0, NOW)
    assert (ended.after, ended.quiet, ended.is_due(LATER)) == (None, False, False)
    assert ended.is_due(NOW + WALK_AGAIN)
    quiet = ended.page_walked(None, 0, NOW + WALK_AGAIN)
    assert quiet.quiet
    assert not quiet.is_due(NOW + 10 * WALK_AGAIN)
    assert quiet.applying(NOW).is_due(NOW), "applying is another matter"
    assert not quiet.applying(NOW).cancelled(NOW).is_due(NOW)


@pytest.mark.parametrize(
    "text",
    [None, "", "0123456789a", "0123456789abc", "0123456789AB", "run-7", "../control", "0123456789ab\n", 123456789012],
    ids=repr,
)
def test_nothing_else_is_a_run_id(text: object) -> None:
    assert run_id(text) is None


MOMENTS = st.none() | st.just(NOW) | st.just(LATER)


TEXTS = st.none() | st.text()
LISTING = (st.booleans(), TEXTS, TEXTS, st.integers(0, 9), MOMENTS, st.booleans())


@given(st.builds(Run, st.just("0123456789ab"), st.just(NOW), *LISTING, MOMENTS, MOMENTS))
def test_a_run_reads_as_it_was_noted(run: Run) -> None:
    assert run_of(run.as_json(), "7") == replace(run, version="7")


@pytest.mark.parametrize("outcome", Outcome)
def test_only_what_gave_up_has_failed(outcome: Outcome) -> None:
    assert (end_state(outcome) is ItemState.FAILED) == (outcome is Outcome.PARKED)
