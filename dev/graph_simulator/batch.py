"""POST /$batch: up to twenty requests in one, each answered on its own.

https://learn.microsoft.com/graph/json-batching
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import parse_qsl

from dev.graph_simulator.errors import GraphError, bad_request
from dev.graph_simulator.exchange import GraphRequest, GraphResponse, JsonObject
from dev.graph_simulator.strict import refuse_undeclared_in_batch
from dev.graph_simulator.tenant import Tenant

MOST_REQUESTS = 20
METHODS = frozenset({"GET", "POST", "PATCH", "PUT", "DELETE"})

type Dispatch = Callable[[GraphRequest], Awaitable[GraphResponse]]


@dataclass(frozen=True, slots=True)
class Step:
    """One inner request."""

    id: str
    request: GraphRequest
    depends_on: tuple[str, ...]


async def run_batch(tenant: Tenant, outer: GraphRequest, dispatch: Dispatch) -> GraphResponse:
    """Run the inner requests in order of dependence; the answers come in any order."""
    refuse_undeclared_in_batch(outer)
    steps = _steps(outer)
    tenant.stats.count_batch(len(steps))
    answers: dict[str, GraphResponse] = {}
    waiting = list(steps)
    while waiting:
        ready = [step for step in waiting if all(name in answers for name in step.depends_on)]
        if not ready:
            raise bad_request("The dependsOn properties form a circle.", "BadRequest")  # [assume: batch-refusals]
        for step in ready:
            failed = any(answers[name].status >= 400 for name in step.depends_on)
            answers[step.id] = _failed_dependency(outer) if failed else await dispatch(step.request)
        waiting = [step for step in waiting if step.id not in answers]
    order = [step.id for step in steps]
    if tenant.switches.batch_shuffle:
        tenant.random.shuffle(order)
    responses = [_inner(identifier, answers[identifier]) for identifier in order]
    return GraphResponse(200, {"responses": responses}, cut=any(answer.cut for answer in answers.values()))


def _steps(outer: GraphRequest) -> list[Step]:
    """Read and check the whole batch before anything runs ([assume: batch-refusals])."""
    items = outer.fields().get("requests")
    if not isinstance(items, list) or not items:
        raise bad_request("Invalid batch payload format.", "BadRequest")
    if len(items) > MOST_REQUESTS:
        raise bad_request(
            f"Number of batch request steps exceeds the maximum value of {MOST_REQUESTS}.", "MaximumValueExceeded"
        )
    steps = [_step(outer, item) for item in items]
    names = [step.id for step in steps]
    if len(set(names)) != len(names):
        raise bad_request("Each batch request must have a unique id.", "BadRequest")
    unknown = {name for step in steps for name in step.depends_on} - set(names)
    if unknown:
        raise bad_request(f"dependsOn names unknown request ids: {sorted(unknown)}.", "BadRequest")
    return steps


def _step(outer: GraphRequest, item: object) -> Step:
    if not isinstance(item, dict) or not isinstance(item.get("id"), str) or not isinstance(item.get("url"), str):
        raise bad_request("Each batch request needs a string id, a method and a url.", "BadRequest")
    method = str(item.get("method", "")).upper()
    if method not in METHODS:
        raise bad_request(f"Invalid method of batch request {item['id']}.", "BadRequest")
    depends = item.get("dependsOn") or []
    if not isinstance(depends, list):
        raise bad_request(f"Invalid dependsOn of batch request {item['id']}.", "BadRequest")
    return Step(item["id"], _inner_request(outer, item, method), tuple(str(name) for name in depends))


def _inner_request(outer: GraphRequest, item: dict[str, Any], method: str) -> GraphRequest:
    url: str = item["url"]
    if "://" in url:
        raise bad_request(f"Invalid url of batch request {item['id']}: it must be relative.", "BadRequest")
    path, _, query = url.partition("?")
    headers = {str(name).casefold(): str(value) for name, value in (item.get("headers") or {}).items()}
    body = item.get("body")
    if body is not None and "json" not in headers.get("content-type", ""):
        raise bad_request(
            f"Write request id : {item['id']} does not contain Content-Type header or body.", "BadRequest"
        )
    return replace(
        outer,
        method=method,
        path="/" + path.lstrip("/"),
        query=dict(parse_qsl(query, keep_blank_values=True)),
        headers={
            **headers,
            "client-request-id": outer.headers.get("client-request-id", ""),
            "authorization": outer.headers.get("authorization", ""),
        },
        body=body if isinstance(body, dict) else None,
        inner=True,
        params={},
    )


def _failed_dependency(outer: GraphRequest) -> GraphResponse:
    """424: what this one depends on has failed ([assume: batch-424])."""
    del outer
    body = {"error": {"code": "FailedDependency", "message": "The request failed because a dependency failed."}}
    return GraphResponse(424, body)


def _inner(identifier: str, answer: GraphResponse) -> JsonObject:
    headers = dict(answer.headers)
    result: JsonObject = {"id": identifier, "status": answer.status}
    if answer.html is not None:
        result["headers"] = {**headers, "Content-Type": "text/html"}
        result["body"] = answer.html
    elif answer.body is not None:
        result["headers"] = {**headers, "Content-Type": "application/json"}
        result["body"] = answer.body
    else:
        result["headers"] = headers
    return result


def is_batch(path: str) -> bool:
    """Whether a path below the version is the batch address."""
    return path.strip("/").casefold() == "$batch"


def refuse_nested() -> GraphError:
    """A batch inside a batch."""
    return bad_request("A batch request cannot contain another batch request.", "BadRequest")
