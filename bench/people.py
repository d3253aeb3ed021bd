"""From the creation of many users to the last write to them, through notifications, queue, app and Graph simulator.

The simulator's clock is real: a new user reaches its replicas after 0.3 s, notifications take up to 0.1 s. What is
measured is read from the simulator's journal, so waiting for quiet at the end costs nothing.
"""

import asyncio
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import aiohttp

from bench.figures import Result, percentile, ratio
from bench.parts import TENANT, megabytes, running_app
from dev.graph_simulator.launcher import SimulatorProcess, running_simulator
from dev.host.launcher import RunningHost

PEOPLE = 200
QUIET_SECONDS = 3.0
"""Without a write by the app; longer than its queues' polling pause of 2 s."""
PATIENCE_SECONDS = 60.0
SETTINGS = {"PREFILL_MODE": "apply", "PREFILL_WRITES_PER_HOUR": "100000"}


@dataclass(frozen=True, slots=True)
class Told:
    """What the simulator and the app's report say at the end."""

    journal: Sequence[dict[str, Any]]
    stats: dict[str, Any]
    report: dict[str, Any]


def run() -> Result:
    return asyncio.run(_run())


async def _run() -> Result:
    async with (
        running_simulator(tenant_id=TENANT) as simulator,
        running_app(SETTINGS | {"PREFILL_GRAPH_URL": simulator.url}) as host,
        aiohttp.ClientSession(headers={"x-functions-key": host.key}, raise_for_status=True) as http,
    ):
        await _ask(http, "POST", f"{host.url}/api/subscription")
        before = await megabytes(host)
        await _ask(http, "POST", f"{simulator.url}/sim/people", {"count": PEOPLE})
        told = await _until_quiet(http, simulator, host)
        after = await megabytes(host)
    rows = [*_pace(told.journal), *_cost(told), ("the host's memory before", f"{before:.0f} MB", "")]
    rows.append(("… and after", f"{after:.0f} MB", f"{ratio(after, before)} of before"))
    outcomes = ", ".join(f"{count} {word}" for word, count in told.report["outcomes"].items())
    return Result(f"{PEOPLE} new people, created at once", ("", "figure", ""), rows, f"In the end: {outcomes}.")


async def _ask(http: aiohttp.ClientSession, method: str, url: str, body: object = None) -> Any:
    async with http.request(method, url, json=body) as answer:
        return await answer.json()


async def _until_quiet(http: aiohttp.ClientSession, simulator: SimulatorProcess, host: RunningHost) -> Told:
    """Everybody has an outcome, nobody is retried, and nothing was written for a while."""
    started = changed = time.monotonic()
    length = -1
    report: dict[str, Any] = {}
    while time.monotonic() - started < PATIENCE_SECONDS:
        await asyncio.sleep(QUIET_SECONDS / 6)
        following = (await _ask(http, "GET", f"{simulator.url}/sim/journal?since={max(length, 0)}"))["next"]
        if following != length:
            length, changed = following, time.monotonic()
        elif time.monotonic() - changed > QUIET_SECONDS:
            report = await _ask(http, "GET", f"{host.url}/api/report")
            if report["users"] >= PEOPLE and not report["outcomes"].get("retry"):
                break
    journal = (await _ask(http, "GET", f"{simulator.url}/sim/journal"))["value"]
    return Told(journal, await _ask(http, "GET", f"{simulator.url}/sim/stats"), report)


def _pace(journal: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """When each person was created, and last written to by the app."""
    created: dict[str, float] = {}
    written: dict[str, float] = {}
    for entry in journal:
        created.setdefault(entry["user"], entry["epoch"])
        if entry["actor"] == "app" and entry["before"] != entry["after"]:
            written[entry["user"]] = entry["epoch"]
    if not written:
        return [("people written to", "none", "")]
    seconds = [moment - created[user] for user, moment in written.items()]
    whole = max(written.values()) - min(created.values())
    median = statistics.median(seconds)
    return [
        ("people written to", f"{len(written)}", f"of {PEOPLE}; the others have no usable number, or need nothing"),
        ("creation of the first to the last write", f"{whole:.1f} s", f"{PEOPLE / whole:,.0f} people/s"),
        ("one person, creation to last write: median", f"{median:.2f} s", ""),
        ("… p95", f"{percentile(seconds, 0.95):.2f} s", f"{ratio(percentile(seconds, 0.95), median)} of the median"),
        ("… slowest", f"{max(seconds):.2f} s", f"{ratio(max(seconds), median)} of the median"),
    ]


def _cost(told: Told) -> list[tuple[str, ...]]:
    batches = told.stats["batches"]
    inside, total = batches["innerRequests"], batches["count"]
    return [
        ("requests to Graph", f"{inside:,}", f"{inside / PEOPLE:.1f} a person, each notified several times"),
        ("… in batches", f"{total:,}", f"{inside / max(total, 1):.1f} requests each, {batches['largest']} at most"),
        ("throttled", f"{told.stats['throttled']}", ""),
    ]
