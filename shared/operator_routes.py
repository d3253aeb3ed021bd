"""What each route of operators and HR flows does, between the platform's types and the workflows. Floor 7.

Each needs the function key, but health. Numbers are masked, and nothing of a request is quoted back.
"""

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import azure.functions as func

from shared import app as root
from shared import http_answers as answers
from shared.errors import Conflict, GraphFailed, NotFound, SettingsError
from shared.messages import Message, encode
from shared.models import Cause, object_id
from shared.operator_door import BadRequest, answered, given
from shared.telemetry import without_numbers

_USER_PRINCIPAL_NAME = re.compile(r"[^\s/\\?%@<>\"]{1,113}@[A-Za-z0-9.\-]{1,142}")

Queue = func.Out[list[str]]


@without_numbers
async def request_reconcile(request: func.HttpRequest, users: Queue) -> func.HttpResponse:
    """POST /api/users/{id}/reconcile."""

    async def ask() -> func.HttpResponse:
        user_id = await _user_id(request)
        received = root.millis()
        users.set([encode(Message((user_id,), Cause.MANUAL, received))])
        body = {"id": user_id, "status": "queued", "received": received}
        return answers.document(body, HTTPStatus.ACCEPTED, Location=f"/api/users/{user_id}")

    return await answered(ask)


@without_numbers
async def clear_tombstone(request: func.HttpRequest, users: Queue) -> func.HttpResponse:
    """POST /api/users/{id}/clear."""

    async def clear() -> func.HttpResponse:
        user_id = await _user_id(request)
        try:
            cleared = await (await root.app()).tombstones.clear(user_id)
        except Conflict:
            return answers.error(HTTPStatus.CONFLICT, "concurrent", "this user is being looked at: ask again")
        received = root.millis()
        users.set([encode(Message((user_id,), Cause.MANUAL, received))])
        body = {"id": user_id, "cleared": cleared, "status": "queued", "received": received}
        return answers.document(body, HTTPStatus.ACCEPTED, Location=f"/api/users/{user_id}")

    return await answered(clear)


@without_numbers
async def explain_user(request: func.HttpRequest) -> func.HttpResponse:
    """GET /api/users/{id}."""

    async def explain() -> func.HttpResponse:
        explained = await (await root.app()).explainer.explain(await _user_id(request))
        if explained is None:
            raise GraphFailed(NotFound("no such user"))
        return answers.document(explained)

    return await answered(explain)


@without_numbers
async def show_subscription(_: func.HttpRequest) -> func.HttpResponse:
    """GET /api/subscription."""

    async def show() -> func.HttpResponse:
        app = await root.app()
        listed = [_subscription(item) for item in await app.keeper.all()]
        return answers.document(await app.reporter.subscription() | {"listed": listed})

    return await answered(show)


@without_numbers
async def ensure_subscription(_: func.HttpRequest) -> func.HttpResponse:
    """POST /api/subscription."""

    async def ensure() -> func.HttpResponse:
        kept = await (await root.app()).keeper.keep()
        root.remember(kept)
        state = "degraded" if kept.degraded else "live"
        return answers.document(_subscription(kept.subscription) | {"state": state, "steps": list(kept.steps)})

    return await answered(ensure)


@without_numbers
async def remove_subscription(_: func.HttpRequest) -> func.HttpResponse:
    """DELETE /api/subscription: none, until somebody asks for one again."""

    async def remove() -> func.HttpResponse:
        deleted = await (await root.app()).keeper.remove()
        return answers.document({"state": "removed", "deleted": list(deleted)})

    return await answered(remove)


@without_numbers
async def pause(request: func.HttpRequest) -> func.HttpResponse:
    """POST /api/pause: the kill switch."""

    async def stop() -> func.HttpResponse:
        reason = _reason(request.get_body())
        return answers.document((await (await root.app()).switches.pause(reason)).as_json())

    return await answered(stop)


@without_numbers
async def resume(_: func.HttpRequest) -> func.HttpResponse:
    """POST /api/resume: after a pause, and after the breaker tripped."""

    async def start() -> func.HttpResponse:
        return answers.document((await (await root.app()).switches.resume()).as_json())

    return await answered(start)


@without_numbers
async def show_parked(_: func.HttpRequest) -> func.HttpResponse:
    """GET /api/parked."""

    async def show() -> func.HttpResponse:
        from shared.report import parked_item

        items = [parked_item(item) for item in await (await root.app()).replayer.all()]
        return answers.document({"count": len(items), "parked": items})

    return await answered(show)


@without_numbers
async def replay_parked(request: func.HttpRequest) -> func.HttpResponse:
    """POST /api/parked/replay: {"keys": [...]}, or nothing for all of them."""

    async def replay() -> func.HttpResponse:
        replayed = await (await root.app()).replayer.replay(_keys(request.get_body()))
        body = {"queued": len(replayed.users), "users": list(replayed.users), "left": list(replayed.left)}
        return answers.document(body, HTTPStatus.ACCEPTED)

    return await answered(replay)


@without_numbers
async def report(request: func.HttpRequest) -> func.HttpResponse:
    """GET /api/report: the status page for a browser, JSON for everybody else."""

    async def tell() -> func.HttpResponse:
        reported = await (await root.app()).reporter.report()
        if not answers.wants_page(request.headers.get("Accept")):
            return answers.document(reported, Vary="Accept")
        from shared.status_page.render import render

        page = render(reported)
        return answers.page(page.html, page.style_source)

    return await answered(tell)


@without_numbers
async def doctor(_: func.HttpRequest) -> func.HttpResponse:
    """GET /api/doctor."""

    async def examine() -> func.HttpResponse:
        from shared.doctor import is_fit

        checks = await (await root.app()).doctor.examine()
        return answers.document({"fit": is_fit(checks), "checks": [check.as_json() for check in checks]})

    return await answered(examine)


@without_numbers
async def health(_: func.HttpRequest) -> func.HttpResponse:
    """GET /api/health: a few words, no tenant data. 503 when one of them asks for a person."""
    try:
        root.settings()
    except SettingsError as error:
        wrong = [mistake.setting for mistake in error.mistakes]
        unwell = {"status": "unhealthy", "settings": "wrong", "wrong": wrong}
        return answers.document(unwell, HTTPStatus.SERVICE_UNAVAILABLE)
    well, words = await _diagnosis()
    body = {"status": "healthy" if well else "unhealthy", "settings": "ok", **words}
    return answers.document(body, HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE)


async def _diagnosis() -> tuple[bool, Mapping[str, str]]:
    """Whether all is well, and a word for each part."""
    from azure.core.exceptions import AzureError

    try:
        well, words = await (await root.app()).health.diagnosis()
    except AzureError:
        return False, {"storage": "unreachable"}
    return well, {"storage": "ok"} | words


def _keys(body: bytes) -> frozenset[str] | None:
    """What a replay names; None: everything. Raises BadRequest."""
    asked = given(body)
    if asked is None:
        return None
    keys = (asked.get("keys") or asked.get("users")) if isinstance(asked, dict) else None
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        raise BadRequest("badKeys", 'give {"keys": ["…"]} with keys of GET /api/parked, or no body for all of them')
    return frozenset(key.lower() for key in keys)


def _reason(body: bytes) -> str:
    """What a pause says for itself; empty where it says nothing. Raises BadRequest."""
    from shared.switches import read_reason

    try:
        return read_reason(body)
    except ValueError as error:
        raise BadRequest("badReason", str(error)) from None


async def _user_id(request: func.HttpRequest) -> str:
    """The object id of the route's user. Raises BadRequest, GraphFailed."""
    text = request.route_params.get("id", "")
    user_id = object_id(text)
    if user_id:
        return user_id
    if not _USER_PRINCIPAL_NAME.fullmatch(text):
        raise BadRequest("badUser", "give an object id or a user principal name")
    found = await (await root.app()).directory.find(text)
    if found is None:
        raise GraphFailed(NotFound("no such user"))
    return found


def _subscription(item: Any) -> dict[str, Any]:
    return {
        "id": item.id,
        "resource": item.resource,
        "changeType": item.change_type,
        "notificationUrl": item.notification_url,
        "expires": item.expires.isoformat(),
    }
