"""Stand-ins for one storage queue and for the invoker, with the behaviour the host relies on."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any, cast

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueMessage
from azure.storage.queue.aio import QueueClient

from dev.host.bindings import Function
from dev.host.invoker import Invoker
from dev.host.worker import Inputs, InvocationResult, Metadata

SUCCESS = InvocationResult(True, None, {}, "", "")
FAILURE = InvocationResult(False, None, {}, "RuntimeError: no", "")


@dataclass
class FakeQueue:
    """Remembers what was done to it; `batches` are handed out one a look, an error among them is raised."""

    queue_name: str = "work"
    exists: bool = True
    batches: list[list[QueueMessage] | AzureError] = field(default_factory=list)
    sent: list[str] = field(default_factory=list)
    deleted: list[tuple[str, str]] = field(default_factory=list)
    updated: list[tuple[str, str, int]] = field(default_factory=list)
    looks: int = 0
    failure: AzureError | None = None

    def as_client(self) -> QueueClient:
        return cast("QueueClient", self)

    async def create_queue(self) -> None:
        self.exists = True

    async def send_message(self, text: str) -> None:
        self._check()
        self.sent.append(text)

    async def delete_message(self, message: str, receipt: str) -> None:
        self._check()
        self.deleted.append((message, receipt))

    async def update_message(self, message: str, receipt: str, *, visibility_timeout: int) -> QueueMessage:
        self.updated.append((message, receipt, visibility_timeout))
        self._check()
        return QueueMessage(id=message, pop_receipt=f"{receipt}+")

    def receive_messages(self, **_: Any) -> "FakeQueue":
        return self

    async def by_page(self) -> AsyncIterator[AsyncIterator[QueueMessage]]:
        self.looks += 1
        self._check()
        batch = self.batches.pop(0) if self.batches else []
        if isinstance(batch, AzureError):
            raise batch
        if batch:
            yield _each(batch)

    def _check(self) -> None:
        if not self.exists:
            raise ResourceNotFoundError("QueueNotFound")
        if self.failure is not None:
            raise self.failure


async def until(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds; generous, so that a busy machine does not fail the test."""
    async with asyncio.timeout(20):
        while not condition():  # noqa: ASYNC110 - the condition belongs to code that knows no event of ours
            await asyncio.sleep(0.005)


async def _each(batch: list[QueueMessage]) -> AsyncIterator[QueueMessage]:
    for message in batch:
        yield message


@dataclass
class FakeInvoker:
    """Answers every invocation with what `outcome` says, and keeps what it was called with."""

    outcome: Callable[[], InvocationResult] = lambda: SUCCESS
    calls: list[tuple[str, Inputs, Metadata]] = field(default_factory=list)
    gate: asyncio.Event | None = None
    running: int = 0
    most_running: int = 0

    def as_invoker(self) -> Invoker:
        return cast("Invoker", self)

    async def run(self, function: Function, inputs: Inputs, metadata: Metadata, reason: str) -> InvocationResult:
        assert reason
        self.calls.append((function.name, inputs, metadata))
        self.running += 1
        self.most_running = max(self.most_running, self.running)
        if self.gate is not None:
            await self.gate.wait()
        self.running -= 1
        return self.outcome()
