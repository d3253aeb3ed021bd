"""Requests on the wire: what is sent, what is waited for, and what never leaves."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import httpx
import pytest
import pytest_asyncio
from azure.core.exceptions import ClientAuthenticationError

from dev.verify_tenant.bench import MOBILE_ID, Bench, Tenant
from dev.verify_tenant.check import Check, Trace, Verdict
from dev.verify_tenant.checks import CHECKS
from dev.verify_tenant.cleanup import Cleaner
from dev.verify_tenant.exchange import NO_ANSWER, Request
from dev.verify_tenant.graph import Session
from dev.verify_tenant.guard import NotOurs, Ours
from dev.verify_tenant.identity import Identity
from dev.verify_tenant.judgement import Finding, judge
from dev.verify_tenant.options import Options

GRAPH = "https://graph.microsoft.com"
USER, OTHER = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
NAME = "mfa-prefill-verify-abcd1234@contoso.example"
APP = Identity(app_only=True, known=True)
QUICK = Options(patience=0.2)

type Answering = Callable[[httpx.Request], httpx.Response]


class Wire:
    """A transport that answers as a test says, and remembers what was sent."""

    def __init__(self) -> None:
        self.sent: list[httpx.Request] = []
        self.answer: Answering = lambda request: httpx.Response(204)

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request)
        return self.answer(request)

    @property
    def lines(self) -> list[str]:
        return [f"{request.method} {request.url.path}" for request in self.sent]


async def token() -> str:
    return "a-token"


@pytest_asyncio.fixture
async def wire() -> AsyncIterator[tuple[Wire, Session]]:
    wire = Wire()
    async with httpx.AsyncClient(transport=httpx.MockTransport(wire.handle)) as http:
        ours = Ours()
        ours.own_user(USER)
        yield wire, Session(http, GRAPH, token, ours)


type Wired = tuple[Wire, Session]


async def test_a_foreign_write_never_reaches_the_wire(wire: Wired) -> None:
    sent, session = wire
    for method in ("POST", "PATCH", "PUT", "DELETE"):
        with pytest.raises(NotOurs):
            await session.send(Request(method, f"/users/{OTHER}", {}))
    assert sent.lines == []
    await session.send(Request("DELETE", f"/users/{USER}"))
    assert sent.lines == [f"DELETE /v1.0/users/{USER}"]


async def test_a_request_carries_its_body_as_json_and_the_token(wire: Wired) -> None:
    sent, session = wire
    await session.send(Request("PATCH", f"/users/{USER}", {"usageLocation": "AT"}, "beta"))
    [request] = sent.sent
    assert str(request.url) == f"{GRAPH}/beta/users/{USER}"
    assert json.loads(request.content) == {"usageLocation": "AT"}
    assert request.headers["authorization"] == "Bearer a-token"
    await session.send(Request("GET", "/users"), authorization="")
    assert "authorization" not in sent.sent[-1].headers


async def test_throttling_is_waited_for_as_long_as_graph_asks_and_noted(wire: Wired) -> None:
    sent, session = wire
    answers = iter([httpx.Response(429, headers={"Retry-After": "0.01"}), httpx.Response(200, json={"id": USER})])
    sent.answer = lambda request: next(answers)
    answer = await session.send(Request("GET", f"/users/{USER}"))
    assert (answer.status, answer.field("id"), len(sent.sent)) == (200, USER, 2)
    assert [noted.status for _, noted in session.throttled] == [429]
    sent.answer = lambda request: httpx.Response(429, headers={"Retry-After": "3600"})
    assert (await session.send(Request("GET", "/users"), patient=False)).status == 429
    assert len(sent.sent) == 3


async def test_a_write_that_failed_in_passing_is_not_sent_again(wire: Wired) -> None:
    sent, session = wire
    sent.answer = lambda request: httpx.Response(503, text="<html>busy</html>")
    answer = await session.send(Request("POST", f"/users/{USER}/authentication/phoneMethods", {}))
    assert (answer.status, answer.body, len(sent.sent)) == (503, None, 1)


async def test_no_answer_is_an_answer(wire: Wired) -> None:
    sent, session = wire

    def refuse(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("no route", request=request)

    sent.answer = refuse
    assert (await session.send(Request("DELETE", f"/users/{USER}"))).status == NO_ANSWER


async def test_a_redirect_is_not_followed(wire: Wired) -> None:
    sent, session = wire
    sent.answer = lambda request: httpx.Response(302, headers={"Location": "https://other.example/"})
    assert (await session.send(Request("GET", "/users"))).status == 302
    assert len(sent.sent) == 1


# --- checks that the simulator cannot serve --------------------------------------------------------------------------


def named(check_id: str) -> Check:
    return next(check for check in CHECKS if check.id == check_id)


async def ask(session: Session, check_id: str, options: Options = QUICK) -> tuple[list[str], dict[str, Finding]]:
    """What the person was told, and the findings."""
    told: list[str] = []
    check, trace = named(check_id), Trace()
    tenant = Tenant(id=OTHER, domains=("contoso.example",), user_id=USER, user_name=NAME)
    await check.ask(Bench(session, tenant, APP, options, trace, instruct=told.append))
    return told, {finding.assumption: finding for finding in judge(check, trace, APP)}


@pytest.mark.parametrize(("status", "expected"), [(403, Verdict.AS_ASSUMED), (201, Verdict.DIFFERENT)])
async def test_a_user_in_a_restricted_unit(wire: Wired, status: int, expected: Verdict) -> None:
    """The person moves the user; the run only waits for it."""
    sent, session = wire
    reads = iter([False, True, True, False])

    def graph(request: httpx.Request) -> httpx.Response:
        if request.method == "POST":
            return httpx.Response(status, json={"error": {"code": "accessDenied"}})
        if request.url.path.endswith("phoneMethods"):
            return httpx.Response(200, json={"value": []})
        return httpx.Response(200, json={"id": USER, "isManagementRestricted": next(reads)})

    sent.answer = graph
    told, found = await ask(session, "restricted-unit")
    assert found["restricted-unit-403"].verdict is expected
    assert ["add" in told[0], "take" in told[1], NAME in told[0]] == [True, True, True]
    assert {line for line in sent.lines if not line.startswith("GET")} == {
        f"POST /v1.0/users/{USER}/authentication/phoneMethods"
    }


HARDWARE = {"@odata.type": "#microsoft.graph.hardwareOathAuthenticationMethod", "id": OTHER}
PASSWORD = {"@odata.type": "#microsoft.graph.passwordAuthenticationMethod", "id": "x"}


@pytest.mark.parametrize(
    ("v1", "beta", "expected"),
    [
        ([PASSWORD], [PASSWORD, HARDWARE], Verdict.AS_ASSUMED),
        ([PASSWORD, HARDWARE], [PASSWORD, HARDWARE], Verdict.DIFFERENT),
        ([PASSWORD, HARDWARE], [PASSWORD], Verdict.DIFFERENT),
        ([PASSWORD], [PASSWORD], Verdict.NOT_TRIED),
    ],
)
async def test_a_hardware_token_in_v1_and_beta(wire: Wired, v1: list[Any], beta: list[Any], expected: Verdict) -> None:
    sent, session = wire
    sent.answer = lambda request: httpx.Response(200, json={"value": beta if "/beta/" in str(request.url) else v1})
    _, found = await ask(session, "hardware-oath", replace(QUICK, oath_user=OTHER))
    assert found["hardware-oath-beta-only"].verdict is expected
    assert {request.method for request in sent.sent} == {"GET"}


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("#microsoft.graph.agentUser", Verdict.AS_ASSUMED), (None, Verdict.DIFFERENT)],
)
async def test_agent_users(wire: Wired, kind: str | None, expected: Verdict) -> None:
    sent, session = wire
    one = {"id": OTHER} | ({"@odata.type": kind} if kind else {})
    sent.answer = lambda request: httpx.Response(200, json={"value": [one]} if "agentUser" in str(request.url) else one)
    _, found = await ask(session, "agent-users")
    assert found["agent-users-listed"].verdict is expected


@pytest.mark.parametrize(
    ("groups", "ordinary", "shown"),
    [
        ([(True, None), (False, True)], Verdict.AS_ASSUMED, Verdict.AS_ASSUMED),
        ([(True, True)], Verdict.NOT_TRIED, Verdict.AS_ASSUMED),
        ([(None, None)], Verdict.AS_ASSUMED, Verdict.DIFFERENT),
        ([], Verdict.NOT_TRIED, Verdict.NOT_TRIED),
    ],
)
async def test_what_groups_show(wire: Wired, groups: list[Any], ordinary: Verdict, shown: Verdict) -> None:
    sent, session = wire
    value = [{"id": OTHER, "securityEnabled": secure, "isAssignableToRole": role} for secure, role in groups]
    sent.answer = lambda request: httpx.Response(200, json={"value": value})
    _, found = await ask(session, "group-properties")
    assert (found["ordinary-groups-null"].verdict, found["limited-group-info"].verdict) == (ordinary, shown)


# --- cleaning up -----------------------------------------------------------------------------------------------------


def cleaner(session: Session) -> Cleaner:
    return Cleaner(session, Tenant(), patience=0.2, poll=0.01)


async def test_phones_go_before_the_user_and_the_user_for_good(wire: Wired) -> None:
    sent, session = wire
    tries = iter([404, 404, 204])

    def graph(request: httpx.Request) -> httpx.Response:
        if request.method == "GET" and request.url.path.endswith("phoneMethods"):
            return httpx.Response(200, json={"value": [{"id": MOBILE_ID}]})
        return httpx.Response(next(tries) if "deletedItems" in request.url.path else 204)

    sent.answer = graph
    session.ours.own_subscription(OTHER)
    assert await cleaner(session).clean() == ()
    assert sent.lines == [
        f"DELETE /v1.0/subscriptions/{OTHER}",
        f"GET /v1.0/users/{USER}/authentication/phoneMethods",
        f"DELETE /v1.0/users/{USER}/authentication/phoneMethods/{MOBILE_ID}",
        f"DELETE /v1.0/users/{USER}",
        *[f"DELETE /v1.0/directory/deletedItems/{USER}"] * 3,
    ]


async def test_without_a_token_everything_is_named(wire: Wired) -> None:
    _, session = wire

    async def no_token() -> str:
        raise ClientAuthenticationError("signed out")

    session.ours.own_subscription(OTHER)
    session.ours.announced_names |= {NAME, "mfa-prefill-verify-refused@contoso.example"}
    session.ours.settled_names.add("mfa-prefill-verify-refused@contoso.example")
    broken = Session(session._http, GRAPH, no_token, session.ours)
    left = await cleaner(broken).clean()
    assert [item.what for item in left] == [f"the subscription {OTHER}", f"the user {USER}", f"the user {NAME}"]
    assert {item.why for item in left} == {"no token: ClientAuthenticationError"}
    assert all("az rest --method DELETE" in command for item in left for command in item.commands)


async def test_a_user_of_the_announced_name_is_only_adopted_by_that_very_name(wire: Wired) -> None:
    sent, session = wire
    session.ours.users.clear()
    session.ours.announced_names.add(NAME)
    sent.answer = lambda request: httpx.Response(200, json={"id": OTHER, "userPrincipalName": "anna@contoso.example"})
    assert await cleaner(session).clean() == ()
    assert {request.method for request in sent.sent} == {"GET"}
