"""Which application permissions of Microsoft Graph the settings call for, and why. Pure. Floor 2.

docs/permissions.md shows this table; whatever grants or checks permissions reads it here. App-role ids are the same in
every tenant: https://learn.microsoft.com/graph/permissions-reference
"""

from collections.abc import Callable
from dataclasses import dataclass

from shared.policy import Policy


@dataclass(frozen=True, slots=True)
class Permission:
    """One application permission: `feature` says which settings call for it, `why` why it is this one."""

    name: str
    app_role_id: str
    feature: str
    why: str
    unseen: str | None = None
    """Of an optional permission: what the app does not see without it. Everything else works all the same."""


USERS = Permission(
    "User.Read.All",
    "df021288-bdef-4463-88db-98f22de89214",
    "always",
    "Read the user, the delta query, and the subscription on `users` (Graph checks the *read* permission for "
    "subscriptions).",
)
PHONES = Permission(
    "UserAuthMethod-Phone.ReadWrite.All",
    "6e85d483-7092-4375-babe-0a94a8213a58",
    "always",
    "Read, add and change the authentication phone. Narrower than `UserAuthenticationMethod.ReadWrite.All`, which "
    "could also mint a Temporary Access Pass for anybody.",
)
METHODS = Permission(
    "UserAuthenticationMethod.Read.All",
    "38d9df27-64da-44fd-b7c5-a6fbac20248f",
    "always",
    "See whether a user has a stronger method, so that no phone is put beside a passkey. Read only.",
)
GROUPS = Permission(
    "GroupMember.Read.All",
    "98830695-27a2-44f7-8c18-0c3ebc9698f6",
    "`PREFILL_INCLUDE_GROUPS`, `PREFILL_EXCLUDE_GROUPS` or `PREFILL_EXCLUDE_PRIVILEGED`",
    "See which of the named groups a user is in, and which of a user's groups can hold directory roles. Without it "
    "Graph answers the latter with the group's id alone, which tells nothing. Read only.",
)
ROLES = Permission(
    "RoleManagement.Read.Directory",
    "483bed4a-2ad3-4361-a73b-c83ccdbdc53c",
    "`PREFILL_EXCLUDE_PRIVILEGED`",
    "See who holds a directory role, or may activate one, so that no administrator is touched. Read only.",
)
GROUP_ELIGIBILITY = Permission(
    "PrivilegedEligibilitySchedule.Read.AzureADGroup",
    "edb419d6-7edc-42a3-9345-509bfdf5d87c",
    "`PREFILL_EXCLUDE_PRIVILEGED` (optional)",
    "See who may activate membership of a group that can hold directory roles (PIM for Groups), so that no future "
    "administrator is touched. Read only. Without it such users count as ordinary ones, and the doctor says so.",
    unseen="who may become an administrator through PIM for Groups: such users are treated like everybody else",
)
MFA_STATE = Permission(
    "Policy.ReadWrite.AuthenticationMethod",
    "29c18626-4985-4dcd-85c0-193eef327366",
    "`PREFILL_MFA_STATE` other than `none`",
    "The only application permission that may PATCH `authentication/requirements` (beta). It can also change the "
    "tenant's authentication-methods policy: if you use Conditional Access, set `PREFILL_MFA_STATE` to `none` and "
    "leave it out.",
)
DEFAULT_METHOD = Permission(
    "UserAuthenticationMethod.ReadWrite.All",
    "50483e42-d915-4231-9639-7fdb7fd190e5",
    "`PREFILL_DEFAULT_METHOD` other than `none`",
    "The only one that may PATCH another user's `signInPreferences` (beta). Broad; together with "
    "`Policy.ReadWrite.AuthenticationMethod` it is a known path to take over a tenant. Leave the feature off "
    "unless you must.",
)

TAKEOVER = frozenset({MFA_STATE, DEFAULT_METHOD})
"""Together: switch Temporary Access Passes on for everybody, then mint one for an administrator."""

_RULES: tuple[tuple[Permission, Callable[[Policy], bool]], ...] = (
    (USERS, lambda _: True),
    (PHONES, lambda _: True),
    (METHODS, lambda _: True),
    (GROUPS, lambda policy: bool(policy.include_groups or policy.exclude_groups or policy.exclude_privileged)),
    (ROLES, lambda policy: policy.exclude_privileged),
    (GROUP_ELIGIBILITY, lambda policy: policy.exclude_privileged),
    (MFA_STATE, lambda policy: policy.mfa_state is not None),
    (DEFAULT_METHOD, lambda policy: policy.default_method is not None),
)

ALL = tuple(permission for permission, _ in _RULES)
"""Every permission that some setting calls for, in the order of docs/permissions.md."""


def needed(policy: Policy) -> tuple[Permission, ...]:
    """What the app's identity must be granted under this policy: no less, and no more."""
    return tuple(permission for permission, wanted in _RULES if wanted(policy))


def warning(policy: Policy) -> str | None:
    """What an operator must hear about the permissions this policy calls for; None when there is nothing."""
    if not set(needed(policy)) >= TAKEOVER:
        return None
    names = " and ".join(permission.name for permission in ALL if permission in TAKEOVER)
    return (
        f"PREFILL_DEFAULT_METHOD beside PREFILL_MFA_STATE calls for {names}: whoever steals this app's identity can "
        "take over the tenant. Set one of the two to none, and take its permission away"
    )
