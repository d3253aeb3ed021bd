"""From a binding's `connection` to a storage account: which settings name it, and which win.

https://learn.microsoft.com/azure/azure-functions/functions-reference#configure-an-identity-based-connection
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from azure.storage.queue.aio import QueueServiceClient

from dev.azurite.launcher import ACCOUNT, ACCOUNT_KEY
from dev.host.errors import BindingError

# https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string#configure-a-connection-string-for-azurite
DEVELOPMENT_STORAGE = (
    f"DefaultEndpointsProtocol=http;AccountName={ACCOUNT};AccountKey={ACCOUNT_KEY};"
    f"QueueEndpoint=http://127.0.0.1:10001/{ACCOUNT};"
)

# Azure.Core, in the real host, gives up after some 6 s; so do two retries here, after 2 s and 4 s.
RETRIES: dict[str, Any] = {"retry_total": 2, "initial_backoff": 0, "increment_base": 2, "random_jitter_range": 0}


@dataclass(frozen=True, slots=True)
class Connection:
    """Either a connection string, or the URL of a queue service and the identity to use there."""

    connection_string: str = ""
    queue_service_url: str = ""
    client_id: str | None = None


def resolve(name: str, settings: Mapping[str, str]) -> Connection:
    """Find a connection by name: a plain value wins over the `__` family (StorageClientProvider.cs)."""
    for setting in (f"AzureWebJobs{name}", name):
        if setting in settings:
            return _plain(setting, settings[setting])
    for prefix in (f"AzureWebJobs{name}", name):
        if url := _service_url(prefix, settings):
            return Connection(queue_service_url=url, client_id=settings.get(f"{prefix}__clientId"))
    raise BindingError(f"storage connection '{name}' is not set: set {name} or {name}__queueServiceUri")


def _plain(setting: str, value: str) -> Connection:
    if not value:
        raise BindingError(f"setting {setting} is empty, and an empty value wins over {setting}__…: remove it")
    development = value.rstrip(";").lower() == "usedevelopmentstorage=true"
    return Connection(connection_string=DEVELOPMENT_STORAGE if development else value)


def _service_url(prefix: str, settings: Mapping[str, str]) -> str | None:
    """The account name wins, and always means the public cloud; so it cannot name Azurite or a national cloud."""
    if account := settings.get(f"{prefix}__accountName"):
        return f"https://{account}.queue.core.windows.net"
    return settings.get(f"{prefix}__queueServiceUri") or settings.get(f"{prefix}__serviceUri")


def open_client(connection: Connection) -> QueueServiceClient:
    """A client for it, which retries about as the host's does."""
    if connection.connection_string:
        try:
            return QueueServiceClient.from_connection_string(connection.connection_string, **RETRIES)
        except ValueError as error:
            raise BindingError(f"storage connection string: {error}") from error
    from azure.identity.aio import ManagedIdentityCredential  # noqa: PLC0415 - 0.2 s that few need to wait

    credential = ManagedIdentityCredential(client_id=connection.client_id)
    return QueueServiceClient(connection.queue_service_url, credential=credential, **RETRIES)
