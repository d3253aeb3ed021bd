"""Every request that the app can send to Graph, recorded where it leaves the process."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from urllib.parse import unquote

import httpx

from shared.errors import PrefillError
from shared.graph.client import GraphClient
from shared.graph.delta import GraphChangedUsers
from shared.graph.directory import GraphDirectory
from shared.graph.roles import RoleReader
from shared.graph.subscriptions import GraphSubscriptions
from shared.graph.tenant import GraphTenant
from shared.models import DefaultMethod, DirectoryUser, MfaState, Observation
from shared.phone_number import PhoneNumber, RegionHints, read_number
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import Policy
from shared.subscription_rules import Desired
from tests.builders import ALICE, object_ids
from tests.fakes import own_pace
from tests.unit.graph_credential import Credential

ROOT = "https://graph.microsoft.com"
SUBSCRIPTION = "5b5c1f7d-0000-4000-8000-0000000000bb"
GROUP = "aaaaaaaa-0000-4000-8000-000000000000"
NOW = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
EVERYTHING = Policy(
    include_groups=frozenset(object_ids(21)), exclude_groups=frozenset({GROUP}), default_method=DefaultMethod.SMS
)
PAGE = f"{ROOT}/v1.0/users/delta?$skiptoken=abc"


@dataclass(frozen=True)
class Sent:
    """One request as it left: `url` relative to the version; `body` exactly as sent."""

    version: str
    method: str
    url: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def inner(self) -> list["Sent"]:
        """The requests in a batch; the request itself where it is none."""
        if not self.url.endswith("/$batch"):
            return [self]
        return [
            Sent(self.version, item["method"], item["url"], _compact(item.get("body")), item.get("headers") or {})
            for item in json.loads(self.body)["requests"]
        ]


def _compact(body: Any) -> bytes:
    return b"" if body is None else json.dumps(body, separators=(",", ":")).encode()


@dataclass
class Recorder:
    """A Graph that is well and empty, and notes what it is asked."""

    sent: list[Sent] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        version, _, rest = str(request.url).removeprefix(f"{ROOT}/").partition("/")
        noted = ("content-type", "accept", "x-ms-throttle-priority", "prefer", "consistencylevel")
        headers = {name: request.headers[name] for name in noted if name in request.headers}
        one = Sent(version, request.method, f"/{rest}", request.content, headers)
        self.sent.append(one)
        if one.url.endswith("/$batch"):
            parts = json.loads(request.content)["requests"]
            answers = [{"id": part["id"], "status": 200, "body": _body(part["url"])} for part in parts]
            return httpx.Response(200, json={"responses": answers})
        return httpx.Response(200, json=_body(one.url))


def _body(url: str) -> dict[str, Any]:
    address = unquote(url)
    if "isAssignableToRole eq" in address:
        return {"value": [{"id": GROUP}]}
    link = {"@odata.deltaLink": PAGE} if "delta" in address else {}
    subscription = {"id": SUBSCRIPTION, "expirationDateTime": "2026-12-20T10:00:00Z"}
    return {"value": [], "perUserMfaState": "disabled", **subscription, **link}


def number() -> PhoneNumber:
    """A number that Germany keeps for films: it is nobody's."""
    read = read_number("+49 171 3920001", RegionHints())
    assert isinstance(read, PhoneNumber)
    return read


ACTIONS: Mapping[str, Action] = {
    "add-phone": AddPhone(number()),
    "update-phone": UpdatePhone(number()),
    "set-default-method": SetDefaultMethod(DefaultMethod.SMS),
    "set-mfa-state-enabled": SetMfaState(MfaState.ENABLED),
    "set-mfa-state-enforced": SetMfaState(MfaState.ENFORCED),
}


async def record_all() -> dict[str, list[Sent]]:
    """By what the app was doing: everything it sent."""
    recorder = Recorder()
    found: dict[str, list[Sent]] = {}

    def note(name: str) -> None:
        found[name] = list(recorder.sent)
        recorder.sent.clear()

    async with GraphClient(ROOT, Credential(), lambda: NOW, own_pace(lambda: NOW), own_pace(lambda: NOW)) as client:
        client._http._transport, client._http._mounts = httpx.MockTransport(recorder), {}
        directory = GraphDirectory(client, EVERYTHING, RoleReader(client))
        await directory.observe([ALICE], [ALICE])
        note("look")
        await directory.in_background().observe([ALICE])
        note("look-in-background-with-the-roles-of-the-tenant")
        seen = {ALICE: Observation(DirectoryUser(ALICE), (), frozenset(), None)}
        await directory.confirm(seen)
        note("confirm-roles")
        for name, action in ACTIONS.items():
            await directory.write({ALICE: action})
            note(name)
            await directory.read_back(seen, {ALICE: action})
            note(f"{name}-read-back")
        await directory.find("alice@contoso.example")
        await directory.find("guest_fabrikam.example#EXT#@contoso.example")
        await directory.find("$svc.o'neil@contoso.example")
        note("find")
        await _others(client)
        note("others")
    return found


async def _others(client: GraphClient) -> None:
    changed = GraphChangedUsers(client)
    await changed.page(None)
    await changed.page(PAGE)
    tenant = GraphTenant(client, Credential())
    for question in (tenant.reads_users, tenant.role_eligibility, tenant.sms_policy):
        await question()
    desired = Desired("https://app.example/api/notifications", "https://app.example/api/lifecycle", "f")
    subscriptions = GraphSubscriptions(client, desired, "client-state")
    await subscriptions.all()
    await subscriptions.get(SUBSCRIPTION)
    await subscriptions.create(NOW)
    await subscriptions.renew(SUBSCRIPTION, NOW)
    try:
        await subscriptions.delete(SUBSCRIPTION)
    except PrefillError as error:  # the recorder answers 200 with a body
        raise AssertionError from error
