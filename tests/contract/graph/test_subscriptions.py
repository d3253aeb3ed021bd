"""Subscriptions over real HTTP, with a real handshake against a webhook in this loop."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
import pytest_asyncio
from aiohttp import web

from shared.errors import AlreadySubscribed, GraphFailed, Transient
from shared.graph.subscriptions import GraphSubscriptions, read_subscription
from shared.subscription_rules import LIFETIME, Desired
from tests.contract.graph.conftest import Sim

UNKNOWN = "ffffffff-0000-4000-8000-00000000ffff"


@dataclass
class Webhook:
    url: str = ""
    answers: bool = True
    handshakes: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        token = request.query.get("validationToken", "")
        self.handshakes.append(request.path)
        return web.Response(text=token if self.answers else "no")


@pytest_asyncio.fixture
async def webhook() -> AsyncIterator[Webhook]:
    hook = Webhook()
    app = web.Application()
    app.router.add_post("/api/{name}", hook.handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    hook.url = f"http://127.0.0.1:{runner.addresses[0][1]}/api"
    yield hook
    await runner.cleanup()


@pytest.fixture
def api(sim: Sim, webhook: Webhook) -> GraphSubscriptions:
    desired = Desired(f"{webhook.url}/notifications", f"{webhook.url}/lifecycle", "fingerprint")
    return GraphSubscriptions(sim.client, desired, "s" * 64)


def soon() -> datetime:
    return datetime.now(UTC) + timedelta(days=2)


async def test_created_listed_renewed_deleted(api: GraphSubscriptions, webhook: Webhook) -> None:
    created = await api.create(soon())
    assert sorted(webhook.handshakes) == ["/api/lifecycle", "/api/notifications"]
    assert (created.resource, created.change_type) == ("users", "updated")
    assert await api.all() == [created]
    assert await api.get(created.id) == created
    longest = datetime.now(UTC) + LIFETIME
    renewed = await api.renew(created.id, longest)
    assert renewed is not None
    assert renewed.expires == longest.replace(microsecond=0)
    await api.delete(created.id)
    await api.delete(created.id)
    assert await api.all() == []


async def test_what_is_not_there_is_none(api: GraphSubscriptions) -> None:
    assert await api.get(UNKNOWN) is None
    assert await api.renew(UNKNOWN, soon()) is None


async def test_a_second_one_is_refused_with_the_id_of_the_first(api: GraphSubscriptions) -> None:
    first = await api.create(soon())
    with pytest.raises(AlreadySubscribed) as told:
        await api.create(soon())
    assert told.value.subscription_id == first.id


async def test_a_failed_handshake_passes_by_itself(api: GraphSubscriptions, webhook: Webhook) -> None:
    webhook.answers = False
    with pytest.raises(GraphFailed) as told:
        await api.create(soon())
    assert isinstance(told.value.failure, Transient)
    assert "ValidationError" in told.value.failure.detail


async def test_a_lifetime_over_the_cap_would_be_refused_ours_is_not(api: GraphSubscriptions) -> None:
    with pytest.raises(GraphFailed):
        await api.create(datetime.now(UTC) + timedelta(minutes=41_761))
    await api.create(datetime.now(UTC) + LIFETIME)


@pytest.mark.parametrize("subscription_id", ["../users", "x", ""])
async def test_only_ids_enter_a_url(api: GraphSubscriptions, subscription_id: str) -> None:
    with pytest.raises(ValueError, match="subscription id"):
        await api.get(subscription_id)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-12-20T10:00:00Z", "2026-12-20T10:00:00+00:00"),
        ("2019-01-17T12:48:43.7825578+00:00", "2019-01-17T12:48:43.782557+00:00"),
        ("2022-11-24T15:00:00.0000000-08:00", "2022-11-24T23:00:00+00:00"),
    ],
)
def test_moments_as_graph_spells_them(text: str, expected: str) -> None:
    body = {"id": UNKNOWN, "resource": "Users", "expirationDateTime": text}
    assert read_subscription(body).expires == datetime.fromisoformat(expected)


@pytest.mark.parametrize("body", [{}, {"id": UNKNOWN}, {"id": UNKNOWN, "expirationDateTime": "soon"}])
def test_a_subscription_that_is_not_whole(body: dict[str, str]) -> None:
    with pytest.raises(GraphFailed):
        read_subscription(body)
