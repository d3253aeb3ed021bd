"""The hold on a received message: renewed while the function runs, then deleted or let go."""

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from azure.core.exceptions import AzureError, HttpResponseError, ResourceNotFoundError
from azure.storage.queue.aio import QueueClient

from dev.host.queue_messages import ReceivedMessage

log = logging.getLogger("host.queue")

# QueueListener.cs: a received message is invisible this long, whatever host.json's visibilityTimeout says.
RECEIVE_VISIBILITY_SECONDS = 600
# A renewal that failed is tried again after half the time, but not more often than this.
SHORTEST_RENEWAL_SECONDS = 60.0


class MessageLease:
    """A received message and the receipt that is valid for it now; each renewal changes the receipt."""

    def __init__(self, client: QueueClient, message: ReceivedMessage, seconds: float) -> None:
        self._client = client
        self._id = message.id
        self._receipt = message.pop_receipt
        self._seconds = seconds

    @asynccontextmanager
    async def renewed(self) -> AsyncIterator[None]:
        """Keep the message invisible, renewing at half time, for as long as the block runs."""
        renewal = asyncio.create_task(self._renew())
        try:
            yield
        finally:
            renewal.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await renewal

    async def delete(self) -> None:
        """The message is dealt with. Somebody else's message by now, or gone: nothing to do."""
        with _taken_over_is_fine():
            await self._client.delete_message(self._id, self._receipt)

    async def let_go(self, visible_after: int) -> None:
        """Hand the message back, to be seen again after so many seconds; its text is left as it is."""
        with _taken_over_is_fine():
            await self._client.update_message(self._id, self._receipt, visibility_timeout=visible_after)

    async def _renew(self) -> None:
        pause = self._seconds / 2
        shortest = min(pause, SHORTEST_RENEWAL_SECONDS)
        while True:
            await asyncio.sleep(pause)
            try:
                renewed = await self._client.update_message(
                    self._id, self._receipt, visibility_timeout=int(self._seconds)
                )
            except AzureError as error:
                log.warning("Message %s could not be kept invisible: %s", self._id, error)
                pause = max(pause / 2, shortest)
            else:
                self._receipt = renewed.pop_receipt or self._receipt
                pause = self._seconds / 2


@contextlib.contextmanager
def _taken_over_is_fine() -> Iterator[None]:
    """QueueProcessor.cs: on PopReceiptMismatch or 404 another reader has the message, or it is gone."""
    try:
        yield
    except ResourceNotFoundError:
        log.debug("A message was gone before it could be deleted or released")
    except HttpResponseError as error:
        if getattr(error, "error_code", None) != "PopReceiptMismatch":
            raise
        log.debug("A message was taken over by another reader")
