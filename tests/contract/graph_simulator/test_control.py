"""The /sim/ door: users, people, clock, reset, and the process."""

import signal
from typing import Any

import aiohttp
import pytest

from dev.graph_simulator.launcher import running_simulator
from tests.contract.graph_simulator.client import NUMBER, OTHER_NUMBER, Graph, Webhook, phone, phone_path
from tests.contract.graph_simulator.test_subscriptions import subscribe

BAD_USERS: list[dict[str, Any]] = [
    {"colour": "blue"},
    {"mobilePhone": 12},
    {"mobilePhone": "1" * 65},
    {"businessPhones": ["1", "2"]},
    {"onPremisesExtensionAttributes": {"extensionAttribute16": "x"}},
    {"id": "no-guid"},
    {"authentication": {"phone": NUMBER}},
    {"authentication": {"methods": ["telepathy"]}},
    {"authentication": {"perUserMfaState": "on"}},
    {"authentication": {"mobile": "none"}},
]


async def test_a_user_comes_with_everything(graph: Graph) -> None:
    state = {
        "mobile": NUMBER,
        "alternateMobile": OTHER_NUMBER,
        "methods": ["fido2"],
        "perUserMfaState": "enabled",
        "smsSignIn": True,
        "systemPreferred": False,
        "preferred": "sms",
    }
    made = await graph.sim("POST", "users", {"kind": "odd", "groups": ["G"], "authentication": state})
    shown = made.body["authentication"]
    assert (made.status, made.body["kind"], made.body["groups"], made.body["life"]) == (201, "odd", ["g"], "active")
    assert (shown["mobile"], shown["methodKinds"], shown["perUserMfaState"]) == (NUMBER, ["fido2"], "enforced")
    assert (shown["smsSignIn"], shown["systemPreferred"], shown["preferred"]) == (True, False, "sms")


@pytest.mark.parametrize("body", BAD_USERS)
async def test_a_user_that_cannot_be_is_refused(graph: Graph, body: dict[str, Any]) -> None:
    answer = await graph.sim("POST", "users", body)
    assert answer.status == 400
    assert answer.body["error"]
    assert (await graph.sim("GET", "users")).body["value"] == []


async def test_two_users_may_be_made_with_one_sign_in_number(graph: Graph) -> None:
    state = {"mobile": NUMBER, "smsSignIn": True}
    users = [(await graph.sim("POST", "users", {"authentication": state})).body for _ in range(2)]
    shown = [user["authentication"]["phones"][0]["smsSignInState"] for user in users]
    assert shown == ["ready", "phoneNumberNotUnique"]


async def test_ids_and_names_are_unique(graph: Graph) -> None:
    user = await graph.user(userPrincipalName="a@contoso.example")
    other = await graph.user()
    statuses = [
        (await graph.sim("POST", "users", {"id": user})).status,
        (await graph.sim("POST", "users", {"userPrincipalName": "A@contoso.example"})).status,
        (await graph.sim("PATCH", f"users/{other}", {"userPrincipalName": "A@contoso.example"})).status,
        (await graph.sim("PATCH", f"users/{other}", {"userPrincipalName": "b@contoso.example"})).status,
        (await graph.call("GET", "/v1.0/users/b@contoso.example")).status,
        (await graph.sim("PATCH", f"users/{other}", {"id": user})).status,
    ]
    assert statuses == [400, 400, 400, 200, 200, 400]


async def test_hr_edits_properties_groups_and_roles(graph: Graph) -> None:
    user = await graph.user(onPremisesExtensionAttributes={"extensionAttribute1": "a"})
    edit = {"onPremisesExtensionAttributes": {"extensionAttribute2": "b"}, "groups": ["g"], "roles": ["r"]}
    shown = (await graph.sim("PATCH", f"users/{user}", edit)).body
    assert shown["onPremisesExtensionAttributes"] == {"extensionAttribute1": "a", "extensionAttribute2": "b"}
    assert (shown["groups"], shown["roles"]) == (["g"], ["r"])


async def test_a_person_acts_and_the_journal_says_so(graph: Graph) -> None:
    user = await graph.user()
    await graph.sim("PUT", f"users/{user}/phone", {"number": NUMBER})
    await graph.sim("PUT", f"users/{user}/phone", {"number": OTHER_NUMBER})
    await graph.sim("DELETE", f"users/{user}/phone")
    await graph.sim("PUT", f"users/{user}/authentication", {"perUserMfaState": "enforced", "systemPreferred": False})
    await graph.sim("PATCH", f"users/{user}", {"jobTitle": "x"})
    entries = (await graph.sim("GET", f"journal?user={user}&since=1")).body["value"]
    assert [(entry["actor"], entry["operation"]) for entry in entries] == [
        ("human", "phone.put"),
        ("human", "phone.put"),
        ("human", "phone.delete"),
        ("human", "authentication.put"),
        ("hr", "user.update"),
    ]
    assert [entry["after"]["phones"] for entry in entries[:3]] == [[["mobile", NUMBER]], [["mobile", OTHER_NUMBER]], []]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "users/nobody", None, 404),
        ("PUT", "users/{user}/phone", {"number": "none"}, 400),
        ("PUT", "users/{user}/phone", {"number": NUMBER, "type": "fax"}, 400),
        ("DELETE", "users/{user}/phone", None, 404),
        ("POST", "users/{user}/restore", None, 400),
        ("POST", "users/{user}/methods", {"kind": "telepathy"}, 400),
        ("PUT", "users/{user}/authentication", {"preferred": "sms"}, 400),
        ("POST", "clock", {"advance_seconds": -1}, 400),
        ("POST", "people", [], 400),
        ("PUT", "policy", {"mode": "perhaps"}, 400),
        ("PUT", "policy", {"unknown": 1}, 400),
    ],
)
async def test_what_the_operator_cannot_do(graph: Graph, method: str, path: str, body: object, status: int) -> None:
    user = await graph.user()
    assert (await graph.sim(method, path.replace("{user}", user), body)).status == status


async def test_a_number_taken_for_sign_in_is_told_to_the_person_too(graph: Graph) -> None:
    await graph.user(authentication={"mobile": NUMBER, "smsSignIn": True})
    user = await graph.user(authentication={"smsSignIn": True})
    answer = await graph.sim("PUT", f"users/{user}/phone", {"number": NUMBER})
    entry = (await graph.sim("GET", f"journal?user={user}")).body["value"][-1]
    assert (answer.status, answer.body["code"], entry["operation"]) == (409, "phoneNumberNotUnique", "phone.put")


async def test_sms_sign_in_follows_the_policy(graph: Graph) -> None:
    user = await graph.user(authentication={"mobile": NUMBER})
    shown = (await graph.sim("PUT", f"users/{user}/authentication", {"smsSignIn": True})).body
    assert shown["authentication"]["phones"][0]["smsSignInState"] == "ready"


async def test_people_are_messy_and_labelled(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook)
    people = (await graph.sim("POST", "people", {"count": 40, "seed": 7})).body["value"]
    guests = (await graph.sim("GET", "users?kind=guest")).body["value"]
    assert len(people) == 40
    assert all(person["kind"] and person["displayName"].startswith("Person ") for person in people)
    assert {person["userType"] for person in guests} == {"Guest"}
    await hook.wait_for(40)


async def test_people_who_were_there_all_along_are_not_announced(graph: Graph, hook: Webhook) -> None:
    await graph.sim("PATCH", "faults", {"replication_seconds": 60, "skeleton_seconds": 60})
    await subscribe(graph, hook)
    await graph.sim("POST", "people", {"count": 5, "existing": True})
    assert len((await graph.call("GET", "/v1.0/users")).body["value"]) == 5
    assert (await graph.sim("GET", "notifications")).body["pending"] == 0


async def test_reset_empties_the_tenant_and_keeps_the_clock(graph: Graph, hook: Webhook) -> None:
    await subscribe(graph, hook)
    first = await graph.user()
    await graph.sim("POST", "clock", {"advance_seconds": 10})
    await graph.sim("POST", "reset", {"seed": 0})
    health = (await graph.sim("GET", "health")).body
    clock = (await graph.sim("GET", "clock")).body
    assert (health["users"], health["tenant"], clock["skipped_seconds"]) == (0, graph.tenant.id, 10)
    assert (await graph.sim("GET", "subscriptions")).body["value"] == []
    assert (await graph.sim("GET", "journal")).body["value"] == []
    assert first not in graph.tenant.users


async def test_the_journal_shows_reads_when_asked(graph: Graph) -> None:
    user = await graph.user()
    await graph.call("GET", f"/v1.0/users/{user}")
    await graph.phones(user)
    entries = (await graph.sim("GET", f"journal?user={user}&reads=true")).body["value"]
    assert [entry["operation"] for entry in entries] == ["user.equipped", "read.user", "read.phones"]


async def test_stats_count_by_address_and_status(graph: Graph) -> None:
    user = await graph.user()
    await graph.call("GET", f"/v1.0/users/{user}")
    await graph.call("GET", "/v1.0/users/nobody")
    await graph.call("GET", "/v1.0/nowhere")
    await graph.call("POST", phone_path(user), phone())
    assert (await graph.sim("GET", "stats")).body["requests"] == {
        "GET /v1.0/users/{user}": {"200": 1, "404": 1},
        "GET /v1.0/(unknown)": {"400": 1},
        "POST /v1.0/users/{user}/authentication/phoneMethods": {"201": 1},
    }


async def test_as_a_process_it_says_ready_serves_and_ends_with_zero() -> None:
    tenant = "c0ffee00-0000-4000-8000-00000000beef"
    async with running_simulator(tenant_id=tenant) as simulator, aiohttp.ClientSession() as session:
        async with session.get(f"{simulator.url}/sim/health") as answer:
            assert (await answer.json())["tenant"] == tenant
        simulator.process.send_signal(signal.SIGTERM)
        assert await simulator.process.wait() == 0


async def test_a_killed_process_is_gone() -> None:
    async with running_simulator() as simulator:
        simulator.kill()
        assert await simulator.process.wait() == -signal.SIGKILL
