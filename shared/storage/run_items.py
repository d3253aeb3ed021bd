"""The RunItems port over the table `control`: each run has a partition of its own, in which the row is the user.

One partition, so that a run reads in the order of its users and a page of new ones is written in one transaction. A
partition bears about two thousand operations a second, far more than Graph lets us look at people.

https://learn.microsoft.com/azure/storage/tables/scalability-targets
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from typing import Any

from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient, TableServiceClient

from shared.models import Outcome, Reason
from shared.moments import kept_moment
from shared.run_items import Item, ItemState
from shared.steps import Step
from shared.storage.entities import fetch, put, version_of
from shared.storage.rows import Entity
from shared.storage.tables import CONTROL

A_TRANSACTION = 100
"""https://learn.microsoft.com/rest/api/storageservices/performing-entity-group-transactions"""


class TableRunItems:
    """See the port RunItems."""

    def __init__(self, service: TableServiceClient) -> None:
        self._table: TableClient = service.get_table_client(CONTROL)

    async def list(self, run_id: str, user_ids: Sequence[str]) -> None:
        """See the port. Merging nothing but the keys makes a row where there is none, and leaves one as it is."""
        unique = tuple(dict.fromkeys(user_ids))
        for start in range(0, len(unique), A_TRANSACTION):
            rows = [{"PartitionKey": _partition(run_id), "RowKey": user} for user in unique[start:][:A_TRANSACTION]]
            await self._table.submit_transaction([("upsert", row, {"mode": UpdateMode.MERGE}) for row in rows])

    async def load(self, run_id: str, user_ids: Sequence[str]) -> Mapping[str, Item]:
        """See the port."""
        found = await asyncio.gather(*(fetch(self._table, _partition(run_id), user) for user in user_ids))
        return {item.user_id: item for item in (item_of(entity) for entity in found if entity)}

    async def save(self, run_id: str, item: Item) -> None:
        """See the port."""
        await put(self._table, item_entity(run_id, item), item.version)

    async def page(self, run_id: str, after: str | None, most: int) -> Sequence[Item]:
        """See the port."""
        found: list[Item] = []
        query = self._table.query_entities(
            "PartitionKey eq @run and RowKey gt @after",
            parameters={"run": _partition(run_id), "after": after or ""},
            results_per_page=most,
        )
        async for entity in query:
            found.append(item_of(entity))
            if len(found) == most:
                break
        return found


def item_entity(run_id: str, item: Item) -> Entity:
    """The row of an item."""
    entity: Entity = {"PartitionKey": _partition(run_id), "RowKey": item.user_id, "state": item.state.value}
    entity["reasons"] = json.dumps(item.reasons)
    entity["actions"] = json.dumps(item.actions, ensure_ascii=False)
    entity["steps"] = json.dumps([(step.kind, step.wanted) for step in item.steps])
    said = {
        "outcome": item.outcome.value if item.outcome else None,
        "source": item.source,
        "at": item.at.isoformat() if item.at else None,
    }
    return entity | {key: value for key, value in said.items() if value is not None}


def item_of(entity: Mapping[str, Any]) -> Item:
    """The item a row holds; one that was only listed has nothing but its keys."""
    return Item(
        user_id=entity["RowKey"],
        state=ItemState(entity.get("state", ItemState.OPEN.value)),
        outcome=Outcome(entity["outcome"]) if "outcome" in entity else None,
        reasons=tuple(Reason(word) for word in json.loads(entity.get("reasons", "[]"))),
        actions=tuple(json.loads(entity.get("actions", "[]"))),
        steps=tuple(Step(kind, wanted) for kind, wanted in json.loads(entity.get("steps", "[]"))),
        source=entity.get("source"),
        at=kept_moment(entity.get("at")),
        version=version_of(entity),
    )


def _partition(run_id: str) -> str:
    return f"run-{run_id}"
