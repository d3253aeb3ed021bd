"""One invocation from end to end: run the function, write its outputs, log how it ended."""

import asyncio
import logging
import os
import sys
import time
from collections.abc import Callable
from dataclasses import replace

from dev.host import queue_messages, worker
from dev.host.bindings import Function, QueueOutput
from dev.host.protos import TypedData
from dev.host.queues import Queues
from dev.host.worker import Inputs, InvocationResult, Metadata

log = logging.getLogger("host.invocation")

# sysexits.h EX_SOFTWARE: told apart from a plain failure to start (1).
TIMEOUT_EXIT_CODE = 70


def end_process_after_timeout(function: str, seconds: float) -> None:
    """What functionTimeout does in Azure: the whole worker goes, and every invocation in it with it.

    Their messages stay invisible until their lease ends. https://github.com/Azure/azure-functions-host/issues/9669
    """
    log.critical("Timeout value of %g s exceeded by function '%s'. The host ends now", seconds, function)
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(TIMEOUT_EXIT_CODE)


class Invoker:
    """Runs functions and writes what they put into their queue outputs."""

    def __init__(
        self,
        queues: Queues,
        *,
        as_base64: bool,
        timeout: float | None,
        on_timeout: Callable[[str, float], None] = end_process_after_timeout,
    ) -> None:
        self._queues = queues
        self._as_base64 = as_base64
        self._timeout = timeout
        self._on_timeout = on_timeout
        self.running = 0

    async def run(self, function: Function, inputs: Inputs, metadata: Metadata, reason: str) -> InvocationResult:
        """Run a function once; a failed output is a failed invocation (so an HTTP 202 means "enqueued")."""
        log.debug("Executing '%s' (%s)", function.name, reason)
        started = time.perf_counter()
        watchdog = self._watch(function.name)
        self.running += 1
        try:
            result = await worker.invoke(function.id, inputs, metadata)
            if result.succeeded:
                result = await self._write_outputs(function, result)
        finally:
            self.running -= 1
            if watchdog is not None:
                watchdog.cancel()
        self._report(function, result, time.perf_counter() - started)
        return result

    async def _write_outputs(self, function: Function, result: InvocationResult) -> InvocationResult:
        try:
            for output in function.queue_outputs:
                data = result.returned if output.name == "$return" else result.outputs.get(output.name)
                if data is not None:
                    await self._write(output, data)
        except Exception as error:  # noqa: BLE001 - whatever an output runs into is a failure of the invocation
            message = f"Error while handling output '{output.name}': {type(error).__name__}: {error}"
            return replace(result, succeeded=False, error=message)
        return result

    async def _write(self, output: QueueOutput, data: TypedData) -> None:
        client = self._queues.client(output.connection, output.queue)
        for body in queue_messages.output_bodies(data):
            await self._queues.add(client, queue_messages.encode(body, as_base64=self._as_base64))

    def _watch(self, function: str) -> asyncio.TimerHandle | None:
        if self._timeout is None:
            return None
        return asyncio.get_running_loop().call_later(self._timeout, self._on_timeout, function, self._timeout)

    @staticmethod
    def _report(function: Function, result: InvocationResult, seconds: float) -> None:
        if result.succeeded:
            log.debug("Executed '%s' (Succeeded, %.0f ms)", function.name, seconds * 1000)
        else:
            detail = result.stack_trace.rstrip() or result.error
            log.error("Executed '%s' (Failed, %.0f ms)\n%s", function.name, seconds * 1000, detail)
