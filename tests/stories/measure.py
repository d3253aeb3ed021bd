"""By which rules the oracle measures: those of the moment in which work begins."""

from dev.graph_simulator.groups import all_groups
from dev.graph_simulator.model import User
from dev.graph_simulator.tenant import Tenant
from shared.policy import Policy


def tell_oracle(tenant: Tenant, policy: Policy, paused: bool) -> None:
    given = {
        "mode": policy.mode.value,
        "paused": paused,
        "strongerMethod": policy.stronger_method.value,
        "existingPhone": policy.existing_phone.value,
        "includeGuests": policy.include_guests,
        "requireSynced": policy.require_synced,
        "defaultRegion": policy.default_region or "",
        "excluded": sorted(user.id for user in tenant.users.values() if _is_excluded(tenant, policy, user)),
    }
    changed = tenant.policy.changed(given)
    if changed != tenant.policy:
        tenant.policy = changed
        tenant.journal.write(tenant.now(), "policy", "policy.change", request=given)


def _is_excluded(tenant: Tenant, policy: Policy, user: User) -> bool:
    """Who must not be written to by groups or roles, from the tenant's own state."""
    groups = all_groups(tenant, user.groups)
    named = bool(groups & policy.exclude_groups)
    outside = bool(policy.include_groups) and not groups & policy.include_groups
    privileged = bool(user.roles or user.eligible_roles or groups & tenant.role_assignable_groups)
    return named or outside or (policy.exclude_privileged and privileged)
