"""What each trigger of function_app.py does, between the platform's types and the workflows. Floor 7 with `shared.app`.

Exceptions that are not answered here escape on purpose: the Functions host then retries the message or reports the
failed run.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import azure.functions as func

from shared import app as root
from shared import http_answers as answers
from shared.errors import GraphFailed, NotFound, SettingsError, UnreadableMessage
from shared.intake import Answer, handshake, take_changes, take_lifecycle
from shared.messages import Chore, Message, decode, decode_chore, encode
from shared.models import Cause, object_id
from shared.notifications import Expected

DEADLINE_SECONDS = 240
"""For one message; below host.json's functionTimeout, at which the host would restart the worker with all its work."""

_USER_PRINCIPAL_NAME = re.compile(r"[^\s/\\?%@<>\"]{1,113}@[A-Za-z0-9.\-]{1,142}")

Queue = func.Out[list[str]]


def change_notifications(request: func.HttpRequest, users: Queue) -> func.HttpResponse:
    """POST /api/notifications."""
    return _webhook(request, users, take_changes)


def lifecycle_notifications(request: func.HttpRequest, chores: Queue) -> func.HttpResponse:
    """POST /api/lifecycle."""
    return _webhook(request, chores, take_lifecycle)


def _webhook(
    request: func.HttpRequest, queue: Queue, take: Callable[[bytes, Expected, int], Answer]
) -> func.HttpResponse:
    try:
        expected = root.expected()
    except SettingsError as error:
        return answers.bad_settings(error)
    token = request.params.get("validationToken")
    answer = handshake(token) if token else take(request.get_body(), expected, root.millis())
    if answer.messages:
        queue.set(list(answer.messages))
    return answers.webhook(answer)


async def reconcile_users(message: func.QueueMessage) -> None:
    """A message of `user-reconcile`."""
    text = message.get_body().decode("utf-8", "replace")
    app = await root.app()
    try:
        users = decode(text)
    except UnreadableMessage as error:
        await app.poison.unreadable(text, error)
        return
    async with asyncio.timeout(DEADLINE_SECONDS):
        await app.reconciler.reconcile(users)


async def park_poison(message: func.QueueMessage) -> None:
    """A message of `user-reconcile-poison`."""
    text = message.get_body().decode("utf-8", "replace")
    await (await root.app()).poison.take(text, message.dequeue_count or 1)


async def do_chore(message: func.QueueMessage) -> None:
    """A message of `prefill-chores`."""
    text = message.get_body().decode("utf-8", "replace")
    app = await root.app()
    try:
        chore = decode_chore(text)
    except UnreadableMessage as error:
        await app.poison.unreadable(text, error)
        return
    if chore is Chore.SWEEP:
        await app.sweeper.sweep()
    else:
        await app.keeper.keep(renew=chore is Chore.RENEW)


async def keep_subscription() -> None:
    """The timer of PREFILL_RENEW_SCHEDULE."""
    await (await root.app()).keeper.keep()


async def sweep() -> None:
    """The timer of PREFILL_SWEEP_SCHEDULE."""
    await (await root.app()).sweeper.sweep()


async def request_reconcile(request: func.HttpRequest, users: Queue) -> func.HttpResponse:
    """POST /api/users/{id}/reconcile."""

    async def ask() -> func.HttpResponse:
        user_id = await _user_id(request)
        received = root.millis()
        users.set([encode(Message((user_id,), Cause.MANUAL, received))])
        body = {"id": user_id, "status": "queued", "received": received}
        return answers.document(body, HTTPStatus.ACCEPTED, Location=f"/api/users/{user_id}")

    return await _operator(ask)


async def explain_user(request: func.HttpRequest) -> func.HttpResponse:
    """GET /api/users/{id}."""

    async def explain() -> func.HttpResponse:
        explained = await (await root.app()).explainer.explain(await _user_id(request))
        if explained is None:
            raise GraphFailed(NotFound("no such user"))
        return answers.document(explained)

    return await _operator(explain)


async def show_subscription(_: func.HttpRequest) -> func.HttpResponse:
    """GET /api/subscription."""

    async def show() -> func.HttpResponse:
        app = await root.app()
        listed = [_subscription(item) for item in await app.keeper.all()]
        return answers.document(await app.reporter.subscription() | {"listed": listed})

    return await _operator(show)


async def ensure_subscription(_: func.HttpRequest) -> func.HttpResponse:
    """POST /api/subscription."""

    async def ensure() -> func.HttpResponse:
        kept = await (await root.app()).keeper.keep()
        return answers.document(_subscription(kept.subscription) | {"state": "live", "steps": list(kept.steps)})

    return await _operator(ensure)


async def report(_: func.HttpRequest) -> func.HttpResponse:
    """GET /api/report."""

    async def tell() -> func.HttpResponse:
        return answers.document(await (await root.app()).reporter.report())

    return await _operator(tell)


async def health(_: func.HttpRequest) -> func.HttpResponse:
    """GET /api/health: a few words, no tenant data. 503 when notifications or work are being lost."""
    try:
        root.settings()
    except SettingsError as error:
        wrong = [mistake.setting for mistake in error.mistakes]
        unwell = {"status": "unhealthy", "settings": "wrong", "wrong": wrong}
        return answers.document(unwell, HTTPStatus.SERVICE_UNAVAILABLE)
    subscription = await _subscription_state()
    fine = subscription in ("live", "none")
    body = {
        "status": "healthy" if fine else "unhealthy",
        "settings": "ok",
        "storage": "unreachable" if subscription == "unknown" else "ok",
        "subscription": subscription,
    }
    return answers.document(body, HTTPStatus.OK if fine else HTTPStatus.SERVICE_UNAVAILABLE)


async def _subscription_state() -> str:
    from azure.core.exceptions import AzureError

    try:
        return str((await (await root.app()).reporter.subscription())["state"])
    except AzureError:
        return "unknown"


async def _operator(work: Callable[[], Awaitable[func.HttpResponse]]) -> func.HttpResponse:
    """What an operator's route answers when settings, Graph or storage are not well."""
    from azure.core.exceptions import AzureError

    try:
        return await work()
    except SettingsError as error:
        return answers.bad_settings(error)
    except GraphFailed as error:
        return answers.graph_failed(error.failure)
    except AzureError as error:
        unavailable = HTTPStatus.SERVICE_UNAVAILABLE
        return answers.error(unavailable, "storageUnavailable", type(error).__name__, **{"Retry-After": "30"})
    except _BadUser as error:
        return answers.error(HTTPStatus.BAD_REQUEST, "badUser", str(error))


class _BadUser(Exception):
    """Neither an object id nor a user principal name."""


async def _user_id(request: func.HttpRequest) -> str:
    """The object id of the route's user. Raises _BadUser, GraphFailed."""
    text = request.route_params.get("id", "")
    user_id = object_id(text)
    if user_id:
        return user_id
    if not _USER_PRINCIPAL_NAME.fullmatch(text):
        raise _BadUser("give an object id or a user principal name")
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
