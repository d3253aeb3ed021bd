"""What becomes of one received message: run and deleted, handed back, or moved to the poison queue."""

import logging

from azure.core.exceptions import AzureError
from azure.storage.queue.aio import QueueClient

from dev.host import queue_messages
from dev.host.bindings import Function
from dev.host.host_json import QueueOptions
from dev.host.invoker import Invoker
from dev.host.message_lease import MessageLease
from dev.host.protos import ParameterBinding, TypedData
from dev.host.queue_messages import ReceivedMessage, UndecodableMessageError
from dev.host.queues import Queues

log = logging.getLogger("host.queue")


class MessageProcessor:
    """Takes the messages of one queue through one function; `poison` is None where there is no poison queue."""

    def __init__(
        self,
        function: Function,
        options: QueueOptions,
        queues: Queues,
        invoker: Invoker,
        client: QueueClient,
        poison: QueueClient | None,
        receive_visibility: int,
    ) -> None:
        self._function = function
        self._options = options
        self._queues = queues
        self._invoker = invoker
        self._client = client
        self._poison = poison
        self._receive_visibility = receive_visibility

    async def process(self, message: ReceivedMessage) -> None:
        """Deal with one message. Where storage fails, the message comes back when its lease ends."""
        try:
            await self._process(message, MessageLease(self._client, message, self._receive_visibility))
        except AzureError as error:
            log.error(  # noqa: TRY400 - an account that is away needs no traceback
                "Message %s of '%s' could not be settled: %s", message.id, self._client.queue_name, error
            )

    async def _process(self, message: ReceivedMessage, lease: MessageLease) -> None:
        try:
            body = queue_messages.decode(message.text, as_base64=self._options.base64)
        except UndecodableMessageError:
            log.warning("Message decoding has failed! Check MessageEncoding settings. MessageId=%s", message.id)
            await self._move_to_poison(message, lease)
            return
        # Only a crash gets a message past the limit without the function having failed on it.
        if self._poison is not None and message.dequeue_count > self._options.max_dequeue_count:
            await self._give_up(message, lease)
            return
        async with lease.renewed():
            succeeded = await self._run(message, body)
        await self._settle(message, lease, succeeded=succeeded)

    async def _run(self, message: ReceivedMessage, body: bytes) -> bool:
        try:
            text = body.decode()
        except UnicodeDecodeError as error:
            log.error("Message %s of '%s' is not UTF-8: %s", message.id, self._client.queue_name, error)  # noqa: TRY400
            return False
        trigger = ParameterBinding(name=self._function.trigger.parameter, data=TypedData(string=text))
        metadata = queue_messages.trigger_metadata(message, text)
        reason = f"New queue message on '{self._client.queue_name}', dequeue count {message.dequeue_count}"
        return (await self._invoker.run(self._function, [trigger], metadata, reason)).succeeded

    async def _settle(self, message: ReceivedMessage, lease: MessageLease, *, succeeded: bool) -> None:
        if succeeded:
            await lease.delete()
        elif self._poison is None:
            # Left invisible on purpose: handed back, a failing poison message would spin.
            log.warning("Message %s failed on '%s'", message.id, self._client.queue_name)
        elif message.dequeue_count >= self._options.max_dequeue_count:
            await self._give_up(message, lease)
        else:
            await lease.let_go(self._options.visibility_seconds)

    async def _give_up(self, message: ReceivedMessage, lease: MessageLease) -> None:
        log.warning("Message %s has reached MaxDequeueCount of %d", message.id, self._options.max_dequeue_count)
        await self._move_to_poison(message, lease)

    async def _move_to_poison(self, message: ReceivedMessage, lease: MessageLease) -> None:
        """Copy the text as it is, and only then delete it here; without a poison queue it stays invisible."""
        if self._poison is None:
            return
        log.warning("Moving message %s to queue '%s'", message.id, self._poison.queue_name)
        await self._queues.add(self._poison, message.text)
        await lease.delete()
