"""Exactly that plan, or the end of it: what a run may do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.fingerprint import Keys
from shared.models import DefaultMethod, MfaState
from shared.phone_number import PhoneNumber, RegionHints, read_number
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.steps import is_rest, steps_of
from tests.builders import ALICE, KEYS, MOBILE, OTHER_MOBILE, PREVIOUS_SECRET, SECRET, object_ids

BOB = object_ids(1)[0]


def number(text: str) -> PhoneNumber:
    read = read_number(text, RegionHints())
    assert isinstance(read, PhoneNumber)
    return read


ADD, CHANGE = AddPhone(number(MOBILE)), UpdatePhone(number(MOBILE))
SMS, VOICE = SetDefaultMethod(DefaultMethod.SMS), SetDefaultMethod(DefaultMethod.VOICE_MOBILE)
ENABLE, ENFORCE = SetMfaState(MfaState.ENABLED), SetMfaState(MfaState.ENFORCED)
ACTIONS: tuple[Action, ...] = (
    *(make(number(text)) for make in (AddPhone, UpdatePhone) for text in (MOBILE, OTHER_MOBILE)),
    *(SMS, VOICE, ENABLE, ENFORCE),
)
PLANS = st.lists(st.sampled_from(ACTIONS), max_size=4)


@given(PLANS)
def test_a_plan_and_every_end_of_it_may_be_done(plan: list[Action]) -> None:
    steps = steps_of(plan, ALICE, KEYS)
    assert all(is_rest(plan[start:], steps, ALICE, KEYS) for start in range(len(plan) + 1))


@given(PLANS, PLANS)
def test_nothing_else_may_be_done(planned: list[Action], wanted: list[Action]) -> None:
    ends = [planned[start:] for start in range(len(planned) + 1)]
    assert is_rest(wanted, steps_of(planned, ALICE, KEYS), ALICE, KEYS) == (wanted in ends)


@pytest.mark.parametrize(
    ("planned", "wanted"),
    [
        pytest.param([ADD, ENABLE], [AddPhone(number(OTHER_MOBILE)), ENABLE], id="another number"),
        pytest.param([ADD], [CHANGE], id="another way to the same number"),
        pytest.param([ADD, ENABLE], [ADD], id="the beginning of it"),
        pytest.param([ENABLE], [ADD, ENABLE], id="more than that"),
        pytest.param([ENABLE], [ENFORCE], id="another state"),
        pytest.param([SMS], [VOICE], id="another method"),
        pytest.param([], [ENABLE], id="anything where nothing was planned"),
    ],
)
def test_what_is_not_the_plan(planned: list[Action], wanted: list[Action]) -> None:
    assert not is_rest(wanted, steps_of(planned, ALICE, KEYS), ALICE, KEYS)


def test_a_number_planned_for_one_is_not_planned_for_another() -> None:
    assert not is_rest([ADD], steps_of([ADD], BOB, KEYS), ALICE, KEYS)


def test_a_plan_outlives_the_rotation_of_the_secret() -> None:
    steps = steps_of([ADD, ENABLE], ALICE, Keys(PREVIOUS_SECRET))
    assert is_rest([ADD, ENABLE], steps, ALICE, Keys(SECRET, PREVIOUS_SECRET))
    assert not is_rest([ADD, ENABLE], steps, ALICE, Keys(SECRET))


def test_a_step_holds_no_number() -> None:
    steps = steps_of(ACTIONS, ALICE, KEYS)
    told = "".join(step.kind + step.wanted for step in steps)
    assert "612345678" not in told
    assert "687654321" not in told
