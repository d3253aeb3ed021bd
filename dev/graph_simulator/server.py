"""The HTTP server: sockets to requests, answers to sockets."""

import asyncio
import contextlib
import json
import uuid
from collections.abc import AsyncIterator

import aiohttp
from aiohttp import web

from dev.graph_simulator.control import add_control_routes
from dev.graph_simulator.dispatch import Dispatcher
from dev.graph_simulator.errors import error_body
from dev.graph_simulator.exchange import GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.handshake import validator
from dev.graph_simulator.notifier import Notifier
from dev.graph_simulator.subscriptions import Subscriptions
from dev.graph_simulator.tenant import Tenant
from dev.graph_simulator.urls import build_routes

LARGEST_BODY_BYTES = 4 * 1024 * 1024
CONNECTIONS_TO_WEBHOOKS = 32


class _Door:
    """Holds what is only there while the server runs."""

    def __init__(self, tenant: Tenant) -> None:
        self._tenant = tenant
        self._dispatch: Dispatcher | None = None

    async def lifetime(self, app: web.Application) -> AsyncIterator[None]:
        """Start the courier with the server and end it with the server."""
        del app
        connector = aiohttp.TCPConnector(limit=CONNECTIONS_TO_WEBHOOKS)
        async with aiohttp.ClientSession(connector=connector) as session:
            self._dispatch = Dispatcher(self._tenant, build_routes(Subscriptions(validator(session))))
            courier = asyncio.create_task(Notifier(self._tenant, session).run())
            yield
            courier.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await courier

    async def graph(self, request: web.Request) -> web.StreamResponse:
        """Answer anything below /v1.0 or /beta."""
        assert self._dispatch is not None  # noqa: S101  (set by `lifetime` before the socket opens)
        request_id = str(uuid.uuid4())
        try:
            body = await _read_json(request)
        except ConnectionResetError:
            return _hang_up(request)  # the caller died in the middle of its sentence: nothing was asked
        except ValueError:
            now = self._tenant.now()
            malformed = error_body("BadRequest", "Unable to read JSON request payload.", request_id, request_id, now)
            return web.json_response(malformed, status=400)
        answer = await self._dispatch(_graph_request(request, body, request_id))
        if answer.cut:
            return _hang_up(request)
        return _http_answer(answer)


async def _read_json(request: web.Request) -> JsonObject | None:
    raw = await request.read()
    if not raw:
        return None
    value = json.loads(raw)
    if not isinstance(value, dict):
        raise ValueError("a JSON object is expected")  # noqa: TRY004  (bad JSON and a wrong shape get one answer)
    return value


def _graph_request(request: web.Request, body: JsonObject | None, request_id: str) -> GraphRequest:
    version, _, path = request.rel_url.raw_path.lstrip("/").partition("/")
    return GraphRequest(
        method=request.method,
        version=version,
        path=f"/{path}",
        query=dict(request.query),
        headers={name.casefold(): value for name, value in request.headers.items()},
        body=body,
        base_url=f"{request.scheme}://{request.host}",
        request_id=request_id,
        exchange=request_id,
    )


def _http_answer(answer: GraphResponse) -> web.Response:
    if answer.html is not None:
        return web.Response(status=answer.status, text=answer.html, content_type="text/html", headers=answer.headers)
    if answer.body is None:
        return web.Response(status=answer.status, headers=answer.headers)
    text = json.dumps(answer.body, ensure_ascii=False)
    return web.Response(status=answer.status, text=text, content_type="application/json", headers=answer.headers)


def _hang_up(request: web.Request) -> web.Response:
    """Cut the connection without a word."""
    if request.transport is not None:
        request.transport.abort()
    return web.Response(status=500)


def create_app(tenant: Tenant) -> web.Application:
    """The simulator as an aiohttp application over `tenant`."""
    door = _Door(tenant)
    app = web.Application(client_max_size=LARGEST_BODY_BYTES)
    app.cleanup_ctx.append(door.lifetime)
    for version in ("v1.0", "beta"):
        app.router.add_route("*", f"/{version}/{{tail:.*}}", door.graph)
    add_control_routes(app, tenant)
    return app
