"""The application settings, read once from the environment, all mistakes reported together. Floor 6.

The webhooks read settings too, cold: nothing heavy is imported here. docs/settings.md lists every setting; a test keeps
it level with `SETTINGS`.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from enum import StrEnum
from urllib.parse import urlsplit

from shared.errors import Mistake, SettingsError
from shared.fingerprint import Keys
from shared.models import DefaultMethod, MfaState, object_id
from shared.policy import ExistingPhone, Mode, Policy, StrongerMethod
from shared.regions import SUPPORTED_REGIONS

STORAGE = "AzureWebJobsStorage"
LEAST_SECRET = 32
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
NATIONAL_CLOUDS = frozenset(
    {
        # https://learn.microsoft.com/graph/deployments
        "https://graph.microsoft.com",
        "https://graph.microsoft.us",
        "https://dod-graph.microsoft.us",
        "https://microsoftgraph.chinacloudapi.cn",
    }
)
NCRONTAB_FIELDS = 6
"""Seconds first. https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer"""

LONGEST_HOLD = timedelta(days=90)


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
        tenant_id=reader.read("PREFILL_TENANT_ID", _guid, "the directory (tenant) id, a GUID"),
        graph_url=reader.read("PREFILL_GRAPH_URL", _graph_url, "one of " + ", ".join(sorted(NATIONAL_CLOUDS))),
        public_url=_public_url(reader),
        writes_per_hour=reader.read("PREFILL_WRITES_PER_HOUR", _count, "a whole number from 1"),
        storage=_storage(reader),
        client_id=environment.get("AZURE_CLIENT_ID") or None,
    )
    for name in ("PREFILL_SWEEP_SCHEDULE", "PREFILL_RENEW_SCHEDULE"):
        reader.read(name, _schedule, 'NCRONTAB with six fields, such as "0 7 * * * *"')
    if reader.mistakes:
        raise SettingsError(tuple(reader.mistakes))
    return settings


def schedule(environment: Mapping[str, str], name: str) -> str:
    """The timer's schedule; its default where the setting is unusable, so that the app still indexes and can say so."""
    default = _DEFAULTS[name] or ""
    text = environment.get(name, "").strip() or default
    try:
        return _schedule(text)
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
            self.mistakes.append(Mistake(name, str(error), f"Set it to {wanted}"))
            return None  # type: ignore[return-value]

    def wrong(self, name: str, problem: str, fix: str) -> None:
        self.mistakes.append(Mistake(name, problem, fix))


def _policy(reader: _Reader) -> Policy:
    return Policy(
        mode=reader.read("PREFILL_MODE", _one_of(Mode), "plan or apply"),
        phone_sources=reader.read(
            "PREFILL_PHONE_SOURCES",
            _sources,
            "mobilePhone, businessPhones, extensionAttribute1 to 15, comma-separated",
        ),
        default_region=reader.read("PREFILL_DEFAULT_REGION", _region_or_none, "an ISO alpha-2 region such as NL"),
        allowed_regions=reader.read("PREFILL_ALLOWED_REGIONS", _regions, "ISO alpha-2 regions, comma-separated"),
        existing_phone=reader.read("PREFILL_EXISTING_PHONE", _one_of(ExistingPhone), "keep, follow or replace"),
        change_hold=reader.read("PREFILL_CHANGE_HOLD", _duration, "0, or a number with s, m, h or d, such as 24h"),
        stronger_method=reader.read("PREFILL_STRONGER_METHOD", _one_of(StrongerMethod), "skip or add"),
        mfa_state=reader.read("PREFILL_MFA_STATE", _target_state, "none, enabled or enforced"),
        default_method=reader.read("PREFILL_DEFAULT_METHOD", _method_or_none, "none, sms or voiceMobile"),
        include_groups=reader.read("PREFILL_INCLUDE_GROUPS", _guids, "group object ids, comma-separated"),
        exclude_groups=reader.read("PREFILL_EXCLUDE_GROUPS", _guids, "group object ids, comma-separated"),
        include_guests=reader.read("PREFILL_INCLUDE_GUESTS", _boolean, "true or false"),
        exclude_privileged=reader.read("PREFILL_EXCLUDE_PRIVILEGED", _boolean, "true or false"),
        require_synced=reader.read("PREFILL_REQUIRE_SYNCED", _boolean, "true or false"),
    )


def _keys(reader: _Reader) -> Keys:
    wanted = f"a random text of at least {LEAST_SECRET} characters, kept in Key Vault"
    current = reader.read("PREFILL_SECRET", _secret, wanted)
    return Keys(current or "", reader.read("PREFILL_SECRET_PREVIOUS", _secret_or_none, wanted))


def _public_url(reader: _Reader) -> str:
    """PREFILL_PUBLIC_URL, else the platform's own name for this app."""
    text, host = reader.text("PREFILL_PUBLIC_URL"), reader.environment.get("WEBSITE_HOSTNAME", "")
    if not text and not host:
        reader.wrong("PREFILL_PUBLIC_URL", "is missing and so is WEBSITE_HOSTNAME", "Set it to this app's https URL")
        return ""
    try:
        return _web_url(text or f"https://{host}")
    except ValueError as error:
        reader.wrong("PREFILL_PUBLIC_URL", str(error), "Set it to this app's https URL")
        return ""


def _storage(reader: _Reader) -> StorageSettings:
    """As the Functions host reads a connection: the plain value wins, then endpoints, then the account's name."""
    environment = reader.environment
    plain = environment.get(STORAGE, "").strip()
    if plain:
        return StorageSettings(connection_string=plain)
    account = environment.get(f"{STORAGE}__accountName", "").strip()
    queue_url = environment.get(f"{STORAGE}__queueServiceUri", "").strip()
    table_url = environment.get(f"{STORAGE}__tableServiceUri", "").strip()
    if account:
        queue_url = queue_url or f"https://{account}.queue.core.windows.net"
        table_url = table_url or f"https://{account}.table.core.windows.net"
    if not queue_url or not table_url:
        fix = f"Set it to a connection string, or set {STORAGE}__queueServiceUri and {STORAGE}__tableServiceUri"
        reader.wrong(STORAGE, "is missing", fix)
    client_id = environment.get(f"{STORAGE}__clientId") or environment.get("AZURE_CLIENT_ID") or None
    return StorageSettings(None, queue_url, table_url, client_id)


# --- parsers: text to value, ValueError with what is wrong (never with the value of a secret) ------------------------


def _one_of[E: StrEnum](kind: type[E]) -> Callable[[str], E]:
    def parse(text: str) -> E:
        for member in kind:
            if member.value.lower() == text.lower():
                return member
        raise ValueError(f"{text!r} is not a value it knows")

    return parse


def _target_state(text: str) -> MfaState | None:
    if text.lower() == "disabled":
        raise ValueError("'disabled' would lower a state, which is never done")
    return None if text.lower() == "none" else _one_of(MfaState)(text)


def _method_or_none(text: str) -> DefaultMethod | None:
    return None if text.lower() == "none" else _one_of(DefaultMethod)(text)


def _boolean(text: str) -> bool:
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def _count(text: str) -> int:
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise ValueError(f"{text!r} is not a whole number from 1")
    return int(text)


def _duration(text: str) -> timedelta:
    match = re.fullmatch(r"([0-9]{1,6})\s*([smhd]?)", text.lower())
    if not match or (not match[2] and match[1].strip("0")):
        raise ValueError(f"{text!r} is not a duration")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "": "seconds"}[match[2]]
    duration = timedelta(**{unit: int(match[1])})
    if duration > LONGEST_HOLD:
        raise ValueError(f"{text!r} is longer than {LONGEST_HOLD.days} days")
    return duration


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]


def _sources(text: str) -> tuple[str, ...]:
    known = ["mobilePhone", "businessPhones", *(f"extensionAttribute{n}" for n in range(1, 16))]
    by_lower = {name.lower(): name for name in known}
    unknown = [part for part in _list(text) if part.lower() not in by_lower]
    if unknown or not _list(text):
        raise ValueError(f"{', '.join(unknown) or 'nothing'} is not a source it knows")
    return tuple(dict.fromkeys(by_lower[part.lower()] for part in _list(text)))


def _regions(text: str) -> frozenset[str]:
    regions = [part.upper() for part in _list(text)]
    unknown = [region for region in regions if region not in SUPPORTED_REGIONS]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not a region with phone numbers")
    return frozenset(regions)


def _region_or_none(text: str) -> str | None:
    regions = _regions(text)
    if len(regions) > 1:
        raise ValueError("names more than one region")
    return next(iter(regions), None)


def _guid(text: str) -> str:
    guid = object_id(text)
    if guid is None:
        raise ValueError(f"{text!r} is not a GUID")
    return guid


def _guids(text: str) -> frozenset[str]:
    return frozenset(_guid(part) for part in _list(text))


def _secret(text: str) -> str:
    if len(text) < LEAST_SECRET:
        raise ValueError(f"has {len(text)} characters")
    return text


def _secret_or_none(text: str) -> str | None:
    return _secret(text) if text else None


def _web_url(text: str) -> str:
    parts = urlsplit(text)
    if not parts.hostname or parts.path.strip("/") or parts.query or parts.fragment or parts.username:
        raise ValueError(f"{text!r} is not a root URL")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError(f"{text!r} is not https")
    return f"{parts.scheme}://{parts.netloc}".lower()


def _graph_url(text: str) -> str:
    """A Graph root of a known cloud; anything on the loopback address, for a simulator."""
    url = _web_url(text)
    if url not in NATIONAL_CLOUDS and urlsplit(url).hostname not in LOOPBACK:
        raise ValueError(f"{text!r} is not a Microsoft Graph that is known; tokens would go there")
    return url


def _schedule(text: str) -> str:
    fields = text.split()
    if len(fields) != NCRONTAB_FIELDS or not all(re.fullmatch(r"[0-9A-Za-z*,/-]+", part) for part in fields):
        raise ValueError(f"{text!r} is not NCRONTAB")
    return " ".join(fields)
