"""Subscriptions and notifications: possible with an endpoint only (--notification-url)."""

import re
import time
from datetime import datetime, timedelta

from dev.verify_tenant.bench import BETA, Bench, mobile
from dev.verify_tenant.check import NotTried, Trace, answers, check, shows
from dev.verify_tenant.checks.subscriptions import APP_LIFE, draft, drop, until_moment
from dev.verify_tenant.exchange import Answer, Json
from dev.verify_tenant.numbers import OTHER_MOBILE
from dev.verify_tenant.permissions import SUBSCRIBE, WRITE_PHONES, WRITE_STATE, WRITE_USERS
from dev.verify_tenant.webhook import WRONG_TYPE, Webhook

WITH_ENDPOINT = "notification_url"
USERS = "users"
"""The resource that the app subscribes to."""


def endpoint(bench: Bench) -> Webhook:
    """The endpoint. Raises NotTried without one."""
    if bench.webhook is None:
        raise NotTried("there is no endpoint")
    return bench.webhook


def _own(bench: Bench) -> str:
    if not bench.tenant.subscription_id:
        raise NotTried("the subscription of this run could not be made")
    return f"/subscriptions/{bench.tenant.subscription_id}"


@check(
    "subscription-create",
    "A subscription on users, for as long as the app asks for",
    answers("expiry-margin", "create", 201),
    needs=(SUBSCRIBE,),
    option=WITH_ENDPOINT,
)
async def subscription_create(bench: Bench) -> None:
    """Made before the user, so that the user's creation is heard of; deleted at the end of the run."""
    body = draft(bench, resource=USERS, expirationDateTime=until_moment(APP_LIFE))
    created = await bench.ask("create", "POST", "/subscriptions", body)
    if created.status == 201:
        bench.tenant.subscription_id = str(created.field("id"))
    if created.status == 409:
        raise NotTried("this identity has a subscription on users already; it was not touched")


REQUIRED = ("changeType", "clientState", "resource", "subscriptionId", "subscriptionExpirationDateTime", "tenantId")
USER_RESOURCE = re.compile(r"/?users/[0-9a-f-]{36}/?", re.IGNORECASE)


@check(
    "creation-notifications",
    "What notifications the creation of one user raises",
    shows(
        "creation-fans-out",
        (),
        "more than one item",
        lambda trace: trace.facts.get("more than one item"),
    ),
    shows(
        "user-payload-shape",
        (),
        f"{', '.join(REQUIRED)}, and resourceData with id and type",
        lambda trace: trace.facts.get("all items have the fields"),
    ),
    needs=(SUBSCRIBE,),
    option=WITH_ENDPOINT,
    long=True,
)
async def creation_notifications(bench: Bench) -> None:
    """Waits for the first item, and then until no more come."""
    webhook, user = endpoint(bench), bench.tenant.user_id
    _own(bench)
    options = bench.options
    if await webhook.hear(user, 0.0, options.patience, options.poll_seconds) is None:
        raise NotTried("no notification about the new user came in time")
    first = webhook.about(user)[0]
    bench.measure("seconds from creation to its first notification", first.at - bench.tenant.created_at)
    await webhook.quiet(user, options.quiet_seconds, options.poll_seconds)
    count = len(webhook.about(user))
    bench.measure("items about the creation", count)
    bench.fact("more than one item", count > 1)
    bench.fact("all items have the fields", all(_is_complete(item.body) for item in webhook.about(user)))


def _is_complete(item: Json) -> bool:
    data = item.get("resourceData")
    about_user = isinstance(data, dict) and bool(data.get("id")) and str(data.get("@odata.type", "")).lower() == _TYPE
    has_all = all(isinstance(item.get(name), str) for name in REQUIRED)
    return about_user and has_all and bool(USER_RESOURCE.fullmatch(str(item.get("resource"))))


_TYPE = "#microsoft.graph.user"


def _is_twin(trace: Trace) -> bool:
    answer = trace["twin"]
    named = re.search(r"(?<![<\w-])[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![>\w-])", answer.message.lower())
    return answer.status == 409 and answer.code == "ObjectIdentifierInUse" and named is not None


def _moved(trace: Trace) -> bool | None:
    return trace.facts.get("the answer has the new expiry")


@check(
    "subscription-rules",
    "A twin, a renewal, other changes, created in a list, reauthorize, a handshake of the wrong type",
    shows("twin-code", "twin", "409 ObjectIdentifierInUse, the id without brackets", _is_twin),
    answers("twin-normalised", "slash-twin", 409),
    shows(
        "get-hides-client-state",
        "read",
        "200 without the clientState",
        lambda trace: trace["read"].ok and trace["read"].field("clientState") is None,
    ),
    answers("patch-other-fields-400", "lifecycle", 400),
    shows("renewal-moves-expiry", "renew", "200 with the new expiry", _moved),
    shows(
        "patched-url-revalidated",
        "url",
        "200 after a handshake",
        lambda trace: trace["url"].ok and trace.facts.get("the new URL was proved", False),
    ),
    answers("created-in-a-list", "list", 201),
    answers("reauthorize-204", "reauthorize", 204),
    answers("handshake-content-type-checked", "wrong-type", 400),
    needs=(SUBSCRIBE,),
    option=WITH_ENDPOINT,
)
async def subscription_rules(bench: Bench) -> None:
    """On the subscription of this run, and on others that are deleted at once."""
    own = _own(bench)
    await drop(bench, await bench.ask("twin", "POST", "/subscriptions", draft(bench, resource=USERS)))
    slashed = draft(bench, resource=f"/{USERS}")
    await drop(bench, await bench.ask("slash-twin", "POST", "/subscriptions", slashed))
    await bench.ask("read", "GET", own)
    await bench.ask("lifecycle", "PATCH", own, {"lifecycleNotificationUrl": endpoint(bench).address("lifecycle")})
    await _renew(bench, own)
    await _move(bench, own)
    types = draft(bench, resource=USERS, changeType="created,updated")
    await drop(bench, await bench.ask("list", "POST", "/subscriptions", types))
    await _reauthorize(bench)
    wrong = draft(bench, changeType="deleted", notificationUrl=endpoint(bench).address(WRONG_TYPE))
    await drop(bench, await bench.ask("wrong-type", "POST", "/subscriptions", wrong))


async def _renew(bench: Bench, own: str) -> None:
    wanted = until_moment(APP_LIFE - timedelta(hours=1))
    renewed = await bench.ask("renew", "PATCH", own, {"expirationDateTime": wanted})
    shown = _moment(renewed)
    if shown is not None:
        bench.fact("the answer has the new expiry", abs(shown - datetime.fromisoformat(wanted)) < timedelta(minutes=1))


def _moment(answer: Answer) -> datetime | None:
    """The expiry; Graph writes seven digits of a second, Python reads six."""
    text = answer.field("expirationDateTime")
    if not isinstance(text, str):
        return None
    try:
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
    except ValueError:
        return None


async def _move(bench: Bench, own: str) -> None:
    """Another URL of the same endpoint; notifications arrive there as well."""
    webhook = endpoint(bench)
    before = len(webhook.handshakes)
    await bench.ask("url", "PATCH", own, {"notificationUrl": webhook.address("moved")})
    bench.fact("the new URL was proved", len(webhook.handshakes) > before)


async def _reauthorize(bench: Bench) -> None:
    """On a subscription of its own: Graph wants no PATCH within ten minutes of it."""
    made = await bench.prepare("POST", "/subscriptions", draft(bench))
    await bench.ask("reauthorize", "POST", f"/subscriptions/{made.field('id')}/reauthorize")
    await drop(bench, made)


_NOTIFIED = ("a phone write raised a notification", "a state write raised a notification")


@check(
    "write-notifications",
    "Do a phone and an MFA state raise a notification?",
    shows(
        "auth-writes-notify",
        ("phone", "state"),
        "both raise `updated`",
        lambda trace: all(trace.facts[name] for name in _NOTIFIED) if set(_NOTIFIED) <= set(trace.facts) else None,
        unclear="a change of a property raised none either",
    ),
    needs=(SUBSCRIBE, WRITE_USERS, WRITE_PHONES, WRITE_STATE),
    option=WITH_ENDPOINT,
    long=True,
)
async def write_notifications(bench: Bench) -> None:
    """A property first, which must raise one: it says how long to wait for the others."""
    _own(bench)
    await bench.without_phones()
    await _quiet(bench)
    usual = await _notified(bench, bench.options.patience, "property", "PATCH", bench.user, {"usageLocation": "CH"})
    if usual is None:
        raise NotTried("a change of usageLocation raised no notification in time")
    bench.measure("seconds until a changed property was notified", usual)
    seconds = min(max(3 * usual, bench.options.quiet_seconds), bench.options.patience)
    await _quiet(bench)
    phone = await _notified(bench, seconds, "phone", "POST", bench.phones, mobile(OTHER_MOBILE.spaced))
    await _quiet(bench)
    path, body = bench.authentication("requirements"), {"perUserMfaState": "enabled"}
    state = await _notified(bench, seconds, "state", "PATCH", path, body, BETA)
    for name, waited in zip(_NOTIFIED, (phone, state), strict=True):
        bench.fact(name, waited is not None)
        if waited is not None:
            bench.measure(f"seconds until {name}", waited)
    await bench.prepare("PATCH", path, {"perUserMfaState": "disabled"}, version=BETA)


async def _notified(
    bench: Bench, seconds: float, label: str, method: str, path: str, body: Json, version: str = "v1.0"
) -> float | None:
    """Write, and wait for a notification about the user."""
    webhook, since = endpoint(bench), time.monotonic()
    await bench.ask(label, method, path, body, version=version)
    return await webhook.hear(bench.tenant.user_id, since, seconds, bench.options.poll_seconds)


async def _quiet(bench: Bench) -> None:
    """Wait until nothing more comes about what was written before."""
    await endpoint(bench).quiet(bench.tenant.user_id, bench.options.quiet_seconds, bench.options.poll_seconds)
