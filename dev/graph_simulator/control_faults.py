"""/sim/faults, /sim/clock and /sim/policy: what goes wrong, what time it is, what the oracle expects."""

from collections.abc import Callable

from aiohttp import web

from dev.graph_simulator.clock import iso_precise
from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.switches import Switches
from dev.graph_simulator.tenant import Tenant

type Answer = tuple[int, object]
type Control = Callable[[Tenant, web.Request, JsonObject], Answer]


def _show_faults(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request, given
    return 200, {"rules": tenant.faults.as_json(), "switches": tenant.switches.as_json()}


def _put_faults(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """Replace rules and switches: what is not named goes back to its default."""
    _change_faults(tenant, given, Switches(), given.get("rules", []))
    return _show_faults(tenant, request, given)


def _patch_faults(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """Change only what is named."""
    _change_faults(tenant, given, tenant.switches, given.get("rules"))
    return _show_faults(tenant, request, given)


def _change_faults(tenant: Tenant, given: JsonObject, base: Switches, rules: list[JsonObject] | None) -> None:
    named = {**given.get("switches", {}), **{key: value for key, value in given.items() if key not in _PARTS}}
    switches = base.changed(named)
    if rules is not None:
        tenant.faults.replace(rules)
    if named.get("expired_delta"):
        tenant.expired_before = tenant.now()
    tenant.switches = switches
    tenant.wake()


_PARTS = ("rules", "switches")


def _clear_faults(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request, given
    tenant.faults.replace([])
    tenant.switches = Switches()
    return 204, None


def _show_clock(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request, given
    return 200, {"now": iso_precise(tenant.now()), "epoch": tenant.now(), "skipped_seconds": tenant.clock.skipped}


def _move_clock(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    tenant.clock.advance(float(given.get("advance_seconds", 0)))
    tenant.settle()
    tenant.wake()
    return _show_clock(tenant, request, given)


def _show_policy(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request, given
    return 200, tenant.policy.as_json()


def _put_policy(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """Change the named fields; from now on the oracle measures against them."""
    tenant.policy = tenant.policy.changed(given)
    tenant.journal.write(tenant.now(), "policy", "policy.change", request=given)
    return _show_policy(tenant, request, given)


ROUTES: tuple[tuple[str, str, Control], ...] = (
    ("GET", "/sim/faults", _show_faults),
    ("PUT", "/sim/faults", _put_faults),
    ("PATCH", "/sim/faults", _patch_faults),
    ("DELETE", "/sim/faults", _clear_faults),
    ("GET", "/sim/clock", _show_clock),
    ("POST", "/sim/clock", _move_clock),
    ("GET", "/sim/policy", _show_policy),
    ("PUT", "/sim/policy", _put_policy),
)
