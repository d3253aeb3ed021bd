"""JSON batches."""

from dev.verify_tenant.bench import BETA, Bench
from dev.verify_tenant.check import Trace, answers, check, shows
from dev.verify_tenant.exchange import Json
from dev.verify_tenant.permissions import READ_STATE, READ_USERS

MAX_PARTS = 20
BATCH = "/$batch"


def part(number: str, url: str, **more: object) -> Json:
    """One GET of a batch."""
    return {"id": number, "method": "GET", "url": url, **more}


def _version_bound(trace: Trace) -> bool:
    return trace["v1"].part("1").status in {400, 404} and trace["beta"].part("1").status == 200


@check(
    "batch-versions",
    "An address of beta in a batch of v1.0, and in one of beta",
    shows("batch-one-version", ("v1", "beta"), "400 or 404 inside v1.0, 200 inside beta", _version_bound),
    needs=(READ_STATE,),
)
async def batch_versions(bench: Bench) -> None:
    """Two batches of one read."""
    body = {"requests": [part("1", bench.authentication("requirements"))]}
    await bench.ask("v1", "POST", BATCH, body)
    await bench.ask("beta", "POST", BATCH, body, version=BETA)


@check(
    "batch-refusals",
    "21 parts, a repeated id, an absolute address",
    answers("batch-refusals", ("too-many", "repeated", "absolute"), 400),
    needs=(READ_USERS,),
)
async def batch_refusals(bench: Bench) -> None:
    """Three batches that must be refused."""
    read = f"{bench.user}?$select=id"
    bodies = (
        ("too-many", [part(str(number), read) for number in range(MAX_PARTS + 1)]),
        ("repeated", [part("1", read), part("1", read)]),
        ("absolute", [part("1", f"{bench.session.graph_url}/v1.0{read}")]),
    )
    for label, parts in bodies:
        await bench.ask(label, "POST", BATCH, {"requests": parts})


@check(
    "batch-dependency",
    "A part whose dependency failed",
    shows("batch-424", "batch", "424 inside", lambda trace: trace["batch"].part("2").status == 424),
    needs=(READ_USERS,),
)
async def batch_dependency(bench: Bench) -> None:
    """The first part asks for a user that does not exist; the second one depends on it."""
    first = part("1", f"/users/{bench.stranger()}?$select=id")
    second = part("2", f"{bench.user}?$select=id", dependsOn=["1"])
    await bench.ask("batch", "POST", BATCH, {"requests": [first, second]})
