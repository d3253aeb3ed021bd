"""Users that are not there, names that are awkward, wrong methods and bad tokens."""

from dev.verify_tenant.bench import BETA, Bench
from dev.verify_tenant.check import NotTried, Trace, answers, check, shows
from dev.verify_tenant.checks.subscriptions import drop, failed_handshake, unreachable
from dev.verify_tenant.permissions import READ_METHODS, READ_STATE, READ_USERS, WRITE_PHONES

NOT_FOUND = "Request_ResourceNotFound"


@check(
    "unknown-user",
    "Phones, methods and MFA state of a user that does not exist",
    answers("methods-user-404", ("phones", "methods", "requirements"), 404, NOT_FOUND),
    needs=(WRITE_PHONES, READ_METHODS, READ_STATE),
)
async def unknown_user(bench: Bench) -> None:
    """Three reads with an id that no user has."""
    stranger = f"/users/{bench.stranger()}/authentication"
    await bench.ask("phones", "GET", f"{stranger}/phoneMethods")
    await bench.ask("methods", "GET", f"{stranger}/methods")
    await bench.ask("requirements", "GET", f"{stranger}/requirements", version=BETA)


def _finds_by_key(trace: Trace) -> bool:
    by_key = trace["by-key"]
    return trace["by-path"].status == 400 and (by_key.ok or (by_key.status, by_key.code) == (404, NOT_FOUND))


@check(
    "dollar-name",
    "A user name that begins with a dollar, as a path and as a key",
    shows("dollar-name-key-syntax", ("by-path", "by-key"), f"400 as a path; 404 {NOT_FOUND} as a key", _finds_by_key),
    needs=(READ_USERS,),
)
async def dollar_name(bench: Bench) -> None:
    """No user has the name: the question is how Graph reads it."""
    name = f"$mfa-prefill-nobody@{bench.tenant.domain}"
    await bench.ask("by-path", "GET", f"/users/{name}?$select=id")
    await bench.ask("by-key", "GET", f"/users('{name}')?$select=id")


@check(
    "wrong-method",
    "A method that an address does not have",
    answers("wrong-method-405", "put-phones", 405, conclusive=(403, 500)),
    needs=(WRITE_PHONES,),
)
async def wrong_method(bench: Bench) -> None:
    """PUT on the phones of the throw-away user."""
    await bench.ask("put-phones", "PUT", bench.phones, {})


def _token_refusals(trace: Trace) -> bool:
    refused = all((trace[label].status, trace[label].code) == (401, "InvalidAuthenticationToken") for label in _BAD)
    return refused and trace["none"].message == "Access token is empty." and trace["bad"].message.startswith("IDX14100")


_BAD = ("none", "bad")


@check(
    "bad-token",
    "No token, and one that is none",
    shows(
        "token-messages",
        _BAD,
        "401 InvalidAuthenticationToken: `Access token is empty.`, `IDX14100…`",
        _token_refusals,
        conclusive=(401, 403),
    ),
    needs=(),
)
async def bad_token(bench: Bench) -> None:
    """Two reads that must be refused."""
    await bench.ask("none", "GET", f"{bench.user}?$select=id", authorization="")
    await bench.ask("bad", "GET", f"{bench.user}?$select=id", authorization="Bearer no-token")


def _is_denied(trace: Trace) -> bool | None:
    answer = trace["methods"]
    return None if answer.ok else (answer.status, answer.code) == (403, "accessDenied")


def _is_wrapped(trace: Trace) -> bool | None:
    answer = trace["eligibility"]
    if answer.ok:
        return None
    return (answer.status, answer.code) == (403, "UnknownError") and "PermissionScopeNotGranted" in answer.message


def _is_about_handshake(trace: Trace) -> bool:
    """Whether the subscription got as far as its handshake: then it was not refused for a permission."""
    return failed_handshake(trace["subscribe"]) or trace["subscribe"].ok


_ALLOWED = "the second identity may read it: give one without the permission"


@check(
    "denied-calls",
    "The refusals that an identity without the permissions gets",
    shows("methods-denied-code", "methods", "403 accessDenied", _is_denied, unclear=_ALLOWED, conclusive=(401, 403)),
    shows(
        "pim-denied-wrapped",
        "eligibility",
        "403 UnknownError, PermissionScopeNotGranted in its message",
        _is_wrapped,
        unclear=_ALLOWED,
        conclusive=(401, 403),
    ),
    shows(
        "subscription-denied-code",
        "subscribe",
        "401 or 403 ExtensionError",
        lambda trace: (
            (trace["subscribe"].status in {401, 403} and trace["subscribe"].code == "ExtensionError")
            if not _is_about_handshake(trace)
            else None
        ),
        unclear=_ALLOWED,
        conclusive=(401, 403),
    ),
    shows(
        "subscription-reads-denied",
        "list",
        "403",
        lambda trace: None if trace["list"].ok else trace["list"].status == 403,
        unclear=_ALLOWED,
        conclusive=(401, 403),
    ),
    needs=(),
    option="bare_credential",
)
async def denied_calls(bench: Bench) -> None:
    """Reads as the second identity, and a subscription that cannot come about: its endpoint is not there."""
    if bench.bare is None:
        raise NotTried("there is no second identity")
    bare = Bench(bench.bare, bench.tenant, bench.identity, bench.options, bench.trace)
    await bare.ask("methods", "GET", bench.authentication("methods"))
    filtered = f"$filter=principalId eq '{bench.tenant.user_id}'"
    await bare.ask("eligibility", "GET", f"/roleManagement/directory/roleEligibilitySchedules?{filtered}")
    await bare.ask("list", "GET", "/subscriptions")
    await drop(bare, await bare.ask("subscribe", "POST", "/subscriptions", unreachable(bench)))
