"""A deployment as far as one can be simulated: the compiled app settings, and nothing else, run the app.

What only Azure knows is put in (see `only_azure_knows`); the account is Azurite over TLS with Entra tokens, which the
local host's identity endpoint hands out, so the app goes the way it goes in Azure: no connection string, no key.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ensure_subscription
import httpx
import operator_calls
import pytest

from dev.graph_simulator.launcher import SimulatorProcess, running_simulator
from dev.host.launcher import RunningHost, running_host
from shared.permissions import needed
from shared.policy import Policy
from tests.e2e.chain import until
from tests.infra.deployment import Deployment, last_name, queries
from tests.infra.entra_azurite import EntraAzurite, running_entra_azurite
from tests.infra.once import once
from tests.infra.signals import collected, declared_signals, fields_of, tail_of, words_of

SUBSCRIPTION = "/api/subscription"
CLIENT_ID = "00000000-0000-4000-8000-0000000000dd"
SECRET = "00000000-0000-4000-8000-00000000001100000000-0000-4000-8000-000000000022"
STORE = "Microsoft.Storage/storageAccounts"


def only_azure_knows(azurite: EntraAzurite, simulator: SimulatorProcess) -> dict[str, str]:
    """What an expression of the template comes to in Azure, by what it asks for."""
    return {
        r"\.primaryEndpoints\.(blob|queue|table)": "{0}",
        r"\.clientId\)\]$": f"ClientId={CLIENT_ID};Authorization=AAD",
        r"\.clientId\]$": CLIENT_ID,
        r"\.ConnectionString\]$": "InstrumentationKey=x;IngestionEndpoint=https://ingestion.example/",
        # the platform reads the reference: the app sees what the deployment wrote into the vault
        r"@Microsoft\.KeyVault.*'prefill-secret'": SECRET,
        r"^\[parameters\('secretPrevious'\)\]$": "",
        # the simulator stands in for the cloud's Graph
        r"environment\(\)\.name\]\]$": simulator.url,
    }


def resolved(deployment: Deployment, azurite: EntraAzurite, simulator: SimulatorProcess) -> dict[str, str]:
    """The app settings with every expression replaced; raises where one is not known."""
    known = only_azure_knows(azurite, simulator)

    def value(name: str, text: str) -> str:
        if not text.startswith("["):
            return text
        for pattern, replacement in known.items():
            found = re.search(pattern, text)
            if found:
                return azurite.urls[found[1]] if replacement == "{0}" else replacement
        raise AssertionError(f"{name}: nobody knows {text}")

    return {name: value(name, text) for name, text in deployment.settings().items()}


@dataclass
class World:
    """What the deployed app talks to, its settings, and what its logs said."""

    settings: dict[str, str]
    simulator: SimulatorProcess
    http: httpx.AsyncClient
    logs: Path
    around: dict[str, str]

    async def person(self) -> str:
        body = {"usageLocation": "NL", "mobilePhone": "06 12345678"}
        return str((await self.http.post(f"{self.simulator.url}/sim/users", json=body)).json()["id"])

    async def authentication(self, user_id: str) -> tuple[str | None, bool]:
        """The registered mobile, and whether MFA is on."""
        state = (await self.http.get(f"{self.simulator.url}/sim/users/{user_id}")).json()["authentication"]
        return state["mobile"], state["perUserMfaState"] != "disabled"

    @asynccontextmanager
    async def app(self, **changed: str) -> AsyncIterator["DeployedApp"]:
        """Started with the compiled settings; `changed` is what an operator would set and provision."""
        async with running_host(env=self.settings | changed | self.around) as host:
            yield DeployedApp(host, self.http)


@dataclass
class DeployedApp:
    """The app while it runs."""

    host: RunningHost
    http: httpx.AsyncClient

    async def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        return await self.http.request(
            method, f"{self.host.url}/{path}", headers={"x-functions-key": self.host.key}, **more
        )

    async def ends(self, user_id: str, outcome: str) -> None:
        async def said() -> bool:
            ledger = (await self.ask("GET", f"api/users/{user_id}")).json().get("ledger") or {}
            return bool(ledger.get("outcome") == outcome)

        await until(said)


@asynccontextmanager
async def running_world(public: Deployment, folder: Path) -> AsyncIterator[World]:
    async with AsyncExitStack() as stack:
        azurite = await stack.enter_async_context(running_entra_azurite(folder))
        await azurite.create(
            [last_name(queue) for queue in public.of_type(f"{STORE}/queueServices/queues")],
            [last_name(table) for table in public.of_type(f"{STORE}/tableServices/tables")],
        )
        tenant = public.settings()["PREFILL_TENANT_ID"]
        simulator = await stack.enter_async_context(running_simulator(tenant_id=tenant))
        settings = resolved(public, azurite, simulator)
        # https://{WEBSITE_HOSTNAME} in Azure; nothing here terminates TLS for the app
        assert settings.pop("PREFILL_PUBLIC_URL") == ""
        around = {
            "SSL_CERT_FILE": str(azurite.certificate),
            "COLLECT_LOGS_IN": str(folder / "logs"),
            "PYTHONPATH": str(Path(__file__).parent / "collector"),
        }
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=30))
        yield World(settings, simulator, http, folder / "logs", around)


def after_a_deployment(app: DeployedApp) -> tuple[tuple[int, bool], tuple[int, bool]]:
    """What the hook finds, with the app itself."""
    called = operator_calls.App(app.host.url, app.host.key)
    wanted = " ".join(permission.name for permission in needed(Policy()))
    return ensure_subscription.ensure(called), ensure_subscription.examine(called, wanted)


async def as_deployed(world: World) -> dict[str, Any]:
    """A user is created under exactly the settings of the template."""
    async with world.app() as app:
        health = await world.http.get(f"{app.host.url}/api/health")
        hook = await asyncio.to_thread(after_a_deployment, app)
        user_id = await world.person()
        await app.ends(user_id, "planned")
    authentication = await world.authentication(user_id)
    return {"health": health.json(), "hook": hook, "authentication": authentication}


async def told_to_apply(world: World) -> dict[str, Any]:
    """After `azd env set PREFILL_MODE apply` and `azd provision`: a user is created, and the keeper's timer runs."""
    async with world.app(PREFILL_MODE="apply") as app:
        assert (await app.ask("POST", "api/subscription")).status_code == 200
        user_id = await world.person()

        async def finished() -> bool:
            return await world.authentication(user_id) == ("+31 612345678", True)

        await until(finished)
        assert (await app.ask("POST", "admin/functions/keep_subscription", json={"input": ""})).status_code == 202

        async def told() -> bool:
            return {"user_reconciled", "subscription_kept", "heartbeat"} <= {word for word, _ in collected(world.logs)}

        await until(told)
        removed = await asyncio.to_thread(operator_calls.App(app.host.url, app.host.key).call, "DELETE", SUBSCRIPTION)
        assert removed.status == 200, removed
    return {"authentication": await world.authentication(user_id), "signals": collected(world.logs)}


async def both_lives(public: Deployment, folder: Path) -> dict[str, Any]:
    async with running_world(public, folder) as world:
        planning, applying = await as_deployed(world), await told_to_apply(world)
        return {"settings": world.settings, "planning": planning, "applying": applying}


@pytest.fixture(scope="module")
def lives(public: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What became of the app and two users, once as deployed and once told to apply."""
    folder = tmp_path_factory.mktemp("world")
    return once(tmp_path_factory, "lives", lambda: asyncio.run(both_lives(public, folder)))


def test_as_deployed_it_takes_a_notification_and_writes_to_nobody(lives: Any) -> None:
    planning = lives["planning"]
    assert (planning["health"]["status"], planning["health"]["settings"]) == ("healthy", "ok")
    assert planning["hook"] == [[0, False], [0, False]]
    assert planning["authentication"] == [None, False]


def test_told_to_apply_it_takes_a_notification_and_finishes_a_user(lives: Any) -> None:
    assert lives["applying"]["authentication"] == ["+31 612345678", True]


def test_never_had_a_key(lives: Any) -> None:
    settings = lives["settings"]
    assert not any("AccountKey" in value or name == "AzureWebJobsStorage" for name, value in settings.items())


def test_queries_read_what_the_app_says(lives: Any, public: Deployment) -> None:
    """Words and fields of every query: seen in this run, or in the code where this run did not get there."""
    known = declared_signals()
    for action, record in lives["applying"]["signals"]:
        known.setdefault(action, set()).update(record["fields"])
    unknown = {name: words for name, query in queries(public).items() if (words := unknown_in(query, known))}
    assert unknown == {}


def unknown_in(query: str, known: dict[str, set[str]]) -> set[str]:
    """Where a query reads several kinds of signals, a field of one of them is enough."""
    words = words_of(query)
    fields = set().union(*(known.get(word, set()) for word in words))
    return (words - known.keys()) | (fields_of(query) - fields)


def test_what_queries_read_arrives_in_azure(lives: Any) -> None:
    """Azure's Python worker sends the text of a record and drops `extra`: the fields have to be in the text."""
    for action, record in lives["applying"]["signals"]:
        tail = tail_of(record["text"])
        assert tail["action"] == action
        assert set(record["fields"]) <= set(tail)


def test_signals_are_neither_sampled_nor_filtered() -> None:
    document = json.loads((Path(__file__).parents[2] / "host.json").read_text())["logging"]
    sampled_out = set(document["applicationInsights"]["samplingSettings"]["excludedTypes"].split(";"))
    assert {"Trace", "Request", "Exception"} <= sampled_out
    assert document["logLevel"]["default"] == "Information"
    # "Message has reached MaxDequeueCount" is a warning of the storage extension
    assert {document["logLevel"][name] for name in ("Azure", "Microsoft")} == {"Warning"}


def test_webhook_queries_name_functions_that_exist(public: Deployment) -> None:
    import function_app

    found = set(re.findall(r"name in \(([^)]+)\)", queries_of_requests(public)))
    names = {name.strip(' "') for group in found for name in group.split(",")}
    assert names == {"notifications", "lifecycle"}
    assert all(callable(getattr(function_app, name).build) for name in names)


def queries_of_requests(deployment: Deployment) -> str:
    return "\n".join(query for query in queries(deployment).values() if "requests" in query)
