"""Hold an answer of the simulator against what Microsoft says this address answers."""

from collections.abc import Iterable

from dev.graph_schema.check import Checker, error_problems
from dev.graph_schema.schema import Schema
from dev.graph_simulator.batch import is_batch
from dev.graph_simulator.exchange import GraphRequest, GraphResponse
from dev.graph_simulator.urls import Route

FIRST_ERROR = 400


def answer_problems(request: GraphRequest, route: Route | None, answer: GraphResponse) -> Iterable[object]:
    """Return what does not fit. A selection may leave the key out."""
    schema = Schema.of(request.version)
    if answer.status >= FIRST_ERROR:
        return error_problems(schema, answer.body)
    if is_batch(request.path):
        return Checker(schema).problems("batchResponse", answer.body)
    expected = route.addresses[request.version].answers[route.method] if route else ""
    if answer.body is None:
        return () if answer.status == 204 else (f"{answer.status} without a body",)
    if not expected:
        return (f"{answer.status} with a body",)
    return Checker(schema, selected="$select" in request.query).problems(expected, answer.body)
