"""A simulator in the test's own event loop, with nothing left to chance unless a test wants it."""

from collections.abc import AsyncIterator

import aiohttp
import pytest_asyncio
from aiohttp import web

from dev.graph_simulator.launcher import serving_simulator
from dev.graph_simulator.switches import Switches
from tests.contract.graph_simulator.client import Graph, Webhook

CALM = Switches(
    replication_seconds=0,
    skeleton_seconds=0,
    delay_notifications=(0, 0),
    creation_notifications=1,
    batch_shuffle=False,
    retry_scale=0.002,
)


@pytest_asyncio.fixture
async def graph() -> AsyncIterator[Graph]:
    async with serving_simulator() as served, aiohttp.ClientSession() as session:
        served.tenant.switches = CALM
        yield Graph(served.url, served.tenant, session)


@pytest_asyncio.fixture
async def hook() -> AsyncIterator[Webhook]:
    webhook = Webhook()
    app = web.Application()
    app.router.add_post("/hook", webhook.handle)
    app.router.add_post("/lifecycle", webhook.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    webhook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/hook"
    yield webhook
    await runner.cleanup()
