"""Answers as azure-functions wants them. Floor 6."""

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import azure.functions as func
from werkzeug.datastructures import MIMEAccept
from werkzeug.http import parse_accept_header

from shared.errors import Failure, NotFound, SettingsError, Transient
from shared.intake import Answer
from shared.redaction import redact

_PLAIN = "text/plain; charset=utf-8"
_HARDENED = {
    # a validation token is echoed: no browser may take the answer for anything but text
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
}


def webhook(answer: Answer) -> func.HttpResponse:
    """What Graph (or whoever found the URL) is told."""
    if answer.handshake:
        return func.HttpResponse(answer.text, status_code=answer.status, mimetype=None, headers=_plain())
    if answer.status >= HTTPStatus.BAD_REQUEST:
        return error(answer.status, answer.status.phrase.replace(" ", ""), answer.text)
    return func.HttpResponse(b"", status_code=answer.status, headers=_plain())


def document(body: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK, **headers: str) -> func.HttpResponse:
    """JSON."""
    text = json.dumps(body, ensure_ascii=False)
    return func.HttpResponse(text, status_code=status, mimetype="application/json", headers=_HARDENED | headers)


def page(html: str, style_source: str) -> func.HttpResponse:
    """HTML for a browser, which may apply this one style sheet and nothing else, and tells no site where it is from."""
    policy = f"{_HARDENED['Content-Security-Policy']}; style-src {style_source}; base-uri 'none'; form-action 'none'"
    headers = _HARDENED | {"Content-Security-Policy": policy, "Referrer-Policy": "no-referrer", "Vary": "Accept"}
    return func.HttpResponse(html, mimetype="text/html", charset="utf-8", headers=headers)


def wants_page(accept: str | None) -> bool:
    """Whether who sent this Accept header would rather have HTML than JSON, as browsers do. No wish means JSON.

    https://www.rfc-editor.org/rfc/rfc9110#name-accept
    """
    wishes = parse_accept_header(accept or "", MIMEAccept)
    return wishes["text/html"] > wishes["application/json"]


def error(status: HTTPStatus, code: str, message: str, **headers: str) -> func.HttpResponse:
    """The one shape of every error. Documents show masked numbers only; a message may come from anywhere."""
    return document({"error": {"code": code, "message": redact(message)}}, status, **headers)


def bad_settings(problem: SettingsError) -> func.HttpResponse:
    """Names of settings and how to mend them go to the log and to /api/health, not to whoever posts to a webhook."""
    count = len(problem.mistakes)
    return error(HTTPStatus.SERVICE_UNAVAILABLE, "settings", f"{count} application settings need mending")


def graph_failed(failure: Failure) -> func.HttpResponse:
    """Graph could not be asked."""
    if isinstance(failure, NotFound):
        return error(HTTPStatus.NOT_FOUND, "notFound", "Graph knows no such user")
    if isinstance(failure, Transient):
        seconds = str(int(failure.delay.total_seconds()) if failure.delay else 30)
        unavailable = HTTPStatus.SERVICE_UNAVAILABLE
        return error(unavailable, failure.reason.value, failure.detail, **{"Retry-After": seconds})
    return error(HTTPStatus.BAD_GATEWAY, failure.reason.value, f"{failure.detail}: {failure.advice}")


def _plain() -> dict[str, str]:
    return {"Content-Type": _PLAIN} | _HARDENED
