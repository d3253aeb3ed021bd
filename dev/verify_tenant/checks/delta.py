"""The delta query and links between pages."""

from urllib.parse import urlsplit

from dev.verify_tenant.bench import BETA, Bench, mobile
from dev.verify_tenant.check import NotTried, Trace, answers, check, shows
from dev.verify_tenant.exchange import Answer
from dev.verify_tenant.numbers import MOBILE
from dev.verify_tenant.permissions import READ_USERS, WRITE_PHONES, WRITE_STATE, WRITE_USERS

TRACKED = (
    "id,accountEnabled,userType,userPrincipalName,mobilePhone,businessPhones,usageLocation,country,"
    "onPremisesSyncEnabled,onPremisesExtensionAttributes"
)
"""What the app selects: shared/graph/readings.py."""

LATEST = f"$deltatoken=latest&$select={TRACKED}"
DELTA_LINK = "@odata.deltaLink"
NEXT_LINK = "@odata.nextLink"
MAX_PAGES = 50


def path_of(link: object, graph_url: str, version: str = "v1.0") -> str:
    """The path and query of a link that Graph gave. Raises NotTried for none, and for one to another host."""
    prefix = f"{graph_url}/{version}"
    if not isinstance(link, str) or not link.startswith(f"{prefix}/"):
        raise NotTried("there is no link to the Graph that was asked")
    return link.removeprefix(prefix)


async def latest_link(bench: Bench) -> str:
    """A delta link from now on, with what the app tracks. Raises NotTried."""
    answer = await bench.prepare("GET", f"/users/delta?{LATEST}")
    return path_of(answer.field(DELTA_LINK), bench.session.graph_url)


async def surfaces(bench: Bench, path: str, user_id: str) -> bool:
    """Whether a delta query from a link shows a user, over all its pages. Raises NotTried."""
    for _ in range(MAX_PAGES):
        answer = await bench.prepare("GET", path)
        if any(str(item.get("id", "")).lower() == user_id.lower() for item in answer.values):
            return True
        if answer.field(NEXT_LINK) is None:
            return False
        path = path_of(answer.field(NEXT_LINK), bench.session.graph_url)
    raise NotTried(f"more than {MAX_PAGES} pages of changes")


def _is_empty_link(answer: Answer) -> bool:
    return answer.ok and answer.field("value") == [] and isinstance(answer.field(DELTA_LINK), str)


def _keep_spelling(trace: Trace) -> bool | None:
    plain, called = (str(trace[label].field(DELTA_LINK)) for label in ("plain", "called"))
    if not (trace["plain"].ok and trace["called"].ok):
        return None
    return "/users/delta?" in plain and "/users/delta()?" in called


@check(
    "delta-spellings",
    "The delta query from now on, in both spellings",
    shows(
        "latest-with-select",
        "plain",
        "200, an empty list and a delta link",
        lambda trace: _is_empty_link(trace["plain"]),
    ),
    answers("delta-both-spellings", ("plain", "called"), 200),
    shows(
        "delta-link-spelling",
        ("plain", "called"),
        "each link has the spelling that was asked for",
        _keep_spelling,
        unclear="one of the spellings was refused",
    ),
    needs=(READ_USERS,),
)
async def delta_spellings(bench: Bench) -> None:
    """Two reads."""
    await bench.ask("plain", "GET", f"/users/delta?{LATEST}")
    await bench.ask("called", "GET", f"/users/delta()?{LATEST}")


@check(
    "delta-tokens",
    "A delta token that is none, and options beside a good one",
    answers("unreadable-token-400", "bad", 400, conclusive=(500,)),
    answers("options-beside-token-400", "beside", 400),
    needs=(READ_USERS,),
)
async def delta_tokens(bench: Bench) -> None:
    """Two reads that must be refused."""
    await bench.ask("bad", "GET", "/users/delta?$deltatoken=no-token-of-yours")
    await bench.ask("beside", "GET", f"{await latest_link(bench)}&$select=id")


_SAME_HOST = "the link leads to the host that was asked"


@check(
    "next-link",
    "The host of a link to the next page",
    shows(
        "next-link-host",
        "page",
        "the host that was asked",
        lambda trace: trace.facts.get(_SAME_HOST),
        unclear="there is no second page",
    ),
    needs=(READ_USERS,),
)
async def next_link(bench: Bench) -> None:
    """One read of one user's id, which is masked."""
    page = await bench.ask("page", "GET", "/users?$select=id&$top=1")
    link = page.field(NEXT_LINK)
    if isinstance(link, str):
        bench.fact(_SAME_HOST, urlsplit(link).netloc == urlsplit(bench.session.graph_url).netloc)


def _stayed_hidden(trace: Trace) -> bool | None:
    return None if _SURFACED not in trace.facts else not trace.facts[_SURFACED]


_SURFACED = "the user surfaced after its phone and its state were written"


@check(
    "delta-after-writes",
    "Do a phone and an MFA state surface in the delta query?",
    shows(
        "auth-not-in-delta",
        ("phone", "state"),
        "the user does not surface before one of its properties changes",
        _stayed_hidden,
        unclear="a change of a property did not surface either",
    ),
    needs=(READ_USERS, WRITE_USERS, WRITE_PHONES, WRITE_STATE),
    long=True,
)
async def delta_after_writes(bench: Bench) -> None:
    """Both writes first; then a property is changed, so that a lagging delta cannot pass for a silent one."""
    path, user = bench.authentication("requirements"), bench.tenant.user_id
    await bench.without_phones()
    await _settle(bench)
    link = await latest_link(bench)
    await bench.ask("phone", "POST", bench.phones, mobile(MOBILE.spaced))
    await bench.ask("state", "PATCH", path, {"perUserMfaState": "enabled"}, version=BETA)
    surfaced = await bench.happens(lambda: surfaces(bench, link, user), bench.options.quiet_seconds)
    if surfaced is None:
        await bench.prepare("PATCH", bench.user, {"usageLocation": "AT"})
        waited = await bench.happens(lambda: surfaces(bench, link, user), bench.options.patience)
        if waited is None:
            raise NotTried("a change of usageLocation did not surface in time")
        bench.measure("seconds until a changed property surfaced", waited)
    bench.fact(_SURFACED, surfaced is not None)
    await bench.prepare("PATCH", path, {"perUserMfaState": "disabled"}, version=BETA)


async def _settle(bench: Bench) -> None:
    """Wait until what earlier checks changed no longer surfaces. Raises NotTried."""

    async def is_quiet() -> bool:
        link = await latest_link(bench)
        return (
            await bench.happens(lambda: surfaces(bench, link, bench.tenant.user_id), bench.options.quiet_seconds)
            is None
        )

    if await bench.happens(is_quiet, bench.options.patience) is None:
        raise NotTried("the user keeps surfacing by itself")
