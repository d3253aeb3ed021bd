"""The audit rows of a look, by value."""

from dataclasses import replace
from datetime import timedelta

import pytest

from shared.errors import NotFound
from shared.evidence import ending, intent, settlement
from shared.looks import Look, shows
from shared.memory import Claim
from shared.models import Cause, DefaultMethod, MfaState, Observation, Outcome, Reason, SignInPreference
from shared.phone_number import PhoneNumber, RegionHints, read_number
from shared.plan import AddPhone, Plan, SetDefaultMethod, SetMfaState
from shared.ports import AuditRow, Phase
from tests.builders import ALICE, MOBILE, NOW, memory, message, observation, policy

LATER = NOW + timedelta(minutes=2)
SMS = SetDefaultMethod(DefaultMethod.SMS)
ENABLED = SetMfaState(MfaState.ENABLED)
_NUMBER = read_number(MOBILE, RegionHints())
assert isinstance(_NUMBER, PhoneNumber)
ADD = AddPhone(_NUMBER)
DIED = AuditRow(
    user_id=ALICE,
    look="dead",
    at=NOW,
    began=NOW,
    phase=Phase.INTENT,
    cause=Cause.SWEEP,
    actions=tuple(action.describe() for action in (ADD, SMS, ENABLED)),
    reasons=("systemPreferred",),
    outcome=None,
    policy="0123456789ab",
    request_ids=("1",),
)


def a_look(seen: Observation | None = None, plan: Plan | None = None) -> Look:
    look = Look(memory(claim=Claim("dead", NOW)), message(cause=Cause.NOTIFICATION), "new", LATER)
    look.seen, look.plan = seen, plan
    return look


SETTLED = [
    pytest.param(observation(), (), "noop", id="nothing of it shows"),
    pytest.param(observation(mobile=MOBILE), (ADD,), "done", id="the number"),
    pytest.param(observation(mobile=MOBILE, mfa_state=MfaState.ENFORCED), (ADD, ENABLED), "done", id="and the state"),
    pytest.param(observation(preference=SignInPreference("sms", False)), (SMS,), "done", id="the default method"),
    pytest.param(observation(preference=SignInPreference("push", False)), (), "noop", id="another default method"),
]


@pytest.mark.parametrize(("seen", "shown", "outcome"), SETTLED)
def test_a_look_that_died_did_what_graph_shows_of_it(
    seen: Observation, shown: tuple[object, ...], outcome: str
) -> None:
    actions = tuple(action.describe() for action in (ADD, SMS, ENABLED) if action in shown)
    expected = replace(
        DIED, at=LATER, phase=Phase.OUTCOME, actions=actions, reasons=(), outcome=outcome, request_ids=()
    )
    assert settlement(a_look(seen), DIED, LATER) == expected


def test_of_somebody_who_is_gone_nothing_is_left_whatever_was_seen_before() -> None:
    look = a_look(observation(mobile=MOBILE))
    look.failure = NotFound("404")
    row = settlement(look, DIED, LATER)
    assert (row.actions, row.outcome) == ((), "gone")


def test_an_intent_names_all_that_is_planned_and_why() -> None:
    look = a_look(observation(), Plan(Outcome.DONE, (Reason.SYSTEM_PREFERRED,), (ADD, SMS)))
    row = intent(look, policy(), LATER)
    assert (row.actions, row.reasons) == ((ADD.describe(), SMS.describe()), ("systemPreferred",))
    assert (row.phase, row.outcome, row.at, row.look) == (Phase.INTENT, None, LATER, "new")


def test_an_outcome_names_what_was_seen_done_and_what_was_not_seen() -> None:
    look = a_look(observation(mobile=MOBILE), Plan(Outcome.NOOP))
    look.applied, look.unseen, look.request_ids = [ADD], ENABLED, ["7"]
    row = ending(look, policy(), LATER)
    assert row.actions == (ADD.describe(), f"{ENABLED.describe()} (accepted, not visible yet)")
    assert (row.outcome, row.request_ids, row.began) == ("done", ("7",), LATER)


@pytest.mark.parametrize(
    ("preference", "shown"),
    [(None, False), (SignInPreference("push", True), False), (SignInPreference("sms", False), True)],
)
def test_a_default_method_shows_where_it_is_told(preference: SignInPreference | None, shown: bool) -> None:
    assert shows(observation(preference=preference), SMS) is shown
