"""The /sim/ door: what a test or a demo does to the tenant, and what it may look at. No authentication."""

import json
from collections.abc import Awaitable, Callable
from dataclasses import fields

from aiohttp import web

from dev.graph_simulator import control_faults, control_flips, control_users
from dev.graph_simulator.clock import iso_precise
from dev.graph_simulator.errors import NO_LICENCE_FORMS, GraphError
from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.journal import READ
from dev.graph_simulator.model import Subscription
from dev.graph_simulator.notices import raise_lifecycle
from dev.graph_simulator.properties import Unfit
from dev.graph_simulator.tenant import Tenant

LIFECYCLE_EVENTS = ("reauthorizationRequired", "subscriptionRemoved", "missed")

type Answer = tuple[int, object]
type Control = Callable[[Tenant, web.Request, JsonObject], Answer]


def add_control_routes(app: web.Application, tenant: Tenant) -> None:
    """Mount every /sim/ address."""
    for method, path, action in (*_ROUTES, *control_faults.ROUTES, *control_flips.ROUTES, *control_users.ROUTES):
        app.router.add_route(method, path, _handler(tenant, action))


def _handler(tenant: Tenant, action: Control) -> Callable[[web.Request], Awaitable[web.Response]]:
    async def handle(request: web.Request) -> web.Response:
        tenant.settle()
        try:
            raw = await request.read()
            given = json.loads(raw) if raw else {}
            if not isinstance(given, dict):
                return _json(400, {"error": "a JSON object is expected"})
            status, value = action(tenant, request, given)
        except GraphError as refusal:
            return _json(refusal.status, {"error": refusal.message, "code": refusal.code})
        except (Unfit, ValueError, TypeError) as problem:
            return _json(400, {"error": str(problem)})
        return _json(status, value)

    return handle


def _json(status: int, value: object) -> web.Response:
    if value is None:
        return web.Response(status=status)
    return web.json_response(value, status=status)


def _health(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request, given
    return 200, {"status": "ok", "tenant": tenant.id, "users": len(tenant.users), "now": iso_precise(tenant.now())}


def _reset(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """Empty tenant; an optional `seed` replaces the present one."""
    del request
    tenant.seed = int(given.get("seed", tenant.seed))
    tenant.reset()
    return 200, {"status": "empty", "seed": tenant.seed}


def _list_subscriptions(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request, given
    return 200, {"value": [_subscription(item) for item in tenant.subscriptions.values()]}


def _subscription(item: Subscription) -> JsonObject:
    values: JsonObject = {field.name: getattr(item, field.name) for field in fields(item)}
    return {**values, "expirationDateTime": iso_precise(item.expires_at)}


def _drop_subscription(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """The service loses a subscription and tells nobody."""
    del given
    found = tenant.subscriptions.pop(request.match_info["subscription"], None)
    return (204, None) if found else (404, {"error": "no such subscription"})


def _lifecycle(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """Send a lifecycle event for every subscription; `subscriptionRemoved` also removes it."""
    del request
    event = given.get("event")
    if event not in LIFECYCLE_EVENTS:
        raise ValueError(f"event: give one of {LIFECYCLE_EVENTS}")
    for item in list(tenant.subscriptions.values()):
        raise_lifecycle(tenant, item, event)
        if event == "subscriptionRemoved":
            del tenant.subscriptions[item.id]
    return 202, {"event": event}


def _notifications(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request, given
    return 200, tenant.outbox.as_json()


def _journal(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """`?reads=true` shows reads as well, `?user=` only one user, `?since=` only entries from that number on."""
    del given
    user, since = request.query.get("user", ""), int(request.query.get("since", "0"))
    reads = request.query.get("reads") == "true"
    shown = [
        entry.as_json()
        for entry in tenant.journal.entries[since:]
        if (reads or entry.actor != READ) and user in ("", entry.user)
    ]
    return 200, {"value": shown, "next": len(tenant.journal.entries)}


def _violations(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request, given
    verdict = tenant.oracle.catch_up(tenant.journal.entries)
    return 200, {
        "count": len(verdict.violations),
        "violations": [item.as_json() for item in verdict.violations],
        "races": [item.as_json() for item in verdict.races],
    }


def _stats(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request, given
    return 200, tenant.stats.as_json()


def _findings(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """What the simulator sent that does not fit Microsoft's description; nothing, unless the simulator is wrong."""
    del request, given
    tenant.settle()
    return 200, tenant.findings.as_json()


def _put_tenant(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """Tenant-wide facts; what is not named stays.

    `smsPolicyState`, `smsUsableForSignIn` and `systemPreferredState`: the authentication-methods policy.
    `groupParents` (group -> parents), `roleAssignableGroups`, `groupRoles` and `groupEligibleRoles` (group -> roles).
    `entraIdP2`: whether there is that licence; `noLicenceForm`: the form of the refusal without it (`code`,
    `otherCase`, `inMessage` or `wrapped`).
    """
    del request
    unknown = sorted(given.keys() - TENANT_FACTS)
    if unknown:
        raise ValueError(f"unknown facts {unknown}; known are {sorted(TENANT_FACTS)}")
    form = str(given.get("noLicenceForm", tenant.no_licence_form))
    if form not in {*NO_LICENCE_FORMS, "wrapped"}:
        raise ValueError(f"noLicenceForm: give one of {sorted(NO_LICENCE_FORMS)} or 'wrapped'")
    tenant.no_licence_form = form
    tenant.has_p2 = bool(given.get("entraIdP2", tenant.has_p2))
    tenant.sms_policy_state = str(given.get("smsPolicyState", tenant.sms_policy_state))
    tenant.sms_usable_for_sign_in = bool(given.get("smsUsableForSignIn", tenant.sms_usable_for_sign_in))
    tenant.system_preferred_state = str(given.get("systemPreferredState", tenant.system_preferred_state))
    _put_groups(tenant, given)
    return 200, {"smsPolicyState": tenant.sms_policy_state, "smsUsableForSignIn": tenant.sms_usable_for_sign_in}


TENANT_FACTS = frozenset(
    {
        "entraIdP2",
        "groupEligibleRoles",
        "groupParents",
        "groupRoles",
        "noLicenceForm",
        "roleAssignableGroups",
        "smsPolicyState",
        "smsUsableForSignIn",
        "systemPreferredState",
    }
)


def _put_groups(tenant: Tenant, given: JsonObject) -> None:
    for group, parents in given.get("groupParents", {}).items():
        tenant.group_parents[str(group).casefold()] = {str(parent).casefold() for parent in parents}
    if "roleAssignableGroups" in given:
        tenant.role_assignable_groups = {str(group).casefold() for group in given["roleAssignableGroups"]}
    for name, held in (("groupRoles", tenant.group_roles), ("groupEligibleRoles", tenant.group_eligible_roles)):
        for group, roles in given.get(name, {}).items():
            held[str(group).casefold()] = {str(role) for role in roles}


_ROUTES: tuple[tuple[str, str, Control], ...] = (
    ("GET", "/sim/health", _health),
    ("POST", "/sim/reset", _reset),
    ("GET", "/sim/subscriptions", _list_subscriptions),
    ("DELETE", "/sim/subscriptions/{subscription}", _drop_subscription),
    ("POST", "/sim/lifecycle", _lifecycle),
    ("GET", "/sim/notifications", _notifications),
    ("GET", "/sim/journal", _journal),
    ("GET", "/sim/violations", _violations),
    ("GET", "/sim/stats", _stats),
    ("GET", "/sim/findings", _findings),
    ("PUT", "/sim/tenant", _put_tenant),
)
