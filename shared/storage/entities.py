"""One table entity in and out, with its ETag."""

from collections.abc import Mapping
from typing import Any

from azure.core import MatchConditions
from azure.core.exceptions import ResourceExistsError, ResourceModifiedError, ResourceNotFoundError
from azure.data.tables import UpdateMode
from azure.data.tables.aio import TableClient

from shared.errors import Conflict
from shared.storage.rows import Entity


async def fetch(table: TableClient, partition: str, row: str) -> Mapping[str, Any] | None:
    """The entity; None where there is none."""
    try:
        return await table.get_entity(partition, row)
    except ResourceNotFoundError:
        return None


def version_of(entity: Any) -> str:
    """Its ETag."""
    return str(entity.metadata["etag"])


async def put(table: TableClient, entity: Entity, version: str | None) -> str:
    """The new ETag. Raises Conflict when the row is not in the state that `version` names (None: it does not exist)."""
    try:
        if version is None:
            answer = await table.create_entity(entity)
        else:
            answer = await table.update_entity(
                entity, mode=UpdateMode.REPLACE, etag=version, match_condition=MatchConditions.IfNotModified
            )
    except (ResourceExistsError, ResourceModifiedError, ResourceNotFoundError) as error:
        raise Conflict(str(entity["RowKey"])) from error
    return str(answer["etag"])
