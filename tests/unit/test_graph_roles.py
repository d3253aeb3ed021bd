"""Who holds or may activate a directory role: the tenant's list and one user's roles, against scripted answers."""

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx
import pytest
import pytest_asyncio

from shared.errors import Transient
from shared.graph.client import GraphClient, Service
from shared.graph.directory import GraphDirectory
from shared.graph.roles import LIFE, MAX_AGE, RoleReader
from shared.models import Observation, Reason
from shared.pace import ROLES_THROTTLE, Pace
from shared.policy import Policy
from tests.builders import ALICE, object_ids
from tests.fakes import FakeClock, FakeControl
from tests.unit.graph_credential import Credential

ROOT = "https://graph.microsoft.com"
BOB, CAROL, DAVE = object_ids(3)
ADMINS, OTHERS = "aaaaaaaa-0000-4000-8000-000000000000", "bbbbbbbb-0000-4000-8000-000000000000"
HELD, OFFERED = "roleAssignments", "roleEligibilitySchedules"
GROUP_OFFERED, ASSIGNABLE = "privilegedAccess/group/eligibilitySchedules", "isAssignableToRole eq true"
NO_LICENCE_TEXT = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license."
Answer = tuple[int, Any]


type Answers = dict[str, Answer | Callable[[str], Answer]]


def refusal(status: int, code: str, message: str = "no") -> Answer:
    return status, {"error": {"code": code, "message": message}}


def listed(*items: dict[str, Any], next_link: str | None = None) -> Answer:
    return 200, {"value": list(items)} | ({"@odata.nextLink": next_link} if next_link else {})


def principals(*ids: str) -> Answer:
    return listed(*({"principalId": one} for one in ids))


THROTTLED = refusal(429, "UnknownError", "Too Many Requests")
FORBIDDEN = refusal(403, "UnknownError", json.dumps({"errorCode": "PermissionScopeNotGranted"}))


@dataclass
class Graph:
    """Answers by the first key that is in the address; every user is an ordinary member of no group."""

    answers: Answers = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    requests: int = 0

    def role_requests(self) -> list[str]:
        return [url for url in self.asked if "roleManagement" in url or "privilegedAccess" in url]

    def answer(self, url: str) -> Answer:
        self.asked.append(url)
        for key, answer in self.answers.items():
            if key in url:
                return answer(url) if callable(answer) else answer
        if "/users/" in url and "$select=id,accountEnabled" in url:
            return 200, {"id": ALICE, "accountEnabled": True, "userType": "Member"}
        if "requirements" in url:
            return 200, {"perUserMfaState": "disabled"}
        return listed()

    def __call__(self, request: httpx.Request) -> httpx.Response:
        self.requests += 1
        if not request.url.path.endswith("$batch"):
            status, body = self.answer(unquote(str(request.url)))
            return httpx.Response(status, json=body)
        inner = json.loads(request.content)["requests"]
        told = [(item["id"], *self.answer(unquote(item["url"]))) for item in inner]
        responses = [{"id": one, "status": status, "headers": {}, "body": body} for one, status, body in told]
        return httpx.Response(200, json={"responses": responses})


@dataclass
class Stand:
    graph: Graph
    client: GraphClient
    reader: RoleReader
    clock: FakeClock
    control: FakeControl

    async def seen(self, *users: str, fresh: tuple[str, ...] = ()) -> Any:
        directory = GraphDirectory(self.client, Policy(), self.reader)
        return await directory.observe(users or (ALICE,), fresh)

    async def privileged(self, user: str = ALICE, *, fresh: bool = False) -> bool | None:
        observed = (await self.seen(user, fresh=(user,) if fresh else ()))[user]
        assert isinstance(observed, Observation), observed
        assert observed.roles_are_fresh is fresh
        return observed.privileged


async def at_once(_: float) -> None:
    """No gap."""


@pytest_asyncio.fixture
async def stand() -> AsyncIterator[Stand]:
    graph, clock, control = Graph(), FakeClock(), FakeControl()
    paces = (Pace(control, clock, at_once), Pace(control, clock, at_once, ROLES_THROTTLE))
    async with GraphClient(ROOT, Credential(), clock, *paces) as client:
        client._http._transport, client._http._mounts = httpx.MockTransport(graph), {}
        yield Stand(graph, client, RoleReader(client), clock, control)


# --- who is privileged -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("fresh", [False, True], ids=["listed", "for-this-user"])
@pytest.mark.parametrize("way", [HELD, OFFERED, GROUP_OFFERED])
async def test_n6_each_way_to_a_role_counts(stand: Stand, way: str, fresh: bool) -> None:
    schedule = {"principalId": ALICE, "groupId": ADMINS, "accessId": "member"}
    stand.graph.answers = {ASSIGNABLE: listed({"id": ADMINS}), way: listed(schedule)}
    assert await stand.privileged(fresh=fresh) is True


@pytest.mark.parametrize("access", ["member", "owner"])
async def test_n6_eligible_for_a_group_that_can_hold_no_roles_is_ordinary(stand: Stand, access: str) -> None:
    schedule = {"principalId": ALICE, "groupId": OTHERS, "accessId": access}
    nothing: Answers = {HELD: listed(), OFFERED: listed(), ASSIGNABLE: listed({"id": ADMINS})}
    stand.graph.answers = nothing | {f"principalId eq '{ALICE}'": listed(schedule)}
    assert await stand.privileged(fresh=True) is True, "which groups can hold roles is not known yet: in doubt, refuse"
    assert await stand.privileged() is False
    assert await stand.privileged(fresh=True) is False


async def test_every_page_of_the_lists_is_read(stand: Stand) -> None:
    def pages(url: str) -> Answer:
        number = int(url.partition("skip=")[2] or 0)
        link = f"{ROOT}/v1.0/roleManagement/directory/roleAssignments?skip={number + 1}" if number < 30 else None
        return listed({"principalId": object_ids(40)[number]}, next_link=link)

    stand.graph.answers = {HELD: pages}
    assert await stand.privileged(object_ids(40)[30]) is True
    assert await stand.privileged(object_ids(40)[31]) is False


@pytest.mark.parametrize(
    ("link", "problem"),
    [
        pytest.param("https://elsewhere.example/x", "a list that goes on at another host", id="another-host"),
        pytest.param(f"{ROOT}/v1.0/roleManagement/directory/{HELD}?skip=1", "a list that does not end", id="endless"),
        pytest.param(7, "a list that is not whole", id="no-link"),
    ],
)
async def test_a_list_that_is_not_read_to_its_end_is_unknown(stand: Stand, link: Any, problem: str) -> None:
    stand.graph.answers = {HELD: (200, {"value": [], "@odata.nextLink": link})}
    observed = (await stand.seen())[ALICE]
    assert observed.privileged is None
    assert observed.unreadable == (f"roles: {problem}",)


@pytest.mark.parametrize("items", [[{}], [{"principalId": None}], ["x"], [{"principalId": "not an id"}]])
async def test_an_entry_without_an_id_makes_the_list_unknown(stand: Stand, items: list[Any]) -> None:
    stand.graph.answers = {HELD: (200, {"value": items})}
    assert await stand.privileged() is None


# --- how often the service is asked ----------------------------------------------------------------------------------


async def test_n8_two_hundred_looks_ask_the_role_service_as_often_as_one(stand: Stand) -> None:
    stand.graph.answers = {ASSIGNABLE: listed({"id": ADMINS}, {"id": OTHERS})}
    await stand.privileged()
    once = len(stand.graph.role_requests())
    assert once == 4, "two lists and the schedules of two groups"
    for _ in range(200):
        await stand.privileged(BOB)
    assert len(stand.graph.role_requests()) == once
    stand.clock.advance(seconds=LIFE.total_seconds())
    await stand.privileged()
    assert len(stand.graph.role_requests()) == 2 * once


async def test_a_role_granted_since_shows_when_the_list_is_read_again(stand: Stand) -> None:
    assert await stand.privileged() is False
    stand.graph.answers = {HELD: principals(ALICE)}
    assert await stand.privileged() is False
    assert await stand.privileged(fresh=True) is True
    stand.clock.advance(seconds=LIFE.total_seconds())
    assert await stand.privileged() is True


async def test_users_about_to_be_written_to_need_no_list(stand: Stand) -> None:
    await stand.seen(BOB, CAROL, fresh=(BOB, CAROL))
    assert all("principalId eq" in url for url in stand.graph.role_requests())
    assert len(stand.graph.role_requests()) == 6


async def test_a_list_that_could_not_be_read_is_not_kept(stand: Stand) -> None:
    stand.graph.answers = {HELD: refusal(503, "serviceUnavailable")}
    assert await stand.privileged() is None
    stand.graph.answers = {}
    assert await stand.privileged() is False


# --- throttled -------------------------------------------------------------------------------------------------------


async def test_a2_its_429_does_not_stop_everything_else(stand: Stand) -> None:
    stand.graph.answers = {HELD: THROTTLED}
    told = (await stand.seen())[ALICE]
    assert isinstance(told, Transient)
    assert told.reason is Reason.THROTTLED
    assert await stand.client.stopped(Service.DIRECTORY) is None
    assert isinstance(await stand.client.stopped(Service.ROLES), Transient)
    assert list(stand.control.records) == [ROLES_THROTTLE]


async def test_a2_while_it_throttles_nothing_is_sent_to_it(stand: Stand) -> None:
    stand.graph.answers = {HELD: THROTTLED}
    await stand.seen()
    stand.graph.asked.clear()
    for fresh in ((), (ALICE,)):
        told = (await stand.seen(fresh=fresh))[ALICE]
        assert isinstance(told, Transient)
        assert told.reason is Reason.THROTTLED
    assert stand.graph.role_requests() == []
    assert any("/users/" in url for url in stand.graph.asked)


async def test_a2_the_known_list_serves_while_it_throttles_for_an_hour(stand: Stand) -> None:
    assert await stand.privileged() is False
    stand.graph.answers = {HELD: THROTTLED}
    stand.clock.advance(seconds=MAX_AGE.total_seconds() - 1)
    assert await stand.privileged() is False
    stand.clock.advance(seconds=60)
    assert isinstance((await stand.seen())[ALICE], Transient)


async def test_a2_throttled_for_one_user_the_list_tells_and_the_roles_are_not_fresh(stand: Stand) -> None:
    await stand.privileged(BOB)
    stand.graph.answers = {f"{HELD}?$filter": THROTTLED}
    seen = await stand.seen(ALICE, BOB, fresh=(ALICE,))
    assert seen[ALICE].privileged is False
    assert seen[ALICE].roles_are_fresh is False
    confirmed = await GraphDirectory(stand.client, Policy(), stand.reader).confirm({ALICE: seen[ALICE]})
    assert isinstance(confirmed[ALICE], Transient)


# --- no licence, no permission, no answer ----------------------------------------------------------------------------

LICENCE = {
    "code": refusal(400, "AadPremiumLicenseRequired", NO_LICENCE_TEXT),
    "other case": refusal(400, "aadPremiumLicenseRequired", "?"),
    "403": refusal(403, "AADPREMIUMLICENSEREQUIRED", "?"),
    "in the message": refusal(400, "UnknownError", f"[AadPremiumLicenseRequired] {NO_LICENCE_TEXT}"),
    "wrapped": refusal(400, "UnknownError", json.dumps({"errorCode": "AadPremiumLicenseRequired", "message": "?"})),
    "text alone": refusal(400, "BadRequest", NO_LICENCE_TEXT),
    "older text": refusal(400, "BadRequest", "The tenant needs an AAD Premium 2 license."),
}


@pytest.mark.parametrize("fresh", [False, True], ids=["listed", "for-this-user"])
@pytest.mark.parametrize("name", LICENCE)
async def test_a3_n7_without_the_licence_nobody_is_eligible_however_it_is_spelled(
    stand: Stand, name: str, fresh: bool
) -> None:
    stand.graph.answers = {
        ASSIGNABLE: listed({"id": ADMINS}),
        OFFERED: LICENCE[name],
        GROUP_OFFERED: LICENCE[name],
    }
    assert await stand.privileged(fresh=fresh) is False
    stand.graph.answers[HELD] = principals(ALICE)
    stand.clock.advance(seconds=LIFE.total_seconds())
    assert await stand.privileged(fresh=fresh) is True


@pytest.mark.parametrize("fresh", [False, True], ids=["listed", "for-this-user"])
@pytest.mark.parametrize("answer", [FORBIDDEN, refusal(500, "x"), refusal(400, "BadRequest"), (200, {})])
@pytest.mark.parametrize("way", [HELD, OFFERED])
async def test_a3_any_other_refusal_is_unknown(stand: Stand, way: str, answer: Answer, fresh: bool) -> None:
    stand.graph.answers = {way: answer}
    assert await stand.privileged(fresh=fresh) is None


@pytest.mark.parametrize("name", LICENCE)
async def test_the_licence_excuses_no_answer_about_roles_that_are_held(stand: Stand, name: str) -> None:
    stand.graph.answers = {HELD: LICENCE[name]}
    assert await stand.privileged() is None
    assert await stand.privileged(fresh=True) is None


@pytest.mark.parametrize("fresh", [False, True], ids=["listed", "for-this-user"])
async def test_n6_without_the_optional_permission_users_are_served(
    stand: Stand, fresh: bool, caplog: pytest.LogCaptureFixture
) -> None:
    stand.graph.answers = {ASSIGNABLE: listed({"id": ADMINS}, {"id": OTHERS}), GROUP_OFFERED: FORBIDDEN}
    assert await stand.privileged(fresh=fresh) is False
    assert len([url for url in stand.graph.asked if GROUP_OFFERED in url]) == 1, "the first answer tells"
    assert not [record for record in caplog.records if getattr(record, "action", "") == "graph_forbidden"]


@pytest.mark.parametrize("answer", [refusal(500, "x"), refusal(400, "BadRequest"), (200, {}), refusal(401, "x")])
async def test_n6_any_other_refusal_of_group_eligibility_is_unknown(stand: Stand, answer: Answer) -> None:
    stand.graph.answers = {ASSIGNABLE: listed({"id": ADMINS}), GROUP_OFFERED: answer}
    assert await stand.privileged() is None
    assert await stand.privileged(fresh=True) is None
