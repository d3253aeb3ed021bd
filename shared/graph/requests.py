"""Every request about one user that this product sends.

Addresses come from the SDK's builders where v1.0 has them. Bodies are exact JSON with the documented properties and
nothing else: Graph's types are closed, and the SDK's models send what they were not given (`odata_type: null`,
`@odata.type`), which Graph refuses. https://github.com/microsoftgraph/msgraph-sdk-python/issues/440
"""

from urllib.parse import quote

from kiota_abstractions.base_request_configuration import RequestConfiguration
from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation
from msgraph import GraphServiceClient
from msgraph.generated.users.item.user_item_request_builder import UserItemRequestBuilder

from shared.graph.batch import BETA, Part, compact
from shared.graph.readings import MOBILE_METHOD_ID, USER_PROPERTIES
from shared.phone_number import PhoneNumber
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone

_Query = UserItemRequestBuilder.UserItemRequestBuilderGetQueryParameters


def get_user(sdk: GraphServiceClient, user_id: str, select: tuple[str, ...] = USER_PROPERTIES) -> RequestInformation:
    """https://learn.microsoft.com/graph/api/user-get"""
    configuration = RequestConfiguration(query_parameters=_Query(select=list(select)))
    return sdk.users.by_user_id(user_id).to_get_request_information(configuration)


def find_user(sdk: GraphServiceClient, user_principal_name: str) -> RequestInformation:
    """The id of a user by name. A name that starts with a dollar sign is no path segment of its own to Graph.

    https://learn.microsoft.com/graph/api/user-get
    """
    request = get_user(sdk, user_principal_name, ("id",))
    if user_principal_name.startswith("$"):
        key = quote(user_principal_name.replace("'", "''"), safe="$@")
        request.url = f"/users('{key}')?$select=id"
    return request


def user_part(sdk: GraphServiceClient, user_id: str) -> Part:
    """The user object."""
    return Part(user_id, "user", get_user(sdk, user_id))


def phones_part(sdk: GraphServiceClient, user_id: str) -> Part:
    """https://learn.microsoft.com/graph/api/authentication-list-phonemethods"""
    builder = sdk.users.by_user_id(user_id).authentication.phone_methods
    return Part(user_id, "phones", builder.to_get_request_information())


def methods_part(user_id: str) -> Part:
    """https://learn.microsoft.com/graph/api/authentication-list-methods, in beta: v1.0 leaves out hardware OATH tokens.

    No version lists certificates. https://learn.microsoft.com/graph/api/resources/hardwareoathauthenticationmethod
    """
    return Part(user_id, "methods", _authentication(Method.GET, user_id, "methods"), BETA)


def requirements_part(user_id: str) -> Part:
    """https://learn.microsoft.com/graph/api/authentication-get (beta only)"""
    return Part(user_id, "requirements", _authentication(Method.GET, user_id, "requirements"), BETA)


def preference_part(user_id: str) -> Part:
    """https://learn.microsoft.com/graph/api/authentication-get (beta only)"""
    return Part(user_id, "preference", _authentication(Method.GET, user_id, "signInPreferences"), BETA)


def write_part(user_id: str, action: Action) -> Part:
    """The one request that carries out an action."""
    match action:
        case AddPhone(number):
            # https://learn.microsoft.com/graph/api/authentication-post-phonemethods
            request = _authentication(Method.POST, user_id, "phoneMethods", _mobile(number))
            return Part(user_id, "write", request)
        case UpdatePhone(number):
            # https://learn.microsoft.com/graph/api/phoneauthenticationmethod-update
            request = _authentication(Method.PATCH, user_id, f"phoneMethods/{MOBILE_METHOD_ID}", _mobile(number))
            return Part(user_id, "write", request)
        case SetDefaultMethod(method):
            # https://learn.microsoft.com/graph/api/authentication-update (beta only)
            body = {"userPreferredMethodForSecondaryAuthentication": method.value}
            return Part(user_id, "write", _authentication(Method.PATCH, user_id, "signInPreferences", body), BETA)
        case SetMfaState(state):
            # https://learn.microsoft.com/graph/api/authentication-update (beta only)
            body = {"perUserMfaState": state.value}
            return Part(user_id, "write", _authentication(Method.PATCH, user_id, "requirements", body), BETA)


def _mobile(number: PhoneNumber) -> dict[str, str]:
    return {"phoneNumber": number.graph_format, "phoneType": "mobile"}


def _authentication(method: Method, user_id: str, path: str, body: dict[str, str] | None = None) -> RequestInformation:
    """A request below `users/{id}/authentication`, with exactly this body."""
    request = RequestInformation(method)
    request.url = f"/users/{user_id}/authentication/{path}"
    if body:
        request.set_stream_content(compact(body), "application/json")
    return request
