"""The Ledger, Audit, Control and Parking ports over four tables."""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import replace

from azure.core.exceptions import ResourceExistsError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableServiceClient

from shared.memory import Memory
from shared.ports import AuditRow, Parked, Phase, Record
from shared.storage.entities import fetch, put, version_of
from shared.storage.rows import (
    audit_entity,
    audit_of,
    memory_entity,
    memory_of,
    parked_entity,
    parked_of,
    user_key,
)

USERS, AUDIT, CONTROL, PARKED = TABLES = ("users", "audit", "control", "parked")


async def create_tables(service: TableServiceClient) -> None:
    """Creates what is missing. Infrastructure normally has created them."""
    await asyncio.gather(*(service.create_table_if_not_exists(name) for name in TABLES))


class TableLedger:
    """See the port Ledger."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table = service.get_table_client(USERS)

    async def load(self, user_ids: Sequence[str]) -> Mapping[str, Memory]:
        """See the port."""
        unique = tuple(dict.fromkeys(user_ids))
        return dict(zip(unique, await asyncio.gather(*map(self._load, unique)), strict=True))

    async def _load(self, user_id: str) -> Memory:
        entity = await fetch(self._table, *user_key(user_id))
        return memory_of(entity, version_of(entity)) if entity else Memory(user_id)

    async def save(self, memory: Memory) -> Memory:
        """See the port."""
        return replace(memory, version=await put(self._table, memory_entity(memory), memory.version))

    async def rows(self) -> AsyncIterator[Memory]:
        """See the port."""
        async for entity in self._table.list_entities():
            yield memory_of(entity, None)


class TableAudit:
    """See the port Audit. Rows are only ever created."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table = service.get_table_client(AUDIT)

    async def append(self, row: AuditRow) -> None:
        """See the port."""
        try:
            await self._table.create_entity(audit_entity(row))
        except ResourceExistsError:
            if row.phase is not Phase.OUTCOME:
                raise

    async def history(self, user_id: str, most: int) -> Sequence[AuditRow]:
        """See the port."""
        rows: list[AuditRow] = []
        query = self._table.query_entities("PartitionKey eq @user", parameters={"user": user_id})
        async for entity in query:
            rows.append(audit_of(entity))
            if len(rows) >= most:
                break
        return rows


class TableControl:
    """See the port Control. The values of a record are one JSON text."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table = service.get_table_client(CONTROL)

    async def load(self, name: str) -> Record:
        """See the port."""
        entity = await fetch(self._table, "control", name)
        return Record(json.loads(entity["values"]), version_of(entity)) if entity else Record({})

    async def save(self, name: str, record: Record) -> Record:
        """See the port."""
        entity = {"PartitionKey": "control", "RowKey": name, "values": json.dumps(dict(record.values))}
        return Record(record.values, await put(self._table, entity, record.version))


class TableParking:
    """See the port Parking."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table = service.get_table_client(PARKED)

    async def park(self, item: Parked) -> None:
        """See the port."""
        entity = parked_entity(item)
        known = await fetch(self._table, entity["PartitionKey"], entity["RowKey"])
        if known:
            entity["firstAt"] = known["firstAt"]
        await self._table.upsert_entity(entity, mode=UpdateMode.REPLACE)

    async def release(self, keys: Sequence[str]) -> None:
        """See the port."""
        for key in keys:
            await self._table.delete_entity("parked", key)

    async def all(self) -> Sequence[Parked]:
        """See the port."""
        return [parked_of(entity) async for entity in self._table.list_entities()]
