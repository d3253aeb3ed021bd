"""What a request costs.

https://learn.microsoft.com/graph/throttling-limits (Identity and access)
"""

from dev.graph_simulator.exchange import GraphRequest
from dev.graph_simulator.throttling import Cost
from dev.graph_simulator.urls import METHODS, PIM, ROLES, SUBSCRIPTIONS, Route

MUTATING = frozenset({"POST", "PATCH", "PUT", "DELETE"})


def cost_of(request: GraphRequest, route: Route) -> Cost:
    """Resource units, writes, authentication-method and role-management calls ([assume: method-calls-quota])."""
    if route.family == METHODS:
        return Cost(0, int(request.method in MUTATING), 1, directory=False)
    if route.family in {ROLES, PIM}:
        return Cost(0, role_calls=1, directory=False)
    if route.family == SUBSCRIPTIONS:
        return Cost(0)
    if request.method in MUTATING:
        return Cost(1, int(bool(route.operation)))
    units = 2 if route.template == "/users" else 1
    top = request.query.get("$top", "")
    units -= int("$select" in request.query) + int(top.isdigit() and int(top) < 20)
    return Cost(max(1, units))
