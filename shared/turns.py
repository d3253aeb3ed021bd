"""Many users into the queue without getting into anybody's way. Floor 4."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from shared.messages import in_messages
from shared.models import Cause
from shared.moments import millis
from shared.ports import Queues

AT_ONCE, MESSAGES_PER_SECOND = 25, 2
"""The first messages are visible at once, the others one after the other: 40 users a second."""


async def queue_in_turn(
    queues: Queues, users: Sequence[str], cause: Cause, now: datetime, before: int, run: str | None = None
) -> int:
    """Queues these users after so many messages of the same stretch of work; how many messages it took."""
    messages = list(in_messages(users, cause, millis(now), run))
    for number, message in enumerate(messages, start=before):
        await queues.send(message, turn(number))
    return len(messages)


def turn(number: int) -> timedelta:
    """How long the message of this number (from 0) stays invisible.

    Whoever is told of by a notification meanwhile is never behind more than a few messages of this work.
    """
    return timedelta(seconds=max(0, number - AT_ONCE) / MESSAGES_PER_SECOND)
