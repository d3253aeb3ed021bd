"""Making the throw-away user, and what a new user looks like."""

import secrets
import time

from dev.verify_tenant.bench import Bench
from dev.verify_tenant.check import NotTried, Trace, check, shows
from dev.verify_tenant.exchange import Answer
from dev.verify_tenant.guard import USER_PREFIX
from dev.verify_tenant.numbers import MOBILE
from dev.verify_tenant.permissions import READ_USERS, WRITE_PHONES, WRITE_USERS

NAME_CHARACTERS = 8
PASSWORD_BYTES = 48
NOT_FOUND = "Request_ResourceNotFound"


def _new_name() -> str:
    alphabet = "abcdefghijklmnopqrstuvwxyz0123456789"
    return USER_PREFIX + "".join(secrets.choice(alphabet) for _ in range(NAME_CHARACTERS))


def _replication(trace: Trace) -> bool | None:
    first = trace["first-read"]
    return None if first.ok else (first.status, first.code) == (404, NOT_FOUND)


def _skeleton(trace: Trace) -> bool | None:
    return True if trace["read"].field("mobilePhone") is None else None


@check(
    "user-creation",
    "Create the throw-away user, and read it until it is there",
    shows(
        "replication-404",
        ("create", "first-read"),
        f"404 {NOT_FOUND} while it is not there yet",
        _replication,
        unclear="the new user could be read at once, which does not refute it",
    ),
    shows(
        "skeleton-first",
        ("create", "read"),
        "readable before its mobilePhone is there",
        _skeleton,
        unclear="the first read showed the mobilePhone, which does not refute it",
    ),
    needs=(READ_USERS, WRITE_USERS, WRITE_PHONES),
)
async def user_creation(bench: Bench) -> None:
    """The account is enabled, as are those that the app writes to. Its password is sent once and kept nowhere."""
    for domain in bench.tenant.domains:
        created = await _create(bench, domain)
        identifier = created.field("id")
        if created.status == 201 and isinstance(identifier, str):
            bench.tenant.user_id = identifier
            return await _wait_for_it(bench)
        if created.status != 400:
            break
    raise NotTried("the user could not be created")


async def _create(bench: Bench, domain: str) -> Answer:
    """Ask for a user in a domain; one that is federated refuses, and then the initial domain is tried."""
    name = _new_name()
    principal = f"{name}@{domain}"
    bench.session.ours.announced_names.add(principal)
    bench.tenant.user_name = principal
    bench.tenant.created_at = time.monotonic()
    body = {
        "accountEnabled": True,
        "displayName": "MFA Prefill verification (delete me)",
        "mailNickname": name,
        "userPrincipalName": principal,
        "mobilePhone": MOBILE.spaced,
        "usageLocation": "DE",
        "passwordProfile": {
            "forceChangePasswordNextSignIn": True,
            "password": f"{secrets.token_urlsafe(PASSWORD_BYTES)}aA1!",
        },
    }
    return await bench.ask("create", "POST", "/users", body)


async def _wait_for_it(bench: Bench) -> None:
    path = f"{bench.user}?$select=id,mobilePhone"
    first = await bench.ask("first-read", "GET", path)
    misses = 0 if first.ok else 1
    bench.measure("seconds until the user could be read", await bench.until("GET", path, lambda answer: answer.ok))
    bench.measure("first reads that were a 404", misses)
    await bench.ask("read", "GET", path)
    shown = await bench.until("GET", path, lambda answer: answer.field("mobilePhone") is not None)
    bench.measure("more seconds until mobilePhone was there", shown)
    methods = await bench.until("GET", bench.phones, lambda answer: answer.ok)
    bench.measure("more seconds until phoneMethods answered", methods)


def _is_member(trace: Trace) -> bool:
    answer = trace["read"]
    return answer.field("userType") == "Member" and isinstance(answer.field("accountEnabled"), bool)


@check(
    "user-shape",
    "The userType and the accountEnabled of a new user",
    shows("null-user-type", "read", "userType Member, accountEnabled true or false", _is_member),
    needs=(READ_USERS,),
)
async def user_shape(bench: Bench) -> None:
    """One read."""
    await bench.ask("read", "GET", f"{bench.user}?$select=id,userType,accountEnabled,externalUserState")


def _selects(trace: Trace) -> bool:
    return trace["restricted"].ok


def _refuses(answer: Answer) -> bool:
    return answer.status == 400


@check(
    "select-names",
    "Names in $select: one that the metadata has, and one that it has not",
    shows("management-restricted-selectable", "restricted", "200", _selects),
    shows("unknown-select-400", "unknown", "400", lambda trace: _refuses(trace["unknown"])),
    needs=(READ_USERS,),
)
async def select_names(bench: Bench) -> None:
    """Two reads."""
    await bench.ask("restricted", "GET", f"{bench.user}?$select=id,isManagementRestricted")
    await bench.ask("unknown", "GET", f"{bench.user}?$select=id,noSuchPropertyAsThis")
