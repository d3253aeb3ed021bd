"""The real Graph client against a simulator in the test's own loop, with a token that carries the roles we need."""

import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import aiohttp
import pytest_asyncio
from azure.core.credentials import AccessToken

from dev.graph_simulator.auth import make_token
from dev.graph_simulator.launcher import serving_simulator
from shared.graph.client import GraphClient
from tests.fakes import own_pace

APP_ID = "0a0a0a0a-0000-4000-8000-00000000000a"
ROLES = (
    "User.Read.All",
    "UserAuthMethod-Phone.ReadWrite.All",
    "UserAuthenticationMethod.Read.All",
    "Policy.ReadWrite.AuthenticationMethod",
)


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Credential:
    """Hands out one token; remembers for which scopes it was asked."""

    audience: str
    tenant_id: str
    roles: tuple[str, ...] = ROLES
    asked: list[str] = field(default_factory=list)

    async def get_token(self, *scopes: str, **_: Any) -> AccessToken:
        self.asked += scopes
        expires = int(time.time()) + 3600
        token = make_token(APP_ID, self.roles, audience=self.audience, tenant_id=self.tenant_id, expires=expires)
        return AccessToken(token, expires)

    async def close(self) -> None:
        """Nothing to close."""

    async def __aenter__(self) -> "Credential":
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""


@dataclass
class Sim:
    """The simulator's control API, and the client under test."""

    url: str
    client: GraphClient
    credential: Credential
    session: aiohttp.ClientSession

    async def call(self, method: str, path: str, body: object = None) -> Any:
        async with self.session.request(method, f"{self.url}/sim/{path}", json=body) as response:
            return await response.json() if response.content_type == "application/json" else None

    async def person(self, **properties: Any) -> str:
        """A user that has existed for a while; its id."""
        body = {"usageLocation": "NL", "mobilePhone": "06 12345678", "existing": True} | properties
        return str((await self.call("POST", "users", body))["id"])

    async def faults(self, **switches: Any) -> None:
        await self.call("PUT", "faults", switches)

    async def rule(self, effect: dict[str, Any], scope: str = "inner", **match: Any) -> None:
        await self.faults(rules=[{"match": match, "effect": effect, "scope": scope}])


@pytest_asyncio.fixture
async def sim() -> AsyncIterator[Sim]:
    async with serving_simulator() as served, aiohttp.ClientSession() as session:
        credential = Credential(served.url, served.tenant.id)
        async with GraphClient(served.url, credential, now, own_pace(now), own_pace(now)) as client:
            yield Sim(served.url, client, credential, session)
