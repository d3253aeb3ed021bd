"""What may be shown of requests and answers: the shape, the codes, and no number, id, name or secret. Pure.

Values are shown only under names that are known to hold words of Graph's own (an allow-list); everything else is
`<text>`. What is shown is searched for ids, addresses, names of the tenant and numbers all the same, because error
messages quote data.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from dev.verify_tenant.exchange import Answer, Exchange, Json, Request
from dev.verify_tenant.numbers import NUMBERS

SHOWN = frozenset(
    {
        "@odata.type",
        "@odata.context",
        "@odata.deltaLink",
        "@odata.nextLink",
        "Message",
        "MessageDetail",
        "accountEnabled",
        "changeType",
        "code",
        "createdDateTime",
        "dependsOn",
        "errorCode",
        "expirationDateTime",
        "externalUserState",
        "groupIds",
        "id",
        "isManagementRestricted",
        "lifecycleEvent",
        "message",
        "method",
        "mobilePhone",
        "perUserMfaState",
        "phoneNumber",
        "phoneType",
        "principalId",
        "reason",
        "resource",
        "smsSignInState",
        "state",
        "status",
        "subscriptionExpirationDateTime",
        "subscriptionId",
        "systemPreferredAuthenticationMethod",
        "target",
        "tenantId",
        "organizationId",
        "url",
        "usageLocation",
        "userPreferredMethodForSecondaryAuthentication",
        "userType",
    }
)
"""Names whose texts are shown, masked."""

HEADERS = ("content-type", "location", "retry-after", "www-authenticate")
HEADER_PREFIXES = ("x-ms-throttle", "x-ms-resource-unit")

PUBLISHED = {
    "3179e48a-750b-4051-897c-87b9720928f7": "mobile-method",
    "b6332ec1-7057-4abe-9331-3d72feddfe41": "alternate-method",
    "e37fc753-ff3b-4958-9484-eaa9425c82bc": "office-method",
    "28c10230-6103-485e-b985-444c60001490": "password-method",
    "00000003-0000-0000-c000-000000000000": "microsoft-graph",
}
"""Ids that Microsoft publishes, the same in every tenant."""

_GUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b", re.IGNORECASE)
_ADDRESS = re.compile(r"[\w.+$'#%-]+@(?:[\w-]+\.)+[\w-]+")
_TOKEN = re.compile(r"(?<=token=)[^&\s\"]+", re.IGNORECASE)
_OPAQUE = re.compile(r"\b(?=[A-Za-z_-]*[0-9])[A-Za-z0-9_-]{40,}={0,2}")
_URL_HOST = re.compile(r"(https?://)([^/\s\"']+)")
_LONG_NUMBER = re.compile(r"(?<![0-9A-Za-z<])\+?\(?[0-9][0-9 ()/.•-]{5,}[0-9](?![0-9A-Za-z])")
_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[T ][0-9:.]+)?")
_SHOWN_HOSTS = ("graph.microsoft.com", "login.microsoftonline.com", "mface.windowsazure.com", "aka.ms")


@dataclass(slots=True)
class Names:
    """Names for ids, in the order in which they are met, and the tenant's own words. The same id gets the same name."""

    known: dict[str, str] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    hosts: frozenset[str] = frozenset()
    """Hosts that may be shown: the Graph that was asked."""

    def call(self, identifier: str, name: str) -> None:
        """Give an id a name of its own."""
        self.known[identifier.lower()] = name

    def hide(self, word: str, name: str) -> None:
        """Replace a word, such as a domain, wherever it appears."""
        if word:
            self.words[word.lower()] = name

    def name_of(self, identifier: str) -> str:
        """The name of an id; a new one for an id that was not met before."""
        lowered = identifier.lower()
        return PUBLISHED.get(lowered) or self.known.setdefault(lowered, f"id-{len(self.known) + 1}")


def masked_text(text: str, names: Names) -> str:
    """A text without ids, addresses, tokens, hosts, names of the tenant and numbers."""
    for number in NUMBERS:
        text = text.replace(number.national, f"<{number.name}>")
    text = _TOKEN.sub("<token>", text)
    text = _GUID.sub(lambda found: f"<{names.name_of(found[0])}>", text)
    text = _ADDRESS.sub("<name>@<domain>", text)
    for word, name in names.words.items():
        text = re.sub(re.escape(word), f"<{name}>", text, flags=re.IGNORECASE)
    text = _URL_HOST.sub(lambda found: found[1] + _host(found[2], names), text)
    text = _OPAQUE.sub("<opaque>", text)
    return _without_numbers(text)


def _host(host: str, names: Names) -> str:
    return host if host in names.hosts or host in _SHOWN_HOSTS else "<host>"


def _without_numbers(text: str) -> str:
    """Replace what could be a phone number; moments stay."""

    def replace(found: re.Match[str]) -> str:
        if _MOMENT.fullmatch(found[0]) or sum(sign.isdigit() for sign in found[0]) < 7:
            return found[0]
        return "<number>"

    kept: list[str] = []
    position = 0
    for moment in _MOMENT.finditer(text):
        kept += [_LONG_NUMBER.sub(replace, text[position : moment.start()]), moment[0]]
        position = moment.end()
    return "".join([*kept, _LONG_NUMBER.sub(replace, text[position:])])


def masked_value(value: Any, names: Names, key: str = "") -> Any:
    """A JSON value as it may be shown."""
    if isinstance(value, Mapping):
        return {name: masked_value(inner, names, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked_value(inner, names, key) for inner in value]
    if isinstance(value, str):
        return masked_text(value, names) if key in SHOWN else f"<text of {len(value)}>"
    return value


def masked_exchange(exchange: Exchange, names: Names) -> Json:
    """A request and its answer as they may be shown."""
    return {
        "label": exchange.label,
        "request": masked_request(exchange.request, names),
        "answer": masked_answer(exchange.answer, names),
    }


def masked_request(request: Request, names: Names) -> Json:
    """Method, path and body; headers that the caller chose by name only."""
    return {
        "method": request.method,
        "path": masked_text(f"/{request.version}{request.path}", names),
        "body": masked_value(request.body, names),
        "headers": sorted(request.headers),
    }


def masked_answer(answer: Answer, names: Names) -> Json:
    """Status, time, the headers that matter, and the body."""
    return {
        "status": answer.status,
        "seconds": round(answer.seconds, 2),
        "headers": {name: masked_text(value, names) for name, value in _telling(answer.headers)},
        "body": masked_value(answer.body, names),
    }


def _telling(headers: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in headers.items() if name in HEADERS or name.startswith(HEADER_PREFIXES))
