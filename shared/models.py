"""The words of the product and the values that travel between its rooms. Floor 0: knows nothing else."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType

OBJECT_ID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
"""An Entra object id. Nothing else may become part of a Graph URL's path as an id."""


def object_id(text: object) -> str | None:
    """The object id that `text` is, in lower case; None when it is anything else."""
    if not isinstance(text, str):
        return None
    lowered = text.lower()
    return lowered if OBJECT_ID.fullmatch(lowered) else None


class Outcome(StrEnum):
    """How a look at a user ended. Doing nothing has a name, too."""

    DONE = "done"
    NOOP = "noop"
    PLANNED = "planned"
    SKIPPED = "skipped"
    REFUSED = "refused"
    HELD = "held"
    RETRY = "retry"
    PARKED = "parked"
    GONE = "gone"


class Reason(StrEnum):
    """Why it ended so. docs/reasons.md says what each means to an operator; a test keeps the two level."""

    # the user
    GONE = "gone"
    DISABLED = "disabled"
    GUEST = "guest"
    AGENT_USER = "agentUser"
    RESTRICTED = "restricted"
    OUT_OF_SCOPE = "outOfScope"
    EXCLUDED = "excluded"
    PRIVILEGED = "privileged"
    NOT_SYNCED = "notSynced"
    UNKNOWN = "unknown"
    # the phone
    STRONGER_METHOD = "strongerMethod"
    NO_NUMBER = "noNumber"
    BAD_NUMBER = "badNumber"
    NOT_MOBILE = "notMobile"
    REGION_NOT_ALLOWED = "regionNotAllowed"
    NEEDS_REGION = "needsRegion"
    AMBIGUOUS = "ambiguous"
    REMOVED_BY_HUMAN = "removedByHuman"
    USER_MANAGED = "userManaged"
    DIFFERS = "differs"
    CHANGE_HELD = "changeHeld"
    # the default method and the MFA state
    SYSTEM_PREFERRED = "systemPreferred"
    NO_METHOD = "noMethod"
    # the world
    NOT_FOUND_YET = "notFoundYet"
    NOT_CONFIRMED = "notConfirmed"
    CONCURRENT = "concurrent"
    THROTTLED = "throttled"
    PAUSED = "paused"
    GRAPH_UNAVAILABLE = "graphUnavailable"
    NOT_ALLOWED = "notAllowed"
    GRAPH_REFUSED = "graphRefused"
    POISON = "poison"
    UNREADABLE = "unreadable"


class Cause(StrEnum):
    """What made us look at a user."""

    NOTIFICATION = "notification"
    SWEEP = "sweep"
    BACKFILL = "backfill"
    MANUAL = "manual"
    RETRY = "retry"
    HOLD = "hold"


class MfaState(StrEnum):
    """perUserMfaState, weakest first.

    https://learn.microsoft.com/graph/api/resources/strongauthenticationrequirements
    """

    DISABLED = "disabled"
    ENABLED = "enabled"
    ENFORCED = "enforced"

    def satisfies(self, target: "MfaState") -> bool:
        """`enforced` satisfies `enabled`: Graph promotes by itself as soon as a method is registered."""
        order = list(MfaState)
        return order.index(self) >= order.index(target)


class DefaultMethod(StrEnum):
    """The values of userPreferredMethodForSecondaryAuthentication that a mobile phone can serve.

    https://learn.microsoft.com/graph/api/authentication-update
    """

    SMS = "sms"
    VOICE_MOBILE = "voiceMobile"


@dataclass(frozen=True, slots=True)
class DirectoryUser:
    """What the directory says of a user. None: the directory holds no value (or did not tell).

    `is_agent`: the user account of an agent (Entra Agent ID), not a person's.
    `is_management_restricted`: member of a restricted management administrative unit; None where the value could not be
    read.
    """

    id: str
    account_enabled: bool | None = None
    user_type: str | None = None
    user_principal_name: str | None = None
    mobile_phone: str | None = field(default=None, repr=False)
    business_phones: tuple[str, ...] = field(default=(), repr=False)
    usage_location: str | None = None
    country: str | None = None
    is_agent: bool = False
    is_management_restricted: bool | None = False
    on_premises_sync_enabled: bool | None = None
    extension_attributes: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}), repr=False)


@dataclass(frozen=True, slots=True)
class RegisteredPhone:
    """One phoneAuthenticationMethod. https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod"""

    type: str
    number: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SignInPreference:
    """signInPreferences (beta). https://learn.microsoft.com/graph/api/authentication-get"""

    method: str | None
    system_preferred: bool


@dataclass(frozen=True, slots=True)
class Observation:
    """What Graph returned about one user a moment ago.

    `methods` are kinds such as "fido2" or "phone"; `mfa_state` None is a state this product does not know or could not
    read; `preference`, `groups` and `privileged` None were not gathered or could not be read. `groups` holds those of
    the policy's groups the user is in, directly or through other groups, in lower case.
    `unreadable` names each fact about the user's class that could not be read, and why ("roles: 403 accessDenied").
    `refused` does the same for "requirements" and "preference", which Graph refuses for some users: the phone is
    decided without them.
    `roles_are_fresh`: the roles were read for this very look. Otherwise they come from a list of the whole tenant that
    may be minutes old, which is enough to do nothing and not enough to write.
    """

    user: DirectoryUser
    phones: tuple[RegisteredPhone, ...]
    methods: frozenset[str]
    mfa_state: MfaState | None
    preference: SignInPreference | None = None
    groups: frozenset[str] | None = None
    privileged: bool | None = None
    unreadable: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    roles_are_fresh: bool = False

    def is_refused(self, part: str) -> bool:
        """Whether Graph refused to return this part for this user."""
        return any(problem.startswith(f"{part}:") for problem in self.refused)

    @property
    def mobile(self) -> str | None:
        """The number of the registered mobile phone, as Graph spells it; there is at most one."""
        return next((phone.number for phone in self.phones if phone.type == "mobile"), None)
