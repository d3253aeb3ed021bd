"""A running sample app, and its queues as a test wants to see them."""

import asyncio
import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
from azure.core.exceptions import ResourceNotFoundError
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from dev.host.launcher import RunningHost


class Sample:
    """The host that runs it, a client of it, and its queues: work, out and the poison queue."""

    def __init__(
        self, host: RunningHost, client: aiohttp.ClientSession, service: QueueServiceClient, name: str
    ) -> None:
        self.host = host
        self.client = client
        self.work = service.get_queue_client(f"work-{name}")
        self.out = service.get_queue_client(f"out-{name}")
        self.poison = service.get_queue_client(f"work-{name}-poison")

    async def post(self, path: str, body: str) -> int:
        """POST text, and return the status."""
        async with self.client.post(path, data=body) as response:
            return response.status

    async def order(self, **order: Any) -> None:
        """Have the work function do something."""
        assert await self.post("/api/send", json.dumps(order)) == 202

    async def reports(self, count: int) -> list[dict[str, Any]]:
        """What the functions reported, once there are so many reports."""
        await eventually(lambda: holds(self.out, count))
        return [json.loads(base64.b64decode(text)) for text in await texts(self.out)]

    async def fire(self, function: str, key: str | None = None) -> int:
        """Run a timer function now."""
        headers = {"x-functions-key": self.host.key if key is None else key}
        path = f"/admin/functions/{function}"
        async with self.client.post(path, json={"input": ""}, headers=headers) as response:
            return response.status


async def length(queue: QueueClient) -> int:
    """Messages in a queue, visible or not; 0 where there is no queue."""
    try:
        return (await queue.get_queue_properties()).approximate_message_count or 0
    except ResourceNotFoundError:
        return 0


async def holds(queue: QueueClient, count: int) -> bool:
    return await length(queue) == count


async def texts(queue: QueueClient) -> list[str]:
    """The messages that are visible, as they are on the wire."""
    return [message.content or "" for message in await queue.peek_messages(max_messages=32)]


async def eventually(probe: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a probe says yes; generous, so that a busy machine does not fail the test."""
    async with asyncio.timeout(30):
        while not await probe():  # noqa: ASYNC110 - it is another process that makes it true
            await asyncio.sleep(0.02)
