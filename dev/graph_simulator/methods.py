"""…/authentication/methods: every registered method, each with its type.

https://learn.microsoft.com/graph/api/authentication-list-methods
"""

from collections.abc import Callable

from dev.graph_schema.schema import Schema
from dev.graph_simulator.authentication import remove_method
from dev.graph_simulator.clock import iso
from dev.graph_simulator.directory import find_user
from dev.graph_simulator.exchange import NO_CONTENT, GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.model import PASSWORD_METHOD_ID, Method
from dev.graph_simulator.phone_methods import seen_phones, shown_phone
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
    "hardwareOath": (
        "hardwareOathMethods",
        {"device": {"id": "00000000-0000-4000-8000-0000000000a7", "model": "Simulated token", "status": "activated"}},
    ),
    "platformCredential": ("platformCredentialMethods", {"displayName": "Simulated Mac", "keyStrength": "normal"}),
    "email": ("emailMethods", {"emailAddress": "private@contoso.example"}),
    "temporaryAccessPass": (
        "temporaryAccessPassMethods",
        {"isUsable": True, "isUsableOnce": False, "lifetimeInMinutes": 60, "methodUsabilityReason": "EnabledByPolicy"},
    ),
    "externalAuthenticationMethod": ("externalAuthenticationMethods", {"displayName": "Simulated provider"}),
}
"""Method kind to its collection and to the fields it shows beside id and creation time."""


def type_of(kind: str) -> str:
    """The type of a method kind, without a namespace."""
    return kind if kind.endswith("AuthenticationMethod") else f"{kind}AuthenticationMethod"


def method_json(method: Method) -> JsonObject:
    """One method as the list shows it."""
    return {
        "@odata.type": f"#microsoft.graph.{type_of(method.kind)}",
        "id": method.identifier,
        "createdDateTime": iso(method.created_at),
        **KINDS[method.kind][1],
    }


def _declared(request: GraphRequest, method: Method) -> JsonObject:
    """What this version's type declares of a method: beta lacks some of v1.0's properties, and the other way round."""
    declared = Schema.of(request.version).type(type_of(method.kind)).properties
    return {name: value for name, value in method_json(method).items() if name in declared or "@" in name}


def list_methods(tenant: Tenant, request: GraphRequest) -> GraphResponse:
    """Password first, then phones, then the rest. A version lists the methods it has a type for and no others.

    https://learn.microsoft.com/graph/api/authentication-list-methods (beta alone knows hardwareOath)
    """
    user = find_user(tenant, request.params["user"])
    phones = seen_phones(tenant, user)
    password = {
        "@odata.type": "#microsoft.graph.passwordAuthenticationMethod",
        "id": PASSWORD_METHOD_ID,
        "password": None,
        "createdDateTime": iso(user.created_at),
    }
    phone_type = {"@odata.type": "#microsoft.graph.phoneAuthenticationMethod"}
    value = [password, *({**phone_type, **shown_phone(tenant, phone)} for phone in phones.values())]
    known = Schema.of(request.version).type_names
    value += [_declared(request, method) for method in user.methods if type_of(method.kind) in known]
    context = f"{request.root}/$metadata#users('{user.id}')/authentication/methods"
    observed = (Observation("methods", user.id, user.snapshot(phones=phones)),)
    return GraphResponse(200, {"@odata.context": context, "value": value}, observed=observed)


def deleter(kind: str) -> Callable[[Tenant, GraphRequest], GraphResponse]:
    """The handler of DELETE …/authentication/{collection of the kind}/{id}: 204."""

    def delete_method(tenant: Tenant, request: GraphRequest) -> GraphResponse:
        remove_method(tenant, find_user(tenant, request.params["user"]), request.params["method"], kind)
        return NO_CONTENT

    return delete_method
