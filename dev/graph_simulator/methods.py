"""…/authentication/methods: every registered method, each with its type.

https://learn.microsoft.com/graph/api/authentication-list-methods
"""

from dev.graph_simulator.authentication import remove_method
from dev.graph_simulator.clock import iso
from dev.graph_simulator.directory import find_user
from dev.graph_simulator.errors import segment_not_found
from dev.graph_simulator.exchange import NO_CONTENT, GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.model import PASSWORD_METHOD_ID, Method
from dev.graph_simulator.phone_methods import phone_json, seen_phones
from dev.graph_simulator.snapshot import Observation
from dev.graph_simulator.tenant import Tenant

KINDS: dict[str, tuple[str, JsonObject]] = {
    "fido2": ("fido2Methods", {"displayName": "Security key", "model": "Simulated key", "aaGuid": None}),
    "windowsHelloForBusiness": (
        "windowsHelloForBusinessMethods",
        {"displayName": "Simulated PC", "keyStrength": "normal"},
    ),
    "microsoftAuthenticator": (
        "microsoftAuthenticatorMethods",
        {"displayName": "Simulated phone", "deviceTag": "SoftwareTokenActivated", "phoneAppVersion": "6.0"},
    ),
    "softwareOath": ("softwareOathMethods", {"secretKey": None}),
    "platformCredential": ("platformCredentialMethods", {"displayName": "Simulated Mac", "keyStrength": "normal"}),
    "email": ("emailMethods", {"emailAddress": "private@contoso.example"}),
    "temporaryAccessPass": (
        "temporaryAccessPassMethods",
        {"isUsable": True, "isUsableOnce": False, "lifetimeInMinutes": 60, "methodUsabilityReason": "EnabledByPolicy"},
    ),
    "externalAuthenticationMethod": ("externalAuthenticationMethods", {"displayName": "Simulated provider"}),
}
"""Method kind to its collection and to the fields it shows beside id and creation time."""

COLLECTIONS = {collection.casefold(): kind for kind, (collection, _) in KINDS.items()}
_TYPE_NAMES = {"externalAuthenticationMethod": "externalAuthenticationMethod"}


def method_json(method: Method) -> JsonObject:
    """One method as the list shows it."""
    type_name = _TYPE_NAMES.get(method.kind, f"{method.kind}AuthenticationMethod")
    return {
        "@odata.type": f"#microsoft.graph.{type_name}",
        "id": method.identifier,
        "createdDateTime": iso(method.created_at),
        **KINDS[method.kind][1],
    }


def list_methods(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Password first, then phones, then the rest."""
    user = find_user(tenant, request.params["user"])
    phones = seen_phones(tenant, user)
    password = {
        "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
        "id": PASSWORD_METHOD_ID,
        "password": None,
        "createdDateTime": iso(user.created_at),
    }
    phone_type = {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod"}
    value = [password, *({**phone_type, **phone_json(phone)} for phone in phones.values())]
    value += [method_json(method) for method in user.methods]
    context = f"{request.root}/$metadata#users('{user.id}')/authentication/methods"
    observed = (Observation("methods", user.id, user.snapshot(phones=phones)),)
    return GraphResponse(200, {"@odata.context": context, "value": value}, observed=observed)


def delete_method(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """DELETE …/authentication/{collection}/{id}: 204."""
    kind = COLLECTIONS.get(request.params["collection"].casefold())
    if kind is None:
        raise segment_not_found(request.params["collection"])
    remove_method(tenant, find_user(tenant, request.params["user"]), request.params["method"], kind)
    return NO_CONTENT
