"""GET /users/delta: rounds of pages over everything that changed since a token.

https://learn.microsoft.com/graph/delta-query-overview · https://learn.microsoft.com/graph/api/user-delta
"""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from urllib.parse import quote

from dev.graph_simulator.clock import SECONDS_PER_DAY
from dev.graph_simulator.errors import GraphError, bad_request, unsupported_query
from dev.graph_simulator.exchange import GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.model import AGENT_USER, User
from dev.graph_simulator.properties import DEFAULT_PROPERTIES
from dev.graph_simulator.selection import selected
from dev.graph_simulator.tenant import Tenant

TOKEN_LIFE_SECONDS = 7 * SECONDS_PER_DAY
"""Delta tokens of directory objects live seven days."""
MOST_FILTERED_IDS = 50
_ID_CLAUSE = re.compile(r"\s*id\s+eq\s+'([^']+)'\s*")


@dataclass(frozen=True, slots=True)
class Token:
    """What a deltaLink remembers: everything up to `since` is known to the client."""

    since: int
    issued: float
    select: tuple[str, ...]
    explicit: bool
    ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """A delta query in progress: the users to show, page by page, and the token that follows."""

    users: tuple[str, ...]
    since: int
    following: Token
    minimal: bool
    empty_pages: bool
    page_size: int


def get_delta(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """One page of a delta round."""
    if "$skiptoken" in request.query:
        return _continue(tenant, request, request.query["$skiptoken"])
    given = request.query.get("$deltatoken", "")
    if given and given != "latest":
        if set(request.query) != {"$deltatoken"}:
            # [assume: options-beside-token-400]
            raise bad_request("Query options are encoded in the delta token and cannot be given again.", "BadRequest")
        return _start(tenant, request, _read_token(given))
    names = selected(request, "user") or DEFAULT_PROPERTIES
    fresh = Token(0, tenant.now(), names, "$select" in request.query, _filtered_ids(request))
    if given == "latest":
        latest = Token(tenant.sequence, fresh.issued, fresh.select, fresh.explicit, fresh.ids)
        return GraphResponse(200, _page(request, [], "@odata.deltaLink", _write_token(latest), "$deltatoken"))
    return _start(tenant, request, fresh)


def _filtered_ids(request: GraphRequest) -> tuple[str, ...]:
    """`$filter=id eq 'a' or id eq 'b'`, at most 50; anything else is refused."""
    text = request.query.get("$filter", "")
    if not text:
        return ()
    clauses = [_ID_CLAUSE.fullmatch(part) for part in re.split(r"\sor\s", text)]
    if any(clause is None for clause in clauses) or len(clauses) > MOST_FILTERED_IDS:
        raise unsupported_query("Delta queries support $filter with up to 50 'id eq' clauses only.")
    return tuple(clause[1].casefold() for clause in clauses if clause)


def _start(tenant: Tenant, request: GraphRequest, token: Token) -> GraphResponse:
    _refuse_expired(tenant, request, token)
    switches = tenant.switches
    users = [user.id for user in tenant.users.values() if _surfaces(tenant, user, token)]
    if switches.replay_delta and users:
        users += tenant.random.sample(users, k=max(1, len(users) // 3))
    following = Token(tenant.sequence, tenant.now(), token.select, token.explicit, token.ids)
    minimal = token.since > 0 and "return=minimal" in request.headers.get("prefer", "").replace(" ", "")
    page_size = int(switches.delta_page_size)
    new = Round(tuple(users), token.since, following, minimal, switches.empty_delta_pages, page_size)
    name = tenant.new_id()
    tenant.delta_rounds[name] = new
    return _answer(tenant, request, name, new, 0)


def _surfaces(tenant: Tenant, user: User, token: Token) -> bool:
    """Whether the user has news for a client that knows everything up to the token.

    Methods and MFA state are no properties of the user ([assume: auth-not-in-delta]).
    """
    if token.ids and user.id not in token.ids:
        return False
    if user.life != "active":
        known_before = token.since > 0
        return user.life_sequence > token.since and (known_before or tenant.switches.removed_in_first_round)
    newest = max((user.changed.get(name, 0) for name in token.select), default=0)
    return max(newest, user.created_sequence) > token.since


def _continue(tenant: Tenant, request: GraphRequest, text: str) -> GraphResponse:
    name, _, position = text.partition(".")
    found = tenant.delta_rounds.get(name)
    if not isinstance(found, Round) or not position.isdigit() or set(request.query) != {"$skiptoken"}:
        raise _bad_token()
    _refuse_expired(tenant, request, found.following)
    return _answer(tenant, request, name, found, int(position))


def _answer(tenant: Tenant, request: GraphRequest, name: str, current: Round, position: int) -> GraphResponse:
    """Page number `position`. With empty pages on, every even page is empty yet has a nextLink."""
    step = 2 if current.empty_pages else 1
    blank = current.empty_pages and position % 2 == 0
    start = (position // step) * current.page_size
    shown = () if blank else current.users[start : start + current.page_size]
    values = [_show(tenant.users[key], current) for key in shown]
    more = blank or start + current.page_size < len(current.users)
    if more:
        return GraphResponse(200, _page(request, values, "@odata.nextLink", f"{name}.{position + 1}", "$skiptoken"))
    token = _write_token(current.following)
    return GraphResponse(200, _page(request, values, "@odata.deltaLink", token, "$deltatoken"))


def _show(user: User, current: Round) -> JsonObject:
    """The user as delta shows it; a property that was never set is absent, a cleared one is null."""
    if user.life != "active":
        reason = "changed" if user.life == "softDeleted" else "deleted"
        return {"id": user.id, "@removed": {"reason": reason}}
    names = [name for name in current.following.select if name in user.changed]
    if current.minimal and user.created_sequence <= current.since:
        names = [name for name in names if user.changed[name] > current.since]
    shown = {**{name: user.properties.get(name) for name in names}, "id": user.id}
    return {"@odata.type": AGENT_USER, **shown} if user.is_agent else shown


def _page(request: GraphRequest, values: list[JsonObject], link: str, token: str, option: str) -> JsonObject:
    """Links repeat the spelling of the address, `delta` or `delta()` ([assume: delta-link-spelling])."""
    return {
        "@odata.context": f"{request.root}/$metadata#users",
        link: f"{request.root}{request.path}?{option}={quote(token, safe='')}",
        "value": values,
    }


def _refuse_expired(tenant: Tenant, request: GraphRequest, token: Token) -> None:
    """Seven days, or the switch `expired_delta`, which ends every token issued before it was set."""
    switches = tenant.switches
    forced = bool(switches.expired_delta) and token.since > 0 and token.issued <= tenant.expired_before
    if not forced and tenant.now() - token.issued < TOKEN_LIFE_SECONDS:
        return
    style = switches.expired_delta if forced else switches.expired_delta_style
    if style == "syncStateNotFound":
        # [assume: expired-token-codes]
        raise GraphError(
            400, "syncStateNotFound", "The sync state generation is not found; resynchronization is required."
        )
    location = f"{request.root}/users/delta?$deltatoken="
    if token.explicit:
        location += f"&$select={','.join(token.select)}"
    raise GraphError(410, "resyncRequired", "Resynchronization is required.", {"Location": location})


def _write_token(token: Token) -> str:
    values = [token.since, token.issued, list(token.select), token.explicit, list(token.ids)]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode()


def _read_token(text: str) -> Token:
    try:
        since, issued, select, explicit, ids = json.loads(base64.urlsafe_b64decode(text))
        return Token(int(since), float(issued), tuple(select), bool(explicit), tuple(ids))
    except (binascii.Error, ValueError, TypeError) as problem:
        raise _bad_token() from problem


def _bad_token() -> GraphError:
    """[assume: unreadable-token-400]"""
    return bad_request("Badly formed token.", "Request_BadRequest")
