"""Refuse what Graph refuses, from Microsoft's own description: undeclared properties, options and selections.

The types of Graph are closed: https://github.com/microsoftgraph/msgraph-sdk-python/issues/440
"""

from dev.graph_schema.check import Checker, Fault, Problem
from dev.graph_schema.schema import Schema
from dev.graph_simulator.errors import GraphError, bad_request, unsupported_query
from dev.graph_simulator.exchange import GraphRequest
from dev.graph_simulator.selection import selected
from dev.graph_simulator.urls import METHODS, SUBSCRIPTIONS, Route

CODES = {METHODS: "badRequest", SUBSCRIPTIONS: "InvalidRequest"}
"""The code of a value that does not fit, by the service that answers ([assume: misfit-codes])."""
OTHER_CODE = "Request_BadRequest"


def refuse_undeclared(request: GraphRequest, route: Route) -> None:
    """Raise the 400 of a query option, selection or body that Graph does not know."""
    address = route.addresses[request.version]
    _refuse_options(request, route)
    shown = element_type(Schema.of(request.version), address.answers[route.method])
    if shown and route.method == "GET":
        selected(request, shown)
    body_type = address.bodies[route.method]
    if body_type and request.body is not None:
        _refuse_body(request, route, body_type)


def element_type(schema: Schema, answer: str) -> str:
    """Return the type of a collection's elements, or of the answer itself; "" for none."""
    if not answer:
        return ""
    listed = schema.type(answer).properties.get("value")
    return listed.type if listed and listed.many else answer


def _refuse_options(request: GraphRequest, route: Route) -> None:
    """Refuse unknown system options; custom ones are ignored ([assume: query-options-400])."""
    for name in request.query:
        if name.startswith("$") and name not in route.options:
            if route.family == SUBSCRIPTIONS:
                raise bad_request(f"The query option {name} is not supported for subscriptions.", "InvalidRequest")
            raise unsupported_query(f"The query option {name} is not supported.")


def _refuse_body(request: GraphRequest, route: Route, body_type: str) -> None:
    schema = Schema.of(request.version)
    is_method = schema.is_a(body_type, "authenticationMethod")
    if is_method and "@odata.type" in request.fields():
        raise unparsable_method()
    for problem in Checker(schema, answer=False).problems(body_type, request.fields()):
        raise _refusal(problem, request, route)


def _refusal(problem: Problem, request: GraphRequest, route: Route) -> GraphError:
    if problem.fault in {Fault.UNDECLARED, Fault.ANNOTATION}:
        return undeclared(problem, route.template)
    text = f"The value of the property '{problem.name}' does not fit its type."
    if problem.fault is Fault.WORD:
        text = f"'{request.fields().get(problem.name)}' is not a valid value of {problem.name}."
    return bad_request(text, CODES.get(route.family, OTHER_CODE))


def undeclared(problem: Problem, template: str) -> GraphError:
    """Return the 400 of a property that the type does not declare, or of a parameter that an action does not take.

    https://github.com/microsoftgraph/msgraph-sdk-python/issues/440 · [assume: undeclared-everywhere-400]
    """
    if problem.type.endswith("PostRequestBody"):
        operation = template.rsplit("/", maxsplit=1)[-1]
        text = f"The parameter '{problem.name}' in the request payload is not a valid parameter for the operation "
        return bad_request(f"{text}'{operation}'.", "BadRequest")
    text = f"The property '{problem.name}' does not exist on type 'microsoft.graph.{problem.type}'. "
    text += "Make sure to only use property names that are defined by the type or mark the type as open type."
    return GraphError(400, "RequestBodyRead", text)


def unparsable_method() -> GraphError:
    """Return the 400 of a type annotation, which the services behind `authentication/` do not take.

    https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/1616 (code and text) and /issues/1901 (the cause)
    """
    return bad_request("Unable to parse request body as an authentication method.")


def refuse_undeclared_in_batch(request: GraphRequest) -> None:
    """Raise the 400 of a batch envelope with a property of its own ([assume: batch-refusals])."""
    for problem in Checker(Schema.of(request.version), answer=False).problems("batchRequest", request.fields()):
        if problem.fault is Fault.UNDECLARED:
            raise bad_request(f"The property '{problem.name}' is not a property of a batch request.", "BadRequest")
