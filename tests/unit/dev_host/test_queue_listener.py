"""The polling loop: how much it fetches, when it looks, and that it lives through an absent account."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.queue import QueueMessage

from dev.host.host_json import QueueOptions
from dev.host.message_processor import MessageProcessor
from dev.host.queue_listener import QueueListener
from dev.host.queues import Queues
from tests.unit.dev_host.fakes import FakeInvoker, FakeQueue, until
from tests.unit.dev_host.test_message_processor import FUNCTION, HELLO

SLOW_POLLING = QueueOptions(batch_size=4, new_batch_threshold=2, max_polling_seconds=30.0)


def batch(size: int) -> list[QueueMessage]:
    return [QueueMessage(HELLO, id=f"m{n}", pop_receipt="r", dequeue_count=1) for n in range(size)]


@asynccontextmanager
async def listening(
    queue: FakeQueue, invoker: FakeInvoker, options: QueueOptions = SLOW_POLLING
) -> AsyncIterator[QueueListener]:
    processor = MessageProcessor(FUNCTION, options, Queues(), invoker.as_invoker(), queue.as_client(), None, 600)
    listener = QueueListener("work", options, queue.as_client(), processor, 600)
    running = asyncio.create_task(listener.run())
    try:
        yield listener
    finally:
        listener.stop()
        await running


async def test_the_next_batch_is_fetched_only_below_the_threshold() -> None:
    queue = FakeQueue(batches=[batch(4), batch(2), batch(4)])
    invoker = FakeInvoker(gate=asyncio.Event())
    async with listening(queue, invoker):
        await until(lambda: invoker.running == 4)
        await asyncio.sleep(0.05)
        assert queue.looks == 1
        assert invoker.gate is not None
        invoker.gate.set()
        await until(lambda: len(queue.deleted) == 10)
    assert invoker.most_running <= SLOW_POLLING.most_in_flight


async def test_it_fetches_on_while_no_more_than_the_threshold_run() -> None:
    queue = FakeQueue(batches=[batch(2), batch(4)])
    invoker = FakeInvoker(gate=asyncio.Event())
    async with listening(queue, invoker):
        await until(lambda: invoker.running == 6)
        assert invoker.gate is not None
        invoker.gate.set()


async def test_it_is_woken_out_of_a_long_pause() -> None:
    queue = FakeQueue()
    async with listening(queue, FakeInvoker()) as listener:
        await until(lambda: queue.looks >= 3)
        looks = queue.looks
        listener.wake()
        await until(lambda: queue.looks > looks)


async def test_a_missing_queue_is_created() -> None:
    queue = FakeQueue(exists=False)
    async with listening(queue, FakeInvoker()):
        await until(lambda: queue.exists)


async def test_an_absent_account_is_logged_once_and_lived_through(caplog: pytest.LogCaptureFixture) -> None:
    away = ServiceRequestError("connection refused\nand more")
    queue = FakeQueue(batches=[away, away, away, batch(1)])
    with caplog.at_level(logging.WARNING, "host.queue"):
        async with listening(queue, FakeInvoker()) as listener:
            for looks in range(1, 5):
                await until(lambda: queue.looks >= looks)  # noqa: B023 - awaited at once
                listener.wake()
            await until(lambda: len(queue.deleted) == 1)
    assert [record.getMessage() for record in caplog.records] == [
        "Queue 'work' cannot be read, polling goes on: connection refused",
        "Queue 'work' can be read again",
    ]


async def test_stopping_waits_for_what_runs() -> None:
    queue = FakeQueue(batches=[batch(3)])
    invoker = FakeInvoker(gate=asyncio.Event())
    async with listening(queue, invoker) as listener:
        await until(lambda: invoker.running == 3)
        listener.stop()
        await asyncio.sleep(0.02)
        assert queue.deleted == []
        assert invoker.gate is not None
        invoker.gate.set()
    assert len(queue.deleted) == 3
