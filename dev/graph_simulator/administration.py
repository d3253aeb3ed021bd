"""What administrators' tools ask beside users and methods: the tenant itself, deleted items, invitations.

https://learn.microsoft.com/graph/api/organization-list · https://learn.microsoft.com/graph/api/directory-deleteditems-delete
https://learn.microsoft.com/graph/api/invitation-post
"""

import re
from collections.abc import Callable

from dev.graph_simulator.auth import read_caller
from dev.graph_simulator.directory import create_user, delete_for_good, restore
from dev.graph_simulator.errors import GraphError, bad_request, directory_denied, user_not_found
from dev.graph_simulator.exchange import NO_CONTENT, GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.model import User
from dev.graph_simulator.properties import DEFAULT_PROPERTIES, Unfit
from dev.graph_simulator.tenant import Tenant

DOMAIN = "contoso.example"
"""The only domain of the simulated tenant, default and initial."""

USER_READ = frozenset({"User.Read.All", "User.ReadWrite.All", "Directory.Read.All", "Directory.ReadWrite.All"})
ORGANIZATION_READ = USER_READ | {"Organization.Read.All"}
DELETED_WRITE = frozenset({"User.DeleteRestore.All", "User.ReadWrite.All"})
INVITE = frozenset({"User.Invite.All", "User.ReadWrite.All", "Directory.ReadWrite.All"})

type Handler = Callable[[Tenant, GraphRequest, str], GraphResponse]


def administered(tenant: Tenant, request: GraphRequest) -> GraphResponse | None:
    """The answer to one of these addresses; None for every other one."""
    for method, pattern, roles, handler in _ADDRESSES:
        found = pattern.fullmatch(request.path) if method == request.method else None
        if found:
            try:
                _check_caller(tenant, request, roles)
                return handler(tenant, request, (found.groupdict().get("id") or "").casefold())
            except GraphError as refusal:
                return refusal.response(request.request_id, request.request_id, tenant.now())
    return None


def _check_caller(tenant: Tenant, request: GraphRequest, roles: frozenset[str]) -> None:
    lenient, real = tenant.switches.lenient_audience, tenant.clock.real()
    caller = read_caller(request.headers, request.base_url, tenant.id, real, lenient=lenient)
    if not caller.roles & roles:
        raise directory_denied()


def _organization(tenant: Tenant, request: GraphRequest, identifier: str) -> GraphResponse:
    """The tenant with its verified domains."""
    del identifier
    domain = {"name": DOMAIN, "isDefault": True, "isInitial": True, "type": "Managed"}
    value = {"id": tenant.id, "displayName": "Contoso (simulated)", "verifiedDomains": [domain]}
    return GraphResponse(200, {"@odata.context": f"{request.root}/$metadata#organization", "value": [value]})


def _read_deleted(tenant: Tenant, request: GraphRequest, identifier: str) -> GraphResponse:
    """One deleted user."""
    context = f"{request.root}/$metadata#directoryObjects/$entity"
    return GraphResponse(200, {"@odata.context": context, **_shown(_deleted(tenant, identifier))})


def _purge(tenant: Tenant, request: GraphRequest, identifier: str) -> GraphResponse:
    """Delete for good: 204."""
    del request
    delete_for_good(tenant, _deleted(tenant, identifier))
    return NO_CONTENT


def _restore(tenant: Tenant, request: GraphRequest, identifier: str) -> GraphResponse:
    """Restore: 200 and the user. https://learn.microsoft.com/graph/api/directory-deleteditems-restore"""
    del request
    user = _deleted(tenant, identifier)
    try:
        restore(tenant, user)
    except Unfit as problem:
        raise bad_request(str(problem), "Request_BadRequest") from problem
    return GraphResponse(200, _shown(user))


def _shown(user: User) -> JsonObject:
    properties = {name: user.properties.get(name) for name in DEFAULT_PROPERTIES}
    return {"@odata.type": "#microsoft.graph.user", **properties}


def _deleted(tenant: Tenant, identifier: str) -> User:
    user = tenant.users.get(identifier)
    if user is None or user.life != "softDeleted":
        raise user_not_found(identifier)
    return user


def _invite(tenant: Tenant, request: GraphRequest, identifier: str) -> GraphResponse:
    """Invite a guest: 201 and the user, who may have been there before. A simulator sends no mail."""
    del identifier
    mail = str(request.fields().get("invitedUserEmailAddress", ""))
    name, at, host = mail.partition("@")
    if not (name and at and host):
        raise bad_request("The invited user email address is invalid.", "BadRequest")
    known = [user for user in tenant.users.values() if mail in (user.properties.get("otherMails") or [])]
    user = known[0] if known else _new_guest(tenant, mail, f"{name}_{host}#EXT#@{DOMAIN}")
    body = {"invitedUserEmailAddress": mail, "status": "PendingAcceptance", "invitedUser": {"id": user.id}}
    return GraphResponse(201, {"@odata.context": f"{request.root}/$metadata#invitations/$entity", **body})


def _new_guest(tenant: Tenant, mail: str, principal_name: str) -> User:
    properties: JsonObject = {
        "userPrincipalName": principal_name,
        "mail": mail,
        "otherMails": [mail],
        "userType": "Guest",
        "externalUserState": "PendingAcceptance",
    }
    return create_user(tenant, properties)


_DELETED_ITEM = re.compile(r"/directory/deletedItems/(?P<id>[^/]+)")

_ADDRESSES: tuple[tuple[str, re.Pattern[str], frozenset[str], Handler], ...] = (
    ("GET", re.compile(r"/organization"), ORGANIZATION_READ, _organization),
    ("GET", _DELETED_ITEM, USER_READ, _read_deleted),
    ("DELETE", _DELETED_ITEM, DELETED_WRITE, _purge),
    ("POST", re.compile(_DELETED_ITEM.pattern + "/restore"), DELETED_WRITE, _restore),
    ("POST", re.compile(r"/invitations"), INVITE, _invite),
)
"""Method, path, the roles of which one is needed, and who answers."""
