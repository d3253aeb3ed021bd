"""The real Python worker library, started and called the way the Functions host does over gRPC."""

import asyncio
import uuid
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import azure_functions_runtime as runtime

from dev.host import protos
from dev.host.errors import IndexingError

Inputs = list[protos.ParameterBinding]
Metadata = dict[str, protos.TypedData]


@dataclass(frozen=True, slots=True)
class IndexedFunction:
    """What the worker found in function_app.py; the raw bindings are JSON objects, settings in them unresolved."""

    name: str
    id: str
    raw_bindings: list[str]
    has_retry_policy: bool


@dataclass(frozen=True, slots=True)
class InvocationResult:
    """How an invocation ended; `outputs` and `returned` are set only where it succeeded."""

    succeeded: bool
    returned: protos.TypedData | None
    outputs: dict[str, protos.TypedData]
    error: str
    stack_trace: str


async def index(app_folder: Path) -> list[IndexedFunction]:
    """Import function_app.py through the worker and list its functions.

    The 1.x library indexes while it answers worker_init_request; the metadata request only hands over the result.
    """
    # Without it, synchronous functions would run in the event loop's own executor instead of the worker's pool.
    runtime.start_threadpool_executor()
    init = SimpleNamespace(capabilities={}, function_app_directory=str(app_folder))
    response = await runtime.worker_init_request(
        SimpleNamespace(
            request=SimpleNamespace(worker_init_request=init),
            properties={"protos": protos, "host": "127.0.0.1"},
        )
    )
    if response.result.status != protos.StatusResult.Success:
        exception = response.result.exception
        raise IndexingError(exception.message, exception.stack_trace)
    if "HttpUri" in response.capabilities:
        raise IndexingError("HTTP streaming (azurefunctions-extensions-http-fastapi) is not served by this host")
    found = (await runtime.functions_metadata_request(SimpleNamespace())).function_metadata_results or []
    return [IndexedFunction(f.name, f.function_id, f.raw_bindings, f.retry_options is not None) for f in found]


async def invoke(function_id: str, inputs: Inputs, trigger_metadata: Metadata) -> InvocationResult:
    """Run one function once. Whatever it raises comes back as a failed result, as the worker answers the host."""
    request = SimpleNamespace(
        invocation_id=str(uuid.uuid4()),
        function_id=function_id,
        input_data=inputs,
        trigger_metadata=trigger_metadata,
        trace_context=SimpleNamespace(trace_parent="", trace_state="", attributes={}),
        retry_context=SimpleNamespace(retry_count=0, max_retry_count=0, exception=None),
    )
    envelope = SimpleNamespace(request=SimpleNamespace(invocation_request=request))
    try:
        return _result(await runtime.invocation_request(envelope))
    except asyncio.CancelledError as error:
        # The worker lets this one through. Unless we are the ones being cancelled, it came out of the function.
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            raise
        return InvocationResult(False, None, {}, f"CancelledError: {error}", "")


def _result(response: Any) -> InvocationResult:
    if response.result.status != protos.StatusResult.Success:
        exception = response.result.exception
        return InvocationResult(False, None, {}, exception.message, exception.stack_trace)
    # An Out that was set to something the worker cannot express arrives without data and writes nothing.
    outputs = {binding.name: binding.data for binding in response.output_data if binding.data is not None}
    return InvocationResult(True, response.return_value, outputs, "", "")
