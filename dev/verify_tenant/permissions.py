"""Which permissions open what. The first of a need is the least privileged one; any one of it suffices.

https://learn.microsoft.com/graph/permissions-reference (delegated and application permissions of the same names)
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Need:
    """One of these permissions, the least privileged first."""

    any_of: tuple[str, ...]

    @property
    def least(self) -> str:
        """What to ask for."""
        return self.any_of[0]

    def met_by(self, granted: frozenset[str]) -> bool:
        """Whether a token with these permissions will do."""
        return bool(granted & set(self.any_of))


def _need(*any_of: str) -> Need:
    return Need(any_of)


_ALL_METHODS = ("UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All")

READ_USERS = _need("User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All")
SUBSCRIBE = _need("User.Read.All", "Directory.Read.All")
"""Graph checks the read permission: https://learn.microsoft.com/graph/api/subscription-post-subscriptions"""
WRITE_USERS = _need("User.ReadWrite.All", "Directory.ReadWrite.All")
DELETE_USERS = _need("User.DeleteRestore.All", "User.ReadWrite.All")
"""https://learn.microsoft.com/graph/api/directory-deleteditems-delete"""
INVITE = _need("User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All")
READ_METHODS = _need(*_ALL_METHODS)
WRITE_PHONES = _need("UserAuthMethod-Phone.ReadWrite.All", "UserAuthenticationMethod.ReadWrite.All")
WRITE_METHODS = _need("UserAuthenticationMethod.ReadWrite.All")
READ_STATE = _need("Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod")
WRITE_STATE = _need("Policy.ReadWrite.AuthenticationMethod")
READ_ROLES = _need("RoleManagement.Read.Directory", "RoleManagement.ReadWrite.Directory", "Directory.Read.All")
READ_ELIGIBILITY = _need(
    "RoleEligibilitySchedule.Read.Directory",
    "RoleEligibilitySchedule.ReadWrite.Directory",
    "RoleManagement.Read.Directory",
    "RoleManagement.ReadWrite.Directory",
)
READ_GROUP_ELIGIBILITY = _need(
    "PrivilegedEligibilitySchedule.Read.AzureADGroup", "PrivilegedEligibilitySchedule.ReadWrite.AzureADGroup"
)
READ_MEMBERS = _need("GroupMember.Read.All", "Group.Read.All", "Directory.Read.All")

BROADER_THAN_MEMBERS = frozenset(
    {"Group.Read.All", "Group.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"}
)
"""With one of these a token does not tell what GroupMember.Read.All alone shows."""

SETUP = (READ_USERS, WRITE_USERS, DELETE_USERS, WRITE_PHONES)
"""What every run needs: to make the user, to see it, to take its phones away, and to delete it for good."""
