"""What a fault makes of a request, before or after it was done."""

import json

from dev.graph_simulator.errors import backend_not_found, error_body
from dev.graph_simulator.exchange import GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.faults import Effect

FAULT_WORDS = {
    400: ("BadRequest", "The request is not valid."),
    401: ("InvalidAuthenticationToken", "Access token has expired or is not yet valid."),
    403: ("Authorization_RequestDenied", "Insufficient privileges to complete the operation."),
    404: (
        "Request_ResourceNotFound",
        "Resource does not exist or one of its queried reference-property objects are not present.",
    ),
    409: ("Conflict", "The request conflicts with the current state."),
    429: ("TooManyRequests", "Too many requests. Please retry after some time."),
    500: ("InternalServerError", "Unable to process the request."),
    502: ("BadGateway", "Bad gateway."),
    503: ("ServiceUnavailable", "The service is temporarily unavailable."),
    504: ("GatewayTimeout", "The gateway did not receive a response in time."),
}


def spoiled_before(effect: Effect | None, request: GraphRequest, now: float) -> GraphResponse | None:
    """The fault's answer when nothing is to be done."""
    if effect is None:
        return None
    if effect.cut_before:
        return GraphResponse(0, cut=True)
    return _fault_answer(effect, effect.status, request, now) if effect.status else None


def spoiled_after(effect: Effect | None, answer: GraphResponse, request: GraphRequest, now: float) -> GraphResponse:
    """What the client is told once the request was done."""
    if effect and effect.cut_after_commit:
        return GraphResponse(0, cut=True)
    if effect and effect.error_after_commit:
        return _fault_answer(effect, effect.error_after_commit, request, now)
    return answer


def _fault_answer(effect: Effect, status: int, request: GraphRequest, now: float) -> GraphResponse:
    headers = dict(effect.headers)
    if effect.html is not None:
        return GraphResponse(status, headers=headers, html=effect.html)
    return GraphResponse(status, effect.body or _error_body(effect, status, request, now), headers)


def _error_body(effect: Effect, status: int, request: GraphRequest, now: float) -> JsonObject:
    """The error in Graph's form, or in that of the service behind `authentication/`, bare or wrapped.

    https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/1267 (bare)
    https://github.com/microsoftgraph/msgraph-beta-sdk-dotnet/issues/215 (wrapped)
    """
    code, message = FAULT_WORDS.get(status, ("UnknownError", "A simulated fault."))
    if effect.backend:
        bare = backend_not_found(request.path.rsplit("/", maxsplit=1)[-1], request.params.get("user", ""))
        if effect.backend == "bare":
            return bare
        code, message = "UnknownError", json.dumps(bare)
    client_request_id = request.headers.get("client-request-id") or request.request_id
    return error_body(code, message, request.request_id, client_request_id, now)
