"""Every request about a user that this product makes. v1.0 ones come from the SDK's builders; beta has none there."""

import json

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph import GraphServiceClient
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder

from shared.graph.batch import BETA, Part
from shared.graph.readings import USER_PROPERTIES
from shared.phone_number import PhoneNumber
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone

MOBILE_METHOD_ID = "3179e48a-750b-4051-897c-87b9720928f7"
"""The same for every user. https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod"""

_Query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters


def get_user(sdk: GraphServiceClient, user_id: str, select: tuple[str, ...] = USER_PROPERTIES) -> RequestInformation:
    """https://learn.microsoft.com/graph/api/user-get"""
    configuration = RequestConfiguration(query_parameters=_Query(select=list(select)))
    return sdk.users.by_user_id(user_id).to_get_request_information(configuration)


def user_part(sdk: GraphServiceClient, user_id: str) -> Part:
    """The user object."""
    return Part(user_id, "user", get_user(sdk, user_id))


def phones_part(sdk: GraphServiceClient, user_id: str) -> Part:
    """https://learn.microsoft.com/graph/api/authentication-list-phonemethods"""
    builder = sdk.users.by_user_id(user_id).authentication.phone_methods
    return Part(user_id, "phones", builder.to_get_request_information())


def methods_part(sdk: GraphServiceClient, user_id: str) -> Part:
    """https://learn.microsoft.com/graph/api/authentication-list-methods"""
    builder = sdk.users.by_user_id(user_id).authentication.methods
    return Part(user_id, "methods", builder.to_get_request_information())


def requirements_part(user_id: str) -> Part:
    """https://learn.microsoft.com/graph/api/authentication-get (beta only)"""
    return Part(user_id, "requirements", _beta(Method.GET, user_id, "requirements"), BETA)


def preference_part(user_id: str) -> Part:
    """https://learn.microsoft.com/graph/api/authentication-get (beta only)"""
    return Part(user_id, "preference", _beta(Method.GET, user_id, "signInPreferences"), BETA)


def write_part(sdk: GraphServiceClient, user_id: str, action: Action) -> Part:
    """The one request that carries out an action."""
    match action:
        case AddPhone(number):
            # https://learn.microsoft.com/graph/api/authentication-post-phonemethods
            methods = sdk.users.by_user_id(user_id).authentication.phone_methods
            return Part(user_id, "write", _mobile(Method.POST, methods.to_get_request_information(), number))
        case UpdatePhone(number):
            # https://learn.microsoft.com/graph/api/phoneauthenticationmethod-update
            methods = sdk.users.by_user_id(user_id).authentication.phone_methods
            method = methods.by_phone_authentication_method_id(MOBILE_METHOD_ID)
            return Part(user_id, "write", _mobile(Method.PATCH, method.to_get_request_information(), number))
        case SetDefaultMethod(method):
            # https://learn.microsoft.com/graph/api/authentication-update (beta only)
            body = {"userPreferredMethodForSecondaryAuthentication": method.value}
            return Part(user_id, "write", _beta(Method.PATCH, user_id, "signInPreferences", body), BETA)
        case SetMfaState(state):
            # https://learn.microsoft.com/graph/api/authentication-update (beta only)
            body = {"perUserMfaState": state.value}
            return Part(user_id, "write", _beta(Method.PATCH, user_id, "requirements", body), BETA)


def _mobile(method: Method, request: RequestInformation, number: PhoneNumber) -> RequestInformation:
    """Turn a builder's request into a phone write whose body is the two documented properties and nothing else.

    The SDK's model adds "@odata.type", or "odata_type" where that is set to None. Graph refuses both.
    https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1616 (the annotation, by this back end)
    https://github.com/microsoftgraph/msgraph-sdk-python/issues/440 (an undeclared property)
    """
    body = {"phoneNumber": number.graph_format, "phoneType": "mobile"}
    request.http_method = method
    request.set_stream_content(json.dumps(body).encode(), "application/json")
    return request


def _beta(method: Method, user_id: str, name: str, body: dict[str, str] | None = None) -> RequestInformation:
    request = RequestInformation(method)
    request.url = f"/users/{user_id}/authentication/{name}"
    if body:
        request.set_stream_content(json.dumps(body).encode(), "application/json")
    return request
