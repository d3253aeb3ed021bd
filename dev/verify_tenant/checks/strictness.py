"""How strictly Graph reads: undeclared properties, wrong kinds of value, undocumented options."""

from dev.verify_tenant.bench import BETA, Bench
from dev.verify_tenant.check import Trace, answers, check, shows
from dev.verify_tenant.checks.subscriptions import draft, drop, failed_handshake
from dev.verify_tenant.exchange import Json
from dev.verify_tenant.permissions import READ_MEMBERS, SUBSCRIBE, WRITE_PHONES, WRITE_STATE, WRITE_USERS

ODD: Json = {"noSuchPropertyAsThis": None}
_UNDECLARED = ("state", "user", "group-check", "subscription")


def _all_refused(trace: Trace) -> bool | None:
    if failed_handshake(trace["subscription"]):
        return False if any(trace[label].status != 400 for label in _UNDECLARED[:-1]) else None
    return all(trace[label].status == 400 for label in _UNDECLARED)


@check(
    "undeclared-properties",
    "A property that does not exist, in the bodies of four other writes",
    shows(
        "undeclared-everywhere-400",
        _UNDECLARED,
        "400",
        _all_refused,
        unclear="the subscription got as far as its handshake: give --notification-url",
    ),
    needs=(WRITE_STATE, WRITE_USERS, READ_MEMBERS, SUBSCRIBE),
)
async def undeclared_properties(bench: Bench) -> None:
    """Each body is good but for one null."""
    state = {"perUserMfaState": "disabled"} | ODD
    await bench.ask("state", "PATCH", bench.authentication("requirements"), state, version=BETA)
    await bench.ask("user", "PATCH", bench.user, {"usageLocation": "DE"} | ODD)
    await bench.ask("group-check", "POST", f"{bench.user}/checkMemberGroups", {"groupIds": [bench.stranger()]} | ODD)
    await drop(bench, await bench.ask("subscription", "POST", "/subscriptions", draft(bench) | ODD))


@check(
    "misfit-values",
    "Numbers where texts are declared",
    answers("misfit-codes", ("phone", "state"), 400, conclusive=(500,)),
    needs=(WRITE_PHONES, WRITE_STATE),
)
async def misfit_values(bench: Bench) -> None:
    """Two writes that must be refused."""
    await bench.without_phones()
    await bench.ask("phone", "POST", bench.phones, {"phoneNumber": 5, "phoneType": "mobile"})
    await bench.ask("state", "PATCH", bench.authentication("requirements"), {"perUserMfaState": 7}, version=BETA)


@check(
    "query-options",
    "An option that the list of phones does not document",
    answers("query-options-400", "top", 400),
    needs=(WRITE_PHONES,),
)
async def query_options(bench: Bench) -> None:
    """One read."""
    await bench.ask("top", "GET", f"{bench.phones}?$top=5")
