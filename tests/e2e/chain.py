"""The whole chain, real where it can be: Azurite, the Graph simulator, and the app in the real worker library."""

import asyncio
import base64
import contextlib
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from azure.storage.queue.aio import QueueClient

from dev.azurite.launcher import Azurite, running_azurite
from dev.graph_simulator.launcher import SimulatorProcess, running_simulator
from dev.host.launcher import RunningHost, running_host

TENANT = "11111111-2222-4333-8444-555555555555"
SECRET = "0123456789abcdef0123456789abcdef-e2e"
PATIENCE_SECONDS = 45.0


@dataclass
class Chain:
    """Everything running, and the few verbs the tests speak."""

    azurite: Azurite
    simulator: SimulatorProcess
    host: RunningHost
    http: httpx.AsyncClient

    async def sim(self, method: str, path: str, body: object = None) -> Any:
        answer = await self.http.request(method, f"{self.simulator.url}/sim/{path}", json=body)
        return answer.json() if answer.content else None

    async def ask(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, **more: Any
    ) -> httpx.Response:
        """An operator's call, with the key."""
        keyed = {"x-functions-key": self.host.key, **(headers or {})}
        return await self.http.request(method, f"{self.host.url}/{path}", headers=keyed, **more)

    async def post(self, path: str, **more: Any) -> httpx.Response:
        """What Graph, or anybody, may post."""
        return await self.http.post(f"{self.host.url}/api/{path}", **more)

    async def person(self, **properties: Any) -> str:
        body = {"usageLocation": "NL", "mobilePhone": "06 12345678"} | properties
        return str((await self.sim("POST", "users", body))["id"])

    async def authentication(self, user_id: str) -> Any:
        return (await self.sim("GET", f"users/{user_id}"))["authentication"]

    async def ledger(self, user_id: str) -> Any:
        """What the app remembers of a user: {} before it looked."""
        answer = await self.ask("GET", f"api/users/{user_id}")
        return answer.json().get("ledger") or {}

    async def ends(self, user_id: str, outcome: str, *reasons: str) -> Any:
        """Waits until the app says so of a user."""

        async def said() -> Any:
            ledger = await self.ledger(user_id)
            fits = ledger.get("outcome") == outcome and set(reasons) <= set(ledger["reasons"])
            return ledger if fits else None

        return await until(said)

    async def is_set(self, user_id: str, number: str) -> None:
        """Waits until a user has this number and MFA is on, and the app has recorded that it is so."""

        async def done() -> bool:
            state = await self.authentication(user_id)
            shown = state["mobile"] == number and state["perUserMfaState"] != "disabled"
            return shown and (await self.ledger(user_id)).get("outcome") in {"done", "noop"}

        await until(done)

    async def is_at_rest(self, seconds: int = 6) -> None:
        """Waits until for so long there has been no message about users.

        Also none that waits: whoever found another look writing comes back when its claim would have ended.
        """

        async def is_quiet() -> bool:
            for _ in range(seconds * 2):
                async with self.queue() as queue:
                    if (await queue.get_queue_properties()).approximate_message_count:
                        return False
                await asyncio.sleep(0.5)
            return True

        await until(is_quiet, 2 * PATIENCE_SECONDS)

    async def run_timer(self, name: str) -> None:
        answer = await self.ask("POST", f"admin/functions/{name}", json={"input": ""})
        assert answer.status_code == 202, answer.text

    @contextlib.asynccontextmanager
    async def queue(self, name: str = "user-reconcile") -> AsyncIterator[QueueClient]:
        async with QueueClient.from_connection_string(self.azurite.connection_string, name) as client:
            yield client

    async def violations(self) -> Any:
        return (await self.sim("GET", "violations"))["violations"]


async def until[T](condition: Callable[[], Awaitable[T]], seconds: float = PATIENCE_SECONDS) -> T:
    """The first true answer; fails after a patience that no healthy run comes near."""
    async with asyncio.timeout(seconds):
        while not (answer := await condition()):  # noqa: ASYNC110 (it happens in other processes)
            await asyncio.sleep(0.1)
    return answer


def wire(body: dict[str, Any]) -> str:
    """A queue message as the contract has it on the wire."""
    return base64.b64encode(json.dumps(body).encode()).decode()


def settings(azurite: Azurite, simulator: SimulatorProcess) -> dict[str, str]:
    return {
        "AzureWebJobsStorage": azurite.connection_string,
        "PREFILL_TENANT_ID": TENANT,
        "PREFILL_SECRET": SECRET,
        "PREFILL_GRAPH_URL": simulator.url,
        "PREFILL_MODE": "apply",
    }


@contextlib.asynccontextmanager
async def running_chain(location: Path | None = None, **changed: str) -> AsyncIterator[Chain]:
    """The chain with a subscription in place; what is stored outlives a stop of Azurite where `location` is given.

    At the end nothing that the simulator sent may have strayed from Microsoft's description.
    """
    async with (
        running_azurite(location) as azurite,
        running_simulator(tenant_id=TENANT, check_answers=True) as simulator,
    ):
        env = settings(azurite, simulator) | changed
        flags = ("--receive-visibility", "2", "--verbose")
        async with running_host(env=env, flags=flags) as host, httpx.AsyncClient(timeout=30) as http:
            chain = Chain(azurite, simulator, host, http)
            try:
                answer = await chain.ask("POST", "api/subscription")
                assert answer.status_code == 200, answer.text
                yield chain
                findings = await chain.sim("GET", "findings")
                assert (findings["checked"] > 0, findings["found"]) == (True, [])
            except BaseException:
                told = [line for line in host.output().splitlines() if "'health'" not in line]
                print(*told[-500:], sep="\n")  # noqa: T201 (pytest shows it beside the failure)
                raise
