"""The items of a run against a real Azurite: what the fake promises, kept on the wire."""

import secrets
from dataclasses import replace

import pytest
from azure.data.tables.aio import TableServiceClient

from shared.errors import Conflict
from shared.models import Outcome, Reason
from shared.ports import Record
from shared.run_items import Item, ItemState
from shared.steps import Step
from shared.storage.run_items import A_TRANSACTION, TableRunItems
from shared.storage.tables import TableControl
from tests.builders import object_ids
from tests.contract.storage.test_storage import new_id
from tests.fakes import NOW

FULL = Item(
    user_id="00000000-0000-4000-8000-000000000000",
    state=ItemState.FAILED,
    outcome=Outcome.PARKED,
    reasons=(Reason.NOT_ALLOWED, Reason.SYSTEM_PREFERRED),
    actions=("add mobile +31 ••••••78", "set MFA state enabled"),
    steps=(Step("addPhone", "f" * 64), Step("setMfaState", "enabled")),
    source="mobilePhone, read as NL (usageLocation)",
    at=NOW,
)


def new_run() -> str:
    return secrets.token_hex(6)


@pytest.mark.parametrize("item", [FULL, Item(FULL.user_id)], ids=["every-field", "empty"])
async def test_an_item_comes_back_as_it_was_saved(tables: TableServiceClient, item: Item) -> None:
    items, run_id = TableRunItems(tables), new_run()
    await items.save(run_id, item)
    assert await items.load(run_id, [item.user_id, new_id()]) == {item.user_id: item}
    assert await items.page(run_id, None, 10) == [item]
    assert await items.load(new_run(), [item.user_id]) == {}, "of another run"


async def test_listing_again_leaves_what_is_known(tables: TableServiceClient) -> None:
    items, run_id, users = TableRunItems(tables), new_run(), object_ids(2)
    await items.list(run_id, [users[0], users[0]])
    listed = (await items.load(run_id, users))[users[0]]
    assert listed == Item(users[0])
    await items.save(run_id, replace(FULL, user_id=users[0], version=listed.version))
    await items.list(run_id, users)
    assert await items.page(run_id, None, 10) == [replace(FULL, user_id=users[0]), Item(users[1])]


async def test_who_saves_an_item_on_an_old_version_is_told(tables: TableServiceClient) -> None:
    items, run_id, [user] = TableRunItems(tables), new_run(), object_ids(1)
    await items.list(run_id, [user])
    listed = (await items.load(run_id, [user]))[user]
    await items.save(run_id, replace(listed, state=ItemState.ENDED))
    for late in (listed, Item(user)):
        with pytest.raises(Conflict):
            await items.save(run_id, late)
    assert (await items.load(run_id, [user]))[user].state is ItemState.ENDED


async def test_a_run_reads_in_the_order_of_its_users_page_by_page(tables: TableServiceClient) -> None:
    items, run_id, users = TableRunItems(tables), new_run(), object_ids(2 * A_TRANSACTION + 5)
    await items.list(run_id, users[::-1])
    first = [item.user_id for item in await items.page(run_id, None, A_TRANSACTION + 1)]
    rest = [item.user_id for item in await items.page(run_id, first[-1], len(users))]
    assert (len(first), (*first, *rest)) == (A_TRANSACTION + 1, users)
    assert await items.page(run_id, users[-1], 10) == []


async def test_items_and_records_share_a_table_and_not_their_names(tables: TableServiceClient) -> None:
    items, control, run_id = TableRunItems(tables), TableControl(tables), new_run()
    await items.list(run_id, object_ids(1))
    assert await control.load(f"run-{run_id}") == Record({})
