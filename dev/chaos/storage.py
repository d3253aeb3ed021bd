"""What the app keeps, read past the app: tables and queues."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from azure.core.exceptions import ResourceNotFoundError
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueServiceClient

WORK, POISON = "user-reconcile", "user-reconcile-poison"
QUEUES = (WORK, POISON, "prefill-chores")

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One person in the ledger."""

    outcome: str | None
    reasons: frozenset[str]
    claimed_until: datetime | None
    values: Json

    @property
    def words(self) -> str:
        """Outcome and reasons in one line."""
        return " ".join([str(self.outcome), *sorted(self.reasons)])


@dataclass(frozen=True, slots=True)
class Storage:
    """Tables and queues of the run's storage account."""

    tables: TableServiceClient
    queues: QueueServiceClient

    async def ledger(self) -> dict[str, Row]:
        """Everyone of whom the app knows."""
        return {entity["RowKey"]: _row(entity) for entity in await self._all("users")}

    async def audit(self) -> list[Json]:
        """Every row."""
        return await self._all("audit")

    async def parked(self) -> list[Json]:
        """Everything that gave up."""
        return await self._all("parked")

    async def visible(self) -> int:
        """Messages that somebody could take now, in all queues; at most 32 of each are counted."""
        return sum([await self._visible(name) for name in QUEUES])

    async def lengths(self) -> dict[str, int]:
        """Messages in each queue, hidden ones included."""
        return {name: await self._length(name) for name in QUEUES}

    async def _all(self, table: str) -> list[Json]:
        client = self.tables.get_table_client(table)
        return [dict(entity) async for entity in client.list_entities()]

    async def _visible(self, name: str) -> int:
        try:
            return len(await self.queues.get_queue_client(name).peek_messages(max_messages=32))
        except ResourceNotFoundError:
            return 0

    async def _length(self, name: str) -> int:
        try:
            properties = await self.queues.get_queue_client(name).get_queue_properties()
        except ResourceNotFoundError:
            return 0
        return int(properties.approximate_message_count or 0)


def _row(entity: Json) -> Row:
    until = entity.get("claimUntil")
    reasons = frozenset(json.loads(entity.get("reasons") or "[]"))
    return Row(entity.get("outcome"), reasons, datetime.fromisoformat(until) if until else None, entity)


def busy_until(ledger: dict[str, Row], hold: timedelta) -> datetime:
    """When the last claim of a killed host and the last hold are over."""
    claims = [row.claimed_until for row in ledger.values() if row.claimed_until]
    since = [row.values["holdSince"] for row in ledger.values() if row.values.get("holdSince")]
    return max([*claims, *(datetime.fromisoformat(text) + hold for text in since)], default=datetime.now(UTC))


@asynccontextmanager
async def running_storage(connection_string: str) -> AsyncIterator[Storage]:
    """Clients for the length of a `with` block."""
    async with (
        TableServiceClient.from_connection_string(connection_string) as tables,
        QueueServiceClient.from_connection_string(connection_string) as queues,
    ):
        yield Storage(tables, queues)
