"""What Graph's webhooks, the queues and the timers do, between the platform's types and the workflows. Floor 7.

Exceptions that are not answered here escape on purpose: the Functions host then retries the message or reports the
failed run. None takes a phone number along: `without_numbers` sees to it.
"""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import azure.functions as func

from shared import app as root
from shared import http_answers as answers
from shared.errors import GraphFailed, Permanent, SettingsError, UnreadableMessage
from shared.intake import Answer, handshake, take_changes, take_lifecycle
from shared.messages import Chore, Message, decode, decode_chore
from shared.models import Cause
from shared.moments import millis, whole_seconds
from shared.notifications import Expected
from shared.telemetry import without_numbers

_log = logging.getLogger("mfa_prefill.triggers")

DEADLINE_SECONDS = 240
"""For one message; below host.json's functionTimeout, at which the host would restart the worker with all its work."""

MOST_EARLY = timedelta(minutes=2)

WHOLE_SECOND = 1_000
"""The queue service dates messages in whole seconds, rounded down."""
MOST_ON_THE_WAY = 6_000
"""Milliseconds between a webhook's stamp and the queue's date that need no wrong clock to explain them."""

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
        await _look(_as_the_queue_dates_it(users, message))


async def _look(message: Message) -> None:
    """What names a run is not a look of the service: the run's record says what it is."""
    app = await root.app()
    if message.run is None:
        await app.reconciler.reconcile(message)
    else:
        await app.run_worker.take(message)


def _as_the_queue_dates_it(users: Message, message: func.QueueMessage) -> Message:
    """A webhook stamps its message with a clock that nobody has checked; the queue service's is everybody's.

    A message that was put back keeps its own stamp: it is answered by a look begun after the first one came.
    """
    inserted = message.insertion_time
    if inserted is None or users.cause in (Cause.RETRY, Cause.HOLD):
        return users
    dated = millis(inserted) + WHOLE_SECOND
    return replace(users, received=dated) if dated - users.received > MOST_ON_THE_WAY else users


@without_numbers
async def park_poison(message: func.QueueMessage) -> None:
    """A message of `user-reconcile-poison`."""
    text = message.get_body().decode("utf-8", "replace")
    await (await root.app()).run_poison.take(text, message.dequeue_count or 1)


@without_numbers
async def do_chore(message: func.QueueMessage) -> None:
    """A message of `prefill-chores`."""
    text = message.get_body().decode("utf-8", "replace")
    app = await root.app()
    try:
        chore, received, attempt = decode_chore(text)
    except UnreadableMessage as error:
        await app.poison.unreadable(text, error)
        return
    early = _early(received)
    if not await app.retries.is_current(chore, received, attempt):
        fields = {"action": "retry_superseded", "chore": chore.value}
        _log.info("%s: this retry is not the one that goes on", chore.value, extra=fields)
    elif early:
        await app.queues.send_chore(chore, received, early, attempt)
    else:
        await _do(chore, attempt)


async def _do(chore: Chore, attempt: int = 1) -> None:
    """Do a chore, or see to it that it is tried again. Raises what storage raises."""
    app = await root.app()
    try:
        if chore is Chore.SWEEP:
            await app.sweeper.sweep()
        elif chore is Chore.RUN:
            await app.run_advancer.advance()
        elif not await app.keeper.is_removed():
            root.remember(await app.keeper.keep(renew=chore is Chore.RENEW))
    except GraphFailed as error:
        delay = await app.retries.after_failure(chore, error.failure, attempt)
        fields = {"action": "chore_failed", "chore": chore.value}
        when = "at the timer's time" if delay is None else f"in {whole_seconds(delay)}"
        why = f"{error}: {error.failure.advice}" if isinstance(error.failure, Permanent) else error
        _log.error("%s failed (%s), again %s", chore.value, why, when, extra=fields)
    else:
        await app.retries.end_chain(chore)


def _early(received: int) -> timedelta | None:
    """How long a message that is meant for later still has to wait: the output binding knows no delay.

    One that is meant for much later is no work of ours (a clock is wrong somewhere): it is not put off.
    """
    wait = timedelta(milliseconds=received - root.millis())
    return wait if timedelta(0) < wait <= MOST_EARLY else None


@without_numbers
async def keep_subscription() -> None:
    """The timer of PREFILL_RENEW_SCHEDULE."""
    await _do(Chore.ENSURE)
    await (await root.app()).health.tell()


@without_numbers
async def sweep() -> None:
    """The timer of PREFILL_SWEEP_SCHEDULE. Without a subscription a sweep is late news: both are looked after.

    So is a run whose chore was lost.
    """
    await _do(Chore.ENSURE)
    await _do(Chore.SWEEP)
    await _do(Chore.RUN)
