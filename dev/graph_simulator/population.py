"""Users with everything they bring along, and everything there is to see of them."""

from dev.graph_simulator import authentication, directory
from dev.graph_simulator.errors import GraphError
from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.methods import KINDS, method_json
from dev.graph_simulator.model import PHONE_IDS, User
from dev.graph_simulator.phone_methods import phone_json
from dev.graph_simulator.snapshot import MFA_RANK
from dev.graph_simulator.tenant import Tenant

EXTRAS = (
    "authentication",
    "kind",
    "groups",
    "roles",
    "eligibleRoles",
    "eligibleGroups",
    "unavailable",
    "existing",
    "notify",
)
ACCESS = ("member", "owner")
UNAVAILABLE = ("requirements", "signInPreferences")


def full_user(user: User) -> JsonObject:
    """Everything the tenant knows about a user."""
    return {
        **user.coming,
        **user.properties,
        "life": user.life,
        "kind": user.kind,
        "groups": sorted(user.groups),
        "roles": sorted(user.roles),
        "eligibleRoles": sorted(user.eligible_roles),
        "eligibleGroups": dict(sorted(user.eligible_groups)),
        "unavailable": user.unavailable,
        "authentication": {
            "mobile": user.phones["mobile"].number if "mobile" in user.phones else None,
            "phones": [phone_json(phone) for phone in user.phones.values()],
            "methods": [method_json(method) for method in user.methods],
            "methodKinds": [method.kind for method in user.methods],
            "perUserMfaState": user.mfa_state,
            "smsSignIn": user.sms_sign_in,
            "hidesPhones": user.hides_phones,
            "systemPreferred": user.system_preferred,
            "preferred": user.preferred or None,
        },
    }


def make_user(tenant: Tenant, given: JsonObject) -> User:
    """Create a user with its authentication state, as if it had grown that way."""
    extras = {name: given[name] for name in EXTRAS if name in given}
    properties = {name: value for name, value in given.items() if name not in EXTRAS}
    state = extras.get("authentication") or {}
    check_authentication(state)
    eligible_groups = read_eligible_groups(extras.get("eligibleGroups") or {})
    unavailable = read_unavailable(extras.get("unavailable") or {})
    existing, notify = bool(extras.get("existing")), bool(extras.get("notify", not extras.get("existing")))
    user = directory.create_user(tenant, properties, existing=existing, notify=notify)
    user.kind = str(extras.get("kind") or "")
    user.groups = {str(item).casefold() for item in extras.get("groups", ())}
    user.roles = {str(item) for item in extras.get("roles", ())}
    user.eligible_roles = {str(item) for item in extras.get("eligibleRoles", ())}
    user.eligible_groups, user.unavailable = eligible_groups, unavailable
    try:
        _equip(tenant, user, state)
    except GraphError:
        directory.forget(tenant, user)
        raise
    return user


def _add_phone(tenant: Tenant, user: User, phone_type: str, number: str) -> None:
    """Register a phone; one that another user signs in with is kept, as Graph keeps it."""
    try:
        authentication.add_phone(tenant, user, phone_type, number)
    except GraphError as refusal:
        if refusal.status != NOT_UNIQUE:
            raise


NOT_UNIQUE = 409
_STATE = {
    "mobile",
    "alternateMobile",
    "office",
    "methods",
    "perUserMfaState",
    "smsSignIn",
    "systemPreferred",
    "preferred",
    "hidesPhones",
}


def read_eligible_groups(given: JsonObject) -> set[tuple[str, str]]:
    """Groups whose membership (`member`) or ownership (`owner`) may be activated: {group: access}."""
    if not set(given.values()) <= set(ACCESS):
        raise ValueError(f"eligibleGroups: give {{group: access}} with one of {ACCESS}")
    return {(str(group).casefold(), access) for group, access in given.items()}


def read_unavailable(given: JsonObject) -> dict[str, int]:
    """Which states of the user answer 400 or 404: {"requirements": 404}."""
    if not (set(given) <= set(UNAVAILABLE) and set(given.values()) <= {400, 404}):
        raise ValueError(f"unavailable: give 400 or 404 for any of {UNAVAILABLE}")
    return dict(given)


def check_authentication(state: JsonObject) -> None:
    unknown = sorted(set(state) - _STATE)
    if unknown:
        raise ValueError(f"authentication: unknown fields {unknown}; known are {sorted(_STATE)}")
    for kind in state.get("methods", ()):
        if kind not in KINDS:
            raise ValueError(f"authentication.methods: {kind!r} is not one of {sorted(KINDS)}")
    if state.get("perUserMfaState", "disabled") not in MFA_RANK:
        raise ValueError(f"authentication.perUserMfaState: give one of {sorted(MFA_RANK)}")


def _equip(tenant: Tenant, user: User, state: JsonObject) -> None:
    """Give a new user its methods; recorded as that person's own doing, without notifications of its own."""
    wanted = tenant.switches
    tenant.switches = wanted.changed({"notify_authentication_writes": False})
    try:
        user.sms_sign_in = bool(state.get("smsSignIn", False))
        user.hides_phones = bool(state.get("hidesPhones", False))
        for phone_type in PHONE_IDS:
            if state.get(phone_type):
                _add_phone(tenant, user, phone_type, state[phone_type])
        for kind in state.get("methods", ()):
            authentication.add_method(tenant, user, kind, notify=False)
        user.mfa_state = state.get("perUserMfaState", "disabled")
        authentication.promote(user)
        user.system_preferred = bool(state.get("systemPreferred", True))
        if state.get("preferred"):
            authentication.set_preferred(tenant, user, state["preferred"])
    finally:
        tenant.switches = wanted
    tenant.journal.write(tenant.now(), "human", "user.equipped", user.id, after=user.snapshot())
