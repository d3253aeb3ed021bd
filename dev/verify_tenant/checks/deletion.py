"""The end of the throw-away user: deleted, restored, and what the delta query shows of it."""

from dev.verify_tenant.bench import Bench
from dev.verify_tenant.check import NotTried, Trace, check, shows
from dev.verify_tenant.checks.delta import latest_link, surfaces
from dev.verify_tenant.permissions import DELETE_USERS, READ_USERS

NOT_FOUND = "Request_ResourceNotFound"


def _gone(trace: Trace) -> bool:
    read = trace["read"]
    return (read.status, read.code) == (404, NOT_FOUND) and trace["deleted-item"].ok


@check(
    "soft-delete",
    "A deleted user, as a user and among the deleted items",
    shows("soft-deleted-404", ("delete", "read", "deleted-item"), f"404 {NOT_FOUND}; 200", _gone),
    needs=(READ_USERS, DELETE_USERS),
    long=True,
)
async def soft_delete(bench: Bench) -> None:
    """The user goes to the deleted items; a later check brings it back."""
    deleted_item = f"/directory/deletedItems/{bench.tenant.user_id}?$select=id"
    deleted = await bench.ask("delete", "DELETE", bench.user)
    if not deleted.ok:
        raise NotTried("the user could not be deleted")
    path = f"{bench.user}?$select=id"
    bench.measure("seconds until it could not be read", await bench.until("GET", path, lambda answer: not answer.ok))
    await bench.ask("read", "GET", path)
    await bench.until("GET", deleted_item, lambda answer: answer.ok)
    await bench.ask("deleted-item", "GET", deleted_item)


_SURFACED = "the restored user surfaced"


@check(
    "restore",
    "Does a restored user surface in a delta query with $select?",
    shows(
        "restore-in-delta",
        ("restore", "read"),
        "it surfaces",
        lambda trace: trace.facts.get(_SURFACED),
    ),
    needs=(READ_USERS, DELETE_USERS),
    long=True,
)
async def restore(bench: Bench) -> None:
    """The delta link is taken while the user is deleted."""
    user = bench.tenant.user_id
    await bench.until("GET", f"/directory/deletedItems/{user}?$select=id", lambda answer: answer.ok)
    link = await _settled_link(bench)
    await bench.ask("restore", "POST", f"/directory/deletedItems/{user}/restore")
    await bench.until("GET", f"{bench.user}?$select=id", lambda answer: answer.ok)
    await bench.ask("read", "GET", f"{bench.user}?$select=id")
    waited = await bench.happens(lambda: surfaces(bench, link, user), bench.options.patience)
    bench.fact(_SURFACED, waited is not None)
    if waited is not None:
        bench.measure("seconds until it surfaced", waited)


async def _settled_link(bench: Bench) -> str:
    """A delta link that the deletion itself no longer surfaces in. Raises NotTried."""
    found: list[str] = []

    async def is_quiet() -> bool:
        found.append(await latest_link(bench))
        link, user = found[-1], bench.tenant.user_id
        return await bench.happens(lambda: surfaces(bench, link, user), bench.options.quiet_seconds) is None

    if await bench.happens(is_quiet, bench.options.patience) is None:
        raise NotTried("the deletion keeps surfacing")
    return found[-1]
