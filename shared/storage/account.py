"""How to reach the storage account: by connection string, or with the managed identity."""

from collections.abc import Callable
from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.core.pipeline import PipelineResponse
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueServiceClient

from shared.service_clock import ServiceClock
from shared.settings import StorageSettings

# A failing storage account must fail within an invocation, not occupy it: the queue brings the message back.
# https://learn.microsoft.com/azure/storage/blobs/storage-retry-policy-python
_PATIENCE: dict[str, Any] = {"retry_total": 3, "connection_timeout": 5, "read_timeout": 20}


def queue_service(
    settings: StorageSettings, credential: AsyncTokenCredential, clock: ServiceClock
) -> QueueServiceClient:
    """The account's queues; `clock` hears the account's time."""
    options = _PATIENCE | {"raw_response_hook": _listener(clock)}
    if settings.connection_string:
        return QueueServiceClient.from_connection_string(settings.connection_string, **options)
    return QueueServiceClient(settings.queue_url or "", credential=credential, **options)


def table_service(
    settings: StorageSettings, credential: AsyncTokenCredential, clock: ServiceClock
) -> TableServiceClient:
    """The account's tables; `clock` hears the account's time."""
    options = _PATIENCE | {"raw_response_hook": _listener(clock)}
    if settings.connection_string:
        return TableServiceClient.from_connection_string(settings.connection_string, **options)
    return TableServiceClient(endpoint=settings.table_url or "", credential=credential, **options)


def _listener(clock: ServiceClock) -> Callable[[PipelineResponse[Any, Any]], None]:
    return lambda answer: clock.heard(answer.http_response.headers.get("Date"))
