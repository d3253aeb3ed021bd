"""One test or more for each row of the threat model in docs/security.md, named after the row.

Those that need the whole chain are in test_threats_on_the_wire.py; the replay of a hundred thousand notifications is
tests/e2e/test_flood.py, and the search for one number in every sink is tests/e2e/test_canary.py.
"""

# ruff: noqa: N802 (a row is written with a capital T)

import functools
import hmac
import itertools
import json
import logging
import re
from collections.abc import Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

import azure.functions as func
import httpx
import pytest
from azure.core.exceptions import ResourceExistsError
from azure.identity.aio import DefaultAzureCredential
from hypothesis import given
from hypothesis import strategies as st

from dev.azurite.launcher import Azurite
from shared import app as root
from shared import triggers
from shared.coalescing import MINUTE, WINDOW, Coalescer
from shared.errors import DeltaExpired, Failure, Permanent, Transient, UnreadableMessage
from shared.fingerprint import Keys
from shared.graph.client import GraphClient
from shared.graph.delta import GraphChangedUsers
from shared.graph.directory import GraphDirectory
from shared.graph.roles import RoleReader
from shared.graph.subscriptions import GraphSubscriptions
from shared.http_answers import webhook
from shared.intake import Answer, handshake, take_changes, take_lifecycle
from shared.memory import LEASE
from shared.messages import decode
from shared.models import Cause, MfaState, Observation, Outcome, Reason
from shared.phone_number import PhoneNumber, RegionHints, read_number
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.ports import SUBSCRIPTION as SUBSCRIPTION_RECORD
from shared.ports import AuditRow, Phase, Record
from shared.redaction import redact
from shared.retry_rules import DELAYS
from shared.service_clock import ServiceClock
from shared.settings import Settings, StorageSettings, read_settings
from shared.storage.account import table_service
from shared.storage.tables import TableAudit, create_tables
from shared.subscription_rules import Desired
from shared.switches import Switches, Writes
from shared.tombstones import Tombstones
from tests.builders import (
    ALICE,
    KEYS,
    PREVIOUS_SECRET,
    RECEIVED,
    SECRET,
    SUBSCRIPTION,
    TENANT,
    change_item,
    expected,
    lifecycle_item,
    object_ids,
)
from tests.contract.graph.conftest import Credential
from tests.fakes import NOW, FakeDirectory, Person, own_pace
from tests.indexed import bindings
from tests.security.test_policy_table import ANNAS, APPLY, FORBIDDEN, GROUP, NESTED, NEW, ROLE, World, world
from tests.workflow.test_reconcile import ANNA, UNAVAILABLE, Bench
from tests.workflow.test_subscriptions import LIVE
from tests.workflow.test_subscriptions import Bench as KeeperBench

PAGE = Path(__file__).parents[2] / "docs" / "security.md"
OTHER_TENANT, OTHER_SUBSCRIPTION = object_ids(2)


def body(*items: object) -> bytes:
    return json.dumps({"value": items}).encode()


def posted(answer: Answer) -> tuple[int, bytes, dict[str, str]]:
    """All that whoever posted it gets to see."""
    response = webhook(answer)
    return response.status_code, response.get_body(), dict(response.headers)


def phone_writes(bench: Bench) -> list[Action]:
    return [action for _, action in bench.directory.requests if isinstance(action, AddPhone | UpdatePhone)]


# --- T1 forged notification ------------------------------------------------------------------------------------------

FORGED: dict[str, dict[str, Any]] = {
    "clientState guessed": {"clientState": "a guess"},
    "clientState empty": {"clientState": ""},
    "clientState left out": {"clientState": None},
    "clientState beyond ASCII": {"clientState": "é☎"},
    "clientState cut short": {"clientState": KEYS.client_state()[:-1]},
    "clientState of another secret": {"clientState": Keys("a secret that somebody else made up").client_state()},
    "another tenant": {"tenantId": OTHER_TENANT},
    "another subscription": {"subscriptionId": OTHER_SUBSCRIPTION},
    "no subscription": {"subscriptionId": None},
}


@pytest.mark.parametrize("name", FORGED)
def test_T01_a_forged_notification_is_dropped_and_answered_like_a_real_one(name: str) -> None:
    ours = expected(subscription_id=SUBSCRIPTION)
    forged = take_changes(body(change_item(**FORGED[name])), ours, RECEIVED, Coalescer())
    real = take_changes(body(change_item()), ours, RECEIVED, Coalescer())
    assert real.messages
    assert (forged.messages, forged.chores) == ((), ())
    assert posted(forged) == posted(real)
    lifecycle = take_lifecycle(body(lifecycle_item("missed", **FORGED[name])), ours, RECEIVED)
    assert lifecycle.chores == ()


async def test_T01_a_valid_notification_for_an_up_to_date_user_writes_nothing() -> None:
    async with world() as here:
        user_id = await here.ours()
        before = await here.writes(user_id)
        for _ in range(3):
            here.bench.clock.advance(seconds=1)
            received = int(here.bench.clock().timestamp() * 1000)
            item = change_item(user_id, resourceData={"id": user_id, "mobilePhone": NEW, "accountEnabled": True})
            [message] = take_changes(body(item), expected(), received, Coalescer()).messages
            assert list((await here.bench.handle(decode(message))).values()) == [Outcome.NOOP]
        assert await here.writes(user_id) == before
        assert await here.mobile(user_id) == ANNAS, "what a notification says of the user is not believed"


# --- T2 replay and flood ---------------------------------------------------------------------------------------------


def test_T02_a_hundred_thousand_replays_for_fifty_people_become_a_few_messages_and_hide_no_real_change() -> None:
    coalescer, people, late = Coalescer(), object_ids(50), ALICE
    start = RECEIVED // MINUTE * MINUTE
    looks: list[tuple[str, int]] = []
    sweeps: list[int] = []
    for number in range(400):
        moment = start + number * 100
        told = [*people * 5, *([late] if number == 200 else [])]
        what = coalescer.sort(told, moment)
        looks += [(user, moment) for user in what.now] + [(user, what.later_at) for user in what.later]
        sweeps += [what.sweep_at] if what.sweep_at is not None else []
    changed = start + 200 * 100
    assert len(looks) <= 50 * 2
    assert len(sweeps) == 1
    assert sweeps[0] > changed or (late, changed) in looks


def test_T02_one_person_named_all_the_time_is_two_looks_a_window() -> None:
    coalescer = Coalescer()
    told = [coalescer.sort([ALICE], RECEIVED + moment) for moment in range(0, WINDOW, 10)]
    assert sum(len(what.now) + len(what.later) for what in told) == 2


# --- T3 reflection ---------------------------------------------------------------------------------------------------

REAL_TOKENS = (
    "Validation: Testing client application reachability for subscription Request-Id: 7e9a1c52-ee5d",
    "Validation%3A Testing+client%20application",
    "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.e30.c2ln-_=",
    "a+b c:d/e?f=g&h=i;j,k'l\"m%n",
    "naïve ☎ \u202f",
)


@pytest.mark.parametrize("token", REAL_TOKENS)
def test_T03_a_real_token_comes_back_byte_for_byte_as_text_that_no_browser_runs(token: str) -> None:
    response = webhook(handshake(token))
    assert (response.status_code, response.get_body()) == (200, token.encode())
    assert response.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "default-src 'none'" in response.headers["Content-Security-Policy"]
    assert response.headers["Cache-Control"] == "no-store"


@given(st.text(max_size=60) | st.text(alphabet="<>\"'&/\r\n\0scriptSCRIPT ", max_size=60))
def test_T03_nothing_that_could_be_markup_or_a_header_is_ever_echoed(token: str) -> None:
    status, text, headers = posted(handshake(token))
    assert b"<" not in text
    assert not any(sign in value for value in headers.values() for sign in "<\r\n")
    assert (status, text) == (200, token.encode("utf-8", "replace")) or (status == 400 and token not in REAL_TOKENS)


def routes() -> dict[str, tuple[tuple[str, ...], str]]:
    """Every HTTP route of the app: its methods, and who may call it."""
    found = [binding for binding in bindings() if binding["type"] == "httpTrigger"]
    return {
        f"{','.join(sorted(method.value for method in one['methods']))} {one['route']}": (
            tuple(method.value for method in one["methods"]),
            one["authLevel"].value,
        )
        for one in found
    }


def test_T03_webhooks_take_post_alone_so_that_no_link_leads_to_an_echo() -> None:
    assert [methods for name, (methods, _) in routes().items() if name.endswith((" notifications", " lifecycle"))] == [
        ("POST",),
        ("POST",),
    ]


# --- T4 a foreign subscription pointed at our URL --------------------------------------------------------------------


@pytest.mark.parametrize("token", REAL_TOKENS)
def test_T04_a_strangers_handshake_leaves_nothing_behind(token: str) -> None:
    answer = handshake(token)
    assert (answer.messages, answer.chores, answer.strangers) == ((), (), False)


@pytest.mark.parametrize(
    "theirs",
    [
        {"clientState": "theirs", "tenantId": OTHER_TENANT, "subscriptionId": OTHER_SUBSCRIPTION},
        {"clientState": "theirs", "subscriptionId": OTHER_SUBSCRIPTION},
        {"tenantId": OTHER_TENANT, "subscriptionId": OTHER_SUBSCRIPTION},
        {"tenantId": OTHER_TENANT},
    ],
    ids=["another tenant's", "another app's", "another tenant's with our clientState", "with our subscription too"],
)
def test_T04_what_a_foreign_subscription_sends_is_dropped(theirs: dict[str, Any]) -> None:
    changes = take_changes(body(change_item(**theirs)), expected(), RECEIVED, Coalescer())
    events = take_lifecycle(body(lifecycle_item("subscriptionRemoved", **theirs)), expected(), RECEIVED)
    assert (changes.messages, changes.chores, events.chores) == ((), (), ())


# --- T5 path injection -----------------------------------------------------------------------------------------------

CRAFTED_IDS = (
    "../../me",
    "..%2f..%2fme",
    f"{ALICE}/authentication/methods",
    f"{ALICE}?$expand=manager",
    f"{ALICE}#x",
    f"{ALICE}\r\nHost: graph.evil.example",
    "@graph.evil.example/",
    "//graph.evil.example/",
    "https://graph.evil.example/v1.0/me",
    "me",
    "alice@contoso.example",
    "\uff41lice",
    ALICE.replace("-", "\u2010"),
    f" {ALICE}",
    f"{ALICE}\n",
    "",
)
EVIL = "https://graph.evil.example"


@dataclass
class Transport:
    """Stands in for every httpx connection: keeps what would have left, and answers it."""

    answer: Callable[[httpx.Request], httpx.Response] = lambda _: httpx.Response(200, json={"value": []})
    sent: list[httpx.Request] = field(default_factory=list)

    async def handle(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return self.answer(request)

    @property
    def hosts(self) -> set[str]:
        return {request.url.host for request in self.sent}


@pytest.fixture
def transport(monkeypatch: pytest.MonkeyPatch) -> Transport:
    made = Transport()
    monkeypatch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", lambda _, request: made.handle(request))
    return made


@dataclass
class Client:
    """The real Graph client on that transport."""

    credential: Credential = field(default_factory=lambda: Credential("https://graph.microsoft.com", TENANT))

    def __post_init__(self) -> None:
        self.graph = GraphClient(
            "https://graph.microsoft.com", self.credential, lambda: NOW, own_pace(lambda: NOW), own_pace(lambda: NOW)
        )
        self.directory = GraphDirectory(self.graph, APPLY, RoleReader(self.graph))
        self.changed = GraphChangedUsers(self.graph)
        self.subscriptions = GraphSubscriptions(self.graph, Desired("https://a", "https://b", "c"), "state")


def number(text: str = ANNAS) -> PhoneNumber:
    read = read_number(text, RegionHints())
    assert isinstance(read, PhoneNumber)
    return read


@pytest.mark.parametrize("crafted", CRAFTED_IDS)
async def test_T05_what_is_no_object_id_reaches_neither_the_queue_nor_graph(transport: Transport, crafted: str) -> None:
    item = change_item(resource=f"Users/{crafted}", resourceData={"id": crafted, "@odata.id": f"{EVIL}/{crafted}"})
    assert take_changes(body(item), expected(), RECEIVED, Coalescer()).messages == ()
    fields = {"version": 1, "users": [crafted], "cause": "manual", "received": 1}
    with pytest.raises(UnreadableMessage):
        decode(json.dumps(fields))
    client = Client()
    seen = Observation(Person(Bench().person().user).user, (), frozenset(), None)
    doors: list[Callable[[], Awaitable[object]]] = [
        lambda: client.directory.observe([crafted]),
        lambda: client.directory.write({crafted: AddPhone(number())}),
        lambda: client.directory.read_back({crafted: seen}, {crafted: SetMfaState(MfaState.ENABLED)}),
        lambda: client.subscriptions.get(crafted),
        lambda: client.subscriptions.renew(crafted, NOW),
        lambda: client.subscriptions.delete(crafted),
    ]
    for door in doors:
        with pytest.raises(ValueError, match=r"not an? .*id"):
            await door()
    assert transport.sent == []
    assert client.credential.asked == []


@pytest.mark.parametrize("name", ["../../me@x", "a/b@x", "a?b@x", "a#b@x", "%2e%2e%2fme@x", "a@graph.evil.example"])
async def test_T05_a_user_principal_name_stays_one_segment_of_our_path(transport: Transport, name: str) -> None:
    await Client().directory.find(name)
    [request] = transport.sent
    assert request.url.host == "graph.microsoft.com"
    path = request.url.raw_path.decode().partition("?")[0]
    assert re.fullmatch(r"/v1\.0/users/[^/]+", path)
    assert unquote(path.rpartition("/")[2]) in (name, unquote(name))


ELSEWHERE = (
    f"{EVIL}/v1.0/users/delta?$deltatoken=x",
    "http://graph.microsoft.com/v1.0/users/delta?$deltatoken=x",
    "https://graph.microsoft.com@graph.evil.example/v1.0/users/delta",
    "https://user@graph.microsoft.com/v1.0/users/delta",
    "https://graph.microsoft.com.evil.example/v1.0/users/delta",
    "https://graph.microsoft.com:8443/v1.0/users/delta",
    "//graph.evil.example/v1.0/users/delta",
)


@pytest.mark.parametrize("link", ELSEWHERE)
async def test_T05_a_stored_link_to_elsewhere_takes_no_token_along(transport: Transport, link: str) -> None:
    client = Client()
    with pytest.raises(DeltaExpired):
        await client.changed.page(link)
    assert (transport.sent, client.credential.asked) == ([], [])
    transport.answer = lambda _: httpx.Response(200, json={"value": [], "@odata.nextLink": link})
    with pytest.raises(ValueError, match="another host"):
        await client.subscriptions.all()
    assert transport.hosts == {"graph.microsoft.com"}


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_T05_a_redirect_is_no_answer_and_is_never_followed(transport: Transport, status: int) -> None:
    transport.answer = lambda _: httpx.Response(status, headers={"Location": f"{EVIL}/v1.0/$batch"})
    observed = (await Client().directory.observe([ALICE]))[ALICE]
    assert isinstance(observed, Transient)
    assert transport.hosts == {"graph.microsoft.com"}


# --- T6 malformed bodies ---------------------------------------------------------------------------------------------


class Out(func.Out[list[str]]):
    """An output binding."""

    def __init__(self) -> None:
        self.messages: list[str] = []

    def set(self, val: list[str]) -> None:
        self.messages += val

    def get(self) -> list[str]:
        return self.messages


def app_settings() -> Settings:
    return read_settings(
        {
            "PREFILL_TENANT_ID": TENANT,
            "PREFILL_SECRET": SECRET,
            "PREFILL_PUBLIC_URL": "https://prefill.example",
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        }
    )


@pytest.fixture(scope="module")
def started() -> Iterator[None]:
    """The app's own triggers, with settings and nothing else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root._Once, "settings", app_settings())
        patch.setattr(root._Once, "subscription_id", None)
        patch.setattr(root._Once, "coalescer", Coalescer(flood=10**9))
        yield


def request(content: bytes, **query: str) -> func.HttpRequest:
    return func.HttpRequest("POST", "https://prefill.example/api/notifications", params=query, body=content)


async def post(content: bytes, **query: str) -> tuple[set[int], list[str], list[str]]:
    """To both webhooks: their statuses, the users' messages, the chores."""
    users, chores = Out(), Out()
    first = await triggers.change_notifications(request(content, **query), users, chores)
    second = await triggers.lifecycle_notifications(request(content, **query), chores)
    return {first.status_code, second.status_code}, users.messages, chores.messages


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.just("\ud800")
NAMES = st.sampled_from(sorted({"value", "id", "@odata.type", *change_item(), *lifecycle_item()}))
JSON = st.recursive(
    SCALARS | st.sampled_from([KEYS.client_state(), TENANT, SUBSCRIPTION, ALICE]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(NAMES | st.text(max_size=6), inner, max_size=8),
    max_leaves=20,
)
BODIES = (
    st.binary(max_size=300)
    | JSON.map(lambda value: json.dumps(value).encode())
    | st.lists(JSON, max_size=5).map(lambda items: body(*items))
    | st.tuples(NAMES, JSON).map(lambda pair: body(change_item() | {pair[0]: pair[1]}))
    | st.integers(1, 20_000).map(lambda depth: b'{"value":' + b"[" * depth)
    | st.just(b" " * (256 * 1024 + 1))
)


@pytest.mark.usefixtures("started")
@given(BODIES)
async def test_T06_no_body_is_an_error_of_ours(content: bytes) -> None:
    statuses, messages, _ = await post(content)
    assert statuses <= {HTTPStatus.ACCEPTED, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
    assert {user for text in messages for user in decode(text).users} <= {ALICE}


@pytest.mark.usefixtures("started")
@given(JSON, st.text(max_size=2_100))
async def test_T06_no_validation_token_is_an_error_of_ours(value: object, token: str) -> None:
    statuses, messages, chores = await post(json.dumps(value).encode(), validationToken=token)
    assert statuses <= {HTTPStatus.OK, HTTPStatus.ACCEPTED, HTTPStatus.BAD_REQUEST}
    assert (messages, chores) == ([], []) or not token


@pytest.mark.usefixtures("started")
@given(st.lists(JSON, max_size=6), st.integers(0, 6))
async def test_T06_a_good_item_among_bad_ones_is_still_queued(items: list[object], at: int) -> None:
    user_id = object_ids(1)[0]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(root._Once, "coalescer", Coalescer())
        _, messages, _ = await post(body(*items[:at], change_item(user_id), *items[at:]))
    assert user_id in {user for text in messages for user in decode(text).users}


# --- T7 a directory attribute becomes somebody's phone ---------------------------------------------------------------


async def test_T07_without_asking_only_a_first_number_is_written_at_once() -> None:
    async with world() as here:
        first, second = await here.sim.person(), await here.sim.person(authentication={"mobile": ANNAS})
        assert await here.look(first, second) == [Outcome.DONE] * 2
        for user_id in (first, second):
            before = await here.phone_writes(user_id)
            await here.hr(user_id, mobilePhone="06 87654321")
            assert await here.look(user_id) == [Outcome.HELD]
            assert (await here.mobile(user_id), await here.phone_writes(user_id)) == (ANNAS, before)


async def test_T07_a_number_the_person_chose_is_never_replaced() -> None:
    async with world() as here:
        user_id = await here.sim.person(authentication={"mobile": NEW})
        for attempt in ("06 12345678", "06 11112222"):
            await here.hr(user_id, mobilePhone=attempt)
            await here.look(user_id)
            here.bench.clock.advance(days=2)
            await here.look(user_id)
        assert (await here.mobile(user_id), await here.phone_writes(user_id)) == (NEW, [])


async def test_T07_a_change_waits_a_day_and_one_taken_back_meanwhile_leaves_no_trace() -> None:
    async with world() as here:
        user_id = await here.ours()
        await here.hr(user_id, mobilePhone="06 87654321")
        for _ in range(23):
            assert await here.look(user_id) == [Outcome.HELD]
            here.bench.clock.advance(hours=1)
        await here.hr(user_id, mobilePhone="06 12345678")
        assert await here.look(user_id) == [Outcome.NOOP]
        here.bench.clock.advance(days=2)
        assert await here.look(user_id) == [Outcome.NOOP]
        assert await here.phone_writes(user_id) == ["phone.create"]
        assert here.ledger(user_id).hold is None
        assert here.owns(user_id, ANNAS)


async def test_T07_every_further_change_waits_for_itself() -> None:
    """A number that has waited does not vouch for another one slipped in at the last moment."""
    async with world() as here:
        user_id = await here.ours()
        await here.hr(user_id, mobilePhone="06 87654321")
        assert await here.look(user_id) == [Outcome.HELD]
        here.bench.clock.advance(hours=25)
        await here.hr(user_id, mobilePhone="06 11112222")
        assert await here.look(user_id) == [Outcome.HELD]
        assert await here.phone_writes(user_id) == ["phone.create"]


async def test_T07_another_source_makes_an_edit_of_ones_own_mobile_phone_pointless() -> None:
    async with world(replace(APPLY, phone_sources=("extensionAttribute1",))) as here:
        user_id = await here.sim.person(mobilePhone="06 87654321")
        assert await here.look(user_id) == [Outcome.NOOP]
        assert (await here.writes(user_id), here.ledger(user_id).reasons[0]) == ([], Reason.NO_NUMBER)
        await here.hr(user_id, onPremisesExtensionAttributes={"extensionAttribute1": "06 12345678"})
        assert await here.look(user_id) == [Outcome.DONE]
        assert await here.mobile(user_id) == ANNAS


# --- T8 a strong method is never diluted -----------------------------------------------------------------------------

STRONG = ("fido2", "microsoftAuthenticator", "windowsHelloForBusiness", "aKindThatGraphAddsTomorrow")
NUMBERS = ("06 12345678", "06 87654321", "06 11112222", None, "n/a")
EVENTS = st.one_of(
    st.tuples(st.just("hr"), st.sampled_from(NUMBERS)),
    st.tuples(st.just("registers"), st.sampled_from([ANNAS, NEW])),
    st.tuples(st.just("removes"), st.none()),
    st.tuples(st.just("waits"), st.sampled_from(["1", "25", "200"])),
    st.tuples(st.just("state"), st.sampled_from([state.value for state in MfaState])),
    st.tuples(st.just("look"), st.sampled_from([cause.value for cause in Cause])),
)


@given(st.sampled_from(STRONG), st.lists(EVENTS, max_size=25), st.booleans())
async def test_T08_no_order_of_events_puts_a_phone_beside_a_strong_method(
    kind: str, events: list[tuple[str, str | None]], follows: bool
) -> None:
    bench = Bench(policy=APPLY)
    anna = bench.person(methods=frozenset({"password", kind}))
    if follows:
        bench.directory.people[ANNA].methods = frozenset({"password"})
        await bench.look()
        bench.directory.people[ANNA].methods = frozenset({"password", kind})
        bench.directory.requests.clear()
    for what, value in [*events, ("look", Cause.SWEEP.value)]:
        match what:
            case "hr":
                anna.user = replace(anna.user, mobile_phone=value)
            case "registers" | "removes":
                anna.mobile = value
            case "waits":
                bench.clock.advance(hours=int(value or 0))
            case "state":
                anna.state = MfaState(value or "disabled")
            case _:
                await bench.look(cause=Cause(value or Cause.SWEEP))
    assert phone_writes(bench) == []
    assert not [action for _, action in bench.directory.requests if isinstance(action, SetDefaultMethod)]


# --- T9 administrators -----------------------------------------------------------------------------------------------

ADMINISTRATORS: dict[str, dict[str, Any]] = {
    "role held": {"roles": [ROLE]},
    "role that may be activated": {"eligibleRoles": [ROLE]},
    "group that can hold roles": {"groups": [GROUP]},
    "group within such a group": {"groups": [NESTED]},
}


@pytest.mark.parametrize("name", ADMINISTRATORS)
async def test_T09_a_role_granted_between_enqueue_and_work_stops_every_write(name: str) -> None:
    async with world() as here:
        await here.sim.call("PUT", "tenant", {"groupParents": {NESTED: [GROUP]}, "roleAssignableGroups": [GROUP]})
        user_id = await here.sim.person()
        here.bench.clock.advance(seconds=1)
        received = int(here.bench.clock().timestamp() * 1000)
        [message] = take_changes(body(change_item(user_id)), expected(), received, Coalescer()).messages
        await here.hr(user_id, **ADMINISTRATORS[name])
        assert list((await here.bench.handle(decode(message))).values()) == [Outcome.SKIPPED]
        assert (await here.writes(user_id), here.ledger(user_id).reasons) == ([], (Reason.PRIVILEGED,))


@dataclass
class Meanwhile:
    """The real directory; right after the first write the world moves on."""

    directory: Any
    happens: Callable[[], Awaitable[None]]
    happened: bool = False

    def in_background(self) -> "Meanwhile":
        return self

    async def write(self, actions: Mapping[str, Action]) -> Any:
        written = await self.directory.write(actions)
        if not self.happened:
            self.happened = True
            await self.happens()
        return written

    def __getattr__(self, name: str) -> Any:
        return getattr(self.directory, name)


@pytest.mark.parametrize("name", ADMINISTRATORS)
async def test_T09_a_role_granted_between_two_writes_of_one_look_stops_the_second(name: str) -> None:
    async with world() as here:
        await here.sim.call("PUT", "tenant", {"groupParents": {NESTED: [GROUP]}, "roleAssignableGroups": [GROUP]})
        user_id = await here.sim.person()
        granted = Meanwhile(here.bench.directory, lambda: here.hr(user_id, **ADMINISTRATORS[name]))
        here.bench.directory = granted  # type: ignore[assignment]
        await here.look(user_id)
        assert await here.writes(user_id) == ["phone.create"]


ROLE_READS = ("roleAssignments", "roleEligibilitySchedules", "transitiveMemberOf")
BROKEN: tuple[dict[str, Any], ...] = (FORBIDDEN, {"status": 503}, {"status": 400}, {"status": 200, "body": {}})


@pytest.mark.parametrize("effect", BROKEN, ids=["403", "503", "400", "empty"])
@pytest.mark.parametrize("path", ROLE_READS)
async def test_T09_where_roles_cannot_be_read_nobody_is_written_to(path: str, effect: dict[str, Any]) -> None:
    async with world() as here:
        people = [await here.sim.person() for _ in range(5)]
        await here.sim.rule(effect, path_regex=path)
        outcomes = await here.look(*people)
        assert set(outcomes) == {Outcome.SKIPPED}
        assert {here.ledger(user_id).reasons for user_id in people} == {(Reason.UNKNOWN,)}
        assert [await here.writes(user_id) for user_id in people] == [[]] * 5


# --- T16 numbers in logs, queues and tables --------------------------------------------------------------------------

CANARY = "+31 642424242"
SPELLINGS = ("+31642424242", "+31 642424242", "0642424242", "06-42 42 42 42", "0031642424242", "%2B31642424242")


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("around", ["{}", "400 for {}: not unique", '{{"phoneNumber": "{}"}}', "/users?x={}&y=1"])
def test_T16_the_redactor_knows_every_spelling(around: str, spelling: str) -> None:
    shown = redact(around.format(spelling))
    assert "4242" not in shown.replace(" ", "")
    assert redact(f"user {ALICE}: done in 12.5 s") == f"user {ALICE}: done in 12.5 s", "ids and durations stay"


ENDINGS: dict[str, Callable[[Bench], object]] = {
    "written": lambda bench: None,
    "refused by Graph, which quotes it": lambda bench: bench.directory.write_failures.update(
        {ANNA: [Permanent(Reason.GRAPH_REFUSED, "400 badRequest", "mend it")]}
    ),
    "parked": lambda bench: bench.directory.observe_failures.update({ANNA: [UNAVAILABLE] * 9}),
    "bad number": lambda bench: bench.person(mobile_phone="06 42424242 / 06 42424243"),
    "landline": lambda bench: bench.person(mobile_phone="+31 20 4242424"),
    "registered by the person": lambda bench: bench.person(mobile="+31 642424243"),
}


@pytest.mark.parametrize("name", ENDINGS)
async def test_T16_no_ending_leaves_a_number_behind(name: str, caplog: pytest.LogCaptureFixture) -> None:
    bench = Bench(policy=APPLY)
    bench.person(mobile_phone="06 42424242")
    ENDINGS[name](bench)
    with caplog.at_level(logging.DEBUG):
        for attempt in range(1, len(DELAYS) + 2):
            await bench.look(attempt=attempt)
        anna = bench.directory.people[ANNA]
        anna.user = replace(anna.user, mobile_phone="06 42424299")
        await bench.look()
    stored = (bench.ledger.memories, bench.audit.rows, bench.queues.sent, bench.parking.items, bench.control.records)
    lines = [str(vars(record)) for record in caplog.records]
    for sink in (repr(stored), *lines):
        assert not re.search(r"4\W*2\W*4\W*2\W*4\W*2", sink), sink


# --- T17 the clientState ---------------------------------------------------------------------------------------------


def test_T17_a_client_state_is_compared_in_constant_time_with_every_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    compared: list[tuple[object, object]] = []
    real = hmac.compare_digest

    def spy(one: Any, other: Any) -> bool:
        compared.append((one, other))
        return real(one, other)

    monkeypatch.setattr(hmac, "compare_digest", spy)
    keys = Keys(SECRET, PREVIOUS_SECRET)
    for given_state, accepted in [
        (keys.client_state(), True),
        (Keys(PREVIOUS_SECRET).client_state(), True),
        (keys.client_state()[:-1], False),
        ("é", False),
        ("", False),
    ]:
        compared.clear()
        assert keys.accepts_client_state(given_state) is accepted
        assert len(compared) == 2, "the first match must not end it"
        assert {one for one, _ in compared} == {given_state.encode()}


def test_T17_after_a_rotation_the_previous_one_is_accepted_and_older_ones_are_not() -> None:
    oldest, old, new = "o" * 40, "p" * 40, "q" * 40
    during, after = Keys(new, previous=old), Keys(new)
    states = [Keys(secret).client_state() for secret in (oldest, old, new)]
    assert [during.accepts_client_state(state) for state in states] == [False, True, True]
    assert [after.accepts_client_state(state) for state in states] == [False, False, True]
    for keys in (during, after):
        taken = [
            bool(take_changes(body(change_item(clientState=state)), expected(keys), RECEIVED, Coalescer()).messages)
            for state in states
        ]
        assert taken == [keys.accepts_client_state(state) for state in states]


async def test_T17_a_subscription_made_with_an_old_secret_is_replaced_and_the_gap_swept() -> None:
    bench = KeeperBench()
    bench.exists(LIVE)
    bench.control.records[SUBSCRIPTION_RECORD] = Record({"id": LIVE.id, "fingerprint": "of the old one"}, "0")
    assert await bench.keep() == ("deleted", "created")
    assert len(bench.queues.chores) == 1
    assert await bench.keep() == ()


def test_T17_neither_secret_nor_client_state_shows_in_any_text(caplog: pytest.LogCaptureFixture) -> None:
    keys, state = Keys(SECRET, PREVIOUS_SECRET), KEYS.client_state()
    with caplog.at_level(logging.DEBUG):
        answer = take_changes(
            body(change_item(), change_item(clientState=state[:-1])), expected(keys), RECEIVED, Coalescer()
        )
    desired = Desired("https://a", "https://b", keys.client_state_fingerprint())
    shown = [repr(keys), repr(app_settings()), repr(desired), str(posted(answer)), caplog.text]
    for text in shown:
        assert not any(secret in text for secret in (SECRET, PREVIOUS_SECRET, state, state[:-1]))


# --- T18 no function key in the notification URL ---------------------------------------------------------------------


def test_T18_only_graphs_routes_and_health_are_open_so_that_graph_needs_no_key() -> None:
    open_to_all = {name for name, (_, level) in routes().items() if level.lower() == "anonymous"}
    assert open_to_all == {"POST notifications", "POST lifecycle", "GET health"}


@pytest.mark.parametrize("url", ["https://prefill.example", "https://prefill.example/"])
def test_T18_the_urls_that_graph_is_given_carry_no_key(url: str) -> None:
    ours = read_settings(
        {
            "PREFILL_TENANT_ID": TENANT,
            "PREFILL_SECRET": SECRET,
            "PREFILL_PUBLIC_URL": url,
            "AzureWebJobsStorage": "UseDevelopmentStorage=true",
        }
    )
    for given_to_graph in (ours.notification_url, ours.lifecycle_url):
        parts = urlsplit(given_to_graph)
        assert (parts.query, parts.fragment, parts.username, parts.password) == ("", "", None, None)


@pytest.mark.parametrize(
    "url", ["https://prefill.example?code=k", "https://key@prefill.example", "https://p.example#k"]
)
def test_T18_a_public_url_with_a_key_in_it_is_a_mistake(url: str) -> None:
    environment = {"PREFILL_TENANT_ID": TENANT, "PREFILL_SECRET": SECRET, "PREFILL_PUBLIC_URL": url}
    with pytest.raises(Exception, match="PREFILL_PUBLIC_URL"):
        read_settings(environment | {"AzureWebJobsStorage": "UseDevelopmentStorage=true"})


# --- T19 lockout -----------------------------------------------------------------------------------------------------


class Died(Exception):
    """The worker process ends here."""


@dataclass
class Process:
    """A worker to which something happens at its n-th call of a port, before or after the call takes effect."""

    at: int
    after: bool = False
    kills: bool = True
    then: Callable[[], None] = lambda: None
    calls: int = 0
    dead: bool = False

    def of(self, port: Any) -> Any:
        return _Port(port, self)

    def reach(self, moment: bool) -> None:
        """The moment before (False) or after (True) a call."""
        if self.dead:
            raise Died
        if self.calls == self.at and moment == self.after:
            self.then()
            self.dead = self.kills
        if self.dead:
            raise Died


class _Port:
    def __init__(self, port: Any, process: Process) -> None:
        self._port, self._process = port, process

    def __getattr__(self, name: str) -> Any:
        method, process = getattr(self._port, name), self._process

        async def call(*args: Any, **kwargs: Any) -> Any:
            process.calls += 1
            process.reach(moment=False)
            result = await method(*args, **kwargs)
            process.reach(moment=True)
            return result

        return call


@dataclass
class Witness(FakeDirectory):
    """Sees to it that whoever switches MFA on has just been shown a phone."""

    shown: set[str] = field(default_factory=set)
    hidden: bool = False
    """Whether no read shows any phone, whatever was written."""

    async def observe(
        self, user_ids: Sequence[str], about_to_write: Collection[str] = ()
    ) -> Mapping[str, Observation | Failure]:
        return self._note(await super().observe(user_ids, about_to_write))

    async def read_back(
        self, seen: Mapping[str, Observation], written: Mapping[str, Action]
    ) -> Mapping[str, Observation | Failure]:
        return self._note(await super().read_back(seen, written))

    def _note(self, told: Mapping[str, Observation | Failure]) -> Mapping[str, Observation | Failure]:
        if self.hidden:
            told = {u: replace(one, phones=()) if isinstance(one, Observation) else one for u, one in told.items()}
        self.shown -= set(told)
        self.shown |= {user_id for user_id, one in told.items() if isinstance(one, Observation) and one.mobile}
        return told

    def _write(self, user_id: str, action: Action) -> Any:
        if isinstance(action, SetMfaState):
            assert user_id in self.shown, "MFA switched on without a phone read back"
        else:
            self.shown.discard(user_id)
        return super()._write(user_id, action)


PORTS = ("directory", "ledger", "audit", "queues", "parking", "control")


def witnessed(process: Process) -> tuple[Bench, dict[str, Any]]:
    """A bench whose ports die with the process, and the ports themselves."""
    bench = Bench(policy=APPLY, directory=Witness())
    bench.person()
    real = {name: getattr(bench, name) for name in PORTS}
    for name, port in real.items():
        setattr(bench, name, process.of(port))
    return bench, real


async def restart(bench: Bench, real: Mapping[str, Any]) -> None:
    """A new process gets the same message again, and later whatever is in the queue."""
    for name, port in real.items():
        setattr(bench, name, port)
    bench.clock.advance(seconds=LEASE.total_seconds() + 1)
    await bench.look()
    for _ in range(20):
        if not bench.queues.sent:
            return
        message, delay = bench.queues.sent.pop(0)
        bench.clock.advance(seconds=delay.total_seconds())
        await bench.handle(message)


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
async def test_T19_a_crash_at_any_call_never_switches_mfa_on_without_a_phone_read_back(after: bool) -> None:
    for dies_at in itertools.count(1):
        bench, real = witnessed(Process(dies_at, after))
        try:
            await bench.look()
        except Died:
            pass
        else:
            break
        anna = real["directory"].people[ANNA]
        assert anna.state is MfaState.DISABLED or anna.mobile, f"call {dies_at}"
        await restart(bench, real)
        assert (anna.mobile, anna.state) == (ANNAS, MfaState.ENFORCED), f"call {dies_at}: not finished"
        states = [action for _, action in real["directory"].journal if isinstance(action, SetMfaState)]
        assert len(states) == 1, f"call {dies_at}: the state was written twice"
    assert dies_at > 8, "a look has more calls than that"


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
async def test_T19_a_phone_removed_at_any_call_is_noticed_unless_it_was_just_read_back(after: bool) -> None:
    """The witness fails the look that switches MFA on for a user without a phone that it was shown."""
    for at in itertools.count(1):
        process = Process(at, after, kills=False)
        bench, real = witnessed(process)
        anna = real["directory"].people[ANNA]
        process.then = functools.partial(setattr, anna, "mobile", None)
        await bench.look()
        for _ in range(3):
            await restart(bench, real)
        if process.calls < at:
            break
        states = [action for _, action in real["directory"].journal if isinstance(action, SetMfaState)]
        assert len(states) <= 1


async def test_T19_mfa_stays_off_while_no_read_shows_the_phone() -> None:
    bench = Bench(policy=APPLY, directory=Witness(hidden=True))
    anna = bench.person()
    for attempt in range(1, len(DELAYS) + 2):
        await bench.look(attempt=attempt)
    assert anna.state is MfaState.DISABLED
    assert bench.ledger.memories[ANNA].outcome is Outcome.PARKED


async def test_T19_mfa_stays_off_for_who_has_nothing_to_answer_it_with() -> None:
    bench = Bench(policy=APPLY, directory=Witness())
    anna = bench.person(mobile_phone=None)
    await bench.look()
    anna.user = replace(anna.user, mobile_phone="020 123 4567")
    await bench.look()
    assert anna.state is MfaState.DISABLED
    anna.user = replace(anna.user, mobile_phone="06 12345678")
    await bench.look()
    anna.mobile, anna.state = None, MfaState.DISABLED
    await bench.look()
    assert (anna.mobile, anna.state) == (None, MfaState.DISABLED), "removed by somebody"


# --- T20 mass change -------------------------------------------------------------------------------------------------


async def test_T20_a_bad_feed_stops_at_the_limit_on_every_instance_and_after_a_restart() -> None:
    bench = Bench(policy=APPLY, writes_per_hour=10)
    people = [bench.person(user_id, mobile_phone=f"06 1234{n:04}") for n, user_id in enumerate(object_ids(50))]
    users = [person.user.id for person in people]
    for start in range(0, 50, 20):
        await bench.look(*users[start : start + 20])
    written = {user_id for user_id, _ in bench.directory.requests}
    assert len(written) == 10
    for _ in range(30):  # every look is made by a reconciler of its own, with nothing but the tables in common
        bench.clock.advance(hours=1)
        await bench.look(*users[:20])
    assert {user_id for user_id, _ in bench.directory.requests} == written
    assert bench.parking.items == {}, "nobody is parked for it"
    assert set(users) <= {user for message, _ in bench.queues.sent for user in message.users} | written


async def test_T20_only_a_person_starts_it_again_and_again_up_to_the_limit() -> None:
    bench = Bench(policy=APPLY, writes_per_hour=10)
    users = [bench.person(user_id).user.id for user_id in object_ids(20)]
    await bench.look(*users)
    switches = Switches(bench.control, 10, bench.clock)
    assert (await switches.state()).writes is Writes.TRIPPED
    bench.clock.advance(hours=2)
    await bench.look(*users)
    assert (await switches.state()).writes is Writes.TRIPPED
    await switches.resume()
    await bench.look(*users)
    assert len({user_id for user_id, _ in bench.directory.requests}) == 20


async def test_T20_where_the_count_cannot_be_kept_nothing_is_written() -> None:
    bench = Bench(policy=APPLY)
    bench.person()
    bench.control.contended = {"writes"}
    assert await bench.look() != {ANNA: Outcome.DONE}
    assert bench.directory.requests == []


async def test_T20_a_pause_stops_a_look_before_its_next_write() -> None:
    async with world() as here:
        user_id = await here.sim.person()
        switches = Switches(here.bench.control, 2000, here.bench.clock)

        async def pause() -> None:
            await switches.pause("incident")

        here.bench.directory = Meanwhile(here.bench.directory, pause)  # type: ignore[assignment]
        await here.look(user_id)
        assert await here.writes(user_id) == ["phone.create"]


# --- T23 one bad user ------------------------------------------------------------------------------------------------


async def test_T23_one_user_who_always_fails_holds_nobody_up_and_is_parked_and_replayable() -> None:
    async with world() as here:
        users = [await here.sim.person(mobilePhone=f"06 123456{n:02}") for n in range(20)]
        bad, good = users[7], [user for user in users if user != users[7]]
        await here.sim.faults(rules=[{"match": {"user": bad}, "effect": {"status": 500}, "scope": "inner"}])
        outcomes = dict(zip(users, await here.look(*users), strict=True))
        assert {outcomes[user] for user in good} == {Outcome.DONE}
        assert outcomes[bad] is Outcome.RETRY
        delays: list[timedelta] = []
        while here.bench.queues.sent:
            message, delay = here.bench.queues.sent.pop(0)
            assert message.users == (bad,)
            delays.append(delay)
            here.bench.clock.advance(seconds=delay.total_seconds())
            await here.bench.handle(message)
        assert delays == list(DELAYS)
        parked = here.bench.parking.items[bad]
        assert (parked.users, parked.attempts) == ((bad,), len(DELAYS) + 1)
        assert parked.advice
        await here.sim.faults(rules=[])
        assert await here.look(bad, cause=Cause.MANUAL) == [Outcome.DONE]
        assert here.bench.parking.items == {}


# --- T24 the audit ---------------------------------------------------------------------------------------------------


async def test_T24_the_intent_is_durable_before_the_write_and_the_outcome_follows_it() -> None:
    bench = Bench(policy=APPLY)
    bench.person()
    known: list[list[Phase]] = []
    bench.directory.before_write = lambda _user, _action: known.append([row.phase for row in bench.audit.rows])
    await bench.look()
    assert known == [[Phase.INTENT], [Phase.INTENT]]
    assert [row.phase for row in bench.audit.rows] == [Phase.INTENT, Phase.OUTCOME]
    assert bench.audit.rows[-1].request_ids == ("request-1", "request-2"), "joins with Entra's own audit"


async def test_T24_without_an_audit_nothing_is_written() -> None:
    bench = Bench(policy=APPLY)
    bench.person()
    bench.audit.broken = True
    with pytest.raises(ConnectionError):
        await bench.look()
    assert bench.directory.requests == []


@pytest.mark.parametrize("after", [False, True], ids=["before the call", "after the call"])
async def test_T24_after_a_crash_at_any_call_every_write_has_one_intent_and_one_outcome(after: bool) -> None:
    for dies_at in itertools.count(1):
        bench, real = witnessed(Process(dies_at, after))
        try:
            await bench.look()
        except Died:
            pass
        else:
            break
        await restart(bench, real)
        looks: dict[str, list[Phase]] = {}
        for row in real["audit"].rows:
            looks.setdefault(row.look, []).append(row.phase)
        assert set(map(tuple, looks.values())) == {(Phase.INTENT, Phase.OUTCOME)}, f"call {dies_at}: {looks}"


async def test_T24_an_audit_row_cannot_be_written_over(azurite: Azurite) -> None:
    storage = StorageSettings(connection_string=azurite.connection_string)
    row = AuditRow(object_ids(9)[-1], "look", NOW, NOW, Phase.INTENT, Cause.SWEEP, ("add",), (), None, "policy")
    async with (
        DefaultAzureCredential() as credential,
        table_service(storage, credential, ServiceClock(lambda: NOW)) as service,
    ):
        await create_tables(service)
        audit = TableAudit(service)
        await audit.append(row)
        with pytest.raises(ResourceExistsError):
            await audit.append(replace(row, actions=("something else",)))
        assert [kept.actions for kept in await audit.history(row.user_id, 9)] == [("add",)]


# --- T27 fighting the responder --------------------------------------------------------------------------------------


async def test_T27_what_a_responder_removed_stays_away_until_an_operator_clears_it() -> None:
    async with world() as here:
        user_id = await here.ours()
        await here.removes(user_id)
        for number_of in range(110):
            here.bench.clock.advance(hours=1)
            await here.look(user_id, cause=Cause.SWEEP if number_of % 11 == 0 else Cause.NOTIFICATION)
        await here.hr(user_id, mobilePhone="06 87654321")
        await here.look(user_id)
        assert (await here.mobile(user_id), await here.phone_writes(user_id)) == (None, ["phone.create"])
        bench = here.bench
        assert await Tombstones(bench.ledger, bench.audit, APPLY, bench.clock, lambda: "clearing").clear(user_id)
        await here.look(user_id)
        await here.removes(user_id)
        await here.look(user_id)
        assert await here.phone_writes(user_id) == ["phone.create"] * 2


# --- T28 stale work --------------------------------------------------------------------------------------------------

STEPS = ("disable", "enable", "delete", "restore")


def orders() -> Iterator[tuple[str, ...]]:
    """Every order of up to three things that can happen to an account."""
    for length in range(1, 4):
        for order in itertools.product(STEPS, repeat=length):
            deleted = False
            for step in order:
                if (step == "restore") != deleted:
                    break
                deleted = step == "delete"
            else:
                yield order


async def happen(here: World, user_id: str, order: Sequence[str]) -> bool:
    """Makes it so; whether the account may be written to afterwards."""
    enabled = True
    for step in order:
        match step:
            case "delete":
                await here.sim.call("DELETE", f"users/{user_id}")
            case "restore":
                await here.sim.call("POST", f"users/{user_id}/restore")
            case _:
                enabled = step == "enable"
                await here.hr(user_id, accountEnabled=enabled)
    return enabled and order[-1] != "delete"


async def test_T28_whatever_happened_since_it_was_queued_only_who_is_eligible_now_is_written_to() -> None:
    async with world() as here:
        await here.sim.faults(replication_seconds=0, skeleton_seconds=0)
        expectations: dict[str, bool] = {}
        for order in orders():
            user_id = await here.sim.person()
            expectations[user_id] = await happen(here, user_id, order)
        users = list(expectations)
        assert len(users) > 12
        for start in range(0, len(users), 20):
            await here.look(*users[start : start + 20])
        assert {user_id: bool(await here.writes(user_id)) for user_id in users} == expectations
        assert await here.violations() == []


@pytest.mark.parametrize(
    ("settings", "before", "moved", "reason"),
    [
        ({"include_groups": frozenset({GROUP})}, {"groups": [GROUP]}, {"groups": []}, Reason.OUT_OF_SCOPE),
        ({"exclude_groups": frozenset({GROUP})}, {}, {"groups": [GROUP]}, Reason.EXCLUDED),
        ({}, {}, {"userType": "Guest"}, Reason.GUEST),
    ],
    ids=["left the scope", "was excluded", "became a guest"],
)
async def test_T28_who_was_moved_since_it_was_queued_is_not_written_to(
    settings: dict[str, Any], before: dict[str, Any], moved: dict[str, Any], reason: Reason
) -> None:
    async with world(replace(APPLY, **settings)) as here:
        user_id = await here.sim.person(**before)
        here.bench.clock.advance(seconds=1)
        received = int(here.bench.clock().timestamp() * 1000)
        [message] = take_changes(body(change_item(user_id)), expected(), received, Coalescer()).messages
        await here.hr(user_id, **moved)
        await here.bench.handle(decode(message))
        assert (await here.writes(user_id), here.ledger(user_id).reasons) == ([], (reason,))


async def test_T28_an_account_of_the_same_name_is_somebody_else() -> None:
    async with world() as here:
        old = await here.ours(userPrincipalName="anna@contoso.example")
        await here.sim.call("DELETE", f"users/{old}?permanent=true")
        new = await here.sim.person(userPrincipalName="anna@contoso.example", mobilePhone="06 87654321")
        assert await here.look(old) == [Outcome.RETRY]
        assert await here.writes(new) == []
        assert new not in here.bench.ledger.memories


# --- the page and the tests say the same -----------------------------------------------------------------------------


def rows_with_tests() -> set[str]:
    files = sorted(Path(__file__).parent.glob("test_*.py"))
    return {f"T{int(row)}" for file in files for row in re.findall(r"def test_T(\d\d)_", file.read_text())}


def test_every_row_that_the_page_calls_tested_has_a_test_and_the_other_way_round() -> None:
    page = PAGE.read_text()
    tested, untested = page.split("## Not tested here", 1)
    claimed = set(re.findall(r"^\| (T\d+) \|", tested, re.MULTILINE))
    elsewhere = set(re.findall(r"^\| (T\d+) \|", untested, re.MULTILINE))
    assert claimed == rows_with_tests()
    assert claimed.isdisjoint(elsewhere)
    assert claimed | elsewhere == {f"T{number}" for number in range(1, 30)}
