"""From a change in the directory to a second factor, over real HTTP, real queues and the real worker library."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import pytest_asyncio

from shared.fingerprint import Keys
from shared.messages import decode
from tests.e2e.chain import SECRET, TENANT, Chain, running_chain, until, wire

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def chain() -> AsyncIterator[Chain]:
    async with running_chain() as running:
        yield running


def item(**changed: Any) -> dict[str, Any]:
    """A change notification that looks right and is not ours: only Graph knows the clientState."""
    user = "aaaaaaaa-0000-4000-8000-000000000001"
    return {
        "changeType": "updated",
        "clientState": "guess",
        "resource": f"Users/{user}",
        "resourceData": {"@odata.type": "#Microsoft.Graph.User", "@odata.id": f"Users/{user}", "id": user},
        "subscriptionExpirationDateTime": "2026-12-20T10:00:00.0000000-08:00",
        "subscriptionId": "cccccccc-0000-4000-8000-00000000000c",
        "tenantId": TENANT,
    } | changed


async def test_a_new_user_gets_the_phone_and_then_the_state(chain: Chain) -> None:
    user_id = await chain.person()
    await chain.is_set(user_id, "+31 612345678")
    explained = (await chain.ask("GET", f"api/users/{user_id}")).json()
    assert explained["plan"]["outcome"] == "noop"
    assert [row["phase"] for row in explained["history"]] == ["outcome", "intent"]
    assert "612345678" not in str(explained)
    assert await chain.violations() == []


async def test_a_number_that_comes_later_is_taken_when_it_comes(chain: Chain) -> None:
    user_id = await chain.person(mobilePhone=None)
    await chain.ends(user_id, "noop", "noNumber")
    await chain.sim("PATCH", f"users/{user_id}", {"mobilePhone": "+31 6 8765 4321"})
    await chain.is_set(user_id, "+31 687654321")


@pytest.mark.parametrize(
    ("properties", "outcome", "reason"),
    [
        ({"mobilePhone": "020 123 4567"}, "refused", "notMobile"),
        ({"mobilePhone": "2065550100", "usageLocation": None}, "refused", "needsRegion"),
        ({"mobilePhone": "+1 2065550100 / +1 2065550101"}, "refused", "ambiguous"),
        ({"mobilePhone": "n/a"}, "refused", "badNumber"),
        ({"userType": "Guest"}, "skipped", "guest"),
        ({"accountEnabled": False}, "skipped", "disabled"),
        ({"authentication": {"mobile": "+31 687654321"}}, "noop", "differs"),
        ({"authentication": {"methods": ["fido2"]}}, "noop", "strongerMethod"),
    ],
)
async def test_nobody_gets_what_they_should_not(
    chain: Chain, properties: dict[str, Any], outcome: str, reason: str
) -> None:
    user_id = await chain.person(**properties)
    await chain.ends(user_id, outcome, reason)
    before = properties.get("authentication", {}).get("mobile")
    assert (await chain.authentication(user_id))["mobile"] == before
    assert await chain.violations() == []


@pytest.mark.parametrize(
    ("body", "status"),
    [
        pytest.param(b"", 400, id="empty"),
        pytest.param(b"{", 400, id="not-json"),
        pytest.param(b"\xff\xfe", 400, id="not-utf-8"),
        pytest.param(b"[]", 400, id="a-list"),
        pytest.param(b'{"value": {}}', 400, id="value-no-list"),
        pytest.param(b"[" * 100_000, 400, id="deep"),
        pytest.param(b'{"value": []}', 202, id="nothing"),
        pytest.param(b'{"value": [1, null, [], "x"]}', 202, id="no-items"),
        pytest.param(b'{"value": [' + b"{}," * 9_999 + b"{}]}", 202, id="10000-items"),
        pytest.param(b" " * (1024 * 1024), 413, id="1-MiB"),
    ],
)
@pytest.mark.parametrize("route", ["notifications", "lifecycle"])
async def test_bad_bodies_get_a_clear_answer(chain: Chain, route: str, body: bytes, status: int) -> None:
    answer = await chain.post(route, content=body)
    assert answer.status_code == status
    if status >= 400:
        assert set(answer.json()["error"]) == {"code", "message"}


async def test_strangers_are_dropped_and_told_nothing(chain: Chain) -> None:
    foreign = item(tenantId="22222222-0000-4000-8000-000000000002")
    bodies = [{"value": [one]} for one in (item(), foreign, item(clientState=None), item(resource="Groups/x"))]
    answers = [await chain.post("notifications", json=body) for body in bodies]
    assert {(answer.status_code, answer.text) for answer in answers} == {(202, "")}
    async with chain.queue() as queue:
        named = [user for message in await queue.peek_messages(32) for user in decode(message.content).users]
    assert item()["resourceData"]["id"] not in named
    assert await chain.ledger(item()["resourceData"]["id"]) == {}


async def test_a_foreign_subscription_is_dropped_even_with_our_client_state(chain: Chain) -> None:
    """Should the clientState ever leak, a notification still has to name the subscription that we keep."""
    anna = await chain.person()
    await chain.is_set(anna, "+31 612345678")
    ours = {"clientState": Keys(SECRET).client_state(), "resource": f"Users/{anna}", "resourceData": {"id": anna}}
    [subscription] = (await chain.sim("GET", "subscriptions"))["value"]
    await asyncio.sleep(8)  # what the creation and our own writes raised is over
    before = await chain.ledger(anna)
    await chain.post("notifications", json={"value": [item(**ours)]})
    await asyncio.sleep(1)
    assert (await chain.ledger(anna))["lookedAt"] == before["lookedAt"]
    good = item(**ours, subscriptionId=subscription["id"])
    await chain.post("notifications", json={"value": [item(**ours), good]})

    async def looked_again() -> bool:
        return bool((await chain.ledger(anna))["lookedAt"] > before["lookedAt"])

    await until(looked_again)


@pytest.mark.parametrize("route", ["notifications", "lifecycle"])
@pytest.mark.parametrize("token", ["Validation: Testing client application", "a+b%2Fc==&d", "0" * 2000])
async def test_the_handshake_echoes_the_decoded_token_as_plain_text(chain: Chain, route: str, token: str) -> None:
    answer = await chain.post(route, params={"validationToken": token}, headers={"Content-Type": "text/plain"})
    assert (answer.status_code, answer.text) == (200, token)
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("token", ["<script>alert(1)</script>", "x\r\nSet-Cookie: a", "0" * 4000])
async def test_no_token_that_could_be_code_is_echoed(chain: Chain, token: str) -> None:
    answer = await chain.post("notifications", params={"validationToken": token})
    assert answer.status_code == 400
    assert token[:8] not in answer.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "report"),
        ("GET", "users/x"),
        ("POST", "users/x/reconcile"),
        ("GET", "subscription"),
        ("POST", "subscription"),
        ("POST", "pause"),
        ("POST", "resume"),
        ("POST", "runs"),
        ("GET", "runs/x"),
        ("POST", "runs/x/apply"),
        ("POST", "runs/x/cancel"),
    ],
)
async def test_operator_routes_need_the_key(chain: Chain, method: str, path: str) -> None:
    answer = await chain.http.request(method, f"{chain.host.url}/api/{path}")
    assert answer.status_code == 401


async def test_an_operator_asks_for_a_look_by_name(chain: Chain) -> None:
    await chain.sim("PUT", "faults", {"drop_notifications": 1.0})
    user_id = await chain.person(userPrincipalName="late_fabrikam.example#EXT#@contoso.example")
    await asyncio.sleep(1)
    answer = await chain.ask("POST", "api/users/late_fabrikam.example%23EXT%23@contoso.example/reconcile")
    assert (answer.status_code, answer.headers["location"]) == (202, f"/api/users/{user_id}")
    await chain.is_set(user_id, "+31 612345678")
    await chain.sim("DELETE", "faults")


@pytest.mark.parametrize(
    ("user", "status"),
    [
        ("nobody@contoso.example", 404),
        ("no-id", 400),
        ("%2e%2e%2fme@x", 400),
        ("aaaaaaaa-0000-4000-8000-00000000dead", 404),
    ],
)
async def test_an_unknown_user_is_said_to_be_unknown(chain: Chain, user: str, status: int) -> None:
    answer = await chain.ask("GET", f"api/users/{user}")
    assert answer.status_code == status
    assert set(answer.json()["error"]) == {"code", "message"}


GOOD: dict[str, Any] = {
    "version": 1,
    "users": ["aaaaaaaa-0000-4000-8000-00000000beef"],
    "cause": "manual",
    "run": None,
    "received": 1,
}


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("not base64 at all!", id="not-base64"),
        pytest.param(wire({}), id="empty-object"),
        pytest.param("bm90IGpzb24=", id="not-json"),
        pytest.param(wire(GOOD | {"version": 99}), id="version-99"),
        pytest.param(wire(GOOD | {"users": []}), id="0-users"),
        pytest.param(wire(GOOD | {"users": GOOD["users"] * 21}), id="21-users"),
    ],
)
async def test_a_message_nobody_can_read_is_parked(chain: Chain, text: str) -> None:
    async def unreadable() -> int:
        parked = (await chain.ask("GET", "api/report")).json()["parked"]
        return sum(entry["reason"] == "unreadable" for entry in parked)

    before = await unreadable()
    async with chain.queue() as queue:
        await queue.send_message(text)

    async def one_more() -> bool:
        return await unreadable() == before + 1

    await until(one_more)


async def test_what_lands_in_the_poison_queue_is_parked_and_a_look_frees_it(chain: Chain) -> None:
    user_id = await chain.person()
    await chain.is_set(user_id, "+31 612345678")
    async with chain.queue("user-reconcile-poison") as queue:
        await queue.send_message(wire(GOOD | {"users": [user_id]}))
    await chain.ends(user_id, "parked", "poison")
    await chain.ask("POST", f"api/users/{user_id}/reconcile")
    await chain.ends(user_id, "noop")
    assert user_id not in str((await chain.ask("GET", "api/report")).json()["parked"])


async def test_a_lifecycle_challenge_renews_the_subscription(chain: Chain) -> None:
    [before] = (await chain.sim("GET", "subscriptions"))["value"]
    await chain.sim("POST", "lifecycle", {"event": "reauthorizationRequired"})

    async def renewed() -> bool:
        requests = (await chain.sim("GET", "stats"))["requests"]
        return any(path.startswith("PATCH /v1.0/subscriptions/") for path in requests)

    await until(renewed)
    [after] = (await chain.sim("GET", "subscriptions"))["value"]
    assert after["id"] == before["id"]


async def patches(chain: Chain) -> int:
    requests = (await chain.sim("GET", "stats"))["requests"]
    return sum(sum(by.values()) for path, by in requests.items() if path.startswith("PATCH /v1.0/subscriptions/"))


async def test_f_a_renewal_that_moves_nothing_or_is_refused_is_one_patch_and_degrades_health(chain: Chain) -> None:
    [item] = (await chain.sim("GET", "subscriptions"))["value"]
    end = (datetime.now(UTC) + timedelta(days=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    unmoved = {"status": 200, "body": {"id": item["id"], "resource": "users", "expirationDateTime": end}}
    refused = {"status": 400, "body": {"error": {"code": "ErrorInvalidParameter", "message": "Bad."}}}
    rule = {"match": {"method": "PATCH", "path_regex": "/subscriptions/"}}
    before = await patches(chain)
    await chain.sim("PATCH", "faults", {"rules": [rule | {"effect": unmoved}]})
    await chain.sim("POST", "lifecycle", {"event": "reauthorizationRequired"})

    async def degraded() -> bool:
        answer = await chain.http.get(f"{chain.host.url}/api/health")
        return (answer.status_code, answer.json()["subscription"]) == (503, "degraded")

    await until(degraded)
    assert before < await patches(chain) <= before + 2, "at most a timer's run comes on top"
    asked = await chain.ask("POST", "api/subscription")
    assert (asked.status_code, asked.json()["state"], asked.json()["steps"]) == (200, "degraded", ["unmoved"])
    await chain.sim("PATCH", "faults", {"rules": [rule | {"effect": refused}]})
    asked = await chain.ask("POST", "api/subscription")
    error = asked.json()["error"]
    assert (asked.status_code, error["code"]) == (502, "graphRefused")
    assert error["message"].startswith("400 ErrorInvalidParameter: Graph refuses the subscription as it is")
    assert "user" not in error["message"]
    shown = (await chain.ask("GET", "api/subscription")).json()
    assert (shown["state"], shown["problem"]) == ("degraded", "400 ErrorInvalidParameter")
    await chain.sim("PATCH", "faults", {"rules": []})
    asked = await chain.ask("POST", "api/subscription")
    assert (asked.json()["state"], asked.json()["steps"]) == ("live", ["renewed"])
    [after] = (await chain.sim("GET", "subscriptions"))["value"]
    assert after["id"] == item["id"]


async def test_a_lost_subscription_is_made_anew_and_the_gap_is_swept(chain: Chain) -> None:
    [lost] = (await chain.sim("GET", "subscriptions"))["value"]
    await chain.sim("DELETE", f"subscriptions/{lost['id']}")
    user_id = await chain.person()
    await chain.run_timer("keep_subscription")
    await chain.is_set(user_id, "+31 612345678")
    [made] = (await chain.sim("GET", "subscriptions"))["value"]
    assert made["id"] != lost["id"]
    assert (await chain.ask("GET", "api/subscription")).json()["state"] == "live"


async def test_health_is_a_few_words_without_tenant_data(chain: Chain) -> None:
    answer = await chain.http.get(f"{chain.host.url}/api/health")
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "healthy",
        "settings": "ok",
        "storage": "ok",
        "subscription": "live",
        "writes": "ok",
        "reading": "ok",
        "sweep": "ok",
    }


async def test_neither_secret_nor_number_reaches_logs_or_report(chain: Chain) -> None:
    user_id = await chain.person(mobilePhone="+31 6 4242 4242")
    await chain.is_set(user_id, "+31 642424242")
    log, report = chain.host.output(), (await chain.ask("GET", "api/report")).text
    for sink in (log, report):
        assert "42424242" not in sink.replace(" ", "")
        assert SECRET not in sink
    assert user_id in log


async def test_a_browser_gets_the_report_as_a_page(chain: Chain) -> None:
    user_id = await chain.person(mobilePhone="020 123 4567")
    await chain.ends(user_id, "refused", "notMobile")
    browser = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"
    page = await chain.ask("GET", "api/report", headers={"Accept": browser})
    assert page.headers["Content-Type"] == "text/html; charset=utf-8"
    assert page.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert user_id in page.text
    assert "201234567" not in page.text
    for accept in ("application/json", "*/*"):
        answer = await chain.ask("GET", "api/report", headers={"Accept": accept})
        assert user_id in str(answer.json()["worklist"])


async def test_a_removed_subscription_stays_away_until_an_operator_asks_for_one(chain: Chain) -> None:
    removed = (await chain.ask("DELETE", "api/subscription")).json()
    assert (removed["state"], len(removed["deleted"])) == ("removed", 1)
    await chain.run_timer("keep_subscription")
    health = await chain.http.get(f"{chain.host.url}/api/health")
    assert (health.status_code, health.json()["subscription"]) == (200, "removed")
    assert (await chain.sim("GET", "subscriptions"))["value"] == []
    assert (await chain.ask("POST", "api/subscription")).json()["steps"] == ["created"]
    assert (await chain.ask("GET", "api/subscription")).json()["state"] == "live"


async def test_the_doctor_examines_the_live_tenant(chain: Chain) -> None:
    answer = (await chain.ask("GET", "api/doctor")).json()
    states = {check["check"]: check["state"] for check in answer["checks"]}
    assert answer["fit"], answer
    assert states["User.Read.All"] == states["users"] == states["sms policy"] == states["subscription"] == "ok"
    await chain.sim("PUT", "tenant", {"smsPolicyState": "disabled", "smsUsableForSignIn": True})
    ill = (await chain.ask("GET", "api/doctor")).json()
    states = {check["check"]: check["state"] for check in ill["checks"]}
    assert (ill["fit"], states["sms policy"], states["sms sign-in"]) == (False, "failed", "warning")
    await chain.sim("PUT", "tenant", {"smsPolicyState": "enabled", "smsUsableForSignIn": False})
