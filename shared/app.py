"""What a worker process makes once: its settings, its clock, and the workflows when first needed. Floor 7.

Importing this file loads nothing of Azure Storage, azure-identity or msgraph-sdk: the webhooks answer from cold and
never need them. One set of clients serves a worker process (and its one event loop).
"""

import asyncio
import logging
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from shared import moments, telemetry
from shared.coalescing import Coalescer
from shared.errors import SettingsError
from shared.notifications import Expected
from shared.service_clock import ServiceClock
from shared.settings import Settings, read_settings

if TYPE_CHECKING:
    from shared.composition import App
    from shared.subscriptions import Kept

_log = logging.getLogger("mfa_prefill.app")


def now() -> datetime:
    """The clock of the whole app."""
    return _Once.clock()


def millis() -> int:
    """Epoch milliseconds, as messages carry them."""
    return moments.millis(now())


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


async def app() -> "App":
    """The workflows of this process, made on first use. Raises SettingsError, and what storage raises."""
    async with _Once.lock:
        if _Once.app is None:
            from shared.composition import compose

            _Once.app = await compose(settings(), _Once.clock)
    return _Once.app


def _local_now() -> datetime:
    return datetime.now(UTC)


class _Once:
    """What a worker process makes only once. asyncio's lock binds to the loop that first waits for it."""

    clock = ServiceClock(_local_now)

    settings: Settings | None = None
    app: "App | None" = None
    subscription_id: str | None = None
    coalescer = Coalescer()
    lock = asyncio.Lock()
