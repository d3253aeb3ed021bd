"""The authentication-methods policy, as far as SMS and the system-preferred method go.

https://learn.microsoft.com/graph/api/resources/authenticationmethodspolicy
https://learn.microsoft.com/graph/api/resources/smsauthenticationmethodconfiguration
"""

from dev.graph_schema.schema import Schema
from dev.graph_simulator.clock import iso
from dev.graph_simulator.errors import GraphError
from dev.graph_simulator.exchange import GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.tenant import Tenant

ALL_USERS = "all_users"
"""The id that stands for the group of all users."""


def get_policy(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """GET /policies/authenticationMethodsPolicy; beta also shows the system-preferred method."""
    body: JsonObject = {
        "@odata.context": f"{request.root}/$metadata#policies/authenticationMethodsPolicy/$entity",
        "id": "authenticationMethodsPolicy",
        "displayName": "Authentication Methods Policy",
        "description": "The tenant-wide policy that controls which authentication methods are allowed.",
        "lastModifiedDateTime": iso(tenant.now()),
        "policyVersion": "1.5",
        "policyMigrationState": "migrationComplete",
        "reconfirmationInDays": None,
        "registrationEnforcement": None,
        "authenticationMethodConfigurations": [_sms(tenant)],
    }
    if Schema.of(request.version).is_declared("authenticationMethodsPolicy", "systemCredentialPreferences"):
        body["systemCredentialPreferences"] = {
            "state": tenant.system_preferred_state,
            "includeTargets": [{"id": ALL_USERS, "targetType": "group"}],
            "excludeTargets": [],
        }
    return GraphResponse(200, body)


def get_configuration(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """GET …/authenticationMethodConfigurations/Sms."""
    name = request.params["configuration"]
    if name.casefold() != "sms":
        raise GraphError(404, "resourceNotFound", f"The configuration '{name}' is not simulated.")
    context = f"{request.root}/$metadata#authenticationMethodConfigurations/$entity"
    return GraphResponse(200, {"@odata.context": context, **_sms(tenant)})


def _sms(tenant: Tenant) -> JsonObject:
    target = {
        "targetType": "group",
        "id": ALL_USERS,
        "isRegistrationRequired": False,
        "isUsableForSignIn": tenant.sms_usable_for_sign_in,
    }
    return {
        "@odata.type": "#microsoft.graph.smsAuthenticationMethodConfiguration",
        "id": "Sms",
        "state": tenant.sms_policy_state,
        "excludeTargets": [],
        "includeTargets": [target],
    }
