"""The composition root: settings, clients and workflows, put together when a trigger first needs them. Floor 7.

Importing this file loads nothing of Azure Storage, azure-identity or msgraph-sdk: the webhooks answer from cold and
never need them. One set of clients serves a worker process (and its one event loop).
"""

import asyncio
import logging
import os
import random
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared import telemetry
from shared.coalescing import Coalescer
from shared.errors import SettingsError
from shared.notifications import Expected
from shared.service_clock import ServiceClock
from shared.settings import Settings, read_settings

if TYPE_CHECKING:
    from shared.explain import Explainer
    from shared.health import Health
    from shared.poisoned import PoisonKeeper
    from shared.ports import Control, Directory, Queues
    from shared.reconcile import Reconciler
    from shared.replay import Replayer
    from shared.report import Reporter
    from shared.subscriptions import Keeper, Kept
    from shared.sweep import Sweeper
    from shared.switches import Switches
    from shared.tombstones import Tombstones

_log = logging.getLogger("mfa_prefill.app")


@dataclass(frozen=True, slots=True)
class App:
    """The workflows, ready to run."""

    settings: Settings
    directory: "Directory"
    control: "Control"
    queues: "Queues"
    switches: "Switches"
    reconciler: "Reconciler"
    poison: "PoisonKeeper"
    sweeper: "Sweeper"
    keeper: "Keeper"
    explainer: "Explainer"
    tombstones: "Tombstones"
    replayer: "Replayer"
    reporter: "Reporter"
    health: "Health"


def now() -> datetime:
    """The clock of the whole app."""
    return _Once.clock()


def millis() -> int:
    """Epoch milliseconds, as messages carry them."""
    return int(now().timestamp() * 1000)


def settings() -> Settings:
    """Read once per process. Raises SettingsError, every time, until a restart with better settings."""
    if _Once.settings is None:
        telemetry.quiet_libraries()
        try:
            _Once.settings = read_settings(os.environ)
        except SettingsError as error:
            _log.error("%s", error, extra={"action": "settings_wrong"})
            raise
    return _Once.settings


def expected() -> Expected:
    """What a notification must carry to be ours, as far as this instance knows. Raises SettingsError."""
    ours = settings()
    return Expected(ours.tenant_id, ours.keys.accepts_client_state, _Once.subscription_id)


async def expected_anew() -> Expected:
    """The same after reading what any instance has noted. Raises SettingsError, and what storage raises."""
    values = (await (await app()).control.load("subscription")).values
    # while one is being made nobody knows its id, and what it sends must not be dropped
    _Once.subscription_id = None if values.get("pending") else values.get("id")
    return expected()


def remember(kept: "Kept") -> None:
    """This instance has just seen to it that this is the one subscription."""
    _Once.subscription_id = kept.subscription.id


def coalescer() -> Coalescer:
    """Whom this instance has just been told about."""
    return _Once.coalescer


async def app() -> App:
    """The workflows of this process, made on first use. Raises SettingsError, and what storage raises."""
    async with _Once.lock:
        if _Once.app is None:
            _Once.app = await _compose(settings())
    return _Once.app


def _local_now() -> datetime:
    return datetime.now(UTC)


class _Once:
    """What a worker process makes only once. asyncio's lock binds to the loop that first waits for it."""

    clock = ServiceClock(_local_now)

    settings: Settings | None = None
    app: App | None = None
    subscription_id: str | None = None
    coalescer = Coalescer()
    lock = asyncio.Lock()


async def _compose(ours: Settings) -> App:
    from azure.identity.aio import DefaultAzureCredential

    from shared.explain import Explainer
    from shared.graph.client import GraphClient
    from shared.graph.delta import GraphChangedUsers
    from shared.graph.directory import GraphDirectory
    from shared.graph.subscriptions import GraphSubscriptions
    from shared.health import Health
    from shared.pace import Pace
    from shared.permissions import warning
    from shared.poisoned import PoisonKeeper
    from shared.pulse import Pulse
    from shared.reconcile import Reconciler
    from shared.replay import Replayer
    from shared.report import Reporter
    from shared.storage.account import queue_service, table_service
    from shared.storage.queues import StorageQueues
    from shared.storage.tables import TableAudit, TableControl, TableLedger, TableParking, create_tables
    from shared.subscription_rules import Desired
    from shared.subscriptions import Keeper
    from shared.sweep import Sweeper
    from shared.switches import Switches
    from shared.tombstones import Tombstones

    risk = warning(ours.policy)
    if risk:
        _log.warning("%s", risk, extra={"action": "permissions_risky"})
    credential = DefaultAzureCredential(managed_identity_client_id=ours.client_id)
    storage_credential = DefaultAzureCredential(managed_identity_client_id=ours.storage.client_id)
    tables = table_service(ours.storage, storage_credential, _Once.clock)
    await create_tables(tables)
    queues = StorageQueues(queue_service(ours.storage, storage_credential, _Once.clock))
    ledger, audit, control, parking = (
        TableLedger(tables),
        TableAudit(tables),
        TableControl(tables),
        TableParking(tables),
    )
    switches = Switches(control, ours.writes_per_hour, now)
    client = GraphClient(ours.graph_url, credential, now, Pace(control, now, asyncio.sleep))
    directory = GraphDirectory(client, ours.policy)
    desired = Desired(ours.notification_url, ours.lifecycle_url, ours.keys.client_state_fingerprint())
    subscriptions = GraphSubscriptions(client, desired, ours.keys.client_state())
    return App(
        settings=ours,
        directory=directory,
        control=control,
        queues=queues,
        switches=switches,
        reconciler=Reconciler(
            directory,
            ledger,
            audit,
            queues,
            parking,
            switches,
            Pulse(control, now),
            ours.policy,
            ours.keys,
            now,
            _new_id,
            random.random,
        ),
        poison=PoisonKeeper(ledger, parking, now),
        sweeper=Sweeper(GraphChangedUsers(client), control, queues, ours.policy.fingerprint(), now),
        keeper=Keeper(subscriptions, control, queues, desired, now),
        tombstones=Tombstones(ledger, audit, ours.policy, now, _new_id),
        explainer=Explainer(directory, ledger, audit, ours.policy, ours.keys, now),
        replayer=Replayer(parking, queues, now),
        reporter=Reporter(ledger, control, parking, switches, ours.policy, now),
        health=Health(control, parking, switches, now),
    )


def _new_id() -> str:
    return uuid.uuid4().hex[:12]
