"""dev.verify_tenant against the simulator: it finds what is different, and nothing else, and leaves nothing behind."""

import asyncio
import json
import os
import random
import signal
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from dev.graph_simulator.flips import FLIPS
from dev.graph_simulator.launcher import serving_simulator
from dev.graph_simulator.population import make_user
from dev.graph_simulator.tenant import Tenant
from dev.host.identity import IdentityEndpoint
from dev.verify_tenant.__main__ import wanted_permissions
from dev.verify_tenant.bench import Bench
from dev.verify_tenant.check import Verdict, answers, check
from dev.verify_tenant.checks import CREATION, creation
from dev.verify_tenant.numbers import NUMBERS
from dev.verify_tenant.options import Options
from dev.verify_tenant.runner import Run
from tests.e2e.verify_run import NOWHERE, QUICK, Verified, a_tenant, verified

GUEST = "someone@fabrikam.example"
EVERYTHING = replace(QUICK, guest=GUEST, bare_credential="default")

NEVER_HERE = {
    "hardware-oath-beta-only": "needs --oath-user",
    "agent-users-listed": "the tenant has no agent user, or does not list them by type",
    "restricted-unit-403": "needs --restricted-unit",
    "method-calls-quota": "needs --provoke-throttling",
    "pim-quota": "needs --provoke-throttling",
    "role-quota": "needs --provoke-throttling",
    "throttle-body": "this run was not throttled",
    "retry-after-seconds": "this run was not throttled",
    "ordinary-groups-null": "the tenant shows no ordinary group",
    "limited-group-info": "the tenant has no group",
    "no-licence-400": "this tenant has Entra ID P2",
    "licence-code-wrapped": "there was no error about a licence",
}
"""What a simulated tenant with Entra ID P2 and without groups cannot tell, and why."""

ENDPOINT_ONLY = {
    "created-in-a-list",
    "twin-normalised",
    "get-hides-client-state",
    "patch-other-fields-400",
    "patched-url-revalidated",
    "reauthorize-204",
}


def assert_clean(result: Verified) -> None:
    assert result.error is None
    assert result.run.report.leftovers == ()
    assert result.left == []
    assert result.simulator.subscriptions == {}
    assert "Everything that this run created is deleted." in result.screen


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def whole() -> Verified:
    """One run with everything that the simulator can serve; its result is only looked at."""
    return await verified(a_tenant(), EVERYTHING)


def test_all_is_as_assumed_but_what_is_not_simulated_yet(whole: Verified) -> None:
    result = whole
    assert_clean(result)
    assert result.different == set()
    assert {name: result.finding(name).detail for name in result.not_tried} == NEVER_HERE
    assert result.report["ended"] == "complete"
    assert [user.life for user in result.simulator.users.values() if user.properties.get("mail") == GUEST] == [
        "deleted"
    ]


async def test_without_an_endpoint_the_rest_comes_out_the_same() -> None:
    result = await verified(a_tenant(), QUICK, hook=False)
    assert_clean(result)
    assert result.different == set()
    untold = {name for name in result.not_tried if "--notification-url" in result.finding(name).detail}
    assert untold > ENDPOINT_ONLY
    assert {"expiry-margin", "auth-writes-notify", "user-payload-shape"} < untold


async def test_a_tenant_without_p2_settles_how_that_is_told() -> None:
    tenant = a_tenant()
    tenant.has_p2 = False
    result = await verified(tenant, replace(QUICK, only=("role-eligibility",)), hook=False)
    assert_clean(result)
    told = {name: result.finding(name).verdict for name in ("no-licence-400", "licence-code-wrapped")}
    assert set(told.values()) == {Verdict.AS_ASSUMED}


async def test_all_flips_at_once_and_nothing_else_come_out_different() -> None:
    result = await verified(a_tenant(FLIPS), EVERYTHING)
    assert_clean(result)
    assert result.different == set(FLIPS)


@pytest.mark.parametrize("seed", range(1, 6))
async def test_five_flips_and_nothing_else_come_out_different(seed: int) -> None:
    flips = set(random.Random(seed).sample(sorted(FLIPS), 5))  # noqa: S311  (a test's choice)
    hook = bool(flips & ENDPOINT_ONLY)
    result = await verified(a_tenant(flips), QUICK, hook=hook)
    assert_clean(result)
    assert result.different == flips


def test_neither_the_report_nor_the_screen_holds_a_number_an_id_a_name_or_a_secret(whole: Verified) -> None:
    result = whole
    tenant, session = result.run.tenant, result.run.session
    webhook = result.run.webhook
    assert webhook is not None
    text = json.dumps(result.report, ensure_ascii=False)
    secrets = {tenant.id, tenant.user_id, tenant.user_name, GUEST, webhook.client_state, session.ours.run, "eyJ"}
    secrets |= {"contoso", "fabrikam", "mfa-prefill-verify-"} | session.ours.users | session.ours.subscriptions
    secrets |= {number.national for number in NUMBERS}
    for shown in (text, result.screen):
        assert {secret for secret in secrets if secret.casefold() in shown.casefold()} == set()
    assert text.count("<mobile>") > 10
    assert "/v1.0/users/<user>/authentication/phoneMethods" in text


def test_every_write_in_the_simulator_was_about_what_the_run_created(whole: Verified) -> None:
    result = whole
    made = result.run.session.ours.users
    touched = {entry.user for entry in result.simulator.journal.entries if entry.actor == "app" and entry.status < 400}
    assert touched - {""} <= made
    strangers = [user for user in result.simulator.users.values() if user.id not in made]
    assert {user.life for user in strangers} == {"active"}
    assert all(not user.phones and user.mfa_state == "disabled" for user in strangers)


# --- endings ---------------------------------------------------------------------------------------------------------


async def test_a_check_that_breaks_ends_the_asking_and_the_user_is_removed_all_the_same() -> None:
    @check("breaks", "A check with a bug", answers("phone-exists-400", "x", 400), needs=())
    async def breaks(bench: Bench) -> None:
        """Leave a phone behind, then fall over."""
        await bench.prepare("POST", bench.phones, {"phoneNumber": NUMBERS[0].spaced, "phoneType": "mobile"})
        raise KeyError(bench.tenant.user_id)

    result = await verified(a_tenant(), QUICK, hook=False, checks=(CREATION, breaks))
    assert isinstance(result.error, KeyError)
    assert result.left == []
    assert result.report["ended"] == "KeyError"
    assert "replication-404" in result.report["assumptions"]


async def test_a_user_whose_creation_was_not_answered_is_found_by_its_name_and_removed() -> None:
    tenant = a_tenant()
    tenant.faults.replace(
        [{"match": {"method": "POST", "path_regex": "/users$"}, "effect": {"cut_after_commit": True}}]
    )
    result = await verified(tenant, QUICK, hook=False)
    assert_clean(result)
    assert len([user for user in tenant.users.values() if user.life == "deleted"]) == 1
    assert {finding.verdict for finding in result.run.report.verdicts.values()} == {Verdict.NOT_TRIED}


async def test_what_cannot_be_removed_is_named_with_the_commands_that_remove_it() -> None:
    tenant = a_tenant()
    refuse = {"match": {"method": "DELETE", "path_regex": "/directory/deletedItems/"}, "effect": {"status": 403}}
    tenant.faults.replace([refuse])
    result = await verified(tenant, replace(QUICK, only=("user-shape",)), hook=False)
    [leftover] = result.run.report.leftovers
    user = result.run.tenant.user_id
    assert leftover.why == "403 Authorization_RequestDenied"
    assert [command.partition("/v1.0")[2] for command in leftover.commands] == [
        f'/users/{user}"',
        f'/directory/deletedItems/{user}"',
    ]
    assert all(command in result.screen for command in leftover.commands)
    assert result.report["leftBehind"] == ["the user <user>: 403 Authorization_RequestDenied"]


async def test_a_subscription_whose_creation_was_not_answered_is_removed() -> None:
    tenant = a_tenant()
    cut = {
        "match": {"method": "POST", "path_regex": "/subscriptions$"},
        "effect": {"cut_after_commit": True},
        "times": 1,
    }
    tenant.faults.replace([cut])
    result = await verified(tenant, replace(QUICK, only=("subscription-create",)))
    assert_clean(result)
    assert result.finding("expiry-margin").detail == "create: no answer"


async def test_a_chosen_check_comes_with_what_it_builds_on() -> None:
    result = await verified(a_tenant(), replace(QUICK, only=("restore", "subscription-rules")))
    assert_clean(result)
    asked = [outcome.check.id for outcome in result.run.report.outcomes]
    assert asked == ["subscription-create", "user-creation", "subscription-rules", "soft-delete", "restore"]
    assert result.finding("restore-in-delta").verdict is Verdict.AS_ASSUMED
    assert result.finding("reauthorize-204").verdict is Verdict.AS_ASSUMED


async def test_time_that_is_up_ends_the_asking() -> None:
    runs: list[Run] = []

    @check("ages", "A check after which there is half a second left", answers("batch-424", "x", 424), needs=())
    async def ages(bench: Bench) -> None:
        """Move the beginning of the run into the past."""
        runs[0].started = time.monotonic() - runs[0].budget + 0.5

    @check("hangs", "A check that never ends", answers("phone-exists-400", "x", 400), needs=())
    async def hangs(bench: Bench) -> None:
        """Wait for nothing."""
        await asyncio.Event().wait()

    asked = (CREATION, ages, hangs, creation.user_shape)
    result = await verified(a_tenant(), QUICK, hook=False, checks=asked, before=runs.append)
    assert_clean(result)
    for name in ("phone-exists-400", "null-user-type"):
        assert result.finding(name).detail.startswith("no time left")


async def test_a_guest_that_was_there_before_is_not_touched() -> None:
    tenant = a_tenant()
    before = make_user(tenant, {"existing": True, "mail": GUEST, "otherMails": [GUEST], "userType": "Guest"})
    chosen = replace(EVERYTHING, only=("guest",))
    known = await verified(tenant, chosen, hook=False)
    assert "POST /v1.0/invitations" not in lines(known)
    before.properties["mail"] = None  # only otherMails knows the address: the invitation answers with this user
    before.properties["createdDateTime"] = "2020-01-01T00:00:00Z"
    hidden = await verified(tenant, chosen, hook=False)
    assert "POST /v1.0/invitations" in lines(hidden)
    for result in (known, hidden):
        assert_clean(result)
        assert result.finding("any-target").detail.startswith("a user with this address")
    assert before.life == "active"
    assert before.phones == {}


def lines(result: Verified) -> set[str]:
    return {exchange.request.line for outcome in result.run.report.outcomes for exchange in outcome.trace.exchanges}


async def test_a_permission_that_is_missing_leaves_out_its_checks_only() -> None:
    def without_policies(run: Run) -> None:
        left = {name for name in run.identity.permissions if not name.startswith("Policy.")}
        run.identity = replace(run.identity, permissions=frozenset(left))

    chosen = replace(QUICK, only=("mfa-state", "phone-list"))
    result = await verified(a_tenant(), chosen, hook=False, before=without_policies)
    assert_clean(result)
    assert result.finding("requirements-any-user").detail.startswith("the token lacks Policy.Read.All")
    assert result.finding("phone-type-null").verdict is Verdict.AS_ASSUMED


async def test_throttling_is_waited_for_and_its_shape_is_noted() -> None:
    tenant = a_tenant()
    throttle = {"status": 429, "retry_after": 1}
    tenant.faults.replace([{"match": {"path_regex": "/phoneMethods$"}, "effect": throttle, "times": 1}])
    result = await verified(tenant, replace(QUICK, only=("phone-list", "throttle-shape")), hook=False)
    assert_clean(result)
    for name in ("throttle-body", "retry-after-seconds", "phone-type-null"):
        assert result.finding(name).verdict is Verdict.AS_ASSUMED, name


async def test_provoked_throttling_of_methods_tells_their_quota() -> None:
    tenant = a_tenant()

    def throttle(run: Run) -> None:
        tenant.switches = tenant.switches.changed({"method_quota": [30, 2]})

    chosen = replace(QUICK, only=("method-quota",), provoke_throttling=True)
    result = await verified(tenant, chosen, hook=False, before=throttle)
    assert_clean(result)
    assert result.finding("method-calls-quota").verdict is Verdict.AS_ASSUMED


# --- as a process ----------------------------------------------------------------------------------------------------


@pytest_asyncio.fixture
async def simulator() -> AsyncIterator[tuple[str, Tenant]]:
    tenant = a_tenant()
    async with serving_simulator(tenant) as served:
        yield served.url, tenant


@pytest_asyncio.fixture
async def identity(simulator: tuple[str, Tenant], monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[dict[str, str]]:
    """The environment of a process whose managed identity is the local endpoint."""
    monkeypatch.setenv("PREFILL_TENANT_ID", simulator[1].id)
    monkeypatch.setenv("DEV_IDENTITY_ROLES", ",".join(wanted_permissions(Options())))
    endpoint = IdentityEndpoint()
    url = await endpoint.start()
    yield {"IDENTITY_ENDPOINT": url, "IDENTITY_HEADER": endpoint.header}
    await endpoint.stop()


async def start(url: str, report: Path, environment: dict[str, str], *more: str) -> asyncio.subprocess.Process:
    arguments = ("--credential", "default", "--graph-url", url, "--report", str(report), "--patience", "4")
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dev.verify_tenant", *arguments, "--unreachable-url", NOWHERE, *more),
        env=os.environ | environment,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )


async def test_a_run_as_a_process_writes_its_report(
    simulator: tuple[str, Tenant], identity: dict[str, str], tmp_path: Path
) -> None:
    url, tenant = simulator
    report = tmp_path / "report.json"
    process = await start(url, report, identity, "--yes")
    out, err = (text.decode() for text in await process.communicate())
    assert process.returncode == 0, err
    body = json.loads(report.read_text(encoding="utf-8"))
    told = {name for name, finding in body["assumptions"].items() if finding["verdict"] == "different"}
    assert told == set()
    assert (body["identity"], body["ended"], body["leftBehind"]) == ("application", "complete", [])
    assert "Tenant: Contoso (simulated) (contoso.example)" in out
    assert [user.life for user in tenant.users.values()].count("deleted") == 1


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_run_that_is_interrupted_removes_what_it_made(
    number: signal.Signals, simulator: tuple[str, Tenant], identity: dict[str, str], tmp_path: Path
) -> None:
    url, tenant = simulator
    report = tmp_path / "report.json"
    process = await start(url, report, identity, "--yes")
    async with asyncio.timeout(60):
        while not any(user.phones for user in tenant.users.values()):  # noqa: ASYNC110  (another process does it)
            await asyncio.sleep(0.01)
    process.send_signal(number)
    out, err = (text.decode() for text in await process.communicate())
    assert process.returncode == 3, err
    assert "Stopping: what was created is removed first." in out
    assert [user.life for user in tenant.users.values()].count("deleted") == 1
    assert json.loads(report.read_text(encoding="utf-8"))["ended"] == "interrupted"


async def test_nothing_is_written_before_somebody_has_agreed(
    simulator: tuple[str, Tenant], identity: dict[str, str], tmp_path: Path
) -> None:
    url, tenant = simulator
    process = await start(url, tmp_path / "report.json", identity)
    out, err = (text.decode() for text in await process.communicate())
    assert process.returncode == 3
    assert "Tenant: Contoso (simulated) (contoso.example)" in out
    assert "give --yes" in err
    assert len(tenant.users) == 2


async def test_without_a_tenant_nothing_is_tried(tmp_path: Path) -> None:
    process = await start(NOWHERE.rstrip("/"), tmp_path / "report.json", {"AZURE_TENANT_ID": ""}, "--yes")
    _, err = await process.communicate()
    assert process.returncode == 3
    assert err.decode().startswith("Nothing was tried: ")
    assert not (tmp_path / "report.json").exists()


async def test_flips_are_set_through_the_control_door(simulator: tuple[str, Tenant]) -> None:
    url, tenant = simulator
    async with httpx.AsyncClient(base_url=url) as http:
        assert (await http.put("/sim/flips", json={"flipped": ["batch-424"]})).json()["flipped"] == ["batch-424"]
        assert tenant.flipped == {"batch-424"}
        refused = await http.put("/sim/flips", json={"flipped": ["no-such-flip"]})
        assert refused.status_code == 400
        assert "no-such-flip" in refused.json()["error"]
        assert (await http.get("/sim/flips")).json() == {"flipped": ["batch-424"], "known": sorted(FLIPS)}
        assert (await http.put("/sim/flips", json={"flipped": "all"})).status_code == 400
        await http.post("/sim/reset")
        assert (await http.get("/sim/flips")).json()["flipped"] == []
