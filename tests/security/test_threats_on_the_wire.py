"""Rows of the threat model that show only in the whole chain: real HTTP, real queues and tables, the real worker."""

# ruff: noqa: N802 (a row is written with a capital T)

import asyncio
import json
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
from aiohttp import web
from azure.data.tables.aio import TableClient

from dev.graph_simulator.auth import make_token
from dev.graph_simulator.launcher import running_simulator
from shared.fingerprint import Keys
from tests.e2e.chain import SECRET, TENANT, Chain, running_chain, until
from tests.security.test_policy_table import FORBIDDEN, ROLE

pytestmark = pytest.mark.asyncio(loop_scope="module")

OTHER_TENANT = "99999999-2222-4333-8444-555555555555"
STATE = Keys(SECRET).client_state()
NUMBER = "+31 612345678"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain() -> AsyncIterator[Chain]:
    async with running_chain() as running:

        async def swept() -> Any:
            return (await running.ask("GET", "api/report")).json()["sweep"]["completedAt"]

        await until(swept)  # the new subscription asked for it; later nobody is found unless a test wants it
        yield running


async def untold(chain: Chain, **properties: Any) -> str:
    """A user of whom no notification tells."""
    return str(
        (await chain.sim("POST", "users", {"notify": False, "existing": True, "usageLocation": "NL"} | properties))[
            "id"
        ]
    )


async def item(chain: Chain, user_id: str, **changed: Any) -> dict[str, Any]:
    """A notification just like one of Graph's."""
    [subscription] = (await chain.sim("GET", "subscriptions"))["value"]
    return {
        "changeType": "updated",
        "clientState": STATE,
        "resource": f"Users/{user_id}",
        "resourceData": {"@odata.type": "#Microsoft.Graph.User", "@odata.id": f"Users/{user_id}", "id": user_id},
        "subscriptionId": subscription["id"],
        "tenantId": TENANT,
    } | changed


async def app_entries(chain: Chain, user_id: str) -> list[str]:
    """What the app asked Graph or did, about one user."""
    journal = (await chain.sim("GET", f"journal?reads=true&user={user_id}"))["value"]
    return [entry["operation"] for entry in journal if entry["actor"] in ("app", "read")]


async def writes(chain: Chain, user_id: str) -> list[str]:
    return [operation for operation in await app_entries(chain, user_id) if not operation.startswith("read.")]


async def test_T01_a_forged_notification_causes_no_work_and_a_valid_one_for_an_up_to_date_user_no_write(
    chain: Chain,
) -> None:
    user_id = await untold(chain, mobilePhone="06 12345678")
    forged = ({"clientState": "guess"}, {"tenantId": OTHER_TENANT}, {"subscriptionId": OTHER_TENANT})
    answers = [await chain.post("notifications", json={"value": [await item(chain, user_id, **f)]}) for f in forged]
    await asyncio.sleep(1)
    assert await app_entries(chain, user_id) == []
    real = await chain.post("notifications", json={"value": [await item(chain, user_id)]})
    seen = {(one.status_code, one.text, one.headers["content-type"]) for one in (*answers, real)}
    assert len(seen) == 1, "nothing tells a forgery from the real thing"
    await chain.is_set(user_id, NUMBER)
    before, looked = await writes(chain, user_id), await app_entries(chain, user_id)
    await chain.ends(user_id, "done")
    await chain.post("notifications", json={"value": [await item(chain, user_id)]})
    await chain.ends(user_id, "noop")
    assert len(await app_entries(chain, user_id)) > len(looked)
    assert await writes(chain, user_id) == before


@pytest.mark.parametrize("route", ["notifications", "lifecycle"])
@pytest.mark.parametrize(
    ("sent", "echoed"),
    [
        ("Validation%3A+Testing+client%20application", b"Validation: Testing client application"),
        ("a%2Bb%252Fc%3D%3D%26d", b"a+b%2Fc==&d"),
        ("na%C3%AFve", "naïve".encode()),
    ],
)
async def test_T03_tokens_are_echoed_byte_for_byte_and_as_text(
    chain: Chain, route: str, sent: str, echoed: bytes
) -> None:
    answer = await chain.http.post(f"{chain.host.url}/api/{route}?validationToken={sent}")
    assert (answer.status_code, answer.content) == (200, echoed)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "OPTIONS"])
async def test_T03_a_link_to_a_webhook_shows_nothing(chain: Chain, method: str) -> None:
    token = "%3Cscript%3Ealert(1)%3C/script%3E"
    answer = await chain.http.request(method, f"{chain.host.url}/api/notifications?validationToken={token}")
    assert answer.status_code in (404, 405)
    assert "script" not in answer.text


async def test_T04_a_foreign_tenants_subscription_on_our_url_gets_its_echo_and_nothing_else(chain: Chain) -> None:
    [ours] = (await chain.sim("GET", "subscriptions"))["value"]
    async with running_simulator(tenant_id=OTHER_TENANT, seed=4) as foreign:
        token = make_token(
            "attacker", ("User.Read.All",), audience=foreign.url, tenant_id=OTHER_TENANT, expires=time.time() + 600
        )
        wanted = {
            "changeType": "updated",
            "resource": "users",
            "notificationUrl": ours["notification_url"],
            "expirationDateTime": (datetime.now(UTC) + timedelta(days=1)).isoformat(),
            "clientState": STATE,  # even that: suppose it leaked
        }
        headers = {"Authorization": f"Bearer {token}"}
        made = await chain.http.post(f"{foreign.url}/v1.0/subscriptions", json=wanted, headers=headers)
        assert made.status_code == 201, made.text
        body = {"usageLocation": "NL", "mobilePhone": "06 12345678"}
        victim = (await chain.http.post(f"{foreign.url}/sim/users", json=body)).json()["id"]

        async def delivered() -> bool:
            return "202" in (await chain.http.get(f"{foreign.url}/sim/notifications")).text

        await until(delivered)
        await asyncio.sleep(1)
        assert (await chain.ask("GET", f"api/users/{victim}")).status_code == 404
    assert victim not in str((await chain.ask("GET", "api/report")).json())


async def test_T05_a_tampered_delta_link_is_not_followed_and_the_sweep_starts_anew(chain: Chain) -> None:
    seen: list[web.Request] = []

    async def evil(request: web.Request) -> web.Response:
        seen.append(request)
        return web.json_response({"value": []})

    app = web.Application()
    app.router.add_route("*", "/{rest:.*}", evil)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    async with TableClient.from_connection_string(chain.azurite.connection_string, "control") as control:

        async def swept() -> Any:
            found = [row async for row in control.list_entities() if row["RowKey"] == "sweep"]
            values = json.loads(found[0]["values"]) if found else {}
            return (found[0], values) if values.get("complete") else None

        row, values = await until(swept)
        values["link"] = values["link"].replace(chain.simulator.url, f"http://127.0.0.1:{runner.addresses[0][1]}")
        await control.update_entity(row | {"values": json.dumps(values)})
    user_id = await untold(chain, mobilePhone="06 12345678")
    await chain.run_timer("sweep")
    await chain.is_set(user_id, NUMBER)
    await runner.cleanup()
    assert seen == []


async def test_T05_a_message_with_a_crafted_id_is_parked_and_asked_of_nobody(chain: Chain) -> None:
    crafted = "../../applications"
    message = {"version": 1, "users": [crafted], "cause": "manual", "received": 1}
    before = (await chain.ask("GET", "api/report")).json()["parked"]
    async with chain.queue() as queue:
        await queue.send_message(json.dumps(message))

    async def parked() -> bool:
        return len((await chain.ask("GET", "api/report")).json()["parked"]) > len(before)

    await until(parked)
    assert "applications" not in str((await chain.sim("GET", "stats"))["requests"])


async def test_T06_malformed_bodies_are_never_an_error_of_ours(chain: Chain) -> None:
    good = await item(chain, await untold(chain))
    wrong: tuple[object, ...] = (None, [], {}, 7, "\ud800")
    bodies = [json.dumps({"value": [good | {name: value}]}) for name in good for value in wrong]
    answers = [await chain.post(route, content=body) for body in bodies for route in ("notifications", "lifecycle")]
    assert {answer.status_code for answer in answers} <= {202, 400}


async def test_T09_where_roles_cannot_be_read_nobody_is_written_to_and_health_and_report_say_so(chain: Chain) -> None:
    rule = {"match": {"path_regex": "roleManagement"}, "effect": FORBIDDEN, "scope": "inner"}
    await chain.sim("PATCH", "faults", {"rules": [rule]})
    user_id = await chain.person()
    await chain.ends(user_id, "skipped", "unknown")
    assert await writes(chain, user_id) == []

    async def reported() -> Any:
        """The ledger is written before the record of what cannot be read."""
        report = (await chain.ask("GET", "api/report")).json()
        return report if report["reading"]["state"] == "unreadable" else None

    report = await until(reported)
    assert report["reasons"]["unknown"] >= 1
    assert len(report["reading"]["unreadable"]) == 2

    async def health_says(status: int, word: str) -> bool:
        answer = await chain.http.get(f"{chain.host.url}/api/health")
        return (answer.status_code, answer.json()["reading"]) == (status, word)

    await until(lambda: health_says(503, "unreadable"))
    await chain.sim("PATCH", "faults", {"rules": []})
    await chain.is_set(user_id, NUMBER)
    await until(lambda: health_says(200, "ok"))


async def test_T09_an_administrator_is_left_alone(chain: Chain) -> None:
    user_id = await chain.person(roles=[ROLE])
    await chain.ends(user_id, "skipped", "privileged")
    assert await writes(chain, user_id) == []


async def test_T17_neither_secret_nor_client_state_is_in_log_or_answers(chain: Chain) -> None:
    await chain.post("notifications", json={"value": [await item(chain, OTHER_TENANT, clientState=STATE[:-1])]})
    answers = [(await chain.ask("GET", path)).text for path in ("api/report", "api/subscription", "api/health")]
    for sink in (chain.host.output(), *answers):
        assert SECRET not in sink
        assert STATE[:-1] not in sink


async def test_T18_neither_graph_nor_the_log_ever_sees_a_function_key(chain: Chain) -> None:
    subscriptions = await chain.sim("GET", "subscriptions")
    assert subscriptions["value"]
    stored = json.dumps(subscriptions) + json.dumps(await chain.sim("GET", "journal?reads=true"))
    assert chain.host.key not in stored
    _, _, written = chain.host.output().partition("\nReady\n")  # before that the host tells its key to the developer
    assert written
    assert chain.host.key not in written
    urls = [text for one in subscriptions["value"] for text in one.values() if str(text).startswith("http")]
    assert len(urls) >= 2
    assert not any(sign in url for url in urls for sign in "?#@")


async def test_T18_the_key_is_asked_for_in_a_header_by_every_operators_route(chain: Chain) -> None:
    for method, path in (
        ("POST", "pause"),
        ("POST", "resume"),
        ("GET", "report"),
        ("POST", "users/x/clear"),
        ("POST", "runs"),
    ):
        async with httpx.AsyncClient() as stranger:
            answer = await stranger.request(method, f"{chain.host.url}/api/{path}")
        assert answer.status_code == 401


async def test_T20_while_paused_nothing_is_written_and_after_it_work_goes_on(chain: Chain) -> None:
    await chain.ask("POST", "api/pause", json={"reason": "bad feed"})
    await chain.sim("PUT", "policy", {"paused": True})
    user_id = await chain.person()
    await asyncio.sleep(2)
    assert await writes(chain, user_id) == []
    assert (await chain.http.get(f"{chain.host.url}/api/health")).json()["writes"] == "paused"
    await chain.sim("PUT", "policy", {"paused": False})
    await chain.ask("POST", "api/resume")
    await chain.ask("POST", f"api/users/{user_id}/reconcile")
    await chain.is_set(user_id, NUMBER)


async def test_T27_what_was_removed_comes_back_only_when_an_operator_says_so(chain: Chain) -> None:
    user_id = await chain.person()
    await chain.is_set(user_id, NUMBER)
    await chain.ends(user_id, "noop")
    await chain.sim("DELETE", f"users/{user_id}/phone")
    await chain.ends(user_id, "noop", "removedByHuman")
    for _ in range(3):
        await chain.post("notifications", json={"value": [await item(chain, user_id)]})
        await chain.ask("POST", f"api/users/{user_id}/reconcile")
        await asyncio.sleep(0.5)
    assert (await chain.authentication(user_id))["mobile"] is None
    assert (await chain.http.post(f"{chain.host.url}/api/users/{user_id}/clear")).status_code == 401
    answer = await chain.ask("POST", f"api/users/{user_id}/clear")
    assert (answer.status_code, answer.json()["cleared"]) == (202, True)
    await chain.is_set(user_id, NUMBER)


async def test_no_invariant_was_broken_meanwhile(chain: Chain) -> None:
    violations = await chain.violations()
    # an operator cleared the tombstone, which the oracle cannot know
    assert [one for one in violations if "added again after somebody removed it" not in one["what"]] == []
