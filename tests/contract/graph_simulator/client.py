"""A small Graph client and a webhook for tests of the simulator."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

import aiohttp
from aiohttp import web

from dev.graph_simulator.auth import make_token
from dev.graph_simulator.clock import iso
from dev.graph_simulator.tenant import Tenant

APP = "11111111-aaaa-4aaa-8aaa-111111111111"
ROLES = (
    "User.Read.All",
    "GroupMember.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
    "Policy.ReadWrite.AuthenticationMethod",
)
MOBILE_ID = "3179e48a-750b-4051-897c-87b9720928f7"
ALTERNATE_ID = "b6332ec1-7057-4abe-9331-3d72feddfe41"
OFFICE_ID = "e37fc753-ff3b-4958-9484-eaa9425c82bc"
NUMBER, OTHER_NUMBER = "+49 1713920001", "+49 1713920002"


@dataclass(frozen=True)
class Answer:
    status: int
    body: dict[str, Any]
    headers: dict[str, str]
    text: str = ""

    @property
    def code(self) -> str:
        return str(self.body["error"]["code"])

    @property
    def message(self) -> str:
        return str(self.body["error"]["message"])

    @property
    def refusal(self) -> tuple[int, str, str]:
        return (self.status, self.code, self.message)


@dataclass
class Graph:
    """Calls Graph as one app, and the /sim/ door as its operator."""

    url: str
    tenant: Tenant
    session: aiohttp.ClientSession
    app: str = APP

    def token(self, roles: Iterable[str] = ROLES, **changes: Any) -> str:
        values: dict[str, Any] = {"audience": self.url, "tenant_id": self.tenant.id, "expires": time.time() + 600}
        return make_token(changes.pop("app", self.app), roles, **{**values, **changes})

    async def call(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        token: str | None = None,
        headers: dict[str, str] | None = None,
        roles: Iterable[str] = ROLES,
    ) -> Answer:
        sent = {"Authorization": f"Bearer {self.token(roles) if token is None else token}", **(headers or {})}
        return await self._send(method, path, body, sent)

    async def sim(self, method: str, path: str, body: object = None) -> Answer:
        return await self._send(method, f"/sim/{path}", body, {})

    async def _send(self, method: str, path: str, body: object, headers: dict[str, str]) -> Answer:
        url = path if path.startswith("http") else self.url + path
        async with self.session.request(method, url, json=body, headers=headers) as answer:
            text = await answer.text()
            value = await answer.json() if answer.content_type == "application/json" else {}
            return Answer(answer.status, value, dict(answer.headers), text)

    async def user(self, **fields: Any) -> str:
        """Create a user and return its id."""
        answer = await self.sim("POST", "users", fields)
        assert answer.status == 201, answer.text
        return str(answer.body["id"])

    async def batch(self, *requests: dict[str, Any], version: str = "v1.0") -> Answer:
        return await self.call("POST", f"/{version}/$batch", {"requests": list(requests)})

    async def phones(self, user: str) -> list[dict[str, Any]]:
        value: list[dict[str, Any]] = (await self.call("GET", phone_path(user))).body["value"]
        return value

    async def violations(self) -> list[str]:
        found = (await self.sim("GET", "violations")).body["violations"]
        return [item["invariant"] for item in found]

    async def races(self) -> list[str]:
        return [item["invariant"] for item in (await self.sim("GET", "violations")).body["races"]]

    def subscription(self, hook: "Webhook", **changes: Any) -> dict[str, Any]:
        """The body of a good subscription request."""
        return {
            "changeType": "updated",
            "notificationUrl": hook.url,
            "resource": "users",
            "expirationDateTime": iso(self.tenant.now() + 86_400),
            "clientState": "state",
            **changes,
        }


def phone_path(user: str, method: str = "", version: str = "v1.0") -> str:
    return f"/{version}/users/{user}/authentication/phoneMethods" + (f"/{method}" if method else "")


def state_path(user: str, version: str = "beta") -> str:
    return f"/{version}/users/{user}/authentication/requirements"


def preference_path(user: str, version: str = "beta") -> str:
    return f"/{version}/users/{user}/authentication/signInPreferences"


def phone(number: str = NUMBER, phone_type: str = "mobile") -> dict[str, str]:
    return {"phoneNumber": number, "phoneType": phone_type}


def inner(identifier: str, method: str, url: str, body: object = None, **more: Any) -> dict[str, Any]:
    request: dict[str, Any] = {"id": identifier, "method": method, "url": url, **more}
    if body is not None:
        request |= {"body": body, "headers": {"Content-Type": "application/json"}}
    return request


async def _echo(request: web.Request) -> web.Response:
    return web.Response(text=request.query["validationToken"])


@dataclass
class Webhook:
    """A notification endpoint; `handshake`, `statuses` and `delays` (seconds) say how it behaves."""

    url: str = ""
    handshake: Callable[[web.Request], Awaitable[web.StreamResponse]] = _echo
    statuses: list[int] = field(default_factory=list)
    delays: list[float] = field(default_factory=list)
    posts: list[list[dict[str, Any]]] = field(default_factory=list)
    handshakes: list[web.Request] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        if "validationToken" in request.query:
            self.handshakes.append(request)
            return await self.handshake(request)
        self.posts.append((await request.json())["value"])
        await asyncio.sleep(self.delays.pop(0) if self.delays else 0)
        return web.Response(status=self.statuses.pop(0) if self.statuses else 202)

    @property
    def items(self) -> list[dict[str, Any]]:
        return [item for post in self.posts for item in post]

    async def wait_for(self, count: int, seconds: float = 3.0) -> list[dict[str, Any]]:
        """Wait until `count` items have come."""
        async with asyncio.timeout(seconds):
            while len(self.items) < count:  # noqa: ASYNC110  (the hook knows no event)
                await asyncio.sleep(0.005)
        return self.items
