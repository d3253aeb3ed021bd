"""The Queues port. The webhooks do not come here: their messages go through the host's output binding."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import timedelta

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue.aio import QueueServiceClient

from shared.messages import CHORE_QUEUE, USER_QUEUE, Chore, Message, encode, encode_chore

NEVER_EXPIRES = -1
"""The default is seven days; no event is lost because nobody worked for a week."""


class StorageQueues:
    """The text is base64 already, so the client needs no encoding policy."""

    def __init__(self, service: QueueServiceClient) -> None:
        self._service = service

    async def send(self, message: Message, delay: timedelta = timedelta(0)) -> None:
        """See the port."""
        await self._send(USER_QUEUE, encode(message), delay)

    async def send_chore(self, chore: Chore, received: int, delay: timedelta = timedelta(0), attempt: int = 1) -> None:
        """See the port."""
        await self._send(CHORE_QUEUE, encode_chore(chore, received, attempt), delay)

    async def _send(self, name: str, text: str, delay: timedelta) -> None:
        seconds = max(0, round(delay.total_seconds()))
        client = self._service.get_queue_client(name)

        async def put() -> object:
            return await client.send_message(text, visibility_timeout=seconds, time_to_live=NEVER_EXPIRES)

        await _creating(put, client.create_queue)


async def _creating(put: Callable[[], Awaitable[object]], create: Callable[[], Awaitable[object]]) -> None:
    """Puts; creates the queue first where it is missing. Infrastructure normally has created it."""
    try:
        await put()
    except ResourceNotFoundError:
        with suppress(ResourceExistsError):  # another instance was faster
            await create()
        await put()
