"""/sim/flips: which assumptions are turned round."""

from collections.abc import Callable

from aiohttp import web

from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.flips import FLIPS, known_flips
from dev.graph_simulator.tenant import Tenant

type Answer = tuple[int, object]
type Control = Callable[[Tenant, web.Request, JsonObject], Answer]


def _show(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request, given
    return 200, {"flipped": sorted(tenant.flipped), "known": sorted(FLIPS)}


def _put(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """`{"flipped": ["phone-exists-400"]}` replaces what was flipped before."""
    names = given.get("flipped", [])
    if not isinstance(names, list):
        raise TypeError("flipped: give a list of assumption ids")
    tenant.flipped = known_flips(map(str, names))
    return _show(tenant, request, given)


ROUTES: tuple[tuple[str, str, Control], ...] = (("GET", "/sim/flips", _show), ("PUT", "/sim/flips", _put))
