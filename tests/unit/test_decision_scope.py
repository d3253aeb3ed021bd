"""Rule 2, groups and privileged users: who is not touched, and that not knowing is never taken for "no"."""

from typing import Any

import pytest

from shared.decision import decide
from shared.eligibility import ineligible
from shared.models import Outcome, Reason
from shared.plan import Hold, Plan
from shared.policy import Mode
from tests.builders import KEYS, MOBILE, NOW, OTHER_MOBILE, memory, observation, policy, user

STAFF, BREAK_GLASS = "57aff000-0000-4000-8000-000000000001", "b6ea0000-0000-4000-8000-000000000002"
SCOPED: dict[str, Any] = {"include_groups": frozenset({STAFF}), "exclude_groups": frozenset({BREAK_GLASS})}
IN, OUT = frozenset({STAFF}), frozenset[str]()
EXCLUDED = frozenset({STAFF, BREAK_GLASS})
SYNCED: dict[str, Any] = {"require_synced": True}

ROWS = [
    # disabled  guest   groups    privileged  synced   policy            reason
    (False, False, IN, False, None, SCOPED, None),
    (False, False, IN, True, None, SCOPED, "privileged"),
    (False, False, IN, None, None, SCOPED, "unknown"),
    (False, False, OUT, False, None, SCOPED, "outOfScope"),
    (False, False, OUT, True, None, SCOPED, "outOfScope"),
    (False, False, OUT, None, None, SCOPED, "outOfScope"),
    (False, False, EXCLUDED, False, None, SCOPED, "excluded"),
    (False, False, EXCLUDED, True, None, SCOPED, "excluded"),
    (False, False, EXCLUDED, None, None, SCOPED, "excluded"),
    (False, False, None, False, None, SCOPED, "unknown"),
    (False, False, None, True, None, SCOPED, "privileged"),
    (False, False, None, None, None, SCOPED, "unknown"),
    (True, False, None, None, None, SCOPED, "disabled"),
    (True, False, EXCLUDED, True, None, SCOPED, "disabled"),
    (False, True, None, None, None, SCOPED, "guest"),
    (False, True, EXCLUDED, True, None, SCOPED, "guest"),
    (None, False, EXCLUDED, False, None, SCOPED, "excluded"),
    (None, False, IN, True, None, SCOPED, "privileged"),
    (None, False, IN, False, None, SCOPED, "unknown"),
    (False, False, None, None, False, SCOPED | SYNCED, "notSynced"),
    (False, False, IN, True, False, SCOPED | SYNCED, "privileged"),
    (False, False, IN, False, False, SCOPED | SYNCED, "notSynced"),
    (False, False, IN, None, True, SCOPED | SYNCED, "unknown"),
    # what the policy does not ask for need not be known
    (False, False, None, False, None, {}, None),
    (False, False, None, None, None, {"exclude_privileged": False}, None),
    (False, False, None, True, None, {"exclude_privileged": False}, None),
    (False, False, None, None, None, {}, "unknown"),
]


@pytest.mark.parametrize(("disabled", "guest", "groups", "privileged", "synced", "wanted", "reason"), ROWS)
def test_the_first_class_that_is_certain_counts(
    disabled: bool | None,
    guest: bool,
    groups: frozenset[str] | None,
    privileged: bool | None,
    synced: bool | None,
    wanted: dict[str, Any],
    reason: str | None,
) -> None:
    person = user(
        account_enabled=None if disabled is None else not disabled,
        user_type="Guest" if guest else "Member",
        on_premises_sync_enabled=synced,
    )
    seen = observation(person, groups=groups, privileged=privileged)
    assert ineligible(seen, policy(**wanted)) == reason
    plan = decide(seen, policy(**wanted), memory(), KEYS, NOW)
    assert (plan.outcome is Outcome.SKIPPED) == (reason is not None)
    assert bool(plan.actions) == (reason is None)


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(
    ("privileged", "kept"),
    [pytest.param(None, True, id="not knowing keeps it"), pytest.param(True, False, id="a certain class ends it")],
)
def test_a_hold_while_the_class_is(privileged: bool | None, kept: bool, mode: Mode) -> None:
    hold = Hold(KEYS.phone(user().id, MOBILE.replace(" ", "")), NOW)
    seen = observation(mobile=OTHER_MOBILE, privileged=privileged)
    plan = decide(seen, policy(mode=mode), memory(OTHER_MOBILE, hold=hold), KEYS, NOW)
    reason = Reason.UNKNOWN if privileged is None else Reason.PRIVILEGED
    assert plan == Plan(Outcome.SKIPPED, (reason,), hold=hold if kept else None)
