"""Microsoft's own typed clients, pointed at the simulator. They share no code with the app's use of the SDK."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import pytest_asyncio
from kiota_abstractions.authentication import AllowedHostsValidator
from kiota_abstractions.authentication.access_token_provider import AccessTokenProvider
from kiota_abstractions.authentication.base_bearer_token_authentication_provider import (
    BaseBearerTokenAuthenticationProvider,
)
from msgraph import GraphRequestAdapter, GraphServiceClient

from dev.graph_simulator.launcher import serving_simulator
from tests.contract.graph_simulator.client import Graph
from tests.contract.graph_simulator.conftest import CALM
from tests.contract.graph_simulator.tour import EVERY_ROLE


class Token(AccessTokenProvider):
    """Hands out a token with `roles`."""

    def __init__(self, graph: Graph) -> None:
        self._graph = graph
        self.roles: tuple[str, ...] = EVERY_ROLE

    async def get_authorization_token(self, uri: str, additional_authentication_context: Any = None) -> str:
        return self._graph.token(self.roles)

    def get_allowed_hosts_validator(self) -> AllowedHostsValidator:
        return AllowedHostsValidator([])


@dataclass
class Foreign:
    """Both typed clients, their token, and the simulator's control API."""

    v1: GraphServiceClient
    beta: Any
    token: Token
    graph: Graph


@pytest_asyncio.fixture
async def foreign() -> AsyncIterator[Foreign]:
    import msgraph_beta

    async with serving_simulator() as served, aiohttp.ClientSession() as session, httpx.AsyncClient() as http:
        served.tenant.switches = CALM
        graph = Graph(served.url, served.tenant, session)
        token = Token(graph)
        adapters: dict[str, Any] = {
            "v1.0": GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(token), http),
            "beta": msgraph_beta.GraphRequestAdapter(BaseBearerTokenAuthenticationProvider(token), http),
        }
        for version, adapter in adapters.items():
            adapter.base_url = f"{served.url}/{version}"
        v1 = GraphServiceClient(request_adapter=adapters["v1.0"])
        yield Foreign(v1, msgraph_beta.GraphServiceClient(request_adapter=adapters["beta"]), token, graph)
