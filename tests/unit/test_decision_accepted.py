"""What Graph accepted and does not show yet is waited for, never sent again; what never shows was removed."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.decision import decide
from shared.memory import LONGEST_LAG, Accepted, Memory
from shared.models import DefaultMethod, DirectoryUser, MfaState, Observation, Outcome, Reason, SignInPreference
from shared.plan import AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import Policy
from tests.builders import ALICE, KEYS, MOBILE, NOW, OTHER_MOBILE, memory, observation, policy, user

JUST_NOW = NOW - LONGEST_LAG + timedelta(seconds=1)
LONG_AGO = NOW - LONGEST_LAG
AT_ONCE = policy(change_hold=timedelta(0))
SMS = policy(default_method=DefaultMethod.SMS)
NO_PREFERENCE = SignInPreference(None, False)


def wrote(kind: str, at: object = JUST_NOW, number: str = MOBILE, **more: object) -> Memory:
    """Graph said 2xx to this, and nobody has seen it yet."""
    intended = KEYS.phone(ALICE, number.replace(" ", ""))
    return memory(accepted=Accepted(kind, at), intended=intended, **more)  # type: ignore[arg-type]


def fingerprint(number: str) -> str:
    return KEYS.phone(ALICE, number.replace(" ", ""))


WAITING = [
    pytest.param(observation(), policy(), wrote(AddPhone.kind), id="a number that was added"),
    pytest.param(
        observation(user(mobile_phone=OTHER_MOBILE)), policy(), wrote(AddPhone.kind), id="added, and HR has another one"
    ),
    pytest.param(
        observation(mobile=OTHER_MOBILE, mfa_state=MfaState.ENABLED),
        AT_ONCE,
        replace(wrote(UpdatePhone.kind), fingerprint=fingerprint(OTHER_MOBILE)),
        id="a number that was changed",
    ),
    pytest.param(observation(mobile=MOBILE), policy(), wrote(SetMfaState.kind), id="the MFA state"),
    pytest.param(
        observation(mobile=MOBILE, preference=NO_PREFERENCE), SMS, wrote(SetDefaultMethod.kind), id="the default method"
    ),
]


@pytest.mark.parametrize(("seen", "wanted", "remembered"), WAITING)
def test_what_graph_accepted_just_now_is_waited_for(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    plan = decide(seen, wanted, remembered, KEYS, NOW)
    assert (plan.outcome, plan.reasons, plan.actions) == (Outcome.RETRY, (Reason.NOT_CONFIRMED,), ())


def test_a_number_that_never_showed_was_removed_and_becomes_ours_to_remember() -> None:
    plan = decide(observation(), policy(), wrote(AddPhone.kind, LONG_AGO), KEYS, NOW)
    assert (plan.outcome, plan.actions) == (Outcome.NOOP, ())
    assert Reason.REMOVED_BY_HUMAN in plan.reasons
    assert plan.adopt == fingerprint(MOBILE)


OVERDUE = [
    pytest.param(
        observation(mobile=OTHER_MOBILE, mfa_state=MfaState.ENABLED),
        AT_ONCE,
        replace(wrote(UpdatePhone.kind, LONG_AGO), fingerprint=fingerprint(OTHER_MOBILE)),
        UpdatePhone,
        id="a changed number",
    ),
    pytest.param(observation(mobile=MOBILE), policy(), wrote(SetMfaState.kind, LONG_AGO), SetMfaState, id="MFA state"),
    pytest.param(
        observation(mobile=MOBILE, preference=NO_PREFERENCE),
        SMS,
        wrote(SetDefaultMethod.kind, LONG_AGO),
        SetDefaultMethod,
        id="default method",
    ),
]


@pytest.mark.parametrize(("seen", "wanted", "remembered", "action"), OVERDUE)
def test_what_nobody_can_have_removed_is_sent_again_in_the_end(
    seen: Observation, wanted: Policy, remembered: Memory, action: type
) -> None:
    assert isinstance(decide(seen, wanted, remembered, KEYS, NOW).actions[0], action)


def test_a_number_that_shows_is_not_waited_for() -> None:
    plan = decide(observation(mobile=MOBILE), policy(), wrote(AddPhone.kind), KEYS, NOW)
    assert (plan.adopt, [type(action) for action in plan.actions]) == (fingerprint(MOBILE), [SetMfaState])


def test_a_changed_number_that_shows_may_change_again_at_once() -> None:
    seen = observation(user(mobile_phone=OTHER_MOBILE), mobile=MOBILE, mfa_state=MfaState.ENABLED)
    plan = decide(seen, AT_ONCE, wrote(UpdatePhone.kind), KEYS, NOW)
    assert [type(action) for action in plan.actions] == [UpdatePhone]


def test_a_number_that_a_person_put_in_the_place_of_ours_came_after_ours() -> None:
    """And so, once it is removed, ours does not come back."""
    seen = observation(mobile=OTHER_MOBILE, mfa_state=MfaState.ENABLED)
    plan = decide(seen, AT_ONCE, wrote(AddPhone.kind), KEYS, NOW)
    assert (plan.outcome, plan.reasons, plan.adopt) == (Outcome.NOOP, (Reason.USER_MANAGED,), fingerprint(MOBILE))


def test_a_number_that_hr_and_the_person_agree_on_takes_the_place_of_ours() -> None:
    seen = observation(user(mobile_phone=OTHER_MOBILE), mobile=OTHER_MOBILE, mfa_state=MfaState.ENABLED)
    assert decide(seen, AT_ONCE, wrote(AddPhone.kind), KEYS, NOW).adopt == fingerprint(OTHER_MOBILE)


def test_where_one_of_our_numbers_has_been_seen_the_first_fill_is_over() -> None:
    """What was accepted before that tells nothing about the number that is there now."""
    remembered = replace(wrote(AddPhone.kind), fingerprint=fingerprint("+31 611111111"))
    plan = decide(observation(mobile=OTHER_MOBILE, mfa_state=MfaState.ENABLED), AT_ONCE, remembered, KEYS, NOW)
    assert (plan.reasons, plan.adopt) == ((Reason.USER_MANAGED,), None)


@pytest.mark.parametrize(
    ("person", "methods"),
    [
        (user(account_enabled=False), ""),
        (user(mobile_phone=None), ""),
        (user(mobile_phone="n/a"), ""),
        (user(), "fido2"),
    ],
    ids=["disabled", "noNumber", "badNumber", "strongerMethod"],
)
@pytest.mark.parametrize(("shown", "adopted"), [(MOBILE, fingerprint(MOBILE)), ("+31 611112222", None)])
def test_a_changed_number_that_shows_is_ours_whatever_the_look_is_about_and_no_other_is(
    person: DirectoryUser, methods: str, shown: str, adopted: str | None
) -> None:
    remembered = replace(wrote(UpdatePhone.kind), fingerprint=fingerprint(OTHER_MOBILE))
    seen = observation(person, mobile=shown, methods=methods)
    assert decide(seen, AT_ONCE, remembered, KEYS, NOW).adopt == adopted


@pytest.mark.parametrize("at", [JUST_NOW, LONG_AGO])
def test_another_kind_of_action_is_no_reason_to_wait(at: object) -> None:
    """Nor to believe, in the end, that somebody removed a number."""
    plan = decide(observation(), policy(), wrote(SetMfaState.kind, at), KEYS, NOW)
    assert [type(action) for action in plan.actions] == [AddPhone, SetMfaState]


def test_who_may_not_be_touched_is_left_alone_without_waiting() -> None:
    plan = decide(observation(user(account_enabled=False)), policy(), wrote(AddPhone.kind), KEYS, NOW)
    assert plan.outcome is Outcome.SKIPPED


@given(seconds=st.integers(0, 3600), kind=st.sampled_from([AddPhone.kind, SetMfaState.kind, UpdatePhone.kind]))
def test_no_kind_of_write_is_repeated_before_the_longest_lag_is_over(seconds: int, kind: str) -> None:
    remembered = wrote(kind, NOW - timedelta(seconds=seconds))
    for seen in (observation(), observation(mobile=MOBILE), observation(mobile=OTHER_MOBILE)):
        plan = decide(seen, AT_ONCE, remembered, KEYS, NOW)
        again = bool(plan.actions) and plan.actions[0].kind == kind
        assert not (again and timedelta(seconds=seconds) < LONGEST_LAG)
