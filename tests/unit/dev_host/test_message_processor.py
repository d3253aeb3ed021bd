"""What becomes of one message, rule by rule."""

import base64

import pytest
from azure.core.exceptions import HttpResponseError, ResourceNotFoundError, ServiceRequestError
from azure.storage.queue import StorageErrorCode

from dev.host.bindings import Function, QueueTrigger
from dev.host.connections import Connection
from dev.host.host_json import QueueOptions
from dev.host.message_processor import MessageProcessor
from dev.host.queue_messages import ReceivedMessage
from dev.host.queues import Queues
from tests.unit.dev_host.fakes import FAILURE, SUCCESS, FakeInvoker, FakeQueue

FUNCTION = Function("work", "id", QueueTrigger("msg", "work", Connection()), (), None)
HELLO = base64.b64encode(b"hello").decode()
MISMATCH = HttpResponseError("somebody else has it")
MISMATCH.error_code = StorageErrorCode.POP_RECEIPT_MISMATCH  # type: ignore[attr-defined]


class Bench:
    """A processor with its queues at hand."""

    def __init__(self, *, options: QueueOptions | None = None, poison: bool = True, succeeds: bool = True) -> None:
        self.source = FakeQueue("work")
        self.poison = FakeQueue("work-poison", exists=False)
        self.invoker = FakeInvoker(lambda: SUCCESS if succeeds else FAILURE)
        self.processor = MessageProcessor(
            FUNCTION,
            options or QueueOptions(),
            Queues(),
            self.invoker.as_invoker(),
            self.source.as_client(),
            self.poison.as_client() if poison else None,
            600,
        )

    async def process(self, text: str = HELLO, dequeue_count: int = 1) -> None:
        await self.processor.process(ReceivedMessage("m", "r", text, dequeue_count, None, None, None))


async def test_success_deletes() -> None:
    bench = Bench()
    await bench.process()
    ((name, inputs, metadata),) = bench.invoker.calls
    assert (name, inputs[0].name, inputs[0].data.string) == ("work", "msg", "hello")
    assert metadata["Id"].string == "m"  # type: ignore[attr-defined]
    assert bench.source.deleted == [("m", "r")]
    assert bench.source.updated == []


async def test_failure_hands_back_after_the_visibility_timeout() -> None:
    bench = Bench(options=QueueOptions(visibility_seconds=30), succeeds=False)
    await bench.process(dequeue_count=4)
    assert bench.source.updated == [("m", "r", 30)]
    assert bench.source.deleted == []
    assert bench.poison.sent == []


@pytest.mark.parametrize(("dequeue_count", "runs"), [(5, 1), (6, 0)])
async def test_the_last_attempt_and_the_one_after_a_crash_go_to_poison(dequeue_count: int, runs: int) -> None:
    bench = Bench(succeeds=False)
    await bench.process(dequeue_count=dequeue_count)
    assert len(bench.invoker.calls) == runs
    assert bench.poison.sent == [HELLO]
    assert bench.poison.exists
    assert bench.source.deleted == [("m", "r")]


async def test_undecodable_goes_to_poison_as_it_is_without_a_run() -> None:
    bench = Bench()
    await bench.process("<not base64>")
    assert bench.invoker.calls == []
    assert bench.poison.sent == ["<not base64>"]
    assert bench.source.deleted == [("m", "r")]


async def test_without_encoding_the_text_is_the_body() -> None:
    bench = Bench(options=QueueOptions(base64=False))
    await bench.process("<not base64>")
    assert bench.invoker.calls[0][1][0].data.string == "<not base64>"


async def test_not_utf8_is_a_failed_run() -> None:
    bench = Bench()
    await bench.process(base64.b64encode(b"\xff").decode())
    assert bench.invoker.calls == []
    assert bench.source.updated == [("m", "r", 0)]


@pytest.mark.parametrize(("text", "dequeue_count", "runs"), [(HELLO, 1, 1), (HELLO, 99, 1), ("<bad>", 1, 0)])
async def test_a_poison_queue_has_no_poison_queue(text: str, dequeue_count: int, runs: int) -> None:
    bench = Bench(poison=False, succeeds=False)
    await bench.process(text, dequeue_count)
    assert len(bench.invoker.calls) == runs
    assert (bench.source.deleted, bench.source.updated) == ([], [])  # it stays invisible until its lease ends


@pytest.mark.parametrize("error", [ResourceNotFoundError("gone"), MISMATCH, ServiceRequestError("storage is away")])
async def test_a_message_that_cannot_be_deleted_is_left(error: HttpResponseError) -> None:
    bench = Bench()
    bench.source.failure = error
    await bench.process()
    assert len(bench.invoker.calls) == 1


async def test_a_message_stays_where_it_is_when_poison_cannot_be_written() -> None:
    bench = Bench(succeeds=False)
    bench.poison.exists, bench.poison.failure = True, ServiceRequestError("storage is away")
    await bench.process(dequeue_count=5)
    assert bench.source.deleted == []
