"""What a user looked like at one moment, as far as the oracle cares."""

from dataclasses import dataclass

STRONGER_METHODS = frozenset(
    {
        "fido2",
        "windowsHelloForBusiness",
        "microsoftAuthenticator",
        "softwareOath",
        "hardwareOath",
        "platformCredential",
    }
)
"""Method kinds that beat a phone in Entra's own order.

https://learn.microsoft.com/entra/identity/authentication/concept-system-preferred-multifactor-authentication
"""

MFA_RANK = {"disabled": 0, "enabled": 1, "enforced": 2}
"""perUserMfaState from weak to strong."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """State of one user; `sources` are all texts in the directory that may hold a phone number."""

    enabled: bool
    life: str
    user_type: str
    synced: bool
    phones: tuple[tuple[str, str], ...]
    methods: tuple[str, ...]
    mfa_state: str
    preferred: str
    system_preferred: bool
    sources: tuple[str, ...]
    regions: tuple[str, ...]

    @property
    def mobile(self) -> str | None:
        """The registered mobile number, if any."""
        return dict(self.phones).get("mobile")

    @property
    def stronger(self) -> bool:
        """Whether a method stronger than a phone is registered."""
        return any(method in STRONGER_METHODS for method in self.methods)

    @property
    def usable(self) -> bool:
        """Whether the user can pass a second-factor prompt without registering anything."""
        return self.mobile is not None or self.stronger


@dataclass(frozen=True, slots=True)
class Observation:
    """What an answer told the client about one user. `kind`: user, phones, methods, requirements, preferences."""

    kind: str
    user: str
    shown: Snapshot
