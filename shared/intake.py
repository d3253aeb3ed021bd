"""What Graph posts to us, answered: the handshake, change notifications, lifecycle notifications. Floor 5.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks

This path runs cold inside Graph's three seconds, so it imports nothing heavy and does no I/O: it returns the answer and
the queue messages, and the host's output binding makes the messages durable before it sends the answer.
"""

import logging
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus

from shared.coalescing import Coalescer
from shared.messages import Chore, encode, encode_chore, in_messages
from shared.models import Cause
from shared.notifications import (
    MOST_BYTES,
    ChangeNotification,
    Dropped,
    Expected,
    LifecycleEvent,
    WrongShape,
    items_in,
    read_change,
    read_lifecycle,
)

_log = logging.getLogger("mfa_prefill.intake")

MOST_TOKEN_CHARACTERS = 2048
"""Real validation tokens have some hundred characters."""

LAST_CALL = 3 * 24 * 60 * 60 * 1000
"""Milliseconds before the end of a subscription below which a webhook asks for its renewal."""

_NOT_IN_A_TOKEN = re.compile(r"[<>\x00-\x1f\x7f]")
"""Graph says a real token never contains HTML or JavaScript; one that could is not echoed."""

_FOLLOW_UP = {
    # PATCH renews and reauthorizes in one; never both PATCH and POST /reauthorize within ten minutes
    LifecycleEvent.REAUTHORIZATION_REQUIRED: Chore.RENEW,
    LifecycleEvent.SUBSCRIPTION_REMOVED: Chore.ENSURE,
    LifecycleEvent.MISSED: Chore.SWEEP,
}


@dataclass(frozen=True, slots=True)
class Answer:
    """The HTTP answer and what must be in the queue before it is sent."""

    status: HTTPStatus
    text: str = ""
    messages: tuple[str, ...] = ()
    chores: tuple[str, ...] = ()
    handshake: bool = False
    strangers: bool = False
    """Whether items were dropped only because they name another subscription than the one this instance remembers."""


def handshake(token: str) -> Answer:
    """The subscription validation: the decoded token as plain text, unaltered, or a refusal that echoes nothing."""
    if len(token) > MOST_TOKEN_CHARACTERS or _NOT_IN_A_TOKEN.search(token):
        return Answer(HTTPStatus.BAD_REQUEST, "that is not a validation token")
    return Answer(HTTPStatus.OK, token, handshake=True)


def take_changes(body: bytes, expected: Expected, received: int, coalescer: Coalescer) -> Answer:
    """202 and one message for every 20 users named by items that are ours. `received` is epoch milliseconds."""

    def queue(items: list[object]) -> Answer:
        read = [read_change(item, expected) for item in items]
        _report_dropped(read)
        named = [change.user_id for change in read if isinstance(change, ChangeNotification)]
        users = coalescer.sort(named, received)
        messages = [
            *in_messages(users.now, Cause.NOTIFICATION, received),
            *in_messages(users.later, Cause.NOTIFICATION, users.later_at),
        ]
        chores = [] if users.sweep_at is None else [encode_chore(Chore.SWEEP, users.sweep_at)]
        if _ends_soon(read, received) and coalescer.may_renew(received):
            chores.append(encode_chore(Chore.RENEW, received))
        return _accepted(read, messages=tuple(map(encode, messages)), chores=tuple(chores))

    return _take(body, queue)


def take_lifecycle(body: bytes, expected: Expected, received: int) -> Answer:
    """202 and one chore for each kind of event; the same event twice is still one chore."""

    def queue(items: list[object]) -> Answer:
        read = [read_lifecycle(item, expected) for item in items]
        _report_dropped(read)
        chores = dict.fromkeys(_FOLLOW_UP[event] for event in read if isinstance(event, LifecycleEvent))
        return _accepted(read, chores=tuple(encode_chore(chore, received) for chore in chores))

    return _take(body, queue)


def _ends_soon(read: Sequence[object], received: int) -> bool:
    """The timer renews with two weeks left: a notification that says otherwise shows that the timer does not work."""
    ends = [item.expires for item in read if isinstance(item, ChangeNotification) and item.expires]
    return any(end.timestamp() * 1000 - received < LAST_CALL for end in ends)


def _accepted(read: Sequence[object], messages: tuple[str, ...] = (), chores: tuple[str, ...] = ()) -> Answer:
    return Answer(HTTPStatus.ACCEPTED, messages=messages, chores=chores, strangers=Dropped.FOREIGN in read)


def _take(body: bytes, queue: Callable[[list[object]], Answer]) -> Answer:
    if len(body) > MOST_BYTES:
        return Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "at most 256 KiB")
    try:
        items = items_in(body)
    except WrongShape as error:
        return Answer(HTTPStatus.BAD_REQUEST, str(error))
    return queue(items)


def _report_dropped(read: list[ChangeNotification | Dropped] | list[LifecycleEvent | Dropped]) -> None:
    counts = Counter(item.value for item in read if isinstance(item, Dropped))
    if counts:
        _log.warning("notifications dropped: %s", dict(counts), extra={"action": "notifications_dropped"})
