"""Every answer of the simulator, held against Microsoft's models and against Microsoft's metadata document.

The fixture `graph` checks each answer of each test in this folder; here it is shown that the tour leaves no address out
and that the check finds something where there is something to find.
"""

from typing import Any

import aiohttp
import pytest

from dev.graph_schema.check import Checker, error_problems
from dev.graph_schema.schema import Schema
from dev.graph_simulator.errors import error_body
from dev.graph_simulator.fault_answers import FAULT_WORDS
from dev.graph_simulator.launcher import WrongAnswers, running_simulator, serving_simulator
from dev.graph_simulator.outbox import Item
from dev.graph_simulator.subscriptions import Subscriptions
from dev.graph_simulator.tenant import Tenant
from dev.graph_simulator.urls import build_routes
from tests.contract.graph_simulator.client import Graph, Webhook, phone_path
from tests.contract.graph_simulator.csdl import Csdl
from tests.contract.graph_simulator.test_subscriptions import subscribe
from tests.contract.graph_simulator.tour import take_tour
from tests.reference_data import CSDL, needs_reference


async def _nothing(url: str, seconds: float) -> None:
    """No webhook is called here."""


async def test_every_address_answers_what_microsoft_describes(graph: Graph, hook: Webhook) -> None:
    for version in ("v1.0", "beta"):
        await take_tour(graph, hook, version)
    counted = (await graph.sim("GET", "stats")).body["requests"]
    succeeded = {name for name, statuses in counted.items() if any(int(status) < 300 for status in statuses)}
    templates = {
        f"{route.method} {route.template}" for route in build_routes(Subscriptions(_nothing)) if route.addresses
    }
    seen = {name.replace("/v1.0/", "/").replace("/beta/", "/") for name in succeeded}
    assert seen - {"POST /$batch"} == templates
    assert graph.tenant.findings.checked > len(templates)
    assert graph.tenant.findings.found == []


@needs_reference
async def test_every_answer_of_v1_fits_the_metadata_document(graph: Graph, hook: Webhook) -> None:
    csdl = Csdl.read(CSDL)
    calls = await take_tour(graph, hook, "v1.0")
    judged = [call for call in calls if call.path != "$batch" and call.answer.body]
    for call in judged:
        selected = "$select" in call.query
        problems = csdl.problems(call.method, call.path, call.answer.body, selected=selected)
        assert problems == [], f"{call.method} {call.path}?{call.query}"
    assert len(judged) > 25


BAD: list[tuple[str, str, dict[str, Any]]] = [
    ("GET", "users/1", {"id": "1", "perUserMfaState": "enabled"}),
    ("GET", "users/1", {"mobilePhone": "1"}),
    ("GET", "users/1", {"id": "1", "accountEnabled": "yes"}),
    ("GET", "users/1", {"id": "1", "businessPhones": "1"}),
    ("GET", "users/1", {"id": "1", "createdDateTime": "2026-01-01T00:00:00"}),
    ("GET", "users/1", {"id": "1", "@odata.type": "#microsoft.graph.group"}),
    ("GET", "users/delta", {"id": "1"}),
    ("GET", "users/1/authentication/phoneMethods", {"value": [{"id": "1", "phoneType": "fax"}]}),
    ("GET", "users/1/transitiveMemberOf", {"value": [{"@odata.type": "#microsoft.graph.directoryRole"}]}),
    ("POST", "users/1/checkMemberGroups", {"value": [1]}),
]


@needs_reference
@pytest.mark.parametrize(("method", "path", "body"), BAD)
def test_the_metadata_document_finds_each_fault(method: str, path: str, body: dict[str, Any]) -> None:
    assert Csdl.read(CSDL).problems(method, path, body, selected=False) != []


@needs_reference
@pytest.mark.parametrize("name", ["requirements", "signInPreferences", "hardwareOathMethods"])
def test_the_metadata_document_knows_no_beta(name: str) -> None:
    with pytest.raises(LookupError):
        Csdl.read(CSDL).resolve(f"users/1/authentication/{name}")


async def _answer_wrongly() -> None:
    async with serving_simulator() as served, aiohttp.ClientSession() as session:
        graph = Graph(served.url, served.tenant, session)
        user = await graph.user(existing=True)
        served.tenant.users[user].properties["mobilePhone"] = 12
        await graph.call("GET", f"/v1.0/users/{user}")


async def test_an_answer_that_does_not_fit_ends_the_simulator_with_an_error() -> None:
    with pytest.raises(WrongAnswers, match=r"GET /v1.0/users/\{user\} 200: mobilePhone: wrong kind"):
        await _answer_wrongly()


async def test_a_part_of_a_batch_that_does_not_fit_is_found(graph: Graph) -> None:
    user = await graph.user()
    graph.tenant.users[user].mfa_state = "perhaps"
    await graph.batch({"id": "1", "method": "GET", "url": f"/users/{user}/authentication/requirements"}, version="beta")
    assert [text.partition(": ")[2] for text in graph.tenant.findings.found] == [
        "perUserMfaState: not a word of the enum (strongAuthenticationRequirements)"
    ]
    graph.tenant.findings.found.clear()


async def test_a_notification_that_does_not_fit_is_found(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook)
    item = Item("x", hook.url, {"changeType": "moved", "colour": "blue"}, 0.0, graph.tenant.now() + 60)
    graph.tenant.outbox.waiting.append(item)
    found = (await graph.sim("GET", "findings")).body["found"]
    assert sorted(text.split(": ")[1] for text in found) == [
        "changeType",
        "colour",
        "subscriptionExpirationDateTime",
        "subscriptionId",
    ]
    assert (await graph.sim("GET", "findings")).body["found"] == found
    graph.tenant.findings.found.clear()


async def test_every_notification_is_checked_once(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook, lifecycleNotificationUrl=hook.url)
    before = graph.tenant.findings.checked
    user = await graph.user()
    await graph.sim("POST", "lifecycle", {"event": "missed"})
    await graph.sim("PATCH", f"users/{user}", {"mobilePhone": "1"})
    await hook.wait_for(3)
    assert graph.tenant.findings.checked - before == 3
    check = Checker(Schema.v1())
    assert [check.problems("changeNotificationCollection", {"value": post}) for post in hook.posts] == [
        [] for _ in hook.posts
    ]


@pytest.mark.parametrize("status", FAULT_WORDS)
def test_the_words_of_faults_have_the_form_of_errors(status: int) -> None:
    assert error_problems(Schema.v1(), error_body(*FAULT_WORDS[status], "r", "c", 0.0)) == []


async def test_a_tenant_checks_only_when_it_is_told_to(graph: Graph) -> None:
    async with serving_simulator(Tenant()) as served:
        other = Graph(served.url, served.tenant, graph.session)
        await other.call("GET", "/v1.0/users")
        assert served.tenant.findings.as_json() == {"checked": 0, "found": []}


@pytest.mark.parametrize("wanted", [False, True])
async def test_a_process_shows_its_findings(graph: Graph, wanted: bool) -> None:
    async with running_simulator(tenant_id=graph.tenant.id, check_answers=wanted) as simulator:
        other = Graph(simulator.url, graph.tenant, graph.session)
        await other.call("GET", phone_path("nobody"))
        assert (await other.sim("GET", "findings")).body == {"checked": int(wanted), "found": []}
