"""GET /users and /users/{id}, and the plain writes on user objects.

https://learn.microsoft.com/graph/api/user-get · https://learn.microsoft.com/graph/api/user-list
"""

from dev.graph_simulator.directory import create_user, find_user, live_users, soft_delete, update_user
from dev.graph_simulator.errors import bad_request
from dev.graph_simulator.exchange import NO_CONTENT, GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.model import AGENT_USER, User
from dev.graph_simulator.paging import page_of
from dev.graph_simulator.properties import DEFAULT_PROPERTIES, READ_ONLY, Unfit
from dev.graph_simulator.selection import passes, project, selected
from dev.graph_simulator.snapshot import Observation
from dev.graph_simulator.tenant import Tenant


def seen_properties(tenant: Tenant, user: User) -> JsonObject:
    """The user's properties as this reader sees them, replication lag included."""
    return user.properties_seen(tenant.now() - tenant.switches.user_read_lag_seconds)


def user_json(request: GraphRequest, values: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """A user as an answer shows it: the named properties, and the type where it is a derived one.

    https://learn.microsoft.com/graph/api/resources/agentuser
    """
    shown = project(request, "user", values, names or DEFAULT_PROPERTIES)
    return {"@odata.type": AGENT_USER, **shown} if values.get("identityParentId") else shown


def get_user(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """One user by object id or userPrincipalName."""
    user = find_user(tenant, request.params["user"])
    names = selected(request, "user")
    values = seen_properties(tenant, user)
    context = f"{request.root}/$metadata#users"
    if names:
        context += f"({','.join(names)})"
    body = {"@odata.context": f"{context}/$entity", **user_json(request, values, names)}
    return GraphResponse(200, body, observed=(Observation("user", user.id, user.snapshot(properties=values)),))


def list_users(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """A page of users; `@odata.nextLink` is absolute and opaque."""
    names, text = selected(request, "user"), request.query.get("$filter", "")
    page, link = page_of(request, [user for user in live_users(tenant) if passes(user.properties, text, "user")])
    views = [(user, seen_properties(tenant, user)) for user in page]
    value = [user_json(request, values, names) for _, values in views]
    observed = tuple(Observation("user", user.id, user.snapshot(properties=values)) for user, values in views)
    body = {"@odata.context": f"{request.root}/$metadata#users", **link, "value": value}
    return GraphResponse(200, body, observed=observed)


def post_user(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Create a user, as an HR flow would: https://learn.microsoft.com/graph/api/user-post-users"""
    given = {
        name: value for name, value in _writable(request).items() if name not in ("passwordProfile", "mailNickname")
    }
    try:
        user = create_user(tenant, given)
    except Unfit as problem:
        raise bad_request(str(problem), "Request_BadRequest") from problem
    body = {"@odata.context": f"{request.root}/$metadata#users/$entity", **user_json(request, user.properties, ())}
    return GraphResponse(201, body)


def patch_user(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Change a user: https://learn.microsoft.com/graph/api/user-update"""
    user = find_user(tenant, request.params["user"])
    try:
        update_user(tenant, user, _writable(request))
    except Unfit as problem:
        raise bad_request(str(problem), "Request_BadRequest") from problem
    return NO_CONTENT


def _writable(request: GraphRequest) -> JsonObject:
    """The properties of a body, annotations apart; one that only the service sets is a 400."""
    given = {name: value for name, value in request.fields().items() if "@" not in name}
    for name in sorted(given.keys() & READ_ONLY):
        raise bad_request(f"Property '{name}' is read-only and cannot be set.", "Request_BadRequest")
    return given


def delete_user(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Soft-delete a user: https://learn.microsoft.com/graph/api/user-delete"""
    soft_delete(tenant, find_user(tenant, request.params["user"]))
    return NO_CONTENT
