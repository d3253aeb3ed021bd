"""Which addresses exist, in which API version, and which application roles open them.

Roles are app-only and any one of a set suffices. https://learn.microsoft.com/graph/permissions-reference
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from urllib.parse import unquote

from dev.graph_simulator import delta, groups, methods, mfa_requirements, phone_methods, policies, subscriptions, users
from dev.graph_simulator.exchange import GraphRequest, GraphResponse
from dev.graph_simulator.tenant import Tenant

type Handler = Callable[[Tenant, GraphRequest], GraphResponse | Awaitable[GraphResponse]]

BOTH = frozenset({"v1.0", "beta"})
BETA = frozenset({"beta"})

USER_READ = frozenset({"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"})
USER_WRITE = frozenset({"User.ReadWrite.All", "Directory.ReadWrite.All"})
SUBSCRIBE = frozenset({"User.Read.All", "Directory.Read.All"})
"""A write permission does not stand in for the read one: https://learn.microsoft.com/graph/api/subscription-post-subscriptions"""
PHONE_READ = frozenset(
    {
        "UserAuthenticationMethod.Read.All",
        "UserAuthenticationMethod.ReadWrite.All",
        "UserAuthMethod-Phone.Read.All",
        "UserAuthMethod-Phone.ReadWrite.All",
    }
)
PHONE_WRITE = frozenset({"UserAuthenticationMethod.ReadWrite.All", "UserAuthMethod-Phone.ReadWrite.All"})
METHOD_READ = frozenset({"UserAuthenticationMethod.Read.All", "UserAuthenticationMethod.ReadWrite.All"})
METHOD_WRITE = frozenset({"UserAuthenticationMethod.ReadWrite.All"})
STATE_READ = frozenset({"Policy.Read.All", "Policy.ReadWrite.AuthenticationMethod"})
STATE_WRITE = frozenset({"Policy.ReadWrite.AuthenticationMethod"})
POLICY_READ = frozenset(
    {"Policy.Read.All", "Policy.Read.AuthenticationMethod", "Policy.ReadWrite.AuthenticationMethod"}
)
GROUP_READ = frozenset(
    {"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All", "User.Read.All", "User.ReadWrite.All"}
)
GROUP_CHECK = frozenset({"GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"})
"""checkMemberGroups wants one of these beside one that reads users."""
ROLE_READ = frozenset(
    {
        "RoleManagement.Read.Directory",
        "RoleManagement.Read.All",
        "RoleManagement.ReadWrite.Directory",
        "Directory.Read.All",
    }
)

DIRECTORY, METHODS, SUBSCRIPTIONS = "directory", "methods", "subscriptions"
"""Which service answers; it decides the words of a 403 and the quota."""


@dataclass(frozen=True, slots=True)
class Route:
    """One address. `operation` names a write for the journal; empty for reads and for POSTs that only ask."""

    method: str
    template: str
    handler: Handler
    roles: frozenset[str]
    family: str = DIRECTORY
    versions: frozenset[str] = BOTH
    operation: str = ""
    segments: tuple[str, ...] = ()
    also: frozenset[str] = frozenset()

    def opens_to(self, roles: frozenset[str]) -> bool:
        """Whether a caller with these roles may pass; `also` is a second set of which one is needed too."""
        return bool(self.roles & roles) and (not self.also or bool(self.also & roles))


def _route(
    method: str,
    template: str,
    handler: Handler,
    roles: frozenset[str],
    family: str = DIRECTORY,
    versions: frozenset[str] = BOTH,
    operation: str = "",
    also: frozenset[str] = frozenset(),
) -> Route:
    segments = tuple(template.strip("/").split("/"))
    return Route(method, template, handler, roles, family, versions, operation, segments, also)


def build_routes(webhooks: subscriptions.Subscriptions) -> tuple[Route, ...]:
    """Every address of the simulated Graph, fixed words before parameters."""
    own = "/users/{user}/authentication"
    phone = f"{own}/phoneMethods"
    subscription = "/subscriptions/{subscription}"
    return (
        _route("GET", "/users", users.list_users, USER_READ),
        _route("POST", "/users", users.post_user, USER_WRITE, operation="user.create"),
        _route("GET", "/users/delta", delta.get_delta, USER_READ),
        _route("GET", "/users/{user}", users.get_user, USER_READ),
        _route("PATCH", "/users/{user}", users.patch_user, USER_WRITE, operation="user.update"),
        _route("DELETE", "/users/{user}", users.delete_user, USER_WRITE, operation="user.delete"),
        _route("GET", phone, phone_methods.list_phones, PHONE_READ, METHODS),
        _route("POST", phone, phone_methods.post_phone, PHONE_WRITE, METHODS, BOTH, "phone.create"),
        _route("GET", f"{phone}/{{method}}", phone_methods.get_phone, PHONE_READ, METHODS),
        _route("PATCH", f"{phone}/{{method}}", phone_methods.patch_phone, PHONE_WRITE, METHODS, BOTH, "phone.update"),
        _route("DELETE", f"{phone}/{{method}}", phone_methods.delete_phone, PHONE_WRITE, METHODS, BOTH, "phone.delete"),
        _route("GET", f"{own}/methods", methods.list_methods, METHOD_READ, METHODS),
        _route("GET", f"{own}/requirements", mfa_requirements.get_requirements, STATE_READ, METHODS, BETA),
        _route(
            "PATCH",
            f"{own}/requirements",
            mfa_requirements.patch_requirements,
            STATE_WRITE,
            METHODS,
            BETA,
            "state.update",
        ),
        _route("GET", f"{own}/signInPreferences", mfa_requirements.get_preferences, METHOD_READ, METHODS, BETA),
        _route(
            "PATCH",
            f"{own}/signInPreferences",
            mfa_requirements.patch_preferences,
            METHOD_WRITE,
            METHODS,
            BETA,
            "preference.update",
        ),
        _route(
            "DELETE",
            f"{own}/{{collection}}/{{method}}",
            methods.delete_method,
            METHOD_WRITE,
            METHODS,
            BOTH,
            "method.delete",
        ),
        _route("POST", "/users/{user}/checkMemberGroups", groups.check_member_groups, USER_READ, also=GROUP_CHECK),
        _route("GET", "/users/{user}/transitiveMemberOf", groups.transitive_member_of, GROUP_READ),
        _route("GET", "/roleManagement/directory/roleAssignments", groups.role_assignments, ROLE_READ),
        _route("GET", "/roleManagement/directory/roleEligibilitySchedules", groups.role_eligibilities, ROLE_READ),
        _route("GET", "/groups", groups.list_groups, GROUP_CHECK),
        _route(
            "GET",
            "/identityGovernance/privilegedAccess/group/eligibilitySchedules",
            groups.group_eligibilities,
            frozenset({"PrivilegedEligibilitySchedule.Read.AzureADGroup"}),
        ),
        _route(
            "GET",
            "/policies/authenticationMethodsPolicy/authenticationMethodConfigurations/{configuration}",
            policies.get_configuration,
            POLICY_READ,
        ),
        _route("POST", "/subscriptions", webhooks.create, SUBSCRIBE, SUBSCRIPTIONS, BOTH, "subscription.create"),
        _route("GET", "/subscriptions", subscriptions.list_subscriptions, SUBSCRIBE, SUBSCRIPTIONS),
        _route("GET", subscription, subscriptions.get_subscription, SUBSCRIBE, SUBSCRIPTIONS),
        _route("PATCH", subscription, webhooks.renew, SUBSCRIBE, SUBSCRIPTIONS, BOTH, "subscription.renew"),
        _route(
            "DELETE",
            subscription,
            subscriptions.delete_subscription,
            SUBSCRIBE,
            SUBSCRIPTIONS,
            BOTH,
            "subscription.delete",
        ),
        _route(
            "POST",
            f"{subscription}/reauthorize",
            subscriptions.reauthorize,
            SUBSCRIBE,
            SUBSCRIPTIONS,
            BOTH,
            "subscription.reauthorize",
        ),
    )


def split_path(path: str) -> tuple[str, ...]:
    """The decoded segments of a path."""
    return tuple(unquote(segment) for segment in path.strip("/").split("/"))


def parameters(route: Route, segments: tuple[str, ...]) -> dict[str, str] | None:
    """The path parameters if the segments fit the route, otherwise None. Fixed words match without case."""
    if len(segments) != len(route.segments):
        return None
    found: dict[str, str] = {}
    for expected, given in zip(route.segments, segments, strict=True):
        if expected.startswith("{"):
            found[expected.strip("{}")] = given
        elif expected.casefold() != given.casefold():
            return None
    return found


def first_unknown(routes: tuple[Route, ...], version: str, segments: tuple[str, ...]) -> str:
    """The first segment that no address of this version continues with."""
    for length in range(1, len(segments) + 1):
        head = segments[:length]
        known = any(
            version in route.versions
            and len(route.segments) >= length
            and all(
                expected.startswith("{") or expected.casefold() == given.casefold()
                for expected, given in zip(route.segments, head, strict=False)
            )
            for route in routes
        )
        if not known:
            return segments[length - 1]
    return segments[-1]
