"""From a request to its answer: fault, token, address, role, quota, rule, journal. Direct and inner requests alike."""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Awaitable
from dataclasses import replace

from dev.graph_simulator.answers import answer_problems
from dev.graph_simulator.auth import read_caller
from dev.graph_simulator.batch import is_batch, refuse_nested, run_batch
from dev.graph_simulator.clock import SECONDS_PER_HOUR
from dev.graph_simulator.costs import cost_of
from dev.graph_simulator.directory import lookup
from dev.graph_simulator.errors import (
    GraphError,
    directory_denied,
    methods_denied,
    pim_denied,
    segment_not_found,
    subscription_denied,
)
from dev.graph_simulator.exchange import NOBODY, GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.fault_answers import spoiled_after, spoiled_before
from dev.graph_simulator.faults import Effect
from dev.graph_simulator.flips import answered
from dev.graph_simulator.model import User
from dev.graph_simulator.strict import refuse_undeclared
from dev.graph_simulator.switches import Switches
from dev.graph_simulator.tenant import Tenant
from dev.graph_simulator.urls import (
    METHODS,
    PIM,
    ROLES,
    SUBSCRIPTIONS,
    Route,
    first_unknown,
    parameters,
    split_path,
    system_segment,
)

HANG_SECONDS = SECONDS_PER_HOUR


class Dispatcher:
    """Answers requests for one tenant."""

    def __init__(self, tenant: Tenant, routes: tuple[Route, ...]) -> None:
        self._tenant = tenant
        self._routes = routes
        self._by_shape: defaultdict[tuple[str, str, int], list[Route]] = defaultdict(list)
        for route in routes:
            for version in route.addresses:
                self._by_shape[route.method, version, len(route.segments)].append(route)

    async def __call__(self, request: GraphRequest) -> GraphResponse:
        """The answer to one direct or inner request."""
        tenant = self._tenant
        tenant.settle()
        if request.inner:
            request = replace(request, request_id=str(uuid.uuid4()))
        segments = split_path(request.path)
        route, params = self._match(request, segments)
        request = replace(request, params=params)
        user = self._user(segments)
        effect = tenant.faults.choose(
            request.method, f"/{request.version}{request.path}", _keys(user, segments), request.inner, tenant.random
        )
        if effect and effect.delay_seconds:
            await asyncio.sleep(effect.delay_seconds)
        if effect and effect.hang:
            await asyncio.sleep(HANG_SECONDS)
        return await self._perform(request, route, segments, user, effect)

    async def _perform(
        self,
        request: GraphRequest,
        route: Route | None,
        segments: tuple[str, ...],
        user: User | None,
        effect: Effect | None,
    ) -> GraphResponse:
        tenant = self._tenant
        before = user.snapshot() if user else None
        spoiled = spoiled_before(effect, request, tenant.now())
        if spoiled is None:
            answer = await answered(tenant, request, lambda: self._checked(request, route, segments))
            sent = spoiled_after(effect, answer, request, tenant.now())
        else:
            answer = sent = spoiled
        if route and route.operation:
            target = user or self._user(segments)
            tenant.journal.write(
                tenant.now(),
                "app",
                route.operation,
                user.id if user else params_user(request),
                caller=self._caller_id(request),
                request=_noted_fields(request),
                before=before,
                after=target.snapshot() if target else None,
                status=answer.status,
                sent=0 if sent.cut else sent.status,
                call=f"{request.method} /{request.version}{request.path}",
                request_id=request.request_id,
                exchange=request.exchange,
            )
        elif sent.status == 200 and not sent.cut:
            tenant.journal.read(tenant.now(), self._caller_id(request), request.exchange, sent.observed)
        return self._finished(request, route, sent)

    async def _checked(self, request: GraphRequest, route: Route | None, segments: tuple[str, ...]) -> GraphResponse:
        """The answer, held against Microsoft's models where that is wanted."""
        answer = await self._answered(request, route, segments)
        if self._tenant.findings.wanted and not answer.cut:
            template = route.template if route else request.path
            what = f"{request.method} /{request.version}{template} {answer.status}"
            self._tenant.findings.note(what, answer_problems(request, route, answer))
        return answer

    async def _answered(self, request: GraphRequest, route: Route | None, segments: tuple[str, ...]) -> GraphResponse:
        tenant = self._tenant
        try:
            return await self._rules(request, route, segments)
        except GraphError as refusal:
            client_request_id = request.headers.get("client-request-id") or request.request_id
            return refusal.response(request.request_id, client_request_id, tenant.now())

    async def _rules(self, request: GraphRequest, route: Route | None, segments: tuple[str, ...]) -> GraphResponse:
        tenant = self._tenant
        caller = read_caller(
            request.headers,
            request.base_url,
            tenant.id,
            tenant.clock.real(),
            lenient=tenant.switches.lenient_audience,
        )
        request = replace(request, caller=caller)
        if is_batch(request.path):
            if request.inner:
                raise refuse_nested()
            return await run_batch(tenant, request, self)
        if route is None:
            raise self._no_such_address(request, segments)
        if not route.opens_to(caller.roles):
            raise _denied(route, tenant.switches)
        self._note_haste(request, route)
        tenant.throttle.charge(caller.app_id, tenant.id, cost_of(request, route), tenant.switches, tenant.now())
        refuse_undeclared(request, route)
        self._refuse_restricted(route, segments)
        answer = route.handler(tenant, request)
        return await answer if isinstance(answer, Awaitable) else answer

    def _match(self, request: GraphRequest, segments: tuple[str, ...]) -> tuple[Route | None, dict[str, str]]:
        if system_segment(request.path):
            return None, {}
        for route in self._by_shape[request.method, request.version, len(segments)]:
            found = parameters(route, segments)
            if found is not None:
                return route, found
        return None, {}

    def _no_such_address(self, request: GraphRequest, segments: tuple[str, ...]) -> GraphError:
        if system_segment(request.path):
            return segment_not_found(system_segment(request.path))
        known = any(
            request.version in route.addresses and parameters(route, segments) is not None for route in self._routes
        )
        if known:
            # [assume: wrong-method-405]
            return GraphError(405, "Request_BadRequest", "Specified HTTP method is not allowed for the request target.")
        return segment_not_found(first_unknown(self._routes, request.version, segments))

    def _refuse_restricted(self, route: Route, segments: tuple[str, ...]) -> None:
        """Application permissions do not reach users in restricted management units ([assume: restricted-unit-403]).

        https://learn.microsoft.com/entra/identity/role-based-access-control/admin-units-restricted-management#programmability
        """
        user = self._user(segments) if route.operation else None
        if user and user.is_restricted and self._tenant.switches.restricted_units_refuse:
            raise _denied(route, self._tenant.switches)

    def _user(self, segments: tuple[str, ...]) -> User | None:
        if len(segments) < 2 or segments[0].casefold() != "users":
            return None
        return lookup(self._tenant, segments[1])

    def _caller_id(self, request: GraphRequest) -> str:
        tenant = self._tenant
        try:
            caller = read_caller(request.headers, request.base_url, tenant.id, 0.0, lenient=True)
        except GraphError:
            caller = NOBODY
        return caller.app_id

    def _note_haste(self, request: GraphRequest, route: Route) -> None:
        """Count requests of a caller that was told to wait."""
        tenant, app_id = self._tenant, request.caller.app_id
        if route.family != SUBSCRIPTIONS and tenant.throttle.asked_to_wait(app_id, tenant.now()):
            tenant.stats.early_after_throttle += 1
            tenant.journal.write(
                tenant.now(),
                "app",
                "request.early",
                caller=app_id,
                call=f"{request.method} /{request.version}{request.path}",
            )

    def _finished(self, request: GraphRequest, route: Route | None, sent: GraphResponse) -> GraphResponse:
        """Add the headers every answer has and count it."""
        tenant = self._tenant
        template = "/$batch" if is_batch(request.path) else route.template if route else "/(unknown)"
        tenant.stats.count(f"{request.method} /{request.version}{template}", 0 if sent.cut else sent.status)
        if not (request.inner or sent.cut):
            self._note_waits(request, sent)
        headers = dict(sent.headers)
        headers["request-id"] = request.request_id
        headers["client-request-id"] = request.headers.get("client-request-id") or request.request_id
        if route and route.family not in {METHODS, ROLES, PIM}:
            headers["x-ms-resource-unit"] = str(cost_of(request, route).units)
        return replace(sent, headers=headers)

    def _note_waits(self, request: GraphRequest, sent: GraphResponse) -> None:
        """Note how long the caller was told to wait. An answer that was cut off has told nobody."""
        tenant, inner = self._tenant, (sent.body or {}).get("responses", ()) if is_batch(request.path) else ()
        for status, headers in [(sent.status, sent.headers), *((one["status"], one["headers"]) for one in inner)]:
            if status == 429:
                tenant.throttle.note_429(self._caller_id(request), headers.get("Retry-After"), tenant.now())


_SUBSCRIPTION_WRITES = {"POST": "Create", "PATCH": "Update"}
"""Reading and deleting subscriptions was not seen refused: [assume: subscription-reads-denied]."""


def _denied(route: Route, switches: Switches) -> GraphError:
    """The refusal of a call whose token lacks the role; each service has its own."""
    if route.family == PIM:
        return pim_denied(name for needed in route.roles for name in needed)
    if route.family == METHODS:
        return methods_denied()
    if route.family == SUBSCRIPTIONS and route.method in _SUBSCRIPTION_WRITES:
        return subscription_denied(_SUBSCRIPTION_WRITES[route.method], switches.subscription_denied_as_401)
    return directory_denied()


def params_user(request: GraphRequest) -> str:
    """The user a path names although no such user exists."""
    return request.params.get("user", "")


def _noted_fields(request: GraphRequest) -> JsonObject:
    """The body for the journal; for a subscription its id belongs to it."""
    subscription = request.params.get("subscription")
    return {**request.fields(), "id": subscription} if subscription else request.fields()


def _keys(user: User | None, segments: tuple[str, ...]) -> frozenset[str]:
    keys = {segments[1].casefold()} if len(segments) > 1 and segments[0].casefold() == "users" else set()
    if user:
        keys |= {user.id, user.principal_name.casefold()}
    return frozenset(keys)
