"""Preflight: each permission, policy and setting checked against the live tenant, one line each, with the fix. Floor 5.

Nothing is written. What cannot be read is told as such, and never taken for fine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.errors import Failure, Permanent
from shared.health import Health, is_fine
from shared.models import MfaState, Reason
from shared.permissions import ALL, ROLES, Permission, needed, warning
from shared.policy import Mode, Policy
from shared.ports import RoleEligibility, SmsPolicy, Tenant


class State(StrEnum):
    """Of one check. A warning is a risk that somebody may have chosen."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, what was found, and what to do about it."""

    name: str
    state: State
    told: str
    fix: str | None = None

    def as_json(self) -> dict[str, Any]:
        """For operators."""
        return {"check": self.name, "state": self.state.value, "told": self.told, "fix": self.fix}


HEALTH_FIXES = {
    "subscription": "mfa-prefill subscription ensure; docs/operations.md#subscription-near-its-end",
    "writes": "mfa-prefill report, then mfa-prefill resume; docs/operations.md#breaker-tripped",
    "reading": "grant the missing permission above; docs/operations.md#forbidden",
    "sweep": "see the exceptions of the function sweep; docs/operations.md#no-heartbeat",
}
"""By part of the health."""

WORD_FIXES = {
    ("subscription", "degraded"): "mfa-prefill subscription says what fails; docs/operations.md#a-renewal-that-fails",
}
"""By part and word, where the word asks for something of its own."""


@dataclass(frozen=True, slots=True)
class Doctor:
    """The ports of an examination."""

    tenant: Tenant
    health: Health
    policy: Policy

    async def examine(self) -> tuple[Check, ...]:
        """Every check, in the order in which they depend on each other. Raises what storage raises."""
        granted = await self.tenant.granted()
        checks = [_mode(self.policy), *_permissions(self.policy, granted), *_takeover(self.policy)]
        checks.append(_users(await self.tenant.reads_users()))
        if self.policy.exclude_privileged:
            checks.append(_eligibility(await self.tenant.role_eligibility()))
        checks += _sms(await self.tenant.sms_policy(), self.policy)
        _, words = await self.health.diagnosis()
        return (*checks, *_well(words))


def is_fit(checks: Sequence[Check]) -> bool:
    """Whether nothing failed."""
    return all(check.state is not State.FAILED for check in checks)


def _mode(policy: Policy) -> Check:
    if policy.mode is Mode.APPLY:
        return Check("mode", State.OK, "apply: users are written to")
    return Check("mode", State.WARNING, "plan: nothing is written to any user", "set PREFILL_MODE=apply when ready")


def _permissions(policy: Policy, granted: frozenset[str] | None) -> Iterator[Check]:
    if granted is None:
        told = "the token does not tell which permissions were granted"
        yield Check("permissions", State.UNKNOWN, told, "compare with docs/permissions.md by hand")
        return
    wanted = needed(policy)
    for permission in wanted:
        yield _granted(permission, permission.name in granted)
    for permission in ALL:
        if permission not in wanted and permission.name in granted:
            told = "granted, and no setting needs it"
            yield Check(permission.name, State.WARNING, told, "take it away: infra/hooks/graph_permissions.py revoke")


def _granted(permission: Permission, granted: bool) -> Check:
    if granted:
        return Check(permission.name, State.OK, f"granted ({permission.feature})")
    fix = "a directory administrator grants it (docs/deployment.md); it takes up to an hour to reach the token"
    if permission.unseen:
        return Check(permission.name, State.WARNING, f"not granted, so the app does not see {permission.unseen}", fix)
    return Check(permission.name, State.FAILED, f"missing ({permission.feature})", fix)


def _takeover(policy: Policy) -> Iterator[Check]:
    risk = warning(policy)
    if risk:
        yield Check("takeover", State.WARNING, risk, "docs/security.md")


def _users(failure: Failure | None) -> Check:
    if failure is None:
        return Check("users", State.OK, "a user can be read")
    advice = failure.advice if isinstance(failure, Permanent) else "try again; then look at Graph's status"
    return Check("users", State.FAILED, failure.detail, advice)


def _eligibility(found: RoleEligibility | Failure) -> Check:
    """Three answers that look alike to a look: no licence, no permission, no answer."""
    name = "eligible roles"
    match found:
        case RoleEligibility.READABLE:
            return Check(name, State.OK, "who may activate a directory role can be read")
        case RoleEligibility.NO_LICENCE:
            return Check(name, State.OK, "no Entra ID P2, so nobody can be eligible for a directory role")
        case Permanent(Reason.NOT_ALLOWED):
            told = f"not permitted ({found.detail}): every user is skipped as unknown"
            return Check(name, State.FAILED, told, f"grant {ROLES.name}, or set PREFILL_EXCLUDE_PRIVILEGED=false")
        case _:
            told = f"cannot tell ({found.detail}): while this lasts, users are skipped as unknown"
            return Check(name, State.UNKNOWN, told, "run the doctor again; then look at Microsoft's service health")


def _sms(policy: SmsPolicy | Failure, ours: Policy) -> Iterator[Check]:
    """https://learn.microsoft.com/graph/api/resources/smsauthenticationmethodconfiguration"""
    if not isinstance(policy, SmsPolicy):
        fix = "look at Entra > Authentication methods > SMS by hand"
        yield Check("sms policy", State.UNKNOWN, f"cannot be read: {policy.detail}", fix)
        return
    if policy.enabled:
        yield Check("sms policy", State.OK, "SMS is an enabled authentication method")
    else:
        locked = ours.mfa_state in (MfaState.ENABLED, MfaState.ENFORCED)
        told = "SMS is switched off: a prefilled phone answers no prompt" + (", yet MFA is switched on" * locked)
        fix = "enable SMS for the users in scope, or set PREFILL_MFA_STATE=none"
        yield Check("sms policy", State.FAILED if locked else State.WARNING, told, fix)
    if policy.usable_for_sign_in:
        told = "SMS sign-in is on: the phone becomes a first factor, and numbers must be unique"
        yield Check("sms sign-in", State.WARNING, told, "set isUsableForSignIn to false for the users in scope")


def _well(words: dict[str, str]) -> Iterator[Check]:
    for part, word in words.items():
        fine = is_fine(part, word)
        fix = WORD_FIXES.get((part, word), HEALTH_FIXES[part])
        yield Check(part, State.OK if fine else State.FAILED, word, None if fine else fix)
