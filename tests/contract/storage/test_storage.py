"""The storage ports against a real Azurite: what the fakes promise, kept on the wire."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from azure.data.tables.aio import TableServiceClient
from azure.identity.aio import DefaultAzureCredential
from azure.storage.queue.aio import QueueServiceClient

from dev.azurite.launcher import Azurite
from shared.errors import Conflict
from shared.memory import Accepted, Claim, Memory
from shared.messages import CHORE_QUEUE, USER_QUEUE, Chore, Message, decode, decode_chore
from shared.models import Cause, MfaState, Outcome, Reason
from shared.plan import Hold
from shared.ports import AuditRow, Parked, Phase, Record
from shared.service_clock import TOLERANCE, ServiceClock
from shared.storage.account import queue_service, table_service
from shared.storage.queues import StorageQueues
from shared.storage.tables import TableAudit, TableControl, TableLedger, TableParking
from tests.contract.storage.conftest import CLOCK, settings
from tests.fakes import NOW

LATER = NOW + timedelta(seconds=1)

FULL = Memory(
    user_id="00000000-0000-4000-8000-000000000000",
    outcome=Outcome.HELD,
    reasons=(Reason.CHANGE_HELD, Reason.SYSTEM_PREFERRED),
    fingerprint="f" * 64,
    intended="d" * 64,
    accepted=Accepted("addPhone", NOW - timedelta(minutes=1)),
    state_written=MfaState.ENABLED,
    looked_at=NOW,
    phone_only=True,
    hold=Hold("e" * 64, NOW - timedelta(hours=1)),
    claim=Claim("look", NOW + timedelta(seconds=45)),
    attempts=3,
    cause=Cause.SWEEP,
    source="mobilePhone, read as NL (usageLocation)",
    masked="+31 ••••••78",
    policy="0123456789ab",
    run="run-1",
    received_at=NOW - timedelta(seconds=3),
    done_at=NOW,
)


def new_id() -> str:
    return str(uuid.uuid4())


@pytest_asyncio.fixture
async def queues(azurite: Azurite) -> AsyncIterator[QueueServiceClient]:
    async with DefaultAzureCredential() as credential, queue_service(settings(azurite), credential, CLOCK) as service:
        yield service


@pytest.mark.parametrize("memory", [FULL, Memory(FULL.user_id)], ids=["every-field", "empty"])
async def test_a_memory_comes_back_as_it_was_saved(tables: TableServiceClient, memory: Memory) -> None:
    memory = replace(memory, user_id=new_id())
    ledger = TableLedger(tables)
    await ledger.save(memory)
    loaded = (await ledger.load([memory.user_id]))[memory.user_id]
    assert loaded == memory
    assert loaded.version is not None
    assert memory.user_id in [row.user_id async for row in ledger.rows()]


async def test_who_saves_on_an_old_version_is_told(tables: TableServiceClient) -> None:
    ledger, user_id = TableLedger(tables), new_id()
    await ledger.save(Memory(user_id))
    with pytest.raises(Conflict):
        await ledger.save(Memory(user_id))
    first = (await ledger.load([user_id]))[user_id]
    await ledger.save(replace(first, attempts=1))
    with pytest.raises(Conflict):
        await ledger.save(replace(first, attempts=2))
    assert (await ledger.load([user_id]))[user_id].attempts == 1


async def test_clearing_a_field_clears_it_in_the_row(tables: TableServiceClient) -> None:
    ledger, user_id = TableLedger(tables), new_id()
    await ledger.save(replace(FULL, user_id=user_id))
    loaded = (await ledger.load([user_id]))[user_id]
    await ledger.save(replace(loaded, hold=None, fingerprint=None))
    again = (await ledger.load([user_id]))[user_id]
    assert (again.hold, again.fingerprint) == (None, None)


async def test_unknown_users_have_an_empty_memory_and_each_is_asked_once(tables: TableServiceClient) -> None:
    user_id = new_id()
    assert await TableLedger(tables).load([user_id, user_id]) == {user_id: Memory(user_id)}


async def test_audit_rows_come_newest_first_and_outcome_before_its_intent(tables: TableServiceClient) -> None:
    audit, user_id = TableAudit(tables), new_id()
    intent = AuditRow(user_id, "l1", NOW, NOW, Phase.INTENT, Cause.SWEEP, ("add mobile +31 ••••••78",), (), None, "p")
    rows = [intent, replace(intent, phase=Phase.OUTCOME, outcome="done", request_ids=("r1",))]
    rows += [replace(row, look="l2", at=LATER, began=LATER) for row in rows]
    for row in rows:
        await audit.append(row)
    assert await audit.history(user_id, 10) == rows[::-1]
    assert await audit.history(user_id, 1) == rows[-1:]
    assert await audit.history(new_id(), 10) == []
    await audit.append(replace(rows[1], at=LATER, outcome="noop", actions=()))
    assert await audit.history(user_id, 10) == rows[::-1], "whoever came first told the outcome"


async def test_a_control_record_is_guarded_by_its_etag(tables: TableServiceClient) -> None:
    control, name = TableControl(tables), new_id()
    assert await control.load(name) == Record({})
    saved = await control.save(name, Record({"link": "https://…", "n": 1}))
    assert await control.load(name) == saved
    newer = await control.save(name, Record({"n": 2}, saved.version))
    for stale in (Record({}), Record({}, saved.version)):
        with pytest.raises(Conflict):
            await control.save(name, stale)
    assert await control.load(name) == newer


async def test_parked_items_keep_their_first_time_and_can_be_released(tables: TableServiceClient) -> None:
    parking, user_id = TableParking(tables), new_id()
    item = Parked(user_id, "notAllowed", (user_id,), NOW, NOW, 7, "grant it")
    await parking.park(item)
    later = NOW + timedelta(hours=1)
    await parking.park(replace(item, first_at=later, last_at=later))
    assert replace(item, last_at=later) in await parking.all()
    await parking.release([user_id, new_id()])
    assert user_id not in {parked.key for parked in await parking.all()}


async def test_messages_lie_in_the_queue_as_base64_and_never_expire(queues: QueueServiceClient) -> None:
    message = Message((new_id(),), Cause.RETRY, 1763830000123, attempt=2)
    await StorageQueues(queues).send(message)
    client = queues.get_queue_client(USER_QUEUE)
    found = [item async for item in client.receive_messages()]
    [ours] = [item for item in found if decode(item.content) == message]
    assert not ours.content.startswith("{")
    assert ours.expires_on is not None
    assert ours.expires_on.year == 9999
    await client.delete_message(ours)


async def test_a_delayed_message_is_invisible_meanwhile(queues: QueueServiceClient) -> None:
    message = Message((new_id(),), Cause.HOLD, 1)
    await StorageQueues(queues).send(message, timedelta(hours=24))
    peeked = await queues.get_queue_client(USER_QUEUE).peek_messages(32)
    assert message not in [decode(item.content) for item in peeked]


async def test_chores_have_a_queue_of_their_own(queues: QueueServiceClient) -> None:
    await StorageQueues(queues).send_chore(Chore.SWEEP, 1)
    peeked = await queues.get_queue_client(CHORE_QUEUE).peek_messages(1)
    assert decode_chore(peeked[0].content) == (Chore.SWEEP, 1, 1)


@pytest.mark.parametrize("minutes", [-10, 10])
async def test_a_clock_ten_minutes_off_is_put_right_by_tables_and_by_queues(azurite: Azurite, minutes: int) -> None:
    """Nothing else tells an instance that its clock is wrong; see shared/service_clock.py."""
    for service in (table_service, queue_service):
        clock = ServiceClock(lambda: datetime.now(UTC) + timedelta(minutes=minutes))
        async with DefaultAzureCredential() as credential, service(settings(azurite), credential, clock) as made:
            await made.get_service_properties()
        assert abs(clock() - datetime.now(UTC)) < TOLERANCE
