"""GET /users and /users/{id}, and the plain writes on user objects.

https://learn.microsoft.com/graph/api/user-get · https://learn.microsoft.com/graph/api/user-list
"""

import re
from urllib.parse import quote

from dev.graph_simulator.directory import create_user, find_user, live_users, soft_delete, update_user
from dev.graph_simulator.errors import bad_request, unsupported_query
from dev.graph_simulator.exchange import NO_CONTENT, GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.model import User
from dev.graph_simulator.properties import DEFAULT_PROPERTIES, PROPERTIES, Unfit
from dev.graph_simulator.snapshot import Observation
from dev.graph_simulator.tenant import Tenant

DEFAULT_PAGE, LARGEST_PAGE = 100, 999
LIST_OPTIONS = frozenset({"$select", "$top", "$filter", "$skiptoken"})
"""What the simulator can do; Graph can do more ([assume: list-options])."""
_EQUALS = re.compile(r"\s*(\w+)\s+eq\s+(?:'((?:[^']|'')*)'|(true|false|null))\s*")
_IN_IDS = re.compile(r"\s*(\w+)\s+in\s+\(([^)]*)\)\s*")


def selected(request: GraphRequest) -> tuple[str, ...]:
    """The properties that $select names, or the default ones. An unknown name is a 400."""
    text = request.query.get("$select", "")
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    canonical = {name.casefold(): name for name in PROPERTIES}
    for name in names:
        if name.casefold() not in canonical:
            # [assume: unknown-select-400]
            raise bad_request(
                "Parsing OData Select and Expand failed: Could not find a property named "
                f"'{name}' on type 'microsoft.graph.user'.",
                "BadRequest",
            )
    return tuple(canonical[name.casefold()] for name in names) or DEFAULT_PROPERTIES


def seen_properties(tenant: Tenant, user: User) -> JsonObject:
    """The user's properties as this reader sees them, replication lag included."""
    return user.properties_seen(tenant.now() - tenant.switches.user_read_lag_seconds)


def project(values: JsonObject, names: tuple[str, ...]) -> JsonObject:
    """Only the named properties; one that was never set is null ([] for collections)."""
    empty: JsonObject = {"businessPhones": [], "otherMails": [], "proxyAddresses": [], "assignedLicenses": []}
    return {name: values.get(name, empty.get(name)) for name in names}


def get_user(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """One user by object id or userPrincipalName."""
    user = find_user(tenant, request.params["user"])
    names = selected(request)
    values = seen_properties(tenant, user)
    context = f"{request.root}/$metadata#users"
    if "$select" in request.query:
        context += f"({','.join(names)})"
    body = {"@odata.context": f"{context}/$entity", **project(values, names)}
    return GraphResponse(200, body, observed=(Observation("user", user.id, user.snapshot(properties=values)),))


def list_users(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """A page of users; `@odata.nextLink` is absolute and opaque."""
    refused = sorted(set(request.query) - LIST_OPTIONS)
    if refused:
        raise unsupported_query(f"The query option {refused[0]} is not supported.")
    names, size = selected(request), _page_size(request)
    found = [user for user in live_users(tenant) if _passes(user.properties, request.query.get("$filter", ""))]
    start = _start(request)
    page = found[start : start + size]
    views = [(user, seen_properties(tenant, user)) for user in page]
    body: JsonObject = {"@odata.context": f"{request.root}/$metadata#users"}
    if start + size < len(found):
        body["@odata.nextLink"] = _next_link(request, start + size)
    body["value"] = [project(values, names) for _, values in views]
    observed = tuple(Observation("user", user.id, user.snapshot(properties=values)) for user, values in views)
    return GraphResponse(200, body, observed=observed)


def _page_size(request: GraphRequest) -> int:
    text = request.query.get("$top", str(DEFAULT_PAGE))
    if not text.isdigit() or not 1 <= int(text) <= LARGEST_PAGE:
        raise unsupported_query(f"Invalid page size specified: '{text}'. Must be between 1 and 999 inclusive.")
    return int(text)


def _start(request: GraphRequest) -> int:
    text = request.query.get("$skiptoken", "")
    if not text:
        return 0
    number = text.removeprefix("at-")
    if not number.isdigit() or number == text:
        raise bad_request("The specified page token value has expired or is invalid.", "Directory_ExpiredPageToken")
    return int(number)


def _next_link(request: GraphRequest, start: int) -> str:
    kept = {name: value for name, value in request.query.items() if name != "$skiptoken"}
    options = "&".join(f"{name}={quote(value, safe=',')}" for name, value in kept.items())
    return f"{request.root}/users?{options}{'&' if options else ''}$skiptoken=at-{start}"


def _passes(values: JsonObject, text: str) -> bool:
    """`$filter` as far as it goes: `a eq 'b'`, `a in ('b','c')`, joined by or / and without brackets."""
    if not text.strip():
        return True
    if re.search(r"\sor\s", text):
        return any(_passes(values, part) for part in re.split(r"\sor\s", text))
    return all(_clause(values, part) for part in re.split(r"\sand\s", text))


def _clause(values: JsonObject, text: str) -> bool:
    many = _IN_IDS.fullmatch(text)
    if many:
        wanted = {item.strip().strip("'").casefold() for item in many[2].split(",")}
        return str(values.get(many[1])).casefold() in wanted
    one = _EQUALS.fullmatch(text)
    if one is None or one[1] not in PROPERTIES:
        raise unsupported_query("Unsupported or invalid query filter clause specified for property of resource 'User'.")
    value = values.get(one[1])
    if one[3]:
        return value is {"true": True, "false": False, "null": None}[one[3]]
    return str(value if value is not None else "").casefold() == one[2].replace("''", "'").casefold()


def post_user(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Create a user, as an HR flow would: https://learn.microsoft.com/graph/api/user-post-users"""
    given = {name: value for name, value in request.fields().items() if name not in ("passwordProfile", "mailNickname")}
    try:
        user = create_user(tenant, given)
    except Unfit as problem:
        raise bad_request(str(problem), "Request_BadRequest") from problem
    body = {"@odata.context": f"{request.root}/$metadata#users/$entity", **project(user.properties, DEFAULT_PROPERTIES)}
    return GraphResponse(201, body)


def patch_user(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Change a user: https://learn.microsoft.com/graph/api/user-update"""
    user = find_user(tenant, request.params["user"])
    try:
        update_user(tenant, user, request.fields())
    except Unfit as problem:
        raise bad_request(str(problem), "Request_BadRequest") from problem
    return NO_CONTENT


def delete_user(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Soft-delete a user: https://learn.microsoft.com/graph/api/user-delete"""
    soft_delete(tenant, find_user(tenant, request.params["user"]))
    return NO_CONTENT
