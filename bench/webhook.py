"""What Graph waits for: the answer to a notification, given once its users are in the queue.

The functions that would work on the queue are disabled, so that only the webhook is measured: client, host with the
app, and Azurite share this machine. Graph wants 90 % of the answers within three seconds.
https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

import asyncio
import contextlib
import json
import statistics
import time
import uuid
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

import aiohttp

from bench.figures import Result, milliseconds, percentile, ratio
from bench.parts import KEYS, TENANT, megabytes, running_app

REQUESTS = 300
COLLECTIONS = 60
COLLECTION = 50
CALLERS = 8
OFF = {f"AzureWebJobs_{name}_Disabled": "1" for name in ("reconcile", "park_poison", "do_chore")}

COLUMNS = ("request", "answers/s", "users/s", "median", "p95", "slowest", "median, one user = 1")


@dataclass(frozen=True, slots=True)
class Load:
    """How often what is posted by how many callers at once."""

    title: str
    body: Callable[[], bytes]
    requests: int = REQUESTS
    callers: int = CALLERS
    users: int = 0
    query: str = ""


@dataclass(frozen=True, slots=True)
class Measured:
    """Seconds of each answer, and of all of them together."""

    load: Load
    answers: list[float]
    seconds: float

    def row(self, base: float) -> tuple[str, ...]:
        """As COLUMNS names them."""
        rate = len(self.answers) / self.seconds
        return (
            self.load.title,
            f"{rate:,.0f}",
            f"{rate * self.load.users:,.0f}" if self.load.users else "-",
            milliseconds(self.median),
            milliseconds(percentile(self.answers, 0.95)),
            milliseconds(max(self.answers)),
            ratio(self.median, base),
        )

    @property
    def median(self) -> float:
        """Of the answers."""
        return statistics.median(self.answers)


def collection(users: int, client_state: str = KEYS.client_state()) -> bytes:
    """A notification collection about so many users nobody has heard of."""
    ids = [str(uuid.uuid4()) for _ in range(users)]
    items = [
        {
            "changeType": "updated",
            "clientState": client_state,
            "resource": f"Users/{user}",
            "resourceData": {"@odata.type": "#Microsoft.Graph.User", "id": user},
            "subscriptionExpirationDateTime": "2026-12-21T16:52:58+00:00",
            "subscriptionId": str(uuid.UUID(int=1)),
            "tenantId": TENANT,
        }
        for user in ids
    ]
    return json.dumps({"value": items}).encode()


ONE_AT_A_TIME = Load("one user, one caller", lambda: collection(1), callers=1, users=1)
LOADS = (
    Load("handshake", lambda: b"", query="?validationToken=a%20token"),
    Load("a stranger's: dropped", lambda: collection(1, "not ours")),
    Load("one user", lambda: collection(1), users=1),
    Load(f"{COLLECTION} users", lambda: collection(COLLECTION), requests=COLLECTIONS, users=COLLECTION),
)
AMONG = Load(f"one user, while collections of {COLLECTION} come in", lambda: collection(1), users=1)
BACKGROUND = Load("background", lambda: collection(COLLECTION), users=COLLECTION)


def run() -> Result:
    return asyncio.run(_run())


async def _run() -> Result:
    async with running_app(OFF) as host, aiohttp.ClientSession() as http:
        url = f"{host.url}/api/notifications"
        before = await megabytes(host)
        cold = await _post(http, url, ONE_AT_A_TIME)
        one = await _measure(http, url, ONE_AT_A_TIME)
        measured = [one, *[await _measure(http, url, load) for load in LOADS]]
        async with _posting(http, url, BACKGROUND):
            measured.append(await _measure(http, url, AMONG))
        after = await megabytes(host)
    note = (
        f"{CALLERS} callers unless told; the first answer after Ready took {milliseconds(cold)}; "
        f"the host's memory: {before:.0f} MB before, {after:.0f} MB after ({ratio(after, before)})."
    )
    return Result(
        "Webhook, through the local host into Azurite's queue",
        COLUMNS,
        [each.row(one.median) for each in measured],
        note,
    )


async def _measure(http: aiohttp.ClientSession, url: str, load: Load) -> Measured:
    answers: list[float] = []
    waiting = iter(range(load.requests))

    async def caller() -> None:
        for _ in waiting:
            answers.append(await _post(http, url, load))  # noqa: PERF401 (callers share the list)

    started = time.perf_counter()
    await asyncio.gather(*(caller() for _ in range(load.callers)))
    return Measured(load, answers, time.perf_counter() - started)


async def _post(http: aiohttp.ClientSession, url: str, load: Load) -> float:
    body = load.body()
    started = time.perf_counter()
    async with http.post(url + load.query, data=body, headers={"Content-Type": "application/json"}) as answer:
        await answer.read()
        answer.raise_for_status()
    return time.perf_counter() - started


@contextlib.asynccontextmanager
async def _posting(http: aiohttp.ClientSession, url: str, load: Load) -> AsyncIterator[None]:
    """One caller that posts without a pause until the block ends."""

    async def post() -> None:
        while True:
            await _post(http, url, load)

    task = asyncio.create_task(post())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
