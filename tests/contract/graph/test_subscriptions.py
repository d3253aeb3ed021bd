"""Subscriptions over real HTTP, with a real handshake against a webhook in this loop."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiohttp import web

from shared.errors import AlreadySubscribed, GraphFailed, Permanent, Transient
from shared.graph.client import GraphClient
from shared.graph.replies import GRANT_SUBSCRIPTION, REPORT_SUBSCRIPTION
from shared.graph.subscriptions import OVER_THE_LIMIT, GraphSubscriptions, read_subscription
from shared.models import Reason
from shared.subscription_rules import LIFETIME, Desired
from tests.contract.graph.conftest import Credential, Sim, now
from tests.fakes import own_pace

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
    expected = "400 ValidationError: no handshake, the webhook did not return the token"
    assert told.value.failure == Transient(Reason.GRAPH_UNAVAILABLE, expected)


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


# --- what leaves the process, byte for byte --------------------------------------------------------------------------

ID = "aaaaaaaa-0000-4000-8000-00000000000a"
AN_END = datetime(2026, 12, 20, 11, 0, 0, 999_999, tzinfo=timezone(timedelta(hours=1)))
WHOLE = {"id": ID, "resource": "users", "expirationDateTime": "2026-12-20T10:00:00Z"}
ROOT = "https://graph.microsoft.com"


@dataclass
class Wire:
    """Stands in for Graph's end of the connection: keeps what arrives, answers what it is told."""

    status: int = 200
    body: Any = field(default_factory=lambda: WHOLE)
    sent: list[httpx.Request] = field(default_factory=list)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return httpx.Response(self.status, json=self.body) if self.body else httpx.Response(self.status)

    @property
    def seen(self) -> list[tuple[str, str, bytes]]:
        return [(request.method, str(request.url).removeprefix(ROOT), request.content) for request in self.sent]


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch) -> Wire:
    made = Wire()

    async def handle(_: object, request: httpx.Request) -> httpx.Response:
        await request.aread()
        return made.handle(request)

    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle)
    return made


@pytest_asyncio.fixture
async def far(wire: Wire) -> AsyncIterator[GraphSubscriptions]:
    desired = Desired("https://app.example/api/notifications", "https://app.example/api/lifecycle", "fingerprint")
    async with GraphClient(ROOT, Credential(ROOT, "tenant"), now, own_pace(now), own_pace(now)) as client:
        yield GraphSubscriptions(client, desired, "s" * 64)


async def test_a1_a_creation_is_these_bytes(far: GraphSubscriptions, wire: Wire) -> None:
    await far.create(AN_END)
    assert wire.seen == [
        (
            "POST",
            "/v1.0/subscriptions",
            b'{"changeType": "updated", '
            b'"notificationUrl": "https://app.example/api/notifications", '
            b'"lifecycleNotificationUrl": "https://app.example/api/lifecycle", '
            b'"resource": "users", '
            b'"expirationDateTime": "2026-12-20T10:00:00Z", '
            b'"clientState": "' + b"s" * 64 + b'", '
            b'"latestSupportedTlsVersion": "v1_2"}',
        )
    ]
    assert wire.sent[0].headers["Content-Type"] == "application/json"


async def test_a1_a_renewal_is_these_bytes(far: GraphSubscriptions, wire: Wire) -> None:
    await far.renew(ID, AN_END)
    assert wire.seen == [("PATCH", f"/v1.0/subscriptions/{ID}", b'{"expirationDateTime": "2026-12-20T10:00:00Z"}')]


async def test_a1_what_only_asks_or_deletes_has_no_body(far: GraphSubscriptions, wire: Wire) -> None:
    await far.get(ID)
    await far.delete(ID)
    wire.body = {"value": []}
    await far.all()
    path = f"/v1.0/subscriptions/{ID}"
    assert wire.seen == [("GET", path, b""), ("DELETE", path, b""), ("GET", "/v1.0/subscriptions", b"")]


# --- refusals --------------------------------------------------------------------------------------------------------


def refusal(code: str, message: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": message, "innerError": {"request-id": UNKNOWN}}}


@pytest.mark.parametrize(
    ("message", "named"),
    [
        (f"Subscription Id {ID} already exists for the requested combination", ID),
        (f"Subscription Id <{ID}> already exists for the requested combination", ID),
        (f"Subscription Id {ID.upper()} already exists for the requested combination", ID),
        ("Subscription Id <> already exists for the requested combination", None),
    ],
)
@pytest.mark.parametrize("code", ["ObjectIdentifierInUse", "Conflict"])
async def test_a9_the_twin_is_found_in_both_forms_of_the_409(
    far: GraphSubscriptions, wire: Wire, code: str, message: str, named: str | None
) -> None:
    wire.status, wire.body = 409, refusal(code, message)
    with pytest.raises(AlreadySubscribed) as told:
        await far.create(AN_END)
    assert told.value.subscription_id == named


BEGINNING = "Subscription validation request"
ENDPOINT_MUST = "Notification endpoint must respond with 200 OK to validation request."
HANDSHAKES = [
    (f"{BEGINNING} timed out.", "the webhook did not answer in time"),
    (
        f"{BEGINNING} failed. HTTP status code is 'Forbidden'. {ENDPOINT_MUST}",
        "the webhook answered 403 instead of 200",
    ),
    (
        f"{BEGINNING} failed. HTTP status code is 'NotFound'. {ENDPOINT_MUST}",
        "the webhook answered 404 instead of 200",
    ),
    (f"{BEGINNING} failed. HTTP 'Unauthorized'", "the webhook answered 401 instead of 200"),
    (f"{BEGINNING} failed. HTTP status code is '+31612345678'.", "the webhook did not answer 200"),
    (f"{BEGINNING} failed. HTTP status code is 'Alice'.", "the webhook did not answer 200"),
    (f"{BEGINNING} failed. Must respond with 200 OK to this request.", "the webhook did not answer 200"),
    (
        f"{BEGINNING} failed. {ENDPOINT_MUST}",
        "the webhook did not answer 200",
    ),
    (
        f"{BEGINNING} failed. Response must exactly match validationToken query parameter.",
        "the webhook did not return the token",
    ),
]


@pytest.mark.parametrize(("message", "told"), HANDSHAKES)
@pytest.mark.parametrize("code", ["ValidationError", "InvalidRequest"])
async def test_a9_a_failed_handshake_passes_and_is_told_in_our_own_words(
    far: GraphSubscriptions, wire: Wire, code: str, message: str, told: str
) -> None:
    wire.status, wire.body = 400, refusal(code, message)
    failures = []
    for call in (far.create(AN_END), far.renew(ID, AN_END)):
        with pytest.raises(GraphFailed) as failed:
            await call
        failures.append(failed.value.failure)
    assert failures == [Transient(Reason.GRAPH_UNAVAILABLE, f"400 {code}: no handshake, {told}")] * 2


@pytest.mark.parametrize("call", ["create", "renew", "all", "get", "delete"])
@pytest.mark.parametrize(
    ("status", "code", "reason", "advice"),
    [
        (400, "ErrorInvalidParameter", Reason.GRAPH_REFUSED, REPORT_SUBSCRIPTION),
        (400, "ExtensionError", Reason.GRAPH_REFUSED, REPORT_SUBSCRIPTION),
        (401, "ExtensionError", Reason.NOT_ALLOWED, GRANT_SUBSCRIPTION),
        (403, "ExtensionError", Reason.NOT_ALLOWED, GRANT_SUBSCRIPTION),
    ],
)
async def test_j_a_refusal_about_a_subscription_says_what_to_do_about_a_subscription(
    far: GraphSubscriptions, wire: Wire, call: str, status: int, code: str, reason: Reason, advice: str
) -> None:
    phrase = "Operation: Create; Exception: [Status Code: Forbidden; Reason: Forbidden]"
    wire.status, wire.body = status, refusal(code, phrase)
    calls: dict[str, Callable[[], Awaitable[object]]] = {
        "create": lambda: far.create(AN_END),
        "renew": lambda: far.renew(ID, AN_END),
        "all": far.all,
        "get": lambda: far.get(ID),
        "delete": lambda: far.delete(ID),
    }
    with pytest.raises(GraphFailed) as failed:
        await calls[call]()
    assert failed.value.failure == Permanent(reason, f"{status} {code}", advice)


@pytest.mark.parametrize("as_401", [False, True])
async def test_a9_a_missing_permission_is_judged_by_its_status(sim: Sim, api: GraphSubscriptions, as_401: bool) -> None:
    created = await api.create(soon())
    sim.credential.roles = ("User.ReadWrite.All",)
    await sim.faults(subscription_denied_as_401=as_401)
    for call in (api.create(soon()), api.renew(created.id, soon())):
        with pytest.raises(GraphFailed) as failed:
            await call
        detail = "401 ExtensionError" if as_401 else "403 ExtensionError"
        assert failed.value.failure == Permanent(Reason.NOT_ALLOWED, detail, GRANT_SUBSCRIPTION)


async def test_a_limit_of_subscriptions_is_no_missing_permission(far: GraphSubscriptions, wire: Wire) -> None:
    """https://techcommunity.microsoft.com/discussions/teamsdeveloper/cannot-create-new-subscription-to-resource/4194946"""
    message = "Operation: Create; Exception: [Status Code: Forbidden; Reason: App 'x' has reached its limit of '1' 'Y'"
    wire.status, wire.body = 403, refusal("ExtensionError", message)
    with pytest.raises(GraphFailed) as failed:
        await far.create(AN_END)
    expected = Permanent(Reason.NOT_ALLOWED, "403 ExtensionError: a limit of subscriptions", OVER_THE_LIMIT)
    assert failed.value.failure == expected


async def test_only_a_403_is_a_limit(far: GraphSubscriptions, wire: Wire) -> None:
    wire.status, wire.body = 400, refusal("ExtensionError", "Subscription expiration is over the limit.")
    with pytest.raises(GraphFailed) as failed:
        await far.create(AN_END)
    assert failed.value.failure == Permanent(Reason.GRAPH_REFUSED, "400 ExtensionError", REPORT_SUBSCRIPTION)


async def test_a_404_of_the_collection_is_no_missing_subscription(far: GraphSubscriptions, wire: Wire) -> None:
    wire.status, wire.body = 404, refusal("ResourceNotFound", "The object was not found.")
    for call in (far.create(AN_END), far.all()):
        with pytest.raises(GraphFailed) as failed:
            await call
        assert failed.value.failure == Transient(Reason.GRAPH_UNAVAILABLE, "404 ResourceNotFound")


@pytest.mark.parametrize(("status", "body"), [(204, None), (200, [])])
async def test_a_renewal_that_shows_no_subscription_is_tried_again(
    far: GraphSubscriptions, wire: Wire, status: int, body: Any
) -> None:
    wire.status, wire.body = status, body
    with pytest.raises(GraphFailed) as failed:
        await far.renew(ID, AN_END)
    assert isinstance(failed.value.failure, Transient)
