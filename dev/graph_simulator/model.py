"""The things a tenant holds: users, their methods, subscriptions."""

from collections import deque
from dataclasses import dataclass, field

from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.snapshot import Snapshot

PHONE_IDS = {
    "mobile": "3179e48a-750b-4051-897c-87b9720928f7",
    "alternateMobile": "b6332ec1-7057-4abe-9331-3d72feddfe41",
    "office": "e37fc753-ff3b-4958-9484-eaa9425c82bc",
}
"""The fixed method id of each phone type.

https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod
"""

PHONE_TYPES = {identifier: phone_type for phone_type, identifier in PHONE_IDS.items()}
PASSWORD_METHOD_ID = "28c10230-6103-485e-b985-444c60001490"  # noqa: S105  (a published id, not a secret)

AGENT_USER = "#microsoft.graph.agentUser"
"""The type of a user that stands for a program: https://learn.microsoft.com/graph/api/resources/agentuser"""

REMEMBERED_STATES = 16
"""How many earlier states of a user are kept to imitate a reader that lags behind."""


@dataclass(frozen=True, slots=True)
class Phone:
    """One registered phone, written as Graph returns it: `+CC NNN[xEXT]`."""

    phone_type: str
    number: str
    sms_sign_in_state: str
    created_at: float

    @property
    def identifier(self) -> str:
        """The fixed method id."""
        return PHONE_IDS[self.phone_type]


@dataclass(frozen=True, slots=True)
class Method:
    """A registered method that is neither a phone nor the password. `kind` as in `methods.KINDS`."""

    identifier: str
    kind: str
    created_at: float


@dataclass(slots=True)
class User:
    """A user object and everything behind `authentication/`. `coming`: properties a skeleton still lacks.

    `eligible_groups`: group and `member` or `owner`. `unavailable`: `requirements` or `signInPreferences` to the status
    that reading or writing it gives for this user. `hides_phones`: registered phones are not listed.
    """

    id: str
    properties: JsonObject
    changed: dict[str, int]
    created_at: float
    created_sequence: int
    visible_at: float
    life: str = "active"
    life_sequence: int = 0
    deleted_at: float | None = None
    phones: dict[str, Phone] = field(default_factory=dict)
    methods: list[Method] = field(default_factory=list)
    mfa_state: str = "disabled"
    preferred: str = ""
    system_preferred: bool = True
    sms_sign_in: bool = False
    hides_phones: bool = False
    coming: JsonObject = field(default_factory=dict)
    kind: str = ""
    groups: set[str] = field(default_factory=set)
    roles: set[str] = field(default_factory=set)
    eligible_roles: set[str] = field(default_factory=set)
    eligible_groups: set[tuple[str, str]] = field(default_factory=set)
    unavailable: dict[str, int] = field(default_factory=dict)
    earlier_phones: deque[tuple[float, dict[str, Phone]]] = field(
        default_factory=lambda: deque(maxlen=REMEMBERED_STATES)
    )
    earlier_properties: deque[tuple[float, JsonObject]] = field(default_factory=lambda: deque(maxlen=REMEMBERED_STATES))

    @property
    def principal_name(self) -> str:
        """The sign-in name."""
        return str(self.properties["userPrincipalName"])

    @property
    def is_agent(self) -> bool:
        """Whether the user stands for a program instead of a person."""
        return bool(self.properties.get("identityParentId"))

    @property
    def is_restricted(self) -> bool:
        """Whether the user is in a restricted management administrative unit."""
        return self.properties.get("isManagementRestricted") is True

    def phones_seen(self, moment: float) -> dict[str, Phone]:
        """The phones as a replica that stopped at `moment` shows them."""
        return next((phones for until, phones in self.earlier_phones if moment < until), self.phones)

    def properties_seen(self, moment: float) -> JsonObject:
        """The properties as a replica that stopped at `moment` shows them."""
        return next((values for until, values in self.earlier_properties if moment < until), self.properties)

    def snapshot(self, phones: dict[str, Phone] | None = None, properties: JsonObject | None = None) -> Snapshot:
        """The state now, or as a lagging reader sees it."""
        values = self.properties if properties is None else properties
        shown = self.phones if phones is None else phones
        return Snapshot(
            enabled=values.get("accountEnabled") is True,
            life=self.life,
            user_type=str(values.get("userType") or "Member"),
            synced=values.get("onPremisesSyncEnabled") is True,
            phones=tuple((phone.phone_type, phone.number) for phone in shown.values()),
            methods=tuple(method.kind for method in self.methods),
            mfa_state=self.mfa_state,
            preferred=self.preferred,
            system_preferred=self.system_preferred,
            sources=number_texts(values),
            regions=tuple(str(values[name]) for name in ("usageLocation", "country") if values.get(name)),
        )


def number_texts(properties: JsonObject) -> tuple[str, ...]:
    """Every text of a user that a policy may name as the source of the phone number."""
    extensions = properties.get("onPremisesExtensionAttributes") or {}
    texts = [properties.get("mobilePhone"), *(properties.get("businessPhones") or []), *extensions.values()]
    return tuple(str(text) for text in texts if text)


@dataclass(slots=True)
class Subscription:
    """A webhook subscription as its owner made it, plus what only the service knows."""

    id: str
    app_id: str
    creator_id: str
    resource: str
    change_types: tuple[str, ...]
    notification_url: str
    lifecycle_url: str | None
    client_state: str | None
    expires_at: float
    tls_version: str
    created_at: float
    reauthorize_at: float
    patched_at: float | None = None
    reauthorized_at: float | None = None
    awaiting_reauthorization: bool = False
