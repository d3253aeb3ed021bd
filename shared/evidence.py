"""The audit rows of a look: what it meant to do, and what became of it. Floor 4, values only."""

from dataclasses import replace
from datetime import datetime

from shared.looks import Look
from shared.models import DefaultMethod, MfaState, Observation, Outcome, Reason
from shared.phone_number import PhoneNumber, RegionHints, read_number
from shared.plan import AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import Policy
from shared.ports import AuditRow, Phase


def intent(look: Look, policy: Policy, at: datetime) -> AuditRow:
    """The row that must be durable before the first write."""
    look.intended = tuple(action.describe() for action in look.plan.actions) if look.plan else ()
    return _row(look, Phase.INTENT, at, policy, look.intended, None, look.plan.reasons if look.plan else ())


def ending(look: Look, policy: Policy, at: datetime) -> AuditRow:
    """The row that says what became of the intent."""
    verdict = look.verdict()
    unseen = (f"{look.unseen.describe()} (accepted, not visible yet)",) if look.unseen else ()
    done = (*(action.describe() for action in look.applied), *unseen)
    return _row(look, Phase.OUTCOME, at, policy, done, look.outcome(verdict), look.reasons(verdict))


def settlement(look: Look, intent_row: AuditRow, at: datetime) -> AuditRow:
    """The outcome of a look that died: which of its actions Graph shows now."""
    seen = look.seen if look.failure is None else None
    shown = tuple(action for action in intent_row.actions if seen and action in _described(seen))
    outcome = Outcome.GONE if seen is None else Outcome.DONE if shown else Outcome.NOOP
    return replace(
        intent_row, at=at, phase=Phase.OUTCOME, actions=shown, reasons=(), outcome=outcome.value, request_ids=()
    )


def _described(seen: Observation) -> frozenset[str]:
    """In the words of Action.describe, everything that is as an action would have made it."""
    number = read_number(seen.mobile, RegionHints()) if seen.mobile else None
    phones = (AddPhone(number), UpdatePhone(number)) if isinstance(number, PhoneNumber) else ()
    states = (SetMfaState(state) for state in MfaState if seen.mfa_state and seen.mfa_state.satisfies(state))
    methods = (SetDefaultMethod(m) for m in DefaultMethod if seen.preference and seen.preference.method == m.value)
    return frozenset(action.describe() for action in (*phones, *states, *methods))


def _row(
    look: Look,
    phase: Phase,
    at: datetime,
    policy: Policy,
    actions: tuple[str, ...],
    outcome: Outcome | None,
    reasons: tuple[Reason, ...],
) -> AuditRow:
    return AuditRow(
        user_id=look.user_id,
        look=look.id,
        at=at,
        began=look.began,
        phase=phase,
        cause=look.message.cause,
        actions=actions,
        reasons=tuple(reason.value for reason in reasons),
        outcome=outcome.value if outcome else None,
        policy=policy.fingerprint(),
        request_ids=tuple(look.request_ids),
    )
