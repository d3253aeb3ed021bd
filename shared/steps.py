"""What may be done for one user, kept without a number: kinds of action, numbers as keyed fingerprints. Floor 2.

A run is planned today and applied tomorrow. What was looked at and agreed to in between is a list of steps, and exactly
that may be done.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

from shared.fingerprint import Keys
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone


@dataclass(frozen=True, slots=True)
class Step:
    """One action. `wanted` is the fingerprint of the number, the method or the state."""

    kind: str
    wanted: str = field(repr=False)


def steps_of(actions: Sequence[Action], user_id: str, keys: Keys) -> tuple[Step, ...]:
    """The steps that these actions are."""
    return tuple(Step(action.kind, _wanted(action, user_id, keys)) for action in actions)


def is_rest(actions: Sequence[Action], steps: Sequence[Step], user_id: str, keys: Keys) -> bool:
    """Whether these actions are the planned steps, or the end of them: what a crash or a failure has left to do.

    Nothing at all is the end of every plan.
    """
    done = len(steps) - len(actions)
    pairs = zip(actions, steps[done:], strict=True) if done >= 0 else ()
    return done >= 0 and all(_is(action, step, user_id, keys) for action, step in pairs)


def _wanted(action: Action, user_id: str, keys: Keys) -> str:
    match action:
        case AddPhone(number) | UpdatePhone(number):
            return keys.phone(user_id, number.canonical)
        case SetDefaultMethod(method):
            return method.value
        case SetMfaState(state):
            return state.value


def _is(action: Action, step: Step, user_id: str, keys: Keys) -> bool:
    """A number planned under the secret before the last rotation is still the same number."""
    if action.kind != step.kind:
        return False
    if isinstance(action, AddPhone | UpdatePhone):
        return keys.is_phone(step.wanted, user_id, action.number.canonical)
    return step.wanted == _wanted(action, user_id, keys)
