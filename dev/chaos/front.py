"""The platform's front end: one address, whichever instances are alive behind it."""

from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web

TIMEOUT_SECONDS = 230.0
"""https://learn.microsoft.com/azure/azure-functions/functions-scale#timeout"""

OF_ONE_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length", "host"})


@dataclass(slots=True)
class Front:
    """Round robin. Who cannot be connected to is passed over; what was sent to one that died is lost: 502."""

    living: Callable[[], Sequence[str]]
    session: aiohttp.ClientSession
    url: str = ""
    answers: Counter[int] = field(default_factory=Counter)
    _turn: int = 0

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request to whoever is next."""
        answer = await self._passed_on(request, await request.read())
        self.answers[answer.status] += 1
        return answer

    async def _passed_on(self, request: web.BaseRequest, body: bytes) -> web.Response:
        hosts = self.living()
        for _ in hosts:
            self._turn += 1
            host = hosts[self._turn % len(hosts)]
            try:
                return await self._asked(host, request, body)
            except aiohttp.ClientConnectorError:
                continue
            except (aiohttp.ClientError, TimeoutError):
                return web.Response(status=502)
        return web.Response(status=503)

    async def _asked(self, host: str, request: web.BaseRequest, body: bytes) -> web.Response:
        headers = {name: value for name, value in request.headers.items() if name.lower() not in OF_ONE_HOP}
        url = f"{host}{request.raw_path if isinstance(request, web.Request) else request.path_qs}"
        async with self.session.request(request.method, url, headers=headers, data=body) as answer:
            kept = {name: value for name, value in answer.headers.items() if name.lower() not in OF_ONE_HOP}
            return web.Response(status=answer.status, headers=kept, body=await answer.read())


@asynccontextmanager
async def running_front(living: Callable[[], Sequence[str]]) -> AsyncIterator[Front]:
    """The front for the length of a `with` block, on a free port; no connection to a host is used twice."""
    connector = aiohttp.TCPConnector(force_close=True, limit=0)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout, auto_decompress=False) as session:
        front = Front(living, session)
        runner = web.ServerRunner(web.Server(front.handle, access_log=None), shutdown_timeout=0.2)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            front.url = "http://{}:{}".format(*runner.addresses[0][:2])
            yield front
        finally:
            await runner.cleanup()
