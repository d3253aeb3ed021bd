"""The authentication-methods policy, as far as SMS goes.

https://learn.microsoft.com/graph/api/resources/smsauthenticationmethodconfiguration
"""

from dev.graph_simulator.errors import GraphError
from dev.graph_simulator.exchange import GraphRequest, GraphResponse
from dev.graph_simulator.tenant import Tenant


def get_configuration(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """GET …/authenticationMethodConfigurations/Sms."""
    name = request.params["configuration"]
    if name.casefold() != "sms":
        raise GraphError(404, "resourceNotFound", f"The configuration '{name}' is not simulated.")
    target = {
        "targetType": "group",
        "id": "all_users",
        "isRegistrationRequired": False,
        "isUsableForSignIn": tenant.sms_usable_for_sign_in,
    }
    body = {
        "@odata.context": f"{request.root}/$metadata#authenticationMethodConfigurations/$entity",
        "@odata.type": "#microsoft.graph.smsAuthenticationMethodConfiguration",
        "id": "Sms",
        "state": tenant.sms_policy_state,
        "excludeTargets": [],
        "includeTargets": [target],
    }
    return GraphResponse(200, body)
