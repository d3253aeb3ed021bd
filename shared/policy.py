"""What the operator wants: the settings that steer the decision, as one frozen value. Floor 1."""

import hashlib
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import StrEnum

from shared.models import DefaultMethod, MfaState


class Mode(StrEnum):
    """`plan` decides and records; only `apply` writes to a user."""

    PLAN = "plan"
    APPLY = "apply"


class ExistingPhone(StrEnum):
    """What to do when a different mobile is registered already."""

    KEEP = "keep"
    FOLLOW = "follow"
    REPLACE = "replace"


class StrongerMethod(StrEnum):
    """What to do for a user who has a stronger method than a phone."""

    SKIP = "skip"
    ADD = "add"


@dataclass(frozen=True, slots=True)
class Policy:
    """See docs/settings.md for each field; the defaults are those of the settings."""

    mode: Mode = Mode.PLAN
    phone_sources: tuple[str, ...] = ("mobilePhone",)
    default_region: str | None = None
    allowed_regions: frozenset[str] = frozenset()
    existing_phone: ExistingPhone = ExistingPhone.FOLLOW
    change_hold: timedelta = timedelta(hours=24)
    stronger_method: StrongerMethod = StrongerMethod.SKIP
    mfa_state: MfaState | None = MfaState.ENABLED
    default_method: DefaultMethod | None = None
    include_groups: frozenset[str] = frozenset()
    exclude_groups: frozenset[str] = frozenset()
    include_guests: bool = False
    exclude_privileged: bool = True
    require_synced: bool = False

    def fingerprint(self) -> str:
        """Twelve hexadecimal digits that change when any field changes; audit rows carry them."""
        parts = [f"{item.name}={_stable(getattr(self, item.name))}" for item in fields(self)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def _stable(value: object) -> str:
    return repr(sorted(value)) if isinstance(value, frozenset) else repr(value)
