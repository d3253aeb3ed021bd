"""The tables of the one Azurite; tests keep apart by their ids and names."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest_asyncio
from azure.data.tables.aio import TableServiceClient
from azure.identity.aio import DefaultAzureCredential

from dev.azurite.launcher import Azurite
from shared.service_clock import ServiceClock
from shared.settings import StorageSettings
from shared.storage.account import table_service
from shared.storage.tables import create_tables

CLOCK = ServiceClock(lambda: datetime.now(UTC))


def settings(azurite: Azurite) -> StorageSettings:
    return StorageSettings(connection_string=azurite.connection_string)


@pytest_asyncio.fixture
async def tables(azurite: Azurite) -> AsyncIterator[TableServiceClient]:
    async with DefaultAzureCredential() as credential, table_service(settings(azurite), credential, CLOCK) as service:
        await create_tables(service)
        await create_tables(service)
        yield service
