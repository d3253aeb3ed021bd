"""Graph's error bodies, word for word where they are known.

Shape: https://learn.microsoft.com/graph/errors
"""

import json
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any

from dev.graph_simulator.clock import iso
from dev.graph_simulator.exchange import GraphResponse

BEARER_CHALLENGE = (
    'Bearer realm="", authorization_uri="https://login.microsoftonline.com/common/oauth2/authorize", '
    'client_id="00000003-0000-0000-c000-000000000000"'
)


class GraphError(Exception):
    """A refusal with its HTTP status, OData code and message."""

    def __init__(self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(f"{status} {code}: {message}")
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})

    def response(self, request_id: str, client_request_id: str, now: float) -> GraphResponse:
        """The refusal as an answer."""
        body = error_body(self.code, self.message, request_id, client_request_id, now)
        return GraphResponse(self.status, body, self.headers)


def error_body(code: str, message: str, request_id: str, client_request_id: str, now: float) -> dict[str, Any]:
    """The common OData error object; `date` has no zone in real answers."""
    inner = {"date": iso(now).removesuffix("Z"), "request-id": request_id, "client-request-id": client_request_id}
    return {"error": {"code": code, "message": message, "innerError": inner}}


def unauthenticated(message: str) -> GraphError:
    """401: the token is missing, expired or for somebody else."""
    return GraphError(401, "InvalidAuthenticationToken", message, {"WWW-Authenticate": BEARER_CHALLENGE})


def directory_denied() -> GraphError:
    """403 of the directory: the token lacks a role."""
    return GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.")


def methods_denied() -> GraphError:
    """403 of the authentication-method services (code: [assume: methods-denied-code])."""
    return GraphError(403, "accessDenied", "Request Authorization failed")


def pim_denied(roles: Iterable[str]) -> GraphError:
    """403 of Privileged Identity Management: an error of its own inside the message.

    https://github.com/kayasax/EasyPIM/issues/37
    """
    text = f"Authorization failed due to missing permission scope {','.join(roles)}."
    return GraphError(403, "UnknownError", _wrapped("PermissionScopeNotGranted", text))


NO_LICENCE = "AadPremiumLicenseRequired"
NO_LICENCE_TEXT = "The tenant needs to have Microsoft Entra ID P2 or Microsoft Entra ID Governance license."
NO_LICENCE_FORMS: Mapping[str, tuple[str, str]] = {
    "code": (NO_LICENCE, NO_LICENCE_TEXT),
    "otherCase": (NO_LICENCE[0].lower() + NO_LICENCE[1:], NO_LICENCE_TEXT),
    "inMessage": ("BadRequest", f"[{NO_LICENCE}] {NO_LICENCE_TEXT}"),
}
"""How a tenant without Entra ID P2 may say so: code and message. `code` is what was seen; the others are what clients
have been written for. A fourth form, `wrapped`, is the way this service wraps its 403.

https://github.com/mondoohq/mql/pull/8955 · [assume: no-licence-forms]
"""


def no_licence(form: str) -> GraphError:
    """400: Privileged Identity Management without Entra ID P2."""
    wrapped = ("UnknownError", _wrapped(NO_LICENCE, NO_LICENCE_TEXT))
    code, message = NO_LICENCE_FORMS.get(form, wrapped)
    return GraphError(400, code, message)


def _wrapped(code: str, text: str) -> str:
    return json.dumps({"errorCode": code, "message": text, "instanceAnnotations": []}, separators=(",", ":"))


def backend_not_found(segment: str, user: str) -> dict[str, Any]:
    """The body of an error that the service behind `authentication/` gives in its own form, without `error`.

    https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/1267
    """
    uri = f"https://mface.windowsazure.com/odata/users('{user}')/authentication/{segment}"
    return {
        "Message": f"No HTTP resource was found that matches the request URI '{uri}'.",
        "MessageDetail": "No type was found that matches the controller named 'users'.",
    }


def subscription_denied(operation: str, unauthorized: bool) -> GraphError:
    """401 or 403 of a subscription on a resource that the app may not read: both have been seen.

    403: https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/365
    401: https://github.com/microsoftgraph/microsoft-graph-docs/issues/6472
    """
    status = HTTPStatus.UNAUTHORIZED if unauthorized else HTTPStatus.FORBIDDEN
    message = f"Operation: {operation}; Exception: [Status Code: {status.phrase}; Reason: {status.phrase}]"
    return GraphError(status, "ExtensionError", message)


def user_not_found(key: str) -> GraphError:
    """404 for a user that is deleted or not replicated yet; both look the same."""
    return GraphError(
        404,
        "Request_ResourceNotFound",
        f"Resource '{key}' does not exist or one of its queried reference-property objects are not present.",
    )


def segment_not_found(segment: str) -> GraphError:
    """400: no such address in this API version."""
    return GraphError(400, "BadRequest", f"Resource not found for the segment '{segment}'.")


def bad_request(message: str, code: str = "badRequest") -> GraphError:
    """400 with a message of one's own."""
    return GraphError(400, code, message)


def unsupported_query(message: str) -> GraphError:
    """400: a query option that this address does not take."""
    return GraphError(400, "Request_UnsupportedQuery", message)
