"""/sim/users and /sim/people: HR edits, people in My Sign-Ins, whole populations."""

from collections.abc import Callable

from aiohttp import web

from dev.graph_simulator import authentication, directory
from dev.graph_simulator.errors import user_not_found
from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.model import PHONE_IDS, User
from dev.graph_simulator.people import make_people
from dev.graph_simulator.population import (
    EXTRAS,
    check_authentication,
    full_user,
    make_user,
    read_eligible_groups,
    read_unavailable,
)
from dev.graph_simulator.tenant import Tenant

type Answer = tuple[int, object]


def _find(tenant: Tenant, request: web.Request) -> User:
    user = directory.lookup(tenant, request.match_info["user"])
    if user is None:
        raise user_not_found(request.match_info["user"])
    return user


def _act(tenant: Tenant, user: User, actor: str, operation: str, action: Callable[[], object]) -> None:
    """Do something as a person and write it down."""
    before = user.snapshot()
    try:
        action()
    finally:
        tenant.journal.write(tenant.now(), actor, operation, user.id, before=before, after=user.snapshot())


def _create(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del request
    return 201, full_user(make_user(tenant, given))


def _list(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """All users; `?kind=` only those of one kind."""
    del given
    kind = request.query.get("kind")
    return 200, {"value": [full_user(user) for user in tenant.users.values() if kind in (None, user.kind)]}


def _get(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del given
    return 200, full_user(_find(tenant, request))


def _edit(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """HR changes properties; groups, roles and what else is not a property may be given as well."""
    user = _find(tenant, request)
    properties = {name: value for name, value in given.items() if name not in EXTRAS}
    _act(tenant, user, "hr", "user.update", lambda: directory.update_user(tenant, user, properties))
    for name, attribute in (("groups", "groups"), ("roles", "roles"), ("eligibleRoles", "eligible_roles")):
        if name in given:
            setattr(user, attribute, {str(item).casefold() for item in given[name]})
    if "eligibleGroups" in given:
        user.eligible_groups = read_eligible_groups(given["eligibleGroups"])
    if "unavailable" in given:
        user.unavailable = read_unavailable(given["unavailable"])
    return 200, full_user(user)


def _delete(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """HR deletes the user; `?permanent=true` for good."""
    del given
    user = _find(tenant, request)
    permanent = request.query.get("permanent") == "true"
    remove = directory.delete_for_good if permanent else directory.soft_delete
    _act(tenant, user, "hr", "user.delete", lambda: remove(tenant, user))
    return 204, None


def _restore(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    del given
    user = _find(tenant, request)
    if user.life != "softDeleted":
        raise ValueError("only a soft-deleted user can be restored")
    _act(tenant, user, "hr", "user.restore", lambda: directory.restore(tenant, user))
    return 200, full_user(user)


def _put_phone(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """The person registers or changes a phone in My Sign-Ins."""
    user, phone_type = _find(tenant, request), str(given.get("type") or "mobile")
    if phone_type not in PHONE_IDS:
        raise ValueError(f"type: give one of {sorted(PHONE_IDS)}")
    change = authentication.change_phone if phone_type in user.phones else authentication.add_phone
    _act(tenant, user, "human", "phone.put", lambda: change(tenant, user, phone_type, given.get("number", "")))
    return 200, full_user(user)


def _delete_phone(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """The person or the helpdesk removes a phone (`?type=`, mobile if not given)."""
    del given
    user, phone_type = _find(tenant, request), request.query.get("type", "mobile")
    _act(tenant, user, "human", "phone.delete", lambda: authentication.remove_phone(tenant, user, phone_type))
    return 204, None


def _post_method(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """The person registers another method: {"kind": "fido2"}."""
    user, kind = _find(tenant, request), str(given.get("kind"))
    check_authentication({"methods": [kind]})
    _act(tenant, user, "human", "method.add", lambda: authentication.add_method(tenant, user, kind))
    return 201, full_user(user)


def _put_authentication(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """An administrator sets perUserMfaState, smsSignIn, systemPreferred or preferred. `hidesPhones`: none is listed."""
    user = _find(tenant, request)
    check_authentication(given)

    def change() -> None:
        if "perUserMfaState" in given:
            authentication.set_mfa_state(tenant, user, given["perUserMfaState"])
        if "smsSignIn" in given:
            authentication.set_sms_sign_in(tenant, user, bool(given["smsSignIn"]))
        if "hidesPhones" in given:
            user.hides_phones = bool(given["hidesPhones"])
        if "systemPreferred" in given:
            user.system_preferred = bool(given["systemPreferred"])
        if given.get("preferred"):
            authentication.set_preferred(tenant, user, given["preferred"])

    _act(tenant, user, "human", "authentication.put", change)
    return 200, full_user(user)


def _people(tenant: Tenant, request: web.Request, given: JsonObject) -> Answer:
    """A population with messy numbers; every person has a `kind`. `existing`: they were there all along."""
    del request
    count, seed = int(given.get("count", 50)), int(given.get("seed", tenant.seed))
    more: JsonObject = {name: given[name] for name in ("existing", "notify") if name in given}
    made = [make_user(tenant, {**person, **more}) for person in make_people(count, seed, start=len(tenant.users))]
    return 201, {"value": [full_user(user) for user in made]}


type Control = Callable[[Tenant, web.Request, JsonObject], Answer]

ROUTES: tuple[tuple[str, str, Control], ...] = (
    ("POST", "/sim/users", _create),
    ("GET", "/sim/users", _list),
    ("GET", "/sim/users/{user}", _get),
    ("PATCH", "/sim/users/{user}", _edit),
    ("DELETE", "/sim/users/{user}", _delete),
    ("POST", "/sim/users/{user}/restore", _restore),
    ("PUT", "/sim/users/{user}/phone", _put_phone),
    ("DELETE", "/sim/users/{user}/phone", _delete_phone),
    ("POST", "/sim/users/{user}/methods", _post_method),
    ("PUT", "/sim/users/{user}/authentication", _put_authentication),
    ("POST", "/sim/people", _people),
)
