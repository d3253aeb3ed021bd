"""What a cold worker imports before it can answer, and what a queue message adds to it.

Graph gives a webhook three seconds, cold start included; so the webhooks import neither msgraph-sdk nor azure-identity.
"""

import json
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from bench.figures import Result, milliseconds, ratio

ROOT = Path(__file__).resolve().parent.parent
RUNS = 5

HEAVY = (
    *("msgraph", "kiota_abstractions", "azure.identity", "azure.core", "azure.storage", "azure.data"),
    *("aiohttp", "httpx", "phonenumbers", "opentelemetry", "cryptography"),
)
"""What a webhook must not load."""

WEBHOOK = "function_app"
WORKFLOWS = (
    *("azure.identity.aio", "shared.graph.directory", "shared.graph.delta", "shared.graph.subscriptions"),
    *("shared.storage.tables", "shared.storage.queues", "shared.reconcile", "shared.sweep", "shared.explain"),
)
CASES = (
    ("nothing", ""),
    ("azure.functions", "azure.functions"),
    ("function_app: all that a webhook needs", WEBHOOK),
    ("… and what the first queue message adds", ", ".join((WEBHOOK, *WORKFLOWS))),
)

PROBE = """
import json, os, sys, time
before = time.perf_counter()
{statement}
seconds = time.perf_counter() - before
heavy = [name for name in {heavy!r} if name in sys.modules]
modules = len(sys.modules)
with os.popen(f"ps -o rss= -p {{os.getpid()}}") as shown:
    memory = int(shown.read()) * 1024 / 1e6
print(json.dumps([seconds, modules, memory, heavy]))
"""


@dataclass(frozen=True, slots=True)
class Import:
    """One import in a process of its own."""

    seconds: float
    modules: int
    megabytes: float
    heavy: tuple[str, ...]


def run() -> Result:
    rounds = [{title: _measure(names) for title, names in CASES} for _ in range(RUNS)]
    measured = {title: _median([each[title] for each in rounds]) for title, _ in CASES}
    base = measured["azure.functions"].seconds
    rows = [
        (
            title,
            milliseconds(one.seconds),
            ratio(one.seconds, base),
            f"{one.modules:,}",
            f"{one.megabytes:.0f} MB",
            ", ".join(one.heavy) or "none",
        )
        for title, one in measured.items()
    ]
    columns = ("import", "median", "azure.functions = 1", "modules", "memory", "heavy ones")
    return Result(f"Cold import, {RUNS} processes each", columns, rows, f"Heavy ones: {', '.join(HEAVY)}.")


def _measure(names: str) -> Import:
    statement = f"import {names}" if names else "pass"
    probe = PROBE.format(statement=statement, heavy=HEAVY)
    ran = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    seconds, modules, memory, heavy = json.loads(ran.stdout)
    return Import(seconds, modules, memory, tuple(heavy))


def _median(runs: list[Import]) -> Import:
    seconds = statistics.median(each.seconds for each in runs)
    memory = statistics.median(each.megabytes for each in runs)
    return Import(seconds, runs[0].modules, memory, runs[0].heavy)
