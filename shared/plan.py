"""What a decision wants done: data that can be printed, recorded and applied. Floor 2."""

from dataclasses import dataclass, field
from datetime import datetime

from shared.models import DefaultMethod, MfaState, Outcome, Reason
from shared.phone_number import PhoneNumber


@dataclass(frozen=True, slots=True)
class AddPhone:
    """Register the mobile phone: POST phoneMethods."""

    number: PhoneNumber

    kind = "addPhone"

    def describe(self) -> str:
        """For operators: the number is masked."""
        return f"add mobile {self.number.masked}"


@dataclass(frozen=True, slots=True)
class UpdatePhone:
    """Replace the registered mobile phone: PATCH its fixed id. Never remove-then-add."""

    number: PhoneNumber

    kind = "updatePhone"

    def describe(self) -> str:
        """For operators: the number is masked."""
        return f"change mobile to {self.number.masked}"


@dataclass(frozen=True, slots=True)
class SetDefaultMethod:
    """Set userPreferredMethodForSecondaryAuthentication."""

    method: DefaultMethod

    kind = "setDefaultMethod"

    def describe(self) -> str:
        """For operators."""
        return f"set default method {self.method}"


@dataclass(frozen=True, slots=True)
class SetMfaState:
    """Raise perUserMfaState."""

    state: MfaState

    kind = "setMfaState"

    def describe(self) -> str:
        """For operators."""
        return f"set MFA state {self.state}"


Action = AddPhone | UpdatePhone | SetDefaultMethod | SetMfaState


@dataclass(frozen=True, slots=True)
class Hold:
    """A changed source number that waits before it replaces an existing one; kept as a fingerprint only."""

    fingerprint: str = field(repr=False)
    since: datetime


@dataclass(frozen=True, slots=True)
class Plan:
    """The answer of the decision.

    `actions` are in the order of the wire: phone, default method, MFA state. Only the first may be applied; what comes
    after it is decided anew on what Graph then tells (the read-back). `adopt` is the fingerprint to remember as L.
    `hold` is what waits, and `hold_until` when it has waited long enough.
    """

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    actions: tuple[Action, ...] = ()
    adopt: str | None = field(default=None, repr=False)
    hold: Hold | None = None
    hold_until: datetime | None = None
    source: str | None = None
    """Which attribute the number came from and why its region was chosen: "mobilePhone, read as NL (usageLocation)"."""
    masked: str | None = None
    """The source's number, masked, for operators and for HR's worklist."""
