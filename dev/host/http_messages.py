"""HTTP requests and responses as the worker sees them.

Requests follow GrpcMessageConversionExtensions.ToRpc in the Functions host (Azure/azure-functions-host).
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web
from multidict import CIMultiDict, CIMultiDictProxy

from dev.host import protos
from dev.host.protos import TypedData

# aiohttp frames the response itself.
_FRAMING_HEADERS = {"content-length", "transfer-encoding", "connection"}


def to_request(request: web.BaseRequest, route_values: Mapping[str, str], body: bytes) -> TypedData:
    """The trigger's input. Without a body the field stays unset, as for a Content-Length of 0."""
    fields: dict[str, Any] = {"body": TypedData(bytes=body) if body else TypedData()}
    return TypedData(
        http=protos.RpcHttp(
            method=request.method,
            url=f"http://{request.host}{request.rel_url.raw_path_qs}",
            headers=joined_headers(request.headers),
            query=joined_query(request.rel_url.raw_query_string),
            params=dict(route_values),
            **fields,
        )
    )


def joined_headers(headers: CIMultiDictProxy[str]) -> dict[str, str]:
    """Names in lower case, several values of one name joined by a comma."""
    joined: dict[str, str] = {}
    for name, value in headers.items():
        name = name.lower()  # noqa: PLW2901
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def joined_query(raw_query: str) -> dict[str, str]:
    """Parameters by the first spelling of their name; repeats joined by a comma, empty ones dropped."""
    spelling: dict[str, str] = {}
    joined: dict[str, str] = {}
    for name, value in parse_qsl(raw_query, keep_blank_values=True):
        known = spelling.setdefault(name.lower(), name)
        joined[known] = f"{joined[known]},{value}" if known in joined else value
    return {name: value for name, value in joined.items() if value}


def to_response(returned: TypedData | None) -> web.Response:
    """The answer to the client. ValueError where the function's response is none HTTP knows."""
    if returned is None or returned.kind is None:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    if returned.kind != "http":
        return web.Response(text=str(returned.__dict__[returned.kind]))
    http = returned.__dict__["http"]
    body = http.body.__dict__.get("bytes") if http.body is not None else None
    headers = CIMultiDict((name, value) for name, value in http.headers.items() if name.lower() not in _FRAMING_HEADERS)
    response = web.Response(status=int(http.status_code), body=body, headers=headers)
    for cookie in http.cookies or ():
        _set_cookie(response, cookie)
    return response


def _set_cookie(response: web.Response, cookie: Any) -> None:
    given = {name: field.value for name in ("domain", "path") if (field := getattr(cookie, name)) and field.value}
    response.set_cookie(
        cookie.name,
        cookie.value,
        secure=bool(cookie.secure and cookie.secure.value),
        httponly=bool(cookie.http_only and cookie.http_only.value),
        max_age=int(cookie.max_age.value) if cookie.max_age else None,
        samesite={1: "Lax", 2: "Strict", 3: "None"}.get(int(cookie.same_site)),
        **given,
    )
