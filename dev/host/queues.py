"""The storage queues of this host: clients by connection, sending, and waking who listens."""

from collections import defaultdict
from collections.abc import Callable

from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from dev.host.connections import Connection, open_client


class Queues:
    """One service client for each connection, shared by every function that names it."""

    def __init__(self) -> None:
        self._services: dict[Connection, QueueServiceClient] = {}
        self._listeners: defaultdict[str, list[Callable[[], None]]] = defaultdict(list)

    def client(self, connection: Connection, queue: str) -> QueueClient:
        """The client of one queue. It sends text as it is: encoding is host.json's business, not the SDK's."""
        if connection not in self._services:
            self._services[connection] = open_client(connection)
        return self._services[connection].get_queue_client(queue)

    def watch(self, queue: str, wake: Callable[[], None]) -> None:
        """Have `wake` called after each message this host itself adds to a queue of that name."""
        self._listeners[queue].append(wake)

    async def add(self, client: QueueClient, text: str) -> None:
        """Add a message; the queue is created when the first message finds it missing."""
        try:
            await client.send_message(text)
        except ResourceNotFoundError:
            await create(client)
            await client.send_message(text)
        # SharedQueueWatcher.cs goes by the queue's name alone; a wrong wake-up costs one look.
        for wake in self._listeners[client.queue_name]:
            wake()

    async def close(self) -> None:
        for service in self._services.values():
            await service.close()


async def create(client: QueueClient) -> None:
    """Create a queue unless it is there already."""
    try:
        await client.create_queue()
    except ResourceExistsError:
        return
