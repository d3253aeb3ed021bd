"""The HTTP side of the host: keys, routes, body limits, and the admin calls that tests and operators use."""

import hmac
import json
import logging
from collections.abc import Callable, Sequence
from http import HTTPStatus

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError

from dev.host import http_messages
from dev.host.bindings import Function, HttpTrigger
from dev.host.invoker import Invoker
from dev.host.protos import ParameterBinding

log = logging.getLogger("host.http")

# The front end refuses more: https://learn.microsoft.com/azure/azure-functions/functions-bindings-http-webhook-trigger#limits
MAX_BODY_BYTES = 104_857_600
# Kestrel's limits: https://learn.microsoft.com/dotnet/api/microsoft.aspnetcore.server.kestrel.core.kestrelserverlimits
MAX_REQUEST_LINE_BYTES = 8 * 1024
MAX_HEADERS_BYTES = 32 * 1024
MAX_HEADER_COUNT = 100

RunNow = Callable[[str], bool]


def key_given(request: web.BaseRequest) -> str:
    """The key of a request: the header decides where it is there, even if `code` would have been right."""
    header = request.headers.get("x-functions-key")
    return request.query.get("code", "") if header is None else header


class HttpFront:
    """Answers every request on the host's port. `run_now` starts a timer function, or says there is none."""

    def __init__(self, functions: Sequence[Function], invoker: Invoker, key: str, run_now: RunNow) -> None:
        routed = [(f, f.trigger) for f in functions if isinstance(f.trigger, HttpTrigger)]
        # Literals before parameters, whatever the order in function_app.py (RoutePrecedence in ASP.NET Core).
        self._routes = sorted(routed, key=lambda route: route[1].route.precedence)
        self._invoker = invoker
        self._key = key.encode()
        self._run_now = run_now

    def server(self) -> web.Server:
        """An aiohttp server around it with the limits of the real front."""
        protocol_log = logging.getLogger("host.http.protocol")
        protocol_log.addFilter(_not_the_clients_fault)
        return web.Server(
            self.handle,
            access_log=None,
            logger=protocol_log,
            max_line_size=MAX_REQUEST_LINE_BYTES,
            max_field_size=MAX_HEADERS_BYTES,
            max_headers=MAX_HEADER_COUNT,
            auto_decompress=False,  # Kestrel hands a compressed body on as it is
        )

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request. A method nobody registered is 404, not 405, as in Azure."""
        if (refusal := _refusal(request)) is not None:
            return web.Response(status=refusal)
        if request.path.lower().startswith("/admin/"):
            return await self._admin(request)
        for function, trigger in self._routes:
            if trigger.methods is not None and request.method not in trigger.methods:
                continue
            values = trigger.route.match(request.rel_url.raw_path)
            if values is not None:
                return await self._call(request, function, trigger, values)
        return web.Response(status=HTTPStatus.NOT_FOUND)

    async def _call(
        self, request: web.BaseRequest, function: Function, trigger: HttpTrigger, values: dict[str, str]
    ) -> web.Response:
        if trigger.auth_level != "anonymous" and not self._authorized(request):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        if (request.content_length or 0) > MAX_BODY_BYTES:
            return web.Response(status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        try:
            body = await _read_body(request)
        except (web.RequestPayloadError, ConnectionError):
            return web.Response(status=HTTPStatus.BAD_REQUEST)
        request_data = http_messages.to_request(request, values, body)
        inputs = [ParameterBinding(name=trigger.parameter, data=request_data)]
        result = await self._invoker.run(function, inputs, {}, f"{request.method} {request.path}")
        if not result.succeeded:
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
        name = function.http_output
        returned = result.returned if name == "$return" else result.outputs.get(name or "")
        try:
            return http_messages.to_response(returned)
        except ValueError as error:
            log.error("The response of '%s' is not one: %s", function.name, error)  # noqa: TRY400
            return web.Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)

    def _authorized(self, request: web.BaseRequest) -> bool:
        return hmac.compare_digest(key_given(request).encode(), self._key)

    async def _admin(self, request: web.BaseRequest) -> web.Response:
        """The admin API, for the holder of the key.

        https://learn.microsoft.com/azure/azure-functions/functions-manually-run-non-http
        """
        if not self._authorized(request):
            return web.Response(status=HTTPStatus.UNAUTHORIZED)
        match request.method, request.path.strip("/").split("/"):
            case "GET", ["admin", "host", "status"]:
                return web.json_response({"state": "Running"})
            case "POST", ["admin", "functions", name]:
                return await self._run_timer(request, name)
        return web.Response(status=HTTPStatus.NOT_FOUND)

    async def _run_timer(self, request: web.BaseRequest, name: str) -> web.Response:
        try:
            document = json.loads(await request.content.read() or b"null")
        except ValueError:
            document = None
        if not isinstance(document, dict):
            return web.Response(status=HTTPStatus.BAD_REQUEST, text='The body must be JSON: {"input": ""}')
        return web.Response(status=HTTPStatus.ACCEPTED if self._run_now(name) else HTTPStatus.NOT_FOUND)


def _refusal(request: web.BaseRequest) -> HTTPStatus | None:
    """What Kestrel turns away before any routing, and aiohttp does not."""
    if sum(len(name) + len(value) + 4 for name, value in request.raw_headers) > MAX_HEADERS_BYTES:
        return HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
    try:
        b" ".join(value for _, value in request.raw_headers).decode()
    except UnicodeDecodeError:
        return HTTPStatus.BAD_REQUEST
    return None


async def _read_body(request: web.BaseRequest) -> bytes:
    """The body, where its length was announced; a chunked one reaches the worker empty.

    https://github.com/Azure/azure-functions-python-worker/issues/574
    """
    if not request.content_length:
        return b""
    if request.headers.get("Expect", "").lower() == "100-continue" and request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")
    return await request.content.read()


def _not_the_clients_fault(record: logging.LogRecord) -> bool:
    """aiohttp logs a malformed request as an error with a traceback; the client has its 400 and that is enough."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)
