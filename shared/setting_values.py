"""The text of a setting to its value. ValueError says what is wrong, and never quotes a secret. Floor 5."""

import re
from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum
from urllib.parse import SplitResult, urlsplit

from shared.models import DefaultMethod, MfaState, object_id
from shared.regions import SUPPORTED_REGIONS

KEY_VAULT_REFERENCE = "@Microsoft.KeyVault("
"""What the app gets instead of a secret where the platform cannot read the Key Vault.
https://learn.microsoft.com/azure/app-service/app-service-key-vault-references"""

LEAST_SECRET = 32
LONGEST_HOLD = timedelta(days=90)
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
PHONE_SOURCES = ("mobilePhone", "businessPhones", *(f"extensionAttribute{n}" for n in range(1, 16)))

_HOST = re.compile(r"[A-Za-z0-9.\-]+|[0-9a-f:]+")


def one_of[E: StrEnum](kind: type[E]) -> Callable[[str], E]:
    """A parser for the members of an enumeration, in any case."""

    def parse(text: str) -> E:
        for member in kind:
            if member.value.lower() == text.lower():
                return member
        raise ValueError(f"{text!r} is not a value it knows")

    return parse


def target_state(text: str) -> MfaState | None:
    """A perUserMfaState to reach, None for `none`."""
    if text.lower() == "disabled":
        raise ValueError("'disabled' would lower a state, which is never done")
    return None if text.lower() == "none" else one_of(MfaState)(text)


def method_or_none(text: str) -> DefaultMethod | None:
    """A default method, None for `none`."""
    return None if text.lower() == "none" else one_of(DefaultMethod)(text)


def boolean(text: str) -> bool:
    """`true` or `false`."""
    if text.lower() not in ("true", "false"):
        raise ValueError(f"{text!r} is neither true nor false")
    return text.lower() == "true"


def count(text: str) -> int:
    """A whole number from 1."""
    if not re.fullmatch(r"[0-9]{1,9}", text) or int(text) < 1:
        raise ValueError(f"{text!r} is not a whole number from 1")
    return int(text)


def duration(text: str) -> timedelta:
    """`0`, or a number with s, m, h or d."""
    match = re.fullmatch(r"([0-9]{1,6})\s*([smhd]?)", text.lower())
    if not match or (not match[2] and match[1].strip("0")):
        raise ValueError(f"{text!r} is not a duration")
    unit = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "": "seconds"}[match[2]]
    parsed = timedelta(**{unit: int(match[1])})
    if parsed > LONGEST_HOLD:
        raise ValueError(f"{text!r} is longer than {LONGEST_HOLD.days} days")
    return parsed


def sources(text: str) -> tuple[str, ...]:
    """Attributes that may hold the number, each once, in order."""
    by_lower = {name.lower(): name for name in PHONE_SOURCES}
    unknown = [part for part in _list(text) if part.lower() not in by_lower]
    if unknown or not _list(text):
        raise ValueError(f"{', '.join(unknown) or 'nothing'} is not a source it knows")
    return tuple(dict.fromkeys(by_lower[part.lower()] for part in _list(text)))


def regions(text: str) -> frozenset[str]:
    """ISO alpha-2 regions. ASCII only: the upper case of a German sharp s is South Sudan."""
    unknown = [part for part in _list(text) if not part.isascii() or part.upper() not in SUPPORTED_REGIONS]
    if unknown:
        raise ValueError(f"{', '.join(unknown)} is not a region with phone numbers")
    return frozenset(part.upper() for part in _list(text))


def region_or_none(text: str) -> str | None:
    """One region, None for none."""
    found = regions(text)
    if len(found) > 1:
        raise ValueError("names more than one region")
    return next(iter(found), None)


def guid(text: str) -> str:
    """A GUID in lower case."""
    found = object_id(text)
    if found is None:
        raise ValueError(f"{text!r} is not a GUID")
    return found


def guids(text: str) -> frozenset[str]:
    """GUIDs, comma-separated."""
    return frozenset(guid(part) for part in _list(text))


def secret(text: str) -> str:
    """A secret that is long enough. Says its length, never itself."""
    if len(text) < LEAST_SECRET:
        raise ValueError(f"has {len(text)} characters")
    try:
        text.encode()
    except UnicodeEncodeError:
        # from None: the codec's message would quote a character
        raise ValueError("is not text") from None
    if text.startswith(KEY_VAULT_REFERENCE):
        raise ValueError("is a reference that the platform could not resolve: see the app's settings in the portal")
    return text


def secret_or_none(text: str) -> str | None:
    """A secret, None for none."""
    return secret(text) if text else None


def web_url(text: str) -> str:
    """A root URL over https, or over http on the loopback address."""
    parts = _split(text)
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError(f"{text!r} is not a root URL")
    return f"{parts.scheme}://{parts.netloc}".lower()


def graph_url(text: str) -> str:
    """A Graph root of a known cloud, or anything on the loopback address."""
    url = web_url(text)
    if url not in NATIONAL_CLOUDS and urlsplit(url).hostname not in LOOPBACK:
        raise ValueError(f"{text!r} is not a Microsoft Graph that is known; tokens would go there")
    return url


def endpoint(text: str) -> str:
    """A storage endpoint; an emulator's has the account's name as its path."""
    parts = _split(text)
    if parts.query or parts.fragment:
        raise ValueError(f"{text!r} is not an endpoint")
    return text.rstrip("/")


def account_name(text: str) -> str:
    """https://learn.microsoft.com/azure/storage/common/storage-account-overview#storage-account-name"""
    if not re.fullmatch(r"[a-z0-9]{3,24}", text):
        raise ValueError(f"{text!r} is not the name of a storage account")
    return text


def connection_string(text: str) -> str:
    """A storage connection string. It holds the account's key, so it is never quoted."""
    if text != "UseDevelopmentStorage=true" and not re.search(r"(?i)(^|;)(AccountName|QueueEndpoint)=.", text):
        raise ValueError("is not a connection string")
    return text


def _split(text: str) -> SplitResult:
    parts = urlsplit(text)
    # .port raises ValueError by itself for what is no port
    sane = parts.hostname and _HOST.fullmatch(parts.hostname) and "@" not in parts.netloc and parts.port != 0
    if not sane:
        raise ValueError(f"{text!r} is not a URL")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
        raise ValueError(f"{text!r} is not https")
    return parts


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_FIELDS: tuple[tuple[int, int, tuple[str, ...]], ...] = (
    # least, most and names: second, minute, hour, day, month, day of week
    *((0, 59, ()), (0, 59, ()), (0, 23, ()), (1, 31, ()), (1, 12, _MONTHS), (0, 6, _DAYS)),
)


def ncrontab(text: str) -> str:
    """Six fields, seconds first. https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer"""
    fields = text.split()
    fine = len(fields) == len(_FIELDS) and all(
        _is_part(part, *rule) for field, rule in zip(fields, _FIELDS, strict=True) for part in field.split(",")
    )
    if not fine:
        raise ValueError(f"{text!r} is not NCRONTAB")
    return " ".join(fields)


def _is_part(part: str, least: int, most: int, names: tuple[str, ...]) -> bool:
    """`*`, `5`, `1-5` or one of these with `/step`."""
    match = re.fullmatch(r"(\*|(?P<first>\w+)(-(?P<last>\w+))?)(/(?P<step>[0-9]+))?", part)
    if not match or (match["step"] and int(match["step"]) < 1):
        return False
    ends = [_number(end, least, names) for end in (match["first"], match["last"]) if end]
    return all(end is not None and least <= end <= most for end in ends) and ends == sorted(ends, key=lambda e: e or 0)


def _number(text: str, least: int, names: tuple[str, ...]) -> int | None:
    if text.upper() in names:
        return names.index(text.upper()) + least
    return int(text) if re.fullmatch(r"[0-9]{1,2}", text) else None


def _list(text: str) -> list[str]:
    return [part.strip() for part in text.split(",") if part.strip()]
