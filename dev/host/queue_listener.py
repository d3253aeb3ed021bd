"""The queue trigger: poll, run up to a limit, delete, hand back, or move to the poison queue.

Rules from QueueListener.cs and QueueProcessor.cs of the storage-queues extension (Azure/azure-sdk-for-net,
sdk/storage/Microsoft.Azure.WebJobs.Extensions.Storage.Queues).
"""

import asyncio
import contextlib
import logging

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from dev.host import queues
from dev.host.host_json import QueueOptions
from dev.host.message_processor import MessageProcessor
from dev.host.polling_delay import PollingDelay
from dev.host.queue_messages import ReceivedMessage

log = logging.getLogger("host.queue")


class QueueListener:
    """Feeds one function from one queue until it is stopped."""

    def __init__(
        self,
        queue: str,
        options: QueueOptions,
        client: QueueClient,
        processor: MessageProcessor,
        receive_visibility: int,
    ) -> None:
        self._queue = queue
        self._options = options
        self._client = client
        self._processor = processor
        self._receive_visibility = receive_visibility
        self._delay = PollingDelay(options.max_polling_seconds)
        self._wake = asyncio.Event()
        self._stopping = False
        self._reachable = True
        self._processing: set[asyncio.Task[None]] = set()

    def wake(self) -> None:
        """Look at once instead of at the end of the current pause."""
        self._wake.set()

    def stop(self) -> None:
        """Fetch no more; `run` returns when what was fetched is done."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Poll until stopped, then wait for the messages still being processed."""
        found = False
        while not self._stopping:
            # Cleared before looking: a message added while we look must not be waited for.
            self._wake.clear()
            messages = await self._receive()
            if messages:
                found = True
                self._start(messages)
                await self._below(self._options.new_batch_threshold)
            else:
                await self._pause(self._delay.next(found_message=found))
                found = False
        await self._below(0)

    def _start(self, messages: list[ReceivedMessage]) -> None:
        for message in messages:
            task = asyncio.create_task(self._processor.process(message))
            self._processing.add(task)
            task.add_done_callback(self._processing.discard)

    async def _below(self, threshold: int) -> None:
        """Wait until at most so many messages are being processed: only then is the next batch fetched."""
        while len(self._processing) > threshold:
            await asyncio.wait(self._processing, return_when=asyncio.FIRST_COMPLETED)

    async def _pause(self, seconds: float) -> None:
        if self._stopping:
            return
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._wake.wait()

    async def _receive(self) -> list[ReceivedMessage]:
        """The next batch; none while the storage account cannot be reached, which is logged once."""
        try:
            messages = await self._fetch()
        except ResourceNotFoundError:
            return await self._create_queue()
        except AzureError as error:
            self._note_reachable(error)
            return []
        self._note_reachable(None)
        return [_received(message) for message in messages]

    async def _create_queue(self) -> list[ReceivedMessage]:
        try:
            await queues.create(self._client)
        except AzureError as error:
            self._note_reachable(error)
        return []

    async def _fetch(self) -> list[QueueMessage]:
        pages = self._client.receive_messages(
            messages_per_page=self._options.batch_size,
            visibility_timeout=self._receive_visibility,
            retry_total=0,  # the polling itself is the retry
        ).by_page()
        page = await anext(pages, None)
        return [] if page is None else [message async for message in page]

    def _note_reachable(self, error: AzureError | None) -> None:
        if error is not None and self._reachable:
            log.warning("Queue '%s' cannot be read, polling goes on: %s", self._queue, _first_line(error))
        elif error is None and not self._reachable:
            log.warning("Queue '%s' can be read again", self._queue)
        self._reachable = error is None


def _first_line(error: AzureError) -> str:
    return str(error).partition("\n")[0]


def _received(message: QueueMessage) -> ReceivedMessage:
    return ReceivedMessage(
        id=message.id,
        pop_receipt=message.pop_receipt or "",
        text=message.content or "",
        dequeue_count=message.dequeue_count or 0,
        inserted_on=message.inserted_on,
        expires_on=message.expires_on,
        next_visible_on=message.next_visible_on,
    )
