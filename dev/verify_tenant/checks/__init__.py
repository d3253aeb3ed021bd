"""Every check, in the order in which they are asked: quick ones first, those that wait later, the deletion last."""

from dev.verify_tenant.check import Check
from dev.verify_tenant.checks import (
    batch,
    creation,
    deletion,
    delta,
    endpoint,
    guests,
    lookups,
    mfa,
    phone_numbers,
    phones,
    roles,
    strictness,
    subscriptions,
    throttling,
)

CREATION = creation.user_creation
"""Without the user nothing else can be asked."""

BEFORE = (endpoint.subscription_create,)
"""What comes before the user: its creation is to be heard of."""

AFTER = (
    endpoint.creation_notifications,
    creation.user_shape,
    creation.select_names,
    lookups.unknown_user,
    lookups.dollar_name,
    lookups.wrong_method,
    lookups.bad_token,
    lookups.denied_calls,
    phones.phone_bodies,
    phones.phone_list,
    phones.phone_second,
    phones.phone_alternate_first,
    phones.phone_type_change,
    phones.phone_absent,
    phones.phone_delete_beside,
    phone_numbers.phone_formats,
    phone_numbers.phone_unspaced,
    phone_numbers.phone_line_types,
    mfa.mfa_state,
    mfa.mfa_bad_state,
    strictness.undeclared_properties,
    strictness.misfit_values,
    strictness.query_options,
    mfa.preferred_unregistered,
    mfa.preferences,
    mfa.hardware_oath,
    roles.role_unknown_principal,
    roles.role_list,
    roles.role_eligibility,
    roles.pim_groups,
    roles.group_check,
    roles.memberships,
    roles.group_properties,
    guests.agent_users,
    delta.delta_spellings,
    delta.delta_tokens,
    delta.next_link,
    batch.batch_versions,
    batch.batch_refusals,
    batch.batch_dependency,
    subscriptions.subscription_unknown,
    subscriptions.subscription_refusals,
    subscriptions.handshake_failure,
    endpoint.subscription_rules,
    guests.guest,
    phone_numbers.phone_lag,
    mfa.mfa_promotion,
    delta.delta_after_writes,
    endpoint.write_notifications,
    guests.restricted_unit,
    throttling.method_quota,
    throttling.pim_quota,
    throttling.throttle_shape,
    deletion.soft_delete,
    deletion.restore,
)

CHECKS: tuple[Check, ...] = (*BEFORE, CREATION, *AFTER)
"""All of them, in order."""

FIRST = {
    "creation-notifications": "subscription-create",
    "subscription-rules": "subscription-create",
    "write-notifications": "subscription-create",
    "restore": "soft-delete",
}
"""Which check must be asked before which other one."""


def chosen(only: tuple[str, ...]) -> tuple[Check, ...]:
    """The checks of these ids, with what must come before them; all where none is named."""
    wanted = {*only, *(FIRST[name] for name in only if name in FIRST), CREATION.id}
    return tuple(item for item in CHECKS if item.id in wanted) if only else CHECKS
