"""One process of the app, down to its HTTP library, without sockets and without time of its own.

Every I/O call passes a gate: there it takes its (simulated) time, and there the world may interfere.
"""

import asyncio
import itertools
import json
import selectors
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, cast

import httpx
from azure.core.credentials import AccessToken

from dev.graph_simulator.auth import make_token
from dev.graph_simulator.clock import Clock
from dev.graph_simulator.dispatch import HANG_SECONDS, Dispatcher
from dev.graph_simulator.exchange import GraphRequest, GraphResponse
from dev.graph_simulator.subscriptions import Subscriptions
from dev.graph_simulator.tenant import Tenant
from dev.graph_simulator.urls import build_routes
from shared.graph.client import GraphClient, Service
from shared.pace import Pace
from shared.permissions import needed
from shared.policy import Policy
from tests.fakes import own_pace

ROOT = "https://graph.contoso.example"
APP_ID = "0a0a0a0a-0000-4000-8000-00000000000a"
START = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
FAR = START.timestamp() + 10 * 365 * 86_400

UNDER_WAY = 1.0
"""Seconds for which a request may have been under way when an answer to another one said: wait."""

WORK: ContextVar[str] = ContextVar("WORK", default="nobody")
"""Which message is being worked on: what two looks at once do can be told apart."""


class Crash(Exception):
    """The process ends here; nothing it still does reaches the world."""


class Outage(ConnectionError):
    """A call to storage failed; the process lives on."""


# --- time ------------------------------------------------------------------------------------------------------------


class StillClock(Clock):
    """Only moves when it is told to, or when everybody waits for something."""

    def now(self) -> float:
        return START.timestamp() + self.skipped

    def real(self) -> float:
        return self.now()


class _Sleepers(selectors.SelectSelector):
    """Where an event loop sleeps: the clock moves instead."""

    clock = StillClock()

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise RuntimeError("everybody waits, and nothing is going to happen")
        if timeout > 0:
            self.clock.advance(timeout)
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """An event loop in which nobody ever really waits."""

    def __init__(self) -> None:
        self._sleepers = _Sleepers()
        super().__init__(self._sleepers)

    def begin(self) -> StillClock:
        """A new clock for a new world."""
        self._sleepers.clock = StillClock()
        return self._sleepers.clock

    def time(self) -> float:
        return self._sleepers.clock.skipped


# --- what every call passes ------------------------------------------------------------------------------------------


@dataclass
class Gate:
    """Every I/O call of one process passes here twice, before it is done and after; a surprise waits at some passes."""

    seconds: Iterator[float] = field(default_factory=lambda: itertools.repeat(0.0))
    surprises: dict[int, Callable[[], None]] = field(default_factory=dict)
    passed: int = 0
    dead: bool = False

    async def through[T](self, call: Callable[[], Awaitable[T]]) -> T:
        await asyncio.sleep(next(self.seconds))
        self._pass()
        answer = await call()
        self._pass()
        return answer

    def expect(self, surprises: Mapping[int, Callable[[], None]], seconds: Iterator[float]) -> None:
        self.passed, self.surprises, self.seconds = 0, dict(surprises), seconds

    def _pass(self) -> None:
        self.passed += 1
        surprise = self.surprises.pop(self.passed, None)
        if surprise and not self.dead:
            surprise()
        if self.dead:
            raise Crash


@dataclass
class Account:
    """The storage account. `down`: the ports that fail now; `done`: they fail after the call has been done."""

    down: frozenset[str] = frozenset()
    done: bool = False

    async def reach(self, port: str, call: Callable[[], Awaitable[object]]) -> object:
        if port not in self.down:
            return await call()
        if self.done:
            await call()
        raise Outage(port)


class _Port:
    def __init__(self, port: object, gate: Gate, account: Account) -> None:
        self._port, self._gate, self._account = port, gate, account

    def __getattr__(self, name: str) -> Any:
        method, kind = getattr(self._port, name), type(self._port).__name__

        async def call(*given: object, **named: object) -> object:
            return await self._gate.through(lambda: self._account.reach(kind, lambda: method(*given, **named)))

        return call


def through[P](port: P, gate: Gate, account: Account) -> P:
    """The port as a process reaches it."""
    return cast("P", _Port(port, gate, account))


# --- the wire --------------------------------------------------------------------------------------------------------


@dataclass
class Wait:
    """When a service asked to wait, and until when."""

    told_at: float = 0.0
    until: float = 0.0


class Wire(httpx.AsyncBaseTransport):
    """From the app's HTTP client straight into the simulator. `hasty`: requests sent before Graph's Retry-After."""

    def __init__(self) -> None:
        self.gate = Gate()
        self.dispatch: Dispatcher | None = None
        self.hasty: list[str] = []
        self._waits = {service: Wait() for service in Service}
        self._now: Callable[[], float] = lambda: 0.0
        self._numbers = itertools.count(1)

    def connect(self, tenant: Tenant, gate: Gate, marked: Mapping[Service, float]) -> None:
        """A new process at this end. What its predecessor was told and did not live to mark, nobody can know."""
        for service, wait in self._waits.items():
            wait.until = min(wait.until, marked[service])
        self.gate, self._now = gate, tenant.now
        self.dispatch = Dispatcher(tenant, build_routes(Subscriptions(_no_handshake)))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        assert self.dispatch
        content = await request.aread()
        urls = _addresses(request, content)
        for service in {_service(url) for url in urls}:
            if self._waits[service].told_at + UNDER_WAY < self._now() < self._waits[service].until:
                self.hasty.append(f"{service.value}: {request.url.path}")
        dispatch, asked = self.dispatch, self._read(request, content)
        answer = await self.gate.through(lambda: dispatch(asked))
        if answer.cut:
            # the slowest of all failures: the client gives up by itself
            await asyncio.sleep(HANG_SECONDS)
        for service, seconds in _asked_to_wait(answer, content).items():
            wait = self._waits[service]
            wait.told_at, wait.until = self._now(), max(wait.until, self._now() + seconds)
        return _http(answer)

    def _read(self, request: httpx.Request, content: bytes) -> GraphRequest:
        version, _, path = request.url.raw_path.decode().partition("?")[0].lstrip("/").partition("/")
        exchange = f"{WORK.get()}/{next(self._numbers)}"
        return GraphRequest(
            method=request.method,
            version=version,
            path=f"/{path}",
            query=dict(request.url.params),
            headers={name.casefold(): value for name, value in request.headers.items()},
            body=json.loads(content) if content else None,
            base_url=ROOT,
            request_id=exchange,
            exchange=exchange,
        )


def _http(answer: GraphResponse) -> httpx.Response:
    headers = dict(answer.headers)
    if answer.html is not None:
        return httpx.Response(answer.status, headers=headers, html=answer.html)
    if answer.body is None:
        return httpx.Response(answer.status, headers=headers)
    return httpx.Response(answer.status, headers=headers, json=answer.body)


def _service(url: str) -> Service:
    """Which service behind Graph answers: each throttles on its own."""
    return Service.ROLES if "roleManagement" in url or "privilegedAccess" in url else Service.DIRECTORY


def _parts(content: bytes) -> dict[str, str]:
    """The addresses in a batch, by the id of the part."""
    body = json.loads(content) if content else {}
    return {str(part["id"]): str(part["url"]) for part in body.get("requests", ())}


def _addresses(request: httpx.Request, content: bytes) -> list[str]:
    return [*_parts(content).values()] or [request.url.path]


def _asked_to_wait(answer: GraphResponse, content: bytes) -> dict[Service, float]:
    """Seconds that this answer, or one inside it, tells the client to wait, by the service that says so."""
    parts = _parts(content)
    inner = (answer.body or {}).get("responses") or []
    told = [
        (Service.DIRECTORY, answer.status, answer.headers),
        *((_service(parts[str(item["id"])]), item["status"], item.get("headers") or {}) for item in inner),
    ]
    waits: dict[Service, float] = {}
    for service, status, headers in told:
        if status == 429:
            waits[service] = max(waits.get(service, 0.0), float(headers.get("Retry-After") or 0))
    return waits


async def _no_handshake(url: str, seconds: float) -> None:
    raise AssertionError("nobody subscribes here")


@dataclass
class Credential:
    """Grants what the policy needs and nothing else."""

    tenant_id: str = ""
    roles: tuple[str, ...] = ()

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        return AccessToken(_token(self.tenant_id, self.roles), int(FAR))

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> "Credential":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""


@lru_cache
def _token(tenant_id: str, roles: tuple[str, ...]) -> str:
    return make_token(APP_ID, roles, audience=ROOT, tenant_id=tenant_id, expires=FAR)


class Line:
    """A Graph client on a wire. Its HTTP client takes long to make: one serves many worlds, remembering nothing."""

    def __init__(self) -> None:
        self.wire, self.credential = Wire(), Credential()
        self.client = GraphClient(
            ROOT, self.credential, lambda: START, own_pace(lambda: START), own_pace(lambda: START)
        )
        self.client._http._transport, self.client._http._mounts = self.wire, {}

    def forget(self) -> None:
        """For a new world."""
        self.wire = Wire()
        self.client._http._transport = self.wire

    def connect(
        self, tenant: Tenant, gate: Gate, policy: Policy, pace: Pace, role_pace: Pace, marked: Mapping[Service, float]
    ) -> None:
        """`marked`: until when the records of all instances say that nobody may ask; seconds since 1970."""
        self.client.now = pace.now
        self.client._paces = {Service.DIRECTORY: pace, Service.ROLES: role_pace}
        self.wire.connect(tenant, gate, marked)
        self.credential.tenant_id = tenant.id
        self.credential.roles = tuple(permission.name for permission in needed(policy))
