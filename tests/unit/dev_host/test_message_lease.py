"""The lease on a message while its function runs."""

import asyncio

from azure.core.exceptions import ServiceRequestError

from dev.host.message_lease import MessageLease
from dev.host.queue_messages import ReceivedMessage
from tests.unit.dev_host.fakes import FakeQueue, until

MESSAGE = ReceivedMessage("m", "r", "", 1, None, None, None)


def lease(queue: FakeQueue) -> MessageLease:
    return MessageLease(queue.as_client(), MESSAGE, 0.02)


async def test_it_is_renewed_and_the_newest_receipt_deletes() -> None:
    queue = FakeQueue()
    held = lease(queue)
    async with held.renewed():
        await until(lambda: len(queue.updated) >= 2)
    await held.delete()
    assert [receipt for _, receipt, _ in queue.updated[:2]] == ["r", "r+"]
    assert queue.deleted == [("m", "r" + "+" * len(queue.updated))]


async def test_it_is_not_renewed_after_the_run() -> None:
    queue = FakeQueue()
    async with lease(queue).renewed():
        await until(lambda: len(queue.updated) >= 1)
    renewals = len(queue.updated)
    await asyncio.sleep(0.05)
    assert len(queue.updated) == renewals


async def test_a_failed_renewal_is_tried_again_with_the_old_receipt() -> None:
    queue = FakeQueue(failure=ServiceRequestError("storage is away"))
    async with lease(queue).renewed():
        await until(lambda: len(queue.updated) >= 2)
        queue.failure = None
        await until(lambda: any(receipt == "r+" for _, receipt, _ in queue.updated))
    assert {receipt for _, receipt, _ in queue.updated[:2]} == {"r"}
