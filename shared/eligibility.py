"""Rule 2 of the decision: who is not touched at all. Floor 3, pure.

A rule reads facts and answers with a reason; a new rule is a new function in the list.
"""

from collections.abc import Callable

from shared.models import Observation, Reason
from shared.policy import Policy


def _disabled(seen: Observation, _: Policy) -> Reason | None:
    enabled = seen.user.account_enabled
    if enabled is None:
        return Reason.UNKNOWN
    return None if enabled else Reason.DISABLED


def _guest(seen: Observation, policy: Policy) -> Reason | None:
    kind = (seen.user.user_type or "").lower()
    if kind not in ("", "member", "guest"):
        return Reason.UNKNOWN
    # userType is null on some old accounts; a B2B guest still carries #EXT# in the user principal name
    is_guest = kind == "guest" or (not kind and "#ext#" in (seen.user.user_principal_name or "").lower())
    return Reason.GUEST if is_guest and not policy.include_guests else None


def _agent(seen: Observation, _: Policy) -> Reason | None:
    """The user account of an agent has neither password nor second factor of a person.

    https://learn.microsoft.com/entra/agent-id/agent-users
    """
    return Reason.AGENT_USER if seen.user.is_agent else None


def _restricted(seen: Observation, _: Policy) -> Reason | None:
    """Application permissions do not reach users in a restricted management administrative unit.

    https://learn.microsoft.com/entra/identity/role-based-access-control/admin-units-restricted-management
    """
    if seen.user.is_management_restricted is None:
        return Reason.UNKNOWN
    return Reason.RESTRICTED if seen.user.is_management_restricted else None


def _groups(seen: Observation, policy: Policy) -> Reason | None:
    if not policy.include_groups and not policy.exclude_groups:
        return None
    if seen.groups is None:
        return Reason.UNKNOWN
    if seen.groups & policy.exclude_groups:
        return Reason.EXCLUDED
    return Reason.OUT_OF_SCOPE if policy.include_groups and not seen.groups & policy.include_groups else None


def _privileged(seen: Observation, policy: Policy) -> Reason | None:
    """Whoever can prefill an administrator's phone is one text message away from the tenant."""
    if not policy.exclude_privileged:
        return None
    if seen.privileged is None:
        return Reason.UNKNOWN
    return Reason.PRIVILEGED if seen.privileged else None


def _synced(seen: Observation, policy: Policy) -> Reason | None:
    wanted = policy.require_synced and seen.user.on_premises_sync_enabled is not True
    return Reason.NOT_SYNCED if wanted else None


_CLASSES: tuple[Callable[[Observation, Policy], Reason | None], ...] = (
    _disabled,
    _agent,
    _guest,
    _restricted,
    _groups,
    _privileged,
    _synced,
)


def ineligible(seen: Observation, policy: Policy) -> Reason | None:
    """Rule 2: the class that keeps us away from this user, `unknown` when a class could not be told; else None.

    What is certain comes before what is not: `unknown` is looked at again, and need not be for a disabled account.
    """
    reasons = [reason for rule in _CLASSES if (reason := rule(seen, policy))]
    return next((reason for reason in reasons if reason is not Reason.UNKNOWN), reasons[0] if reasons else None)
