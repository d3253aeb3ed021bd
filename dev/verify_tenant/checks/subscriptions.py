"""Subscriptions that need no endpoint: what is refused, and what is not there."""

from datetime import UTC, datetime, timedelta

from dev.verify_tenant.bench import Bench
from dev.verify_tenant.check import Expectation, Trace, answers, check, shows
from dev.verify_tenant.exchange import Answer, Json
from dev.verify_tenant.permissions import SUBSCRIBE

CAP = timedelta(minutes=41_760)
"""https://learn.microsoft.com/graph/change-notifications-overview#subscription-lifetime"""
APP_LIFE = CAP - timedelta(hours=25)
"""What the app asks for: shared/subscription_rules.py."""
LONG_CLIENT_STATE = 200
HANDSHAKE = "validation request"


def until_moment(life: timedelta) -> str:
    """The expiry of a subscription made now."""
    return (datetime.now(UTC) + life).strftime("%Y-%m-%dT%H:%M:%SZ")


def draft(bench: Bench, **changes: object) -> Json:
    """A good subscription, with changes: on the throw-away user, so that it is no twin of the run's own on users.

    Without an endpoint its URL leads nowhere, and still carries what marks this run.
    """
    run = bench.session.ours.run
    url = bench.webhook.address() if bench.webhook else f"{bench.options.unreachable_url}?run={run}"
    body: Json = {
        "changeType": "updated",
        "notificationUrl": url,
        "resource": f"users/{bench.tenant.user_id}",
        "expirationDateTime": until_moment(timedelta(hours=1)),
        "clientState": bench.webhook.client_state if bench.webhook else "verify",
        "latestSupportedTlsVersion": "v1_2",
    }
    return body | changes


def unreachable(bench: Bench) -> Json:
    """A subscription whose endpoint is not there."""
    return draft(bench, notificationUrl=f"{bench.options.unreachable_url}?run={bench.session.ours.run}")


def failed_handshake(answer: Answer) -> bool:
    """Whether a subscription was refused because its endpoint did not answer as it must."""
    return answer.status == 400 and HANDSHAKE in answer.message.lower()


def _refused(assumption: str, label: str, code: str = "") -> Expectation:
    """Expect a 400. One about the handshake tells nothing: then the handshake was tried before the rules."""

    def holds(trace: Trace) -> bool | None:
        answer = trace[label]
        if failed_handshake(answer):
            return None
        return answer.status == 400 and (not code or answer.code == code)

    words = f"400 {code}".strip()
    return shows(assumption, label, words, holds, unclear="the handshake was tried first: give --notification-url")


@check(
    "subscription-refusals",
    "Subscriptions that break a rule",
    _refused("created-refused", "created"),
    _refused("filtered-resource-400", "filtered"),
    _refused("long-client-state-400", "client-state"),
    _refused("expiry-cap-code", "too-long", "ExtensionError"),
    _refused("past-expiry-400", "past"),
    needs=(SUBSCRIBE,),
)
async def subscription_refusals(bench: Bench) -> None:
    """What is accepted all the same is deleted at once."""
    changes: tuple[tuple[str, Json], ...] = (
        ("created", {"changeType": "created"}),
        ("filtered", {"resource": "users?$filter=accountEnabled eq true"}),
        ("client-state", {"clientState": "x" * LONG_CLIENT_STATE}),
        ("too-long", {"expirationDateTime": until_moment(CAP + timedelta(hours=2))}),
        ("past", {"expirationDateTime": until_moment(timedelta(hours=-1))}),
    )
    for label, change in changes:
        await drop(bench, await bench.ask(label, "POST", "/subscriptions", draft(bench, **change)))


async def drop(bench: Bench, created: Answer) -> None:
    """Delete a subscription that was made; nothing where none was."""
    identifier = created.field("id")
    if created.status == 201 and isinstance(identifier, str):
        await bench.prepare("DELETE", f"/subscriptions/{identifier}", fits=(404,))


@check(
    "handshake-failure",
    "A subscription whose endpoint does not answer",
    shows(
        "handshake-text",
        "create",
        f"400 with the words `{HANDSHAKE}`",
        lambda trace: failed_handshake(trace["create"]),
        conclusive=(504,),
    ),
    needs=(SUBSCRIBE,),
)
async def handshake_failure(bench: Bench) -> None:
    """The host name is reserved for never being there."""
    await drop(bench, await bench.ask("create", "POST", "/subscriptions", unreachable(bench)))


@check(
    "subscription-unknown",
    "Reading, renewing and deleting a subscription that does not exist",
    answers("unknown-subscription-404", ("read", "renew", "delete"), 404),
    needs=(SUBSCRIBE,),
)
async def subscription_unknown(bench: Bench) -> None:
    """Three requests with an id that nothing has."""
    path = f"/subscriptions/{bench.stranger()}"
    await bench.ask("read", "GET", path)
    await bench.ask("renew", "PATCH", path, {"expirationDateTime": until_moment(timedelta(hours=1))})
    await bench.ask("delete", "DELETE", path)
