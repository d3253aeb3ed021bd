"""The HTTP side without an app behind it: routing, keys and limits over a real socket."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web

from dev.host import http_front, protos
from dev.host.bindings import Function, HttpTrigger
from dev.host.http_front import HttpFront
from dev.host.http_routes import RouteTemplate
from dev.host.protos import TypedData
from dev.host.worker import InvocationResult
from tests.unit.dev_host.fakes import FAILURE, FakeInvoker

KEY = "the-key"


def answer(status: str = "200", body: bytes = b"fine", cookies: object = None) -> InvocationResult:
    http = protos.RpcHttp(
        status_code=status, headers={"content-type": "text/plain"}, body=TypedData(bytes=body), cookies=cookies
    )
    return InvocationResult(True, TypedData(http=http), {}, "", "")


def function(name: str, route: str, level: str, *methods: str) -> Function:
    trigger = HttpTrigger("req", RouteTemplate.parse(route), frozenset(methods) or None, level)
    return Function(name, name, trigger, (), "$return")


FUNCTIONS = [
    function("anything", "api/{*rest}", "anonymous", "PUT"),
    function("open", "api/open/{id}", "anonymous", "GET"),
    function("write", "api/open/{id}", "anonymous", "POST"),
    function("keyed", "api/keyed", "function"),
    function("guarded", "api/guarded", "admin"),
]


@dataclass
class Front:
    """A front that listens, and what reached the functions behind it."""

    invoker: FakeInvoker = field(default_factory=lambda: FakeInvoker(answer))
    fired: list[str] = field(default_factory=list)
    url: str = ""

    def run_now(self, name: str) -> bool:
        self.fired.append(name)
        return name == "sweep"


@pytest.fixture
async def front() -> AsyncIterator[Front]:
    found = Front()
    runner = web.ServerRunner(HttpFront(FUNCTIONS, found.invoker.as_invoker(), KEY, found.run_now).server())
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    found.url = "http://{}:{}".format(*runner.addresses[0])
    yield found
    await runner.cleanup()


@pytest.fixture
async def client() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.mark.parametrize(
    ("method", "path", "status", "called"),
    [
        ("GET", "/api/open/1", 200, "open"),
        ("POST", "/api/open/1", 200, "write"),
        ("PUT", "/api/open/1", 200, "anything"),
        ("DELETE", "/api/open/1", 404, None),  # a method nobody takes is 404, not 405
        ("GET", "/api/nothing", 404, None),
        ("GET", "/", 404, None),
        ("GET", f"/api/keyed?code={KEY}", 200, "keyed"),
        ("GET", "/api/keyed?code=wrong", 401, None),
        ("GET", "/api/keyed?code=", 401, None),
        ("GET", "/api/keyed", 401, None),
        ("GET", "/api/guarded", 401, None),
        ("GET", f"/api/guarded?code={KEY}", 200, "guarded"),
    ],
)
async def test_routes_and_keys(
    front: Front, client: aiohttp.ClientSession, method: str, path: str, status: int, called: str | None
) -> None:
    async with client.request(method, front.url + path) as response:
        assert response.status == status
        assert await response.read() == (b"fine" if called else b"")
    assert [name for name, _, _ in front.invoker.calls] == ([called] if called else [])


@pytest.mark.parametrize(
    ("header", "code", "status"),
    [(KEY, None, 200), ("wrong", KEY, 401), ("", KEY, 401), (KEY, "wrong", 200), ("schlüssel", None, 401)],
)
async def test_the_header_decides_where_it_is_there(
    front: Front, client: aiohttp.ClientSession, header: str, code: str | None, status: int
) -> None:
    query = {"code": code} if code else {}
    async with client.get(f"{front.url}/api/keyed", params=query, headers={"x-functions-key": header}) as response:
        assert response.status == status


async def test_the_request_as_the_worker_gets_it(front: Front, client: aiohttp.ClientSession) -> None:
    url = f"{front.url}/api/open/a%20b?q=1&Q=2&q=3&empty=&plus=a+b"
    headers = [("X-One", "1"), ("X-Many", "a"), ("X-Many", "b"), ("Content-Type", "text/x")]
    async with client.post(url, headers=headers, data=b"body") as response:
        assert response.status == 200
    request = front.invoker.calls[0][1][0].data.http
    assert request.method == "POST"
    assert request.url == url
    assert request.params == {"id": "a b"}
    assert request.query == {"q": "1,2,3", "plus": "a b"}
    assert request.headers["x-many"] == "a,b"
    assert request.body.bytes == b"body"


async def test_a_chunked_body_does_not_reach_the_function(front: Front, client: aiohttp.ClientSession) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"never seen"

    async with client.post(f"{front.url}/api/open/1", data=chunks()) as response:
        assert response.status == 200
    assert front.invoker.calls[0][1][0].data.http.body.kind is None


async def test_a_failed_invocation_is_500_without_a_body(front: Front, client: aiohttp.ClientSession) -> None:
    front.invoker.outcome = lambda: FAILURE
    async with client.get(f"{front.url}/api/open/1") as response:
        assert (response.status, await response.read()) == (500, b"")


async def test_a_response_that_is_none_is_500(front: Front, client: aiohttp.ClientSession) -> None:
    front.invoker.outcome = lambda: answer("teapot")
    async with client.get(f"{front.url}/api/open/1") as response:
        assert response.status == 500


@pytest.mark.parametrize(
    ("returned", "status", "body"),
    [(None, 204, b""), (TypedData(string="text"), 200, b"text"), (answer("202", b"").returned, 202, b"")],
)
async def test_responses(
    front: Front, client: aiohttp.ClientSession, returned: TypedData | None, status: int, body: bytes
) -> None:
    front.invoker.outcome = lambda: InvocationResult(True, returned, {}, "", "")
    async with client.get(f"{front.url}/api/open/1") as response:
        assert (response.status, await response.read()) == (status, body)


async def test_cookies(front: Front, client: aiohttp.ClientSession) -> None:
    cookie = protos.RpcHttpCookie(
        name="a", value="1", domain=None, path=protos.NullableString(value="/x"), expires=None,
        secure=protos.NullableBool(value=True), http_only=protos.NullableBool(value=True), same_site=2,
        max_age=protos.NullableDouble(value=60.0),
    )  # fmt: skip
    front.invoker.outcome = lambda: answer(cookies=[cookie])
    async with client.get(f"{front.url}/api/open/1") as response:
        (set_cookie,) = response.headers.getall("Set-Cookie")
    assert set(set_cookie.split("; ")) == {"a=1", "Path=/x", "Secure", "HttpOnly", "SameSite=Strict", "Max-Age=60"}


async def raw(url: str, request: bytes) -> bytes:
    """The status line a raw request gets."""
    host, port = url.removeprefix("http://").split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    writer.write(request)
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line.split(b" ", 1)[1].strip()


@pytest.mark.parametrize(
    ("request_head", "status"),
    [
        (b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: x", b"400"),
        (b"GET /api/open/1 HTTP/1.1\r\nHost: x\r\nA: " + b"a" * 7000, b"200"),
        (b"GET /api/open/1 HTTP/1.1\r\nHost: x" + b"\r\nA: " * 1 + b"\r\nA: ".join([b"a" * 8000] * 5), b"431"),
        (b"GET /api/open/1 HTTP/1.1\r\nHost: x\r\nx-functions-key: \xff", b"400"),
        (b"POST /api/open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: 104857601", b"413"),
        (b"POST /api/open/1 HTTP/1.1\r\nHost: x\r\nContent-Length: -1", b"400"),
        (b"nonsense", b"400"),
    ],
)
async def test_limits(front: Front, request_head: bytes, status: bytes) -> None:
    assert (await raw(front.url, request_head + b"\r\n\r\n")).startswith(status)


async def test_a_large_body_arrives(front: Front, client: aiohttp.ClientSession) -> None:
    body = b"x" * 3_000_000
    headers = {"Expect": "100-continue"}
    async with client.post(f"{front.url}/api/open/1", data=io.BytesIO(body), headers=headers) as response:
        assert response.status == 200
    assert front.invoker.calls[0][1][0].data.http.body.bytes == body


@pytest.mark.parametrize(
    ("method", "path", "key", "body", "status"),
    [
        ("POST", "/admin/functions/sweep", KEY, '{"input": ""}', 202),
        ("POST", "/admin/functions/other", KEY, '{"input": ""}', 404),
        ("POST", "/admin/functions/sweep", KEY, "", 400),
        ("POST", "/admin/functions/sweep", KEY, "[", 400),
        ("POST", "/admin/functions/sweep", "wrong", '{"input": ""}', 401),
        ("GET", "/admin/functions/sweep", KEY, "", 404),
        ("GET", "/admin/host/status", KEY, "", 200),
        ("GET", "/admin/host/status", "", "", 401),
    ],
)
async def test_admin(
    front: Front, client: aiohttp.ClientSession, method: str, path: str, key: str, body: str, status: int
) -> None:
    headers = {"x-functions-key": key}
    async with client.request(method, front.url + path, headers=headers, data=body or None) as response:
        assert response.status == status
        if status == 200:
            assert json.loads(await response.read()) == {"state": "Running"}
    assert bool(front.fired) == (status == 202 or path.endswith("other"))


def test_limits_are_those_of_the_real_front() -> None:
    assert http_front.MAX_BODY_BYTES == 100 * 1024 * 1024
