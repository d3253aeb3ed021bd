"""How to reach the storage account: by connection string, or with the managed identity."""

from typing import Any

from azure.core.credentials_async import AsyncTokenCredential
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueServiceClient

from shared.settings import StorageSettings

# A failing storage account must fail within an invocation, not occupy it: the queue brings the message back.
# https://learn.microsoft.com/azure/storage/blobs/storage-retry-policy-python
_PATIENCE: dict[str, Any] = {"retry_total": 3, "connection_timeout": 5, "read_timeout": 20}


def queue_service(settings: StorageSettings, credential: AsyncTokenCredential) -> QueueServiceClient:
    """The account's queues."""
    if settings.connection_string:
        return QueueServiceClient.from_connection_string(settings.connection_string, **_PATIENCE)
    return QueueServiceClient(settings.queue_url or "", credential=credential, **_PATIENCE)


def table_service(settings: StorageSettings, credential: AsyncTokenCredential) -> TableServiceClient:
    """The account's tables."""
    if settings.connection_string:
        return TableServiceClient.from_connection_string(settings.connection_string, **_PATIENCE)
    return TableServiceClient(endpoint=settings.table_url or "", credential=credential, **_PATIENCE)
