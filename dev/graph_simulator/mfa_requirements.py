"""…/authentication/requirements and …/signInPreferences, beta only.

https://learn.microsoft.com/graph/api/authentication-get · https://learn.microsoft.com/graph/api/authentication-update
"""

from dev.graph_simulator.authentication import set_mfa_state, set_preferred
from dev.graph_simulator.directory import find_user
from dev.graph_simulator.errors import GraphError, bad_request
from dev.graph_simulator.exchange import NO_CONTENT, GraphRequest, GraphResponse
from dev.graph_simulator.model import User
from dev.graph_simulator.snapshot import MFA_RANK, Observation
from dev.graph_simulator.tenant import Tenant

SYSTEM_PREFERRED_ORDER = (
    ("temporaryAccessPass", "temporaryAccessPass"),
    ("fido2", "fido2"),
    ("externalAuthenticationMethod", "external"),
    ("microsoftAuthenticator", "push"),
    ("softwareOath", "oath"),
    ("hardwareOath", "oath"),
)
"""Strongest first; a phone comes last.

https://learn.microsoft.com/entra/identity/authentication/concept-system-preferred-multifactor-authentication
"""


def _available(tenant: Tenant, request: GraphRequest, name: str) -> User:
    """The user, or the refusal that reading or writing `name` gives for this one ([assume: state-unavailable])."""
    user = find_user(tenant, request.params["user"])
    status = user.unavailable.get(name)
    if status is None:
        return user
    if status == 404:
        raise GraphError(404, "resourceNotFound", f"The resource '{name}' was not found for this user.")
    raise GraphError(status, "badRequest", f"'{name}' is not supported for this user.")


def get_requirements(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """The per-user MFA state."""
    user = _available(tenant, request, "requirements")
    context = f"{request.root}/$metadata#users('{user.id}')/authentication/requirements"
    body = {"@odata.context": context, "perUserMfaState": user.mfa_state}
    return GraphResponse(200, body, observed=(Observation("requirements", user.id, user.snapshot()),))


def patch_requirements(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Set the per-user MFA state: 204 ([assume: bad-mfa-state-400])."""
    user = _available(tenant, request, "requirements")
    state = request.fields().get("perUserMfaState")
    if state not in MFA_RANK:
        raise bad_request(f"'{state}' is not a valid value of perUserMfaState.")
    set_mfa_state(tenant, user, state)
    return NO_CONTENT


def get_preferences(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """The preferred second factor, and the one the system would pick."""
    user = _available(tenant, request, "signInPreferences")
    kinds = {method.kind for method in user.methods}
    strongest = next((word for kind, word in SYSTEM_PREFERRED_ORDER if kind in kinds), "")
    if not strongest and "mobile" in user.phones:
        strongest = "sms"
    body = {
        "@odata.context": f"{request.root}/$metadata#users('{user.id}')/authentication/signInPreferences",
        "isSystemPreferredAuthenticationMethodEnabled": user.system_preferred,
        "userPreferredMethodForSecondaryAuthentication": user.preferred or None,
        "systemPreferredAuthenticationMethod": strongest or None,
    }
    return GraphResponse(200, body, observed=(Observation("preferences", user.id, user.snapshot()),))


def patch_preferences(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Choose the preferred second factor: 204, even where system-preferred authentication makes it void.

    [assume: system-preferred-per-user]
    """
    user = _available(tenant, request, "signInPreferences")
    given = request.fields()
    system = given.get("isSystemPreferredAuthenticationMethodEnabled", user.system_preferred)
    if not isinstance(system, bool):
        raise bad_request("isSystemPreferredAuthenticationMethodEnabled must be true or false.")
    preferred = given.get("userPreferredMethodForSecondaryAuthentication")
    if preferred is not None:
        set_preferred(tenant, user, str(preferred))
    user.system_preferred = system
    return NO_CONTENT
