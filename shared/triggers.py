"""What each trigger of function_app.py does, between the platform's types and the workflows. Floor 7 with `shared.app`.

Exceptions that are not answered here escape on purpose: the Functions host then retries the message or reports the
failed run. None takes a phone number along: `without_numbers` sees to it.
"""

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from http import HTTPStatus
from typing import Any

import azure.functions as func

from shared import app as root
from shared import http_answers as answers
from shared.errors import Conflict, GraphFailed, NotFound, SettingsError, UnreadableMessage
from shared.intake import Answer, handshake, take_changes, take_lifecycle
from shared.messages import Chore, Message, decode, decode_chore, encode
from shared.models import Cause, object_id
from shared.notifications import Expected
from shared.telemetry import without_numbers

DEADLINE_SECONDS = 240
"""For one message; below host.json's functionTimeout, at which the host would restart the worker with all its work."""

MOST_EARLY = timedelta(minutes=2)

_USER_PRINCIPAL_NAME = re.compile(r"[^\s/\\?%@<>\"]{1,113}@[A-Za-z0-9.\-]{1,142}")

Queue = func.Out[list[str]]


@without_numbers
async def change_notifications(request: func.HttpRequest, users: Queue, chores: Queue) -> func.HttpResponse:
    """POST /api/notifications."""

    def take(expected: Expected) -> Answer:
        return take_changes(request.get_body(), expected, root.millis(), root.coalescer())

    return await _webhook(request, take, users, chores)


@without_numbers
async def lifecycle_notifications(request: func.HttpRequest, chores: Queue) -> func.HttpResponse:
    """POST /api/lifecycle."""
    return await _webhook(
        request, lambda expected: take_lifecycle(request.get_body(), expected, root.millis()), None, chores
    )


async def _webhook(
    request: func.HttpRequest, take: Callable[[Expected], Answer], users: Queue | None, chores: Queue
) -> func.HttpResponse:
    try:
        expected = root.expected()
    except SettingsError as error:
        return answers.bad_settings(error)
    token = request.params.get("validationToken")
    answer = handshake(token) if token else take(expected)
    if answer.strangers:
        # rare: only then is it worth loading what it takes to read what other instances have noted
        anew = take(await root.expected_anew())
        answer = replace(anew, messages=answer.messages + anew.messages, chores=answer.chores + anew.chores)
    if answer.messages and users:
        users.set(list(answer.messages))
    if answer.chores:
        chores.set(list(answer.chores))
    return answers.webhook(answer)


@without_numbers
async def reconcile_users(message: func.QueueMessage) -> None:
    """A message of `user-reconcile`."""
    text = message.get_body().decode("utf-8", "replace")
    app = await root.app()
    try:
        users = decode(text)
    except UnreadableMessage as error:
        await app.poison.unreadable(text, error)
        return
    early = _early(users.received)
    if early:
        await app.queues.send(users, early)
        return
    async with asyncio.timeout(DEADLINE_SECONDS):
        await app.reconciler.reconcile(users)


@without_numbers
async def park_poison(message: func.QueueMessage) -> None:
    """A message of `user-reconcile-poison`."""
    text = message.get_body().decode("utf-8", "replace")
    await (await root.app()).poison.take(text, message.dequeue_count or 1)


@without_numbers
async def do_chore(message: func.QueueMessage) -> None:
    """A message of `prefill-chores`."""
    text = message.get_body().decode("utf-8", "replace")
    app = await root.app()
    try:
        chore, received = decode_chore(text)
    except UnreadableMessage as error:
        await app.poison.unreadable(text, error)
        return
    early = _early(received)
    if early:
        await app.queues.send_chore(chore, received, early)
    elif chore is Chore.SWEEP:
        await app.sweeper.sweep()
    else:
        root.remember(await app.keeper.keep(renew=chore is Chore.RENEW))


def _early(received: int) -> timedelta | None:
    """How long a message that is meant for later still has to wait: the output binding knows no delay.

    One that is meant for much later is no work of ours (a clock is wrong somewhere): it is not put off.
    """
    wait = timedelta(milliseconds=received - root.millis())
    return wait if timedelta(0) < wait <= MOST_EARLY else None


@without_numbers
async def keep_subscription() -> None:
    """The timer of PREFILL_RENEW_SCHEDULE."""
    root.remember(await (await root.app()).keeper.keep())


@without_numbers
async def sweep() -> None:
    """The timer of PREFILL_SWEEP_SCHEDULE."""
    await (await root.app()).sweeper.sweep()


@without_numbers
async def request_reconcile(request: func.HttpRequest, users: Queue) -> func.HttpResponse:
    """POST /api/users/{id}/reconcile."""

    async def ask() -> func.HttpResponse:
        user_id = await _user_id(request)
        received = root.millis()
        users.set([encode(Message((user_id,), Cause.MANUAL, received))])
        body = {"id": user_id, "status": "queued", "received": received}
        return answers.document(body, HTTPStatus.ACCEPTED, Location=f"/api/users/{user_id}")

    return await _operator(ask)


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

    return await _operator(clear)


@without_numbers
async def explain_user(request: func.HttpRequest) -> func.HttpResponse:
    """GET /api/users/{id}."""

    async def explain() -> func.HttpResponse:
        explained = await (await root.app()).explainer.explain(await _user_id(request))
        if explained is None:
            raise GraphFailed(NotFound("no such user"))
        return answers.document(explained)

    return await _operator(explain)


@without_numbers
async def show_subscription(_: func.HttpRequest) -> func.HttpResponse:
    """GET /api/subscription."""

    async def show() -> func.HttpResponse:
        app = await root.app()
        listed = [_subscription(item) for item in await app.keeper.all()]
        return answers.document(await app.reporter.subscription() | {"listed": listed})

    return await _operator(show)


@without_numbers
async def ensure_subscription(_: func.HttpRequest) -> func.HttpResponse:
    """POST /api/subscription."""

    async def ensure() -> func.HttpResponse:
        kept = await (await root.app()).keeper.keep()
        root.remember(kept)
        return answers.document(_subscription(kept.subscription) | {"state": "live", "steps": list(kept.steps)})

    return await _operator(ensure)


@without_numbers
async def pause(request: func.HttpRequest) -> func.HttpResponse:
    """POST /api/pause: the kill switch."""

    async def stop() -> func.HttpResponse:
        reason = _reason(request.get_body())
        return answers.document((await (await root.app()).switches.pause(reason)).as_json())

    return await _operator(stop)


@without_numbers
async def resume(_: func.HttpRequest) -> func.HttpResponse:
    """POST /api/resume: after a pause, and after the breaker tripped."""

    async def start() -> func.HttpResponse:
        return answers.document((await (await root.app()).switches.resume()).as_json())

    return await _operator(start)


@without_numbers
async def report(_: func.HttpRequest) -> func.HttpResponse:
    """GET /api/report."""

    async def tell() -> func.HttpResponse:
        return answers.document(await (await root.app()).reporter.report())

    return await _operator(tell)


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
    except _BadReason as error:
        return answers.error(HTTPStatus.BAD_REQUEST, "badReason", str(error))


class _BadUser(Exception):
    """Neither an object id nor a user principal name."""


class _BadReason(Exception):
    """The body of a pause is not what we keep."""


def _reason(body: bytes) -> str:
    """What a pause says for itself; empty where it says nothing. Raises _BadReason, which quotes nothing."""
    from shared.switches import read_reason

    try:
        return read_reason(body)
    except ValueError as error:
        raise _BadReason(str(error)) from None


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
