"""What Graph says when it throttles. Only provoked on request; otherwise from what the run happened to meet."""

from dev.verify_tenant.bench import Bench
from dev.verify_tenant.check import NotTried, Trace, check, shows
from dev.verify_tenant.checks.roles import ASSIGNMENTS, ELIGIBLE, about
from dev.verify_tenant.exchange import Request
from dev.verify_tenant.graph import retry_after
from dev.verify_tenant.permissions import READ_ELIGIBILITY, READ_ROLES, READ_USERS, WRITE_PHONES

READS = 200
ON_REQUEST = "provoke_throttling"


def _is_known(trace: Trace) -> bool:
    return trace["throttled"].code in {"TooManyRequests", "UnknownError"}


@check(
    "throttle-shape",
    "The code and the Retry-After of a 429",
    shows(
        "throttle-body",
        "throttled",
        "TooManyRequests, or UnknownError from role management",
        _is_known,
        conclusive=(429,),
    ),
    shows(
        "retry-after-seconds",
        "throttled",
        "a number of seconds",
        lambda trace: retry_after(trace["throttled"]) is not None,
        conclusive=(429,),
    ),
    needs=(),
)
async def throttle_shape(bench: Bench) -> None:
    """No request: the last 429 that any check of this run met."""
    if not bench.session.throttled:
        raise NotTried("this run was not throttled")
    request, answer = bench.session.throttled[-1]
    bench.note("throttled", request, answer)


async def _read_often(bench: Bench, path: str) -> bool:
    """Up to 200 reads in a row; whether one was a 429, which then is the answer `last`."""
    for number in range(1, READS + 1):
        answer = await bench.session.send(_get(path), patient=False)
        if answer.status == 429 or number == READS:
            bench.note("last", _get(path), answer)
            bench.measure("reads", number)
            return answer.status == 429
    return False


def _get(path: str) -> Request:
    return Request("GET", path)


@check(
    "method-quota",
    "200 reads of phones in a row",
    shows(
        "method-calls-quota",
        ("last", "user"),
        "a 429 for phones does not hold for the user object",
        lambda trace: trace["user"].ok if trace["last"].status == 429 else None,
        unclear="200 reads in a row were not throttled",
        conclusive=(429,),
    ),
    needs=(READ_USERS, WRITE_PHONES),
    option=ON_REQUEST,
    long=True,
)
async def method_quota(bench: Bench) -> None:
    """The user object is read at once after the last of them."""
    await _read_often(bench, bench.phones)
    await bench.ask("user", "GET", f"{bench.user}?$select=id", patient=False)


@check(
    "pim-quota",
    "200 reads of eligible roles in a row",
    shows("pim-quota", "last", "no 429", lambda trace: trace["last"].status != 429, conclusive=(429,)),
    shows(
        "role-quota",
        ("last", "assignments"),
        "a 429 for eligible roles holds for role assignments as well",
        lambda trace: trace["assignments"].status == 429 if trace["last"].status == 429 else None,
        unclear="200 reads in a row were not throttled",
        conclusive=(429,),
    ),
    needs=(READ_ELIGIBILITY, READ_ROLES),
    option=ON_REQUEST,
    long=True,
)
async def pim_quota(bench: Bench) -> None:
    """One principal, again and again; its assignments are read at once after the last of them."""
    user = bench.tenant.user_id
    await _read_often(bench, about(ELIGIBLE, user))
    await bench.ask("assignments", "GET", about(ASSIGNMENTS, user), patient=False)
