"""The per-user MFA state, the preferred method and the other methods (all of beta but the last)."""

from urllib.parse import quote

from dev.verify_tenant.bench import BETA, Bench
from dev.verify_tenant.check import NotTried, Trace, answers, check, shows
from dev.verify_tenant.exchange import Answer
from dev.verify_tenant.numbers import MOBILE
from dev.verify_tenant.permissions import READ_METHODS, READ_STATE, WRITE_METHODS, WRITE_PHONES, WRITE_STATE

STATES = ("disabled", "enabled", "enforced")
PREFERRED = "userPreferredMethodForSecondaryAuthentication"
SYSTEM = "isSystemPreferredAuthenticationMethodEnabled"


def _state(answer: Answer) -> object:
    return answer.field("perUserMfaState")


async def _set_state(bench: Bench, state: str) -> None:
    body = {"perUserMfaState": state}
    await bench.prepare("PATCH", bench.authentication("requirements"), body, version=BETA)


def _takes_state(trace: Trace) -> bool:
    return trace["read"].ok and _state(trace["read"]) in STATES and trace["set"].status == 204


@check(
    "mfa-state",
    "Reading and setting the MFA state of a user without a licence",
    shows("requirements-any-user", ("read", "set"), "200 with a known state, 204", _takes_state),
    needs=(READ_STATE, WRITE_STATE),
)
async def mfa_state(bench: Bench) -> None:
    """GET, then PATCH to disabled."""
    path = bench.authentication("requirements")
    await bench.ask("read", "GET", path, version=BETA)
    await bench.ask("set", "PATCH", path, {"perUserMfaState": "disabled"}, version=BETA)


@check(
    "mfa-bad-state",
    "An MFA state that does not exist",
    answers("bad-mfa-state-400", "bad", 400, conclusive=(500,)),
    needs=(WRITE_STATE,),
)
async def mfa_bad_state(bench: Bench) -> None:
    """One PATCH that must be refused."""
    path = bench.authentication("requirements")
    await bench.ask("bad", "PATCH", path, {"perUserMfaState": "sometimes"}, version=BETA)


def _promoted(trace: Trace) -> bool | None:
    return {"enforced": True, "enabled": False}.get(str(_state(trace["at-once"])))


@check(
    "mfa-promotion",
    "From enabled to enforced, for a user who has a phone",
    shows(
        "promotion-at-once",
        ("enable", "at-once"),
        "enforced in the first read",
        _promoted,
        unclear="the first read showed neither",
    ),
    needs=(WRITE_PHONES, READ_STATE, WRITE_STATE),
    long=True,
)
async def mfa_promotion(bench: Bench) -> None:
    """PATCH to enabled, a read at once, and reads until it is enforced."""
    path = bench.authentication("requirements")
    await bench.with_mobile(MOBILE)
    await _set_state(bench, "disabled")
    await bench.until("GET", path, lambda answer: _state(answer) == "disabled", version=BETA)
    await bench.ask("enable", "PATCH", path, {"perUserMfaState": "enabled"}, version=BETA)
    first = await bench.ask("at-once", "GET", path, version=BETA)
    if _state(first) != "enforced":
        waited = await bench.until("GET", path, lambda answer: _state(answer) == "enforced", version=BETA)
        bench.measure("seconds until enforced", waited)
    await _set_state(bench, "disabled")


def _has_both(trace: Trace) -> bool:
    answer = trace["read"]
    preferred = answer.field(PREFERRED)
    return isinstance(answer.field(SYSTEM), bool) and (preferred is None or isinstance(preferred, str))


def _takes_system(trace: Trace) -> bool:
    return trace["system-off"].status == 204 and trace["after-off"].field(SYSTEM) is False


@check(
    "preferences",
    "The preferred method: its shape, sms directly after the phone, and system-preferred for one user",
    shows("preferences-shape", "read", f"{PREFERRED} and a boolean {SYSTEM}", _has_both),
    answers("preferred-sms-204", "sms", 204),
    shows("system-preferred-per-user", ("system-off", "after-off"), "204, then false", _takes_system),
    needs=(READ_METHODS, WRITE_METHODS, WRITE_PHONES),
)
async def preferences(bench: Bench) -> None:
    """The phone is new: what is asked is whether it must settle first."""
    path = bench.authentication("signInPreferences")
    await bench.without_phones()
    await bench.ask("read", "GET", path, version=BETA)
    await bench.with_mobile(MOBILE)
    await bench.ask("sms", "PATCH", path, {PREFERRED: "sms"}, version=BETA)
    switched = await bench.ask("system-off", "PATCH", path, {SYSTEM: False}, version=BETA)
    await bench.ask("after-off", "GET", path, version=BETA)
    if switched.ok:
        await bench.prepare("PATCH", path, {SYSTEM: True}, version=BETA)


@check(
    "preferred-unregistered",
    "Preferring sms without a phone",
    answers("preferred-unregistered-400", "sms", 400),
    needs=(WRITE_METHODS, WRITE_PHONES),
)
async def preferred_unregistered(bench: Bench) -> None:
    """One PATCH that must be refused."""
    await bench.without_phones()
    await bench.ask("sms", "PATCH", bench.authentication("signInPreferences"), {PREFERRED: "sms"}, version=BETA)


HARDWARE = "#microsoft.graph.hardwareOathAuthenticationMethod"


def _types(answer: Answer) -> set[str]:
    return {str(item.get("@odata.type")) for item in answer.values}


def _beta_only(trace: Trace) -> bool | None:
    v1, beta = _types(trace["v1"]), _types(trace["beta"])
    if HARDWARE not in v1 | beta:
        return None
    return HARDWARE in beta - v1


@check(
    "hardware-oath",
    "The methods of a user with a hardware token, in v1.0 and in beta",
    shows(
        "hardware-oath-beta-only",
        ("v1", "beta"),
        "in beta, not in v1.0",
        _beta_only,
        unclear="neither list has a hardware token",
    ),
    needs=(READ_METHODS,),
    option="oath_user",
)
async def hardware_oath(bench: Bench) -> None:
    """Two reads of a user that the person named; nothing is written."""
    path = f"/users/{quote(bench.options.oath_user, safe='@')}/authentication/methods"
    v1 = await bench.ask("v1", "GET", path)
    await bench.ask("beta", "GET", path, version=BETA)
    if v1.status == 404:
        raise NotTried("there is no such user")
