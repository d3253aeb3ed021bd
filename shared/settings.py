"""The application settings, read once from the environment, all mistakes reported together. Floor 6.

The webhooks read settings too, cold: nothing heavy is imported here. docs/settings.md lists every setting; a test keeps
it level with `SETTINGS`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from shared import setting_values as values
from shared.errors import Mistake, SettingsError
from shared.fingerprint import Keys
from shared.policy import ExistingPhone, Mode, Policy, StrongerMethod

STORAGE = "AzureWebJobsStorage"


@dataclass(frozen=True, slots=True)
class Setting:
    """A setting's name and the text it has when it is absent; None: it is required."""

    name: str
    default: str | None


SETTINGS = (
    Setting("PREFILL_MODE", "plan"),
    Setting("PREFILL_GRAPH_URL", "https://graph.microsoft.com"),
    Setting("PREFILL_PUBLIC_URL", ""),
    Setting("PREFILL_TENANT_ID", None),
    Setting("PREFILL_SECRET", None),
    Setting("PREFILL_SECRET_PREVIOUS", ""),
    Setting("PREFILL_PHONE_SOURCES", "mobilePhone"),
    Setting("PREFILL_DEFAULT_REGION", ""),
    Setting("PREFILL_ALLOWED_REGIONS", ""),
    Setting("PREFILL_EXISTING_PHONE", "follow"),
    Setting("PREFILL_CHANGE_HOLD", "24h"),
    Setting("PREFILL_STRONGER_METHOD", "skip"),
    Setting("PREFILL_MFA_STATE", "enabled"),
    Setting("PREFILL_DEFAULT_METHOD", "none"),
    Setting("PREFILL_INCLUDE_GROUPS", ""),
    Setting("PREFILL_EXCLUDE_GROUPS", ""),
    Setting("PREFILL_INCLUDE_GUESTS", "false"),
    Setting("PREFILL_EXCLUDE_PRIVILEGED", "true"),
    Setting("PREFILL_REQUIRE_SYNCED", "false"),
    Setting("PREFILL_WRITES_PER_HOUR", "2000"),
    Setting("PREFILL_SWEEP_SCHEDULE", "0 7 * * * *"),
    Setting("PREFILL_RENEW_SCHEDULE", "0 37 * * * *"),
)
_DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
STORAGE_SETTINGS = tuple(
    f"{STORAGE}__{part}" for part in ("accountName", "queueServiceUri", "tableServiceUri", "credential", "clientId")
)


@dataclass(frozen=True, slots=True)
class StorageSettings:
    """A connection string, or the endpoints to reach with the managed identity."""

    connection_string: str | None = field(default=None, repr=False)
    queue_url: str | None = None
    table_url: str | None = None
    client_id: str | None = None


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything an operator can set, checked."""

    policy: Policy
    keys: Keys
    tenant_id: str
    graph_url: str
    public_url: str
    writes_per_hour: int
    storage: StorageSettings
    client_id: str | None

    @property
    def notification_url(self) -> str:
        """Where Graph posts change notifications."""
        return f"{self.public_url}/api/notifications"

    @property
    def lifecycle_url(self) -> str:
        """Where Graph posts lifecycle notifications."""
        return f"{self.public_url}/api/lifecycle"


def read_settings(environment: Mapping[str, str]) -> Settings:
    """Raises SettingsError with every mistake, not just the first."""
    reader = _Reader(environment)
    settings = Settings(
        policy=_policy(reader),
        keys=_keys(reader),
        tenant_id=reader.read("PREFILL_TENANT_ID", values.guid, "the directory (tenant) id, a GUID"),
        graph_url=reader.read(
            "PREFILL_GRAPH_URL", values.graph_url, "one of " + ", ".join(sorted(values.NATIONAL_CLOUDS))
        ),
        public_url=_public_url(reader),
        writes_per_hour=reader.read("PREFILL_WRITES_PER_HOUR", values.count, "a whole number from 1"),
        storage=_storage(reader),
        client_id=environment.get("AZURE_CLIENT_ID") or None,
    )
    for name in ("PREFILL_SWEEP_SCHEDULE", "PREFILL_RENEW_SCHEDULE"):
        reader.read(name, values.ncrontab, 'NCRONTAB with six fields, such as "0 7 * * * *"')
    if reader.mistakes:
        raise SettingsError(tuple(reader.mistakes))
    return settings


def schedule(environment: Mapping[str, str], name: str) -> str:
    """The timer's schedule; its default where the setting is unusable, so that the app still indexes and can say so."""
    default = _DEFAULTS[name] or ""
    text = environment.get(name, "").strip() or default
    try:
        return values.ncrontab(text)
    except ValueError:
        return default


class _Reader:
    """Reads settings one by one and collects what is wrong with them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self.environment = environment
        self.mistakes: list[Mistake] = []

    def text(self, name: str) -> str:
        return self.environment.get(name, "").strip() or (_DEFAULTS.get(name) or "")

    def read[T](self, name: str, parse: Callable[[str], T], wanted: str) -> T:
        """The parsed value. After a mistake the result is never used: read_settings raises."""
        text = self.text(name)
        if not text and _DEFAULTS.get(name, "") is None:
            self.wrong(name, "is missing", f"Set it to {wanted}")
            return None  # type: ignore[return-value]
        try:
            return parse(text)
        except ValueError as error:
            self.wrong(name, str(error), f"Set it to {wanted}")
            return None  # type: ignore[return-value]

    def wrong(self, name: str, problem: str, fix: str) -> None:
        mistake = Mistake(name, problem, fix)
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)


def _policy(reader: _Reader) -> Policy:
    return Policy(
        mode=reader.read("PREFILL_MODE", values.one_of(Mode), "plan or apply"),
        phone_sources=reader.read(
            "PREFILL_PHONE_SOURCES",
            values.sources,
            "mobilePhone, businessPhones, extensionAttribute1 to 15, comma-separated",
        ),
        default_region=reader.read("PREFILL_DEFAULT_REGION", values.region_or_none, "an ISO alpha-2 region such as NL"),
        allowed_regions=reader.read("PREFILL_ALLOWED_REGIONS", values.regions, "ISO alpha-2 regions, comma-separated"),
        existing_phone=reader.read("PREFILL_EXISTING_PHONE", values.one_of(ExistingPhone), "keep, follow or replace"),
        change_hold=reader.read(
            "PREFILL_CHANGE_HOLD", values.duration, "0, or a number with s, m, h or d, such as 24h"
        ),
        stronger_method=reader.read("PREFILL_STRONGER_METHOD", values.one_of(StrongerMethod), "skip or add"),
        mfa_state=reader.read("PREFILL_MFA_STATE", values.target_state, "none, enabled or enforced"),
        default_method=reader.read("PREFILL_DEFAULT_METHOD", values.method_or_none, "none, sms or voiceMobile"),
        include_groups=reader.read("PREFILL_INCLUDE_GROUPS", values.guids, "group object ids, comma-separated"),
        exclude_groups=reader.read("PREFILL_EXCLUDE_GROUPS", values.guids, "group object ids, comma-separated"),
        include_guests=reader.read("PREFILL_INCLUDE_GUESTS", values.boolean, "true or false"),
        exclude_privileged=reader.read("PREFILL_EXCLUDE_PRIVILEGED", values.boolean, "true or false"),
        require_synced=reader.read("PREFILL_REQUIRE_SYNCED", values.boolean, "true or false"),
    )


def _keys(reader: _Reader) -> Keys:
    wanted = f"a random text of at least {values.LEAST_SECRET} characters, kept in Key Vault"
    current = reader.read("PREFILL_SECRET", values.secret, wanted)
    return Keys(current or "", reader.read("PREFILL_SECRET_PREVIOUS", values.secret_or_none, wanted))


def _public_url(reader: _Reader) -> str:
    """PREFILL_PUBLIC_URL, else the platform's own name for this app."""
    text, host = reader.text("PREFILL_PUBLIC_URL"), reader.environment.get("WEBSITE_HOSTNAME", "")
    if not text and not host:
        reader.wrong("PREFILL_PUBLIC_URL", "is missing and so is WEBSITE_HOSTNAME", "Set it to this app's https URL")
        return ""
    try:
        return values.web_url(text or f"https://{host}")
    except ValueError as error:
        reader.wrong("PREFILL_PUBLIC_URL", str(error), "Set it to this app's https URL")
        return ""


def _storage(reader: _Reader) -> StorageSettings:
    """As the Functions host reads a connection: the plain value wins, then endpoints, then the account's name."""
    if reader.text(STORAGE):
        wanted = "a connection string, or leave it out and set the endpoints"
        return StorageSettings(connection_string=reader.read(STORAGE, values.connection_string, wanted))
    client_id = reader.text(f"{STORAGE}__clientId") or reader.text("AZURE_CLIENT_ID") or None
    return StorageSettings(None, _endpoint(reader, "queue"), _endpoint(reader, "table"), client_id)


def _endpoint(reader: _Reader, service: str) -> str:
    name, account = f"{STORAGE}__{service}ServiceUri", f"{STORAGE}__accountName"
    if reader.text(name):
        return reader.read(name, values.endpoint, "the https endpoint of the account's service")
    if reader.text(account):
        found = reader.read(account, values.account_name, "the storage account's name")
        return f"https://{found}.{service}.core.windows.net"
    if service == "queue" or reader.text(f"{STORAGE}__queueServiceUri"):
        fix = f"Set it to a connection string, or set {STORAGE}__queueServiceUri and {STORAGE}__tableServiceUri"
        reader.wrong(STORAGE, "is missing", fix)
    return ""
