"""One msgraph-sdk client, with what must not happen switched off.

The SDK's own way retries POST and PATCH by itself, sleeps up to nine minutes inside a call, follows redirects and
fetches a token for whatever host a stored link names. Here every request is sent once, to the configured host only, and
every answer comes back as a value. Responses are read as JSON: the SDK's models would import 1,200 modules on the first
call and turn what they do not know into None.
"""

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime
from enum import Enum
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import httpx
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import AzureError
from kiota_abstractions.native_response_handler import NativeResponseHandler
from kiota_abstractions.request_information import RequestInformation
from kiota_authentication_azure.azure_identity_authentication_provider import (
    AzureIdentityAuthenticationProvider,
)
from kiota_http.middleware.options import ResponseHandlerOption
from msgraph import GraphRequestAdapter, GraphServiceClient

from shared.errors import Failure, Transient
from shared.graph.replies import Reply, parsed
from shared.models import Reason
from shared.pace import Pace

_log = logging.getLogger("mfa_prefill.graph")

USUAL_SECONDS = 20
SLOW_SECONDS = 60
"""Creating a subscription waits for two handshakes; a first delta page can be slow."""

Answer = Reply | Failure


class Service(Enum):
    """Which service behind Graph answers a request: each throttles on its own."""

    DIRECTORY = "directory"
    ROLES = "roles"
    """Privileged Identity Management and role assignments. It throttles early, with code `UnknownError`.

    https://github.com/cisagov/ScubaGear/issues/2157
    """


class GraphClient:
    """Sends requests that the SDK's builders made. Use as an async context manager, or close it."""

    def __init__(
        self,
        graph_url: str,
        credential: AsyncTokenCredential,
        now: Callable[[], datetime],
        pace: Pace,
        role_pace: Pace,
        patience: float = USUAL_SECONDS,
    ) -> None:
        self.root = graph_url
        self.patience = patience
        """Seconds an answer may take where a call says nothing else."""
        self.now = now
        self._paces = {Service.DIRECTORY: pace, Service.ROLES: role_pace}
        host = urlsplit(graph_url)
        provider = AzureIdentityAuthenticationProvider(
            credential, scopes=[f"{graph_url}/.default"], allowed_hosts=[host.netloc, host.hostname or ""]
        )
        timeout = httpx.Timeout(SLOW_SECONDS, connect=5)
        self._http = httpx.AsyncClient(timeout=timeout, http2=True, follow_redirects=False)
        # a plain client: the SDK's own comes with middleware that retries, sleeps and redirects
        self._adapter = GraphRequestAdapter(provider, self._http)
        self._adapter.base_url = f"{graph_url}/v1.0"
        self.sdk = GraphServiceClient(request_adapter=self._adapter)
        """Request builders: `sdk.users.by_user_id(id).to_get_request_information()` and so on."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Closes the connections; the credential belongs to its maker."""
        await self._http.aclose()

    async def send(
        self, request: RequestInformation, seconds: float | None = None, service: Service = Service.DIRECTORY
    ) -> Answer:
        """One attempt. A Failure stands for an answer that never came; a Reply may well be an error of Graph's.

        Raises what storage raises: the mark of `shared.pace` is read there.
        """
        stopped = await self.stopped(service)
        if stopped:
            return stopped
        self._complete(request)
        if not self.is_ours(request.url):
            raise ValueError("a Graph link that leads to another host")
        request.add_request_options([ResponseHandlerOption(NativeResponseHandler())])
        try:
            async with asyncio.timeout(seconds or self.patience):
                response: Any = await self._adapter.send_primitive_async(request, "bytes", {})
        except (httpx.HTTPError, TimeoutError) as error:
            return Transient(Reason.GRAPH_UNAVAILABLE, type(error).__name__)
        except AzureError as error:
            return Transient(Reason.GRAPH_UNAVAILABLE, f"no token: {type(error).__name__}")
        reply = Reply(response.status_code, response.headers, parsed(response.content))
        self.heed(reply, service)
        await self._paces[service].share()
        return reply

    async def stopped(self, service: Service) -> Transient | None:
        """Why nothing may be sent to this service now; None when a request may go out. Raises what storage raises."""
        wait = await self._paces[service].turn()
        return Transient(Reason.THROTTLED, "waiting as Graph asked", wait) if wait else None

    def relative(self, request: RequestInformation) -> str:
        """The path and query of a builder's request, as a batch wants it.

        Builders leave the host open until the adapter has sent a first request of theirs, and encode the dollar sign of
        query options.
        """
        return request.url.removeprefix(self._adapter.base_url).replace("%24", "$")

    def _complete(self, request: RequestInformation) -> None:
        """Gives a builder's request its host; links that Graph gave us stay as they are."""
        if "request-raw-url" not in request.path_parameters and not request.url.startswith(f"{self.root}/"):
            request.url = f"{self._adapter.base_url}{self.relative(request)}"

    def is_ours(self, url: str) -> bool:
        """Whether a URL leads to the configured Graph: the same scheme, host and port, and no user part."""
        ours, theirs = urlsplit(self.root), urlsplit(url)
        return (ours.scheme, ours.netloc) == (theirs.scheme, theirs.netloc.lower())

    def heed(self, reply: Reply, service: Service, *, may_be_forbidden: bool = False) -> None:
        """Notes what an answer, also one inside a batch, says about the pace, and logs a 403.

        `may_be_forbidden`: the permission for this request is optional, so a 403 is no alarm.
        """
        failure = None if reply.ok else reply.failure(self.now)
        throttled = isinstance(failure, Transient) and failure.reason is Reason.THROTTLED
        wait = failure.delay if isinstance(failure, Transient) else None
        self._paces[service].answered(throttled, wait, reply.used)
        if reply.status == HTTPStatus.FORBIDDEN and not may_be_forbidden:
            _log.warning("Graph does not allow this: 403 %s", reply.code, extra={"action": "graph_forbidden"})

    async def share_pace(self) -> None:
        """After the answers of a batch were heeded. Raises what storage raises."""
        for pace in self._paces.values():
            await pace.share()
