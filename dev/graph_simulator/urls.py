"""Which addresses exist, in which API version, and which application roles open them.

Versions, body and answer types and roles are Microsoft's (`dev.graph_schema`). Roles are app-only. One that Microsoft
limits to some properties of an object opens all of them here ([assume: partial-roles]).
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from urllib.parse import unquote

from dev.graph_schema.schema import VERSIONS, Address, Schema, permissions
from dev.graph_simulator import (
    delta,
    groups,
    methods,
    mfa_requirements,
    phone_methods,
    policies,
    roles,
    subscriptions,
    users,
)
from dev.graph_simulator.exchange import GraphRequest, GraphResponse
from dev.graph_simulator.tenant import Tenant

type Handler = Callable[[Tenant, GraphRequest], GraphResponse | Awaitable[GraphResponse]]

DIRECTORY, METHODS, ROLES, PIM, SUBSCRIPTIONS = "directory", "methods", "roles", "pim", "subscriptions"
"""Which service answers; it decides the words of a 403 and the quota."""

NO_OPTIONS = frozenset[str]()
SELECT = frozenset({"$select"})
PAGES = frozenset({"$select", "$top", "$skiptoken"})
LISTS = PAGES | {"$filter"}
TOKENS = frozenset({"$skiptoken", "$deltatoken"})
"""Options that links carry and no metadata names."""

FUNCTIONS = frozenset({"delta"})
"""Segments that call a function: `delta`, `delta()` and `microsoft.graph.delta()` are the same address.

https://learn.microsoft.com/graph/delta-query-overview · http://docs.oasis-open.org/odata/odata/v4.01/odata-v4.01-part2-url-conventions.html
"""

_KEY = re.compile(r"(\w+)\('((?:[^']|'')*)'\)")


@dataclass(frozen=True, slots=True)
class Route:
    """One address. `operation` names a write for the journal; empty for reads and for POSTs that only ask.

    `options`: the query options that are simulated, of those that Graph documents ([assume: list-options]).
    `roles`: sets of application roles, each of which opens the address. `addresses`: what Microsoft says of it, by API
    version. `words`: the fixed segments in lower case, None for the parameters, whose positions are `places`.
    """

    method: str
    template: str
    handler: Handler
    family: str
    operation: str
    options: frozenset[str]
    roles: tuple[frozenset[str], ...]
    addresses: Mapping[str, Address]
    segments: tuple[str, ...]
    words: tuple[str | None, ...]
    places: tuple[int, ...]

    def opens_to(self, roles: frozenset[str]) -> bool:
        """Whether a caller with these roles may pass."""
        return any(needed <= roles for needed in self.roles)


def _route(
    method: str,
    template: str,
    handler: Handler,
    family: str = DIRECTORY,
    operation: str = "",
    options: frozenset[str] = NO_OPTIONS,
) -> Route:
    found = {version: Schema.of(version).address(template) for version in VERSIONS}
    addresses = {version: address for version, address in found.items() if address and method in address.answers}
    opening = permissions(method, template)
    segments = tuple(template.strip("/").split("/"))
    words = tuple(None if segment.startswith("{") else segment.lower() for segment in segments)
    places = tuple(index for index, word in enumerate(words) if word is None)
    return Route(method, template, handler, family, operation, options, opening, addresses, segments, words, places)


def build_routes(webhooks: subscriptions.Subscriptions) -> tuple[Route, ...]:
    """Every address of the simulated Graph, fixed words before parameters."""
    return (*_directory_routes(), *_authentication_routes(), *_subscription_routes(webhooks))


def _directory_routes() -> tuple[Route, ...]:
    policy = "/policies/authenticationMethodsPolicy"
    management, governance = "/roleManagement/directory", "/identityGovernance/privilegedAccess/group"
    return (
        _route("GET", "/users", users.list_users, options=LISTS),
        _route("POST", "/users", users.post_user, operation="user.create"),
        _route("GET", "/users/delta", delta.get_delta, options=TOKENS | {"$select", "$filter"}),
        _route("GET", "/users/{user}", users.get_user, options=SELECT),
        _route("PATCH", "/users/{user}", users.patch_user, operation="user.update"),
        _route("DELETE", "/users/{user}", users.delete_user, operation="user.delete"),
        _route("POST", "/users/{user}/checkMemberGroups", groups.check_member_groups),
        _route("GET", "/users/{user}/transitiveMemberOf", groups.transitive_member_of, options=PAGES),
        _route("GET", "/groups", groups.list_groups, options=LISTS),
        _route("GET", f"{management}/roleAssignments", roles.role_assignments, ROLES, options=LISTS),
        _route("GET", f"{management}/roleEligibilitySchedules", roles.role_eligibilities, PIM, options=LISTS),
        _route(
            "GET",
            f"{governance}/eligibilitySchedules",
            roles.group_eligibilities,
            PIM,
            options=SELECT | {"$filter", "$skiptoken"},
        ),
        _route("GET", policy, policies.get_policy),
        _route("GET", f"{policy}/authenticationMethodConfigurations/{{configuration}}", policies.get_configuration),
    )


def _authentication_routes() -> tuple[Route, ...]:
    """phoneMethods and methods document no query options.

    https://learn.microsoft.com/graph/api/authentication-list-phonemethods#optional-query-parameters
    https://learn.microsoft.com/graph/api/authentication-list-methods#optional-query-parameters
    """
    own = "/users/{user}/authentication"
    phones, phone = f"{own}/phoneMethods", f"{own}/phoneMethods/{{method}}"
    requirements, preferences = f"{own}/requirements", f"{own}/signInPreferences"
    return (
        _route("GET", phones, phone_methods.list_phones, METHODS),
        _route("POST", phones, phone_methods.post_phone, METHODS, "phone.create"),
        _route("GET", phone, phone_methods.get_phone, METHODS),
        _route("PATCH", phone, phone_methods.patch_phone, METHODS, "phone.update"),
        _route("DELETE", phone, phone_methods.delete_phone, METHODS, "phone.delete"),
        _route("GET", f"{own}/methods", methods.list_methods, METHODS),
        _route("GET", requirements, mfa_requirements.get_requirements, METHODS),
        _route("PATCH", requirements, mfa_requirements.patch_requirements, METHODS, "state.update"),
        _route("GET", preferences, mfa_requirements.get_preferences, METHODS),
        _route("PATCH", preferences, mfa_requirements.patch_preferences, METHODS, "preference.update"),
        *(
            _route("DELETE", f"{own}/{collection}/{{method}}", methods.deleter(kind), METHODS, "method.delete")
            for kind, (collection, _) in methods.KINDS.items()
        ),
    )


def _subscription_routes(webhooks: subscriptions.Subscriptions) -> tuple[Route, ...]:
    all_of_them, one = "/subscriptions", "/subscriptions/{subscription}"
    family = SUBSCRIPTIONS
    return (
        _route("POST", all_of_them, webhooks.create, family, "subscription.create"),
        _route("GET", all_of_them, subscriptions.list_subscriptions, family, options=frozenset({"$skiptoken"})),
        _route("GET", one, subscriptions.get_subscription, family),
        _route("PATCH", one, webhooks.renew, family, "subscription.renew"),
        _route("DELETE", one, subscriptions.delete_subscription, family, "subscription.delete"),
        _route("POST", f"{one}/reauthorize", subscriptions.reauthorize, family, "subscription.reauthorize"),
    )


def decoded(path: str) -> list[str]:
    """Return the segments of a path, percent-decoded."""
    return [unquote(segment) if "%" in segment else segment for segment in path.strip("/").split("/")]


def split_path(path: str) -> tuple[str, ...]:
    """The decoded segments of a path. `users('x')` is `users/x`.

    https://learn.microsoft.com/graph/api/user-get#request (names that begin with `$` need the brackets)
    """
    segments: list[str] = []
    for segment in decoded(path):
        keyed = _KEY.fullmatch(segment) if segment.endswith(")") else None
        segments += [keyed[1], keyed[2].replace("''", "'")] if keyed else [segment]
    return tuple(segments)


def system_segment(path: str) -> str:
    """Return the first segment that begins with `$`, which no key may, or ""."""
    return next((segment for segment in decoded(path) if segment.startswith("$")), "")


def parameters(route: Route, segments: tuple[str, ...]) -> dict[str, str] | None:
    """The path parameters if the segments fit the route, otherwise None. Fixed words match without case."""
    if len(segments) != len(route.segments) or not _continues(route, segments):
        return None
    return {route.segments[index].strip("{}"): segments[index] for index in route.places}


def _continues(route: Route, head: tuple[str, ...]) -> bool:
    """Return whether the segments are the beginning of the route's address."""
    if len(route.segments) < len(head):
        return False
    for expected, given in zip(route.words, head, strict=False):
        if expected is not None and expected != given and expected != _word(given, expected):
            return False
    return True


def _word(given: str, expected: str) -> str:
    """Return a segment as a fixed word: in lower case, a function without its namespace and brackets."""
    word = given.lower()
    return word.removeprefix("microsoft.graph.").removesuffix("()") if expected in FUNCTIONS else word


def first_unknown(routes: tuple[Route, ...], version: str, segments: tuple[str, ...]) -> str:
    """The first segment that no address of this version continues with."""
    for length in range(1, len(segments) + 1):
        head = segments[:length]
        if not any(version in route.addresses and _continues(route, head) for route in routes):
            return segments[length - 1]
    return segments[-1]
