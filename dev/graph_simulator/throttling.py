"""Quotas: sliding windows for writes, resource units, authentication-method calls and role-management calls.

https://learn.microsoft.com/graph/throttling-limits (Identity and access). All are off until a switch sets them.
"""

import re
from collections import defaultdict, deque
from dataclasses import dataclass
from math import ceil

from dev.graph_simulator.errors import GraphError
from dev.graph_simulator.switches import Switches

WRITE, RESOURCE_UNIT, METHOD = "WriteLimitExceeded", "ResourceUnitLimitExceeded", "CPULimitExceeded"
ROLE = "role management"
"""The quota of role management shows no name of its own."""
SHORTEST_WAIT_SECONDS = 1.0
HASTE_GRACE_SECONDS = 0.25
"""Requests that were under way when the first 429 went out are not held against the caller."""
HASTE_TOLERANCE_SECONDS = 0.05
_SECONDS = re.compile(r"[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Cost:
    """What one request costs: resource units, writes, calls of the authentication-method services and of role
    management. A service other than the directory does not name the caller in its 429.
    """

    units: int
    writes: int = 0
    method_calls: int = 0
    role_calls: int = 0
    directory: bool = True


class Throttle:
    """Spent quota per app. Rejected requests count as well, as Microsoft says."""

    def __init__(self) -> None:
        self._spent: defaultdict[tuple[str, str], deque[tuple[float, float]]] = defaultdict(deque)
        self.deadlines: dict[str, tuple[float, float]] = {}

    def charge(self, app_id: str, tenant_id: str, cost: Cost, switches: Switches, now: float) -> None:
        """Book `cost` on the app; raises the 429 when a quota is used up."""
        spent = (
            (WRITE, cost.writes, switches.write_quota),
            (RESOURCE_UNIT, cost.units, switches.resource_unit_quota),
            (METHOD, cost.method_calls, switches.method_quota),
            (ROLE, cost.role_calls, switches.role_quota),
        )
        for name, amount, (limit, seconds) in spent:
            if limit and amount:
                wait = self._book(name, app_id, amount, limit, seconds, now)
                if wait:
                    headers = _retry_after(wait, switches)
                    raise _exhausted(name, app_id, tenant_id, cost, headers)

    def _book(self, name: str, app_id: str, amount: float, limit: float, seconds: float, now: float) -> float:
        """Seconds to wait, 0 when the request fits."""
        window = self._spent[name, app_id]
        while window and window[0][0] <= now - seconds:
            window.popleft()
        window.append((now, amount))
        if sum(spent for _, spent in window) <= limit:
            return 0.0
        return max(SHORTEST_WAIT_SECONDS, window[0][0] + seconds - now)

    def note_429(self, app_id: str, retry_after: str | None, now: float) -> None:
        """Remember when and until when the caller was asked to wait."""
        if retry_after is not None and _SECONDS.fullmatch(retry_after):
            noted, deadline = self.deadlines.get(app_id, (now, 0.0))
            if deadline <= now:
                noted = now
            self.deadlines[app_id] = (noted, max(deadline, now + float(retry_after)))

    def asked_to_wait(self, app_id: str, now: float) -> bool:
        """Whether the caller knows that it should still be waiting."""
        noted, deadline = self.deadlines.get(app_id, (0.0, 0.0))
        return noted + HASTE_GRACE_SECONDS < now < deadline - HASTE_TOLERANCE_SECONDS


def _retry_after(wait: float, switches: Switches) -> dict[str, str]:
    """The header; decimals have been seen inside batches.

    https://github.com/microsoftgraph/microsoft-graph-docs/issues/3877
    """
    if not switches.throttle_retry_after:
        return {}
    return {"Retry-After": f"{wait:.3f}" if switches.decimal_retry_after else str(ceil(wait))}


def _exhausted(name: str, app_id: str, tenant_id: str, cost: Cost, headers: dict[str, str]) -> GraphError:
    if name == ROLE:
        return role_management_busy(headers)
    headers = {
        "x-ms-throttle-scope": f"Tenant_Application/ReadWrite/{app_id}/{tenant_id}",
        "x-ms-throttle-information": name,
        "x-ms-throttle-limit-percentage": "1.1",
        **headers,
    }
    return directory_busy(app_id, headers) if cost.directory else too_many_requests(headers)


def directory_busy(app_id: str, headers: dict[str, str]) -> GraphError:
    """The directory's 429, which names the caller: https://github.com/jsa2/AADAppAudit/issues/9"""
    text = f"Too many requests from Identifier:{app_id} under category:aadgraph.app.tenant_large. "
    return GraphError(429, "TooManyRequests", f"{text}Please try again later.", headers)


def too_many_requests(headers: dict[str, str]) -> GraphError:
    """The 429 of https://learn.microsoft.com/graph/throttling ([assume: throttle-body])."""
    return GraphError(429, "TooManyRequests", "Too many requests. Please retry after some time.", headers)


def role_management_busy(headers: dict[str, str]) -> GraphError:
    """The 429 of role management: https://github.com/cisagov/ScubaGear/issues/2157 · [assume: role-quota]"""
    return GraphError(429, "UnknownError", "Too Many Requests", headers)
