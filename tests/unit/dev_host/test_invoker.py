"""One invocation: what is written, and what counts as a failure."""

import asyncio
import base64
import logging

import pytest
from azure.core.exceptions import ServiceRequestError
from azure.storage.queue.aio import QueueClient

from dev.host import worker
from dev.host.bindings import Function, QueueOutput, QueueTrigger
from dev.host.connections import Connection
from dev.host.invoker import Invoker
from dev.host.protos import TypedData
from dev.host.queues import Queues
from dev.host.worker import Inputs, InvocationResult, Metadata
from tests.unit.dev_host.fakes import FAILURE, SUCCESS, FakeQueue, until

HERE = Connection()
FUNCTION = Function(
    "work",
    "id",
    QueueTrigger("msg", "in", HERE),
    (QueueOutput("first", "first", HERE), QueueOutput("$return", "returned", HERE)),
    None,
)


class FakeQueues(Queues):
    """Queues that are lists."""

    def __init__(self) -> None:
        super().__init__()
        self.fakes: dict[str, FakeQueue] = {
            "first": FakeQueue("first", exists=False),
            "returned": FakeQueue("returned"),
        }

    def client(self, connection: Connection, queue: str) -> QueueClient:
        del connection
        return self.fakes[queue].as_client()


def worker_answers(
    monkeypatch: pytest.MonkeyPatch, result: InvocationResult, gate: asyncio.Event | None = None
) -> None:
    async def invoke(function_id: str, inputs: Inputs, trigger_metadata: Metadata) -> InvocationResult:
        assert (function_id, inputs, trigger_metadata) == ("id", [], {})
        if gate is not None:
            await gate.wait()
        return result

    monkeypatch.setattr(worker, "invoke", invoke)


async def test_outputs_are_written_and_listeners_woken(monkeypatch: pytest.MonkeyPatch) -> None:
    queues, woken = FakeQueues(), []
    queues.watch("first", lambda: woken.append("first"))
    outputs = {"first": TypedData(json='["a", "b"]'), "unknown": TypedData(string="x")}
    worker_answers(monkeypatch, InvocationResult(True, TypedData(bytes=b"c"), outputs, "", ""))
    result = await Invoker(queues, as_base64=True, timeout=None).run(FUNCTION, [], {}, "test")
    assert result.succeeded
    assert [base64.b64decode(text) for text in queues.fakes["first"].sent] == [b"a", b"b"]
    assert [base64.b64decode(text) for text in queues.fakes["returned"].sent] == [b"c"]
    assert queues.fakes["first"].exists
    assert woken == ["first", "first"]


@pytest.mark.parametrize(
    ("output", "failure", "complaint"),
    [
        ("{broken}", None, "JSONDecodeError"),
        ("x", ServiceRequestError("away"), "ServiceRequestError: away"),
    ],
)
async def test_a_failed_output_is_a_failed_invocation(
    monkeypatch: pytest.MonkeyPatch, output: str, failure: ServiceRequestError | None, complaint: str
) -> None:
    queues = FakeQueues()
    queues.fakes["first"] = FakeQueue("first", failure=failure)
    worker_answers(monkeypatch, InvocationResult(True, None, {"first": TypedData(string=output)}, "", ""))
    result = await Invoker(queues, as_base64=True, timeout=None).run(FUNCTION, [], {}, "test")
    assert not result.succeeded
    assert result.error.startswith(f"Error while handling output 'first': {complaint}")


async def test_a_failure_writes_nothing_and_is_logged(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    queues = FakeQueues()
    worker_answers(monkeypatch, FAILURE)
    with caplog.at_level(logging.ERROR, "host.invocation"):
        assert not (await Invoker(queues, as_base64=True, timeout=None).run(FUNCTION, [], {}, "test")).succeeded
    assert not queues.fakes["returned"].sent
    assert "Executed 'work' (Failed" in caplog.text
    assert "RuntimeError: no" in caplog.text


async def test_the_timeout_is_reported_once_and_only_for_a_run_that_lasts(monkeypatch: pytest.MonkeyPatch) -> None:
    late: list[tuple[str, float]] = []
    gate = asyncio.Event()
    invoker = Invoker(FakeQueues(), as_base64=True, timeout=0.05, on_timeout=lambda *each: late.append(each))
    worker_answers(monkeypatch, SUCCESS)
    await invoker.run(FUNCTION, [], {}, "quick")
    worker_answers(monkeypatch, SUCCESS, gate)
    lasting = asyncio.create_task(invoker.run(FUNCTION, [], {}, "lasting"))
    await until(lambda: bool(late))
    assert invoker.running == 1
    gate.set()
    await lasting
    assert (late, invoker.running) == ([("work", 0.05)], 0)
