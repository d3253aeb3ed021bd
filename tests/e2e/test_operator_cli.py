"""The operator's command line against the app in the local host, with Azurite and the Graph simulator."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from dev.azurite.launcher import running_azurite
from dev.graph_simulator.launcher import SimulatorProcess, running_simulator
from dev.host.launcher import RunningHost, running_host

NUMBER = "06 12345678"
NOBODY = "nobody@contoso.example"


@dataclass(frozen=True, slots=True)
class Ran:
    code: int
    stdout: str
    stderr: str

    @property
    def document(self) -> dict[str, Any]:
        loaded: dict[str, Any] = json.loads(self.stdout)
        return loaded


@dataclass(frozen=True, slots=True)
class Operator:
    host: RunningHost

    async def run(self, line: str, key: str | None = None) -> Ran:
        environment = {**os.environ, "MFA_PREFILL_URL": self.host.url, "MFA_PREFILL_KEY": key or self.host.key}
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "operator_cli.main", *line.split()),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        stdout, stderr = await process.communicate()
        assert process.returncode is not None
        return Ran(process.returncode, stdout.decode(), stderr.decode())


@asynccontextmanager
async def running() -> AsyncIterator[tuple[Operator, SimulatorProcess]]:
    async with running_azurite() as azurite, running_simulator() as simulator:
        settings = {
            "AzureWebJobsStorage": azurite.connection_string,
            "PREFILL_TENANT_ID": simulator.tenant_id,
            "PREFILL_SECRET": "a secret of the tests, long enough",
            "PREFILL_GRAPH_URL": simulator.url,
            "PREFILL_MODE": "apply",
        }
        async with running_host(env=settings) as host:
            yield Operator(host), simulator


async def add_user(simulator: SimulatorProcess, name: str, number: str) -> str:
    """A user of long ago, of whom no notification tells."""
    person = {
        "displayName": name,
        "userPrincipalName": f"{name}@contoso.example",
        "accountEnabled": True,
        "userType": "Member",
        "usageLocation": "NL",
        "mobilePhone": number,
        "existing": True,
    }
    async with httpx.AsyncClient() as client:
        answer = await client.post(f"{simulator.url}/sim/users", json=person)
    return str(answer.json()["id"])


async def test_an_operators_morning() -> None:
    async with running() as (operator, simulator):
        await add_user(simulator, "ann", NUMBER)
        bob = await add_user(simulator, "bob", "ask reception")

        assert (await operator.run("subscription")).code == 1
        ensured = await operator.run("subscription ensure --json")
        assert (ensured.code, ensured.document["steps"]) == (0, ["created"])
        assert (await operator.run("subscription show")).code == 0
        health = await operator.run("health --json")
        assert (health.code, health.document["subscription"]) == (0, "live")

        ann = await operator.run("reconcile ann@contoso.example --wait --json")
        assert (ann.code, ann.stderr) == (0, "")
        assert ann.document["graph"]["perUserMfaState"] == "enforced"
        refused = await operator.run(f"reconcile {bob} --wait")
        assert refused.code == 1
        assert "badNumber" in refused.stderr

        report = await operator.run("report")
        assert report.code == 0
        assert bob in report.stdout
        explained = await operator.run("explain ann@contoso.example")
        assert "+31 ••••••78" in explained.stdout
        assert "12345678" not in ann.stdout + explained.stdout + report.stdout

        carl = await add_user(simulator, "carl", "06 87654321")
        planned = await operator.run(f"backfill plan {carl} --wait --json")
        assert (planned.code, planned.document["state"]) == (0, "planned"), planned.stderr
        run_id = planned.document["id"]
        assert planned.document["items"][0]["actions"] == ["add mobile +31 ••••••21", "set MFA state enabled"]
        applied = await operator.run(f"backfill apply {run_id} --wait")
        assert (applied.code, applied.stderr) == (0, "")
        assert "ended" in applied.stdout
        assert (await operator.run(f"backfill show {run_id}")).code == 0
        assert (await operator.run("backfill cancel ffffffffffff")).code == 1

        assert (await operator.run(f"explain {NOBODY}")).code == 1
        assert (await operator.run("report", key="another-key")).code == 3
    assert (await operator.run("health")).code == 3
