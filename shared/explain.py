"""Why: what Graph holds for one user, what policy wants, what would be done, and what was done before. Floor 5.

Numbers are masked; this answer goes to operators and HR flows.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shared.decision import decide, source_text, usable_method
from shared.errors import NotFound
from shared.fingerprint import Keys
from shared.memory import Memory
from shared.models import Observation
from shared.phone_number import mask
from shared.plan import Plan
from shared.policy import Policy
from shared.ports import Audit, AuditRow, Directory, Ledger

MOST_HISTORY = 50


@dataclass(frozen=True, slots=True)
class Explainer:
    """The ports of an explanation."""

    directory: Directory
    ledger: Ledger
    audit: Audit
    policy: Policy
    keys: Keys
    now: Callable[[], datetime]

    async def explain(self, user_id: str) -> dict[str, Any] | None:
        """None when neither Graph nor the ledger knows the user."""
        seen = (await self.directory.observe([user_id], [user_id]))[user_id]
        memory = (await self.ledger.load([user_id]))[user_id]
        history = await self.audit.history(user_id, MOST_HISTORY)
        answer: dict[str, Any] = {
            "id": user_id,
            "ledger": _memory(memory),
            "history": [_row(row) for row in history],
        }
        if isinstance(seen, Observation):
            plan = decide(seen, self.policy, memory, self.keys, self.now())
            return answer | {"graph": self._graph(seen), "plan": _plan(plan), "policy": self._wanted()}
        if isinstance(seen, NotFound) and memory.outcome is None:
            return None
        return answer | {"graph": None, "problem": seen.detail}

    def _graph(self, seen: Observation) -> dict[str, Any]:
        attribute, text = source_text(seen.user, self.policy)
        return {
            "accountEnabled": seen.user.account_enabled,
            "userType": seen.user.user_type,
            "isAgent": seen.user.is_agent,
            "isManagementRestricted": seen.user.is_management_restricted,
            "usageLocation": seen.user.usage_location,
            "onPremisesSyncEnabled": seen.user.on_premises_sync_enabled,
            "source": {"attribute": attribute, "value": mask(text) if text else None},
            "phoneMethods": [{"phoneType": phone.type, "phoneNumber": mask(phone.number)} for phone in seen.phones],
            "methods": sorted(seen.methods),
            "perUserMfaState": seen.mfa_state.value if seen.mfa_state else None,
            "usableMethod": usable_method(seen),
            "groups": sorted(seen.groups) if seen.groups is not None else None,
            "privileged": seen.privileged,
            "unreadable": [*seen.unreadable, *seen.refused],
        }

    def _wanted(self) -> dict[str, Any]:
        target = self.policy.mfa_state
        return {
            "mode": self.policy.mode.value,
            "perUserMfaState": target.value if target else "none",
            "existingPhone": self.policy.existing_phone.value,
            "fingerprint": self.policy.fingerprint(),
        }


def _plan(plan: Plan) -> dict[str, Any]:
    return {
        "outcome": plan.outcome.value,
        "reasons": [reason.value for reason in plan.reasons],
        "actions": [action.describe() for action in plan.actions],
        "number": plan.masked,
        "source": plan.source,
        "holdUntil": _iso(plan.hold_until),
    }


def _memory(memory: Memory) -> dict[str, Any] | None:
    if memory.outcome is None:
        return None
    return {
        "outcome": memory.outcome.value,
        "reasons": [reason.value for reason in memory.reasons],
        "lookedAt": _iso(memory.looked_at),
        "numberWrittenByUs": memory.fingerprint is not None,
        "stateWritten": memory.state_written.value if memory.state_written else None,
        "attempts": memory.attempts,
        "cause": memory.cause.value if memory.cause else None,
    }


def _row(row: AuditRow) -> dict[str, Any]:
    return {
        "at": row.at.isoformat(),
        "phase": row.phase.value,
        "cause": row.cause.value,
        "actions": list(row.actions),
        "outcome": row.outcome,
        "reasons": list(row.reasons),
        "policy": row.policy,
        "requestIds": list(row.request_ids),
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
