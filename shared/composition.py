"""Clients and workflows, put together from the settings. Floor 7; `shared.app` loads this when it is first needed.

Everything of Azure Storage, azure-identity and msgraph-sdk that the process uses is made here, once.
"""

import asyncio
import logging
import random
import uuid
from dataclasses import dataclass

from azure.identity.aio import DefaultAzureCredential

from shared.doctor import Doctor
from shared.explain import Explainer
from shared.graph.client import GraphClient
from shared.graph.delta import GraphChangedUsers
from shared.graph.directory import GraphDirectory
from shared.graph.roles import RoleReader
from shared.graph.subscriptions import GraphSubscriptions
from shared.graph.tenant import GraphTenant
from shared.health import Health
from shared.pace import ROLES_THROTTLE, Pace
from shared.permissions import warning
from shared.poisoned import PoisonKeeper
from shared.ports import Audit, Control, Directory, Ledger, Parking, Queues, RunItems
from shared.pulse import Pulse
from shared.reconcile import Reconciler
from shared.recording import Recorder
from shared.replay import Replayer
from shared.report import Reporter
from shared.retries import Retries
from shared.run_advance import RunAdvancer
from shared.run_book import RunBook
from shared.run_planner import RunPlanner
from shared.run_poison import RunPoisonKeeper
from shared.run_view import RunViewer
from shared.run_worker import RunWorker
from shared.runs import Runs
from shared.service_clock import ServiceClock
from shared.settings import Settings
from shared.storage.account import queue_service, table_service
from shared.storage.queues import StorageQueues
from shared.storage.run_items import TableRunItems
from shared.storage.tables import TableAudit, TableControl, TableLedger, TableParking, create_tables
from shared.subscription_rules import Desired
from shared.subscriptions import Keeper
from shared.sweep import Sweeper
from shared.switches import Switches
from shared.tombstones import Tombstones

_log = logging.getLogger("mfa_prefill.app")


@dataclass(frozen=True, slots=True)
class App:
    """The workflows, ready to run."""

    settings: Settings
    directory: Directory
    control: Control
    queues: Queues
    switches: Switches
    retries: Retries
    reconciler: Reconciler
    poison: PoisonKeeper
    sweeper: Sweeper
    keeper: Keeper
    explainer: Explainer
    tombstones: Tombstones
    replayer: Replayer
    reporter: Reporter
    health: Health
    doctor: Doctor
    runs: Runs
    run_advancer: RunAdvancer
    run_worker: RunWorker
    run_poison: RunPoisonKeeper
    run_viewer: RunViewer


@dataclass(frozen=True, slots=True)
class _Stores:
    """What is kept in the storage account."""

    ledger: Ledger
    audit: Audit
    control: Control
    parking: Parking
    queues: Queues
    items: RunItems


async def compose(ours: Settings, clock: ServiceClock) -> App:
    """The workflows of this process. Raises what storage raises."""
    risk = warning(ours.policy)
    if risk:
        _log.warning("%s", risk, extra={"action": "permissions_risky"})
    kept = await _stores(ours, clock)
    credential = DefaultAzureCredential(managed_identity_client_id=ours.client_id)
    pace = Pace(kept.control, clock, asyncio.sleep)
    role_pace = Pace(kept.control, clock, asyncio.sleep, ROLES_THROTTLE)
    client = GraphClient(ours.graph_url, credential, clock, pace, role_pace)
    directory = GraphDirectory(client, ours.policy, RoleReader(client))
    switches = Switches(kept.control, ours.writes_per_hour, clock)
    health = Health(kept.control, kept.parking, switches, clock)
    changed, book = GraphChangedUsers(client), RunBook(kept.control, kept.items)
    reconciler = _reconciler(ours, kept, directory, switches, clock)
    poison = PoisonKeeper(kept.ledger, kept.parking, clock)
    return App(
        settings=ours,
        directory=directory,
        control=kept.control,
        queues=kept.queues,
        switches=switches,
        retries=Retries(kept.control, kept.queues, clock),
        reconciler=reconciler,
        poison=poison,
        sweeper=Sweeper(changed, kept.control, kept.queues, ours.policy.fingerprint(), clock),
        keeper=_keeper(ours, kept, client, clock),
        tombstones=Tombstones(kept.ledger, kept.audit, ours.policy, clock, _new_id),
        explainer=Explainer(directory, kept.ledger, kept.audit, ours.policy, ours.keys, clock),
        replayer=Replayer(kept.parking, kept.queues, clock),
        reporter=Reporter(kept.ledger, kept.control, kept.parking, switches, ours.policy, clock),
        health=health,
        doctor=Doctor(GraphTenant(client, credential), health, ours.policy),
        runs=Runs(book, kept.queues, ours.policy.mode, clock, _new_id),
        run_advancer=RunAdvancer(book, changed, kept.queues, switches, clock),
        run_worker=_run_worker(ours, kept, book, reconciler),
        run_poison=RunPoisonKeeper(poison, book, clock),
        run_viewer=RunViewer(book, clock),
    )


async def _stores(ours: Settings, clock: ServiceClock) -> _Stores:
    credential = DefaultAzureCredential(managed_identity_client_id=ours.storage.client_id)
    tables = table_service(ours.storage, credential, clock)
    await create_tables(tables)
    queues = StorageQueues(queue_service(ours.storage, credential, clock))
    control, items = TableControl(tables), TableRunItems(tables)
    return _Stores(TableLedger(tables), TableAudit(tables), control, TableParking(tables), queues, items)


def _reconciler(
    ours: Settings, kept: _Stores, directory: Directory, switches: Switches, clock: ServiceClock
) -> Reconciler:
    return Reconciler(
        directory=directory,
        ledger=kept.ledger,
        audit=kept.audit,
        queues=kept.queues,
        switches=switches,
        pulse=Pulse(kept.control, clock),
        recorder=Recorder(
            kept.ledger, kept.audit, kept.queues, kept.parking, ours.policy, now=clock, chance=random.random
        ),
        policy=ours.policy,
        keys=ours.keys,
        now=clock,
        new_id=_new_id,
    )


def _run_worker(ours: Settings, kept: _Stores, book: RunBook, reconciler: Reconciler) -> RunWorker:
    planner = RunPlanner(
        directory=reconciler.directory,
        ledger=kept.ledger,
        items=kept.items,
        queues=kept.queues,
        switches=reconciler.switches,
        policy=ours.policy,
        keys=ours.keys,
        now=reconciler.now,
        chance=random.random,
    )
    return RunWorker(book, planner, reconciler, kept.ledger, kept.queues, ours.keys, reconciler.now)


def _keeper(ours: Settings, kept: _Stores, client: GraphClient, clock: ServiceClock) -> Keeper:
    desired = Desired(ours.notification_url, ours.lifecycle_url, ours.keys.client_state_fingerprint())
    subscriptions = GraphSubscriptions(client, desired, ours.keys.client_state())
    return Keeper(subscriptions, kept.control, kept.queues, desired, clock)


def _new_id() -> str:
    return uuid.uuid4().hex[:12]
