"""JSON batching: up to twenty requests in one, each answered and throttled on its own.

https://learn.microsoft.com/graph/json-batching

The outer 200 says nothing about the parts, answers come in any order, and a batch serves one API version only. The
SDK's own batch client needs an undeclared package and does not see inner failures, so the body is put together here.
"""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from shared.errors import Failure, Transient
from shared.graph.client import Answer, GraphClient, Service
from shared.graph.replies import Reply
from shared.models import Reason

MOST_PARTS = 20
V1, BETA = "v1.0", "beta"

LOW_PRIORITY = ("x-ms-throttle-priority", "Low")
"""What waits for nobody is throttled first. https://learn.microsoft.com/graph/throttling-limits#request-headers"""


@dataclass(frozen=True, slots=True)
class Part:
    """One inner request: about which user, for what, of which API version, answered by which service.

    `optional`: the app may lack the permission for it.
    """

    user_id: str
    name: str
    request: RequestInformation
    version: str = V1
    service: Service = Service.DIRECTORY
    optional: bool = False


Answers = dict[tuple[str, str], Answer]
"""By user and name of the part."""


async def send_parts(client: GraphClient, parts: Sequence[Part], background: bool = False) -> Answers:
    """Sends the parts in as few batches as possible, one user's parts of a version together, batches side by side.

    `background`: nobody waits for this; Graph throttles it first.
    """
    batches = [batch for version in (V1, BETA) for batch in _batches([p for p in parts if p.version == version])]
    answered = await asyncio.gather(*(_send(client, batch, background) for batch in batches))
    return {key: answer for answers in answered for key, answer in answers.items()}


def _batches(parts: Sequence[Part]) -> list[list[Part]]:
    by_user: dict[str, list[Part]] = {}
    for part in parts:
        by_user.setdefault(part.user_id, []).append(part)
    batches: list[list[Part]] = []
    for group in by_user.values():
        if not batches or len(batches[-1]) + len(group) > MOST_PARTS:
            batches.append([])
        for part in group:
            if len(batches[-1]) == MOST_PARTS:  # a policy of hundreds of groups: more parts than one batch holds
                batches.append([])
            batches[-1].append(part)
    return batches


async def _send(client: GraphClient, parts: Sequence[Part], background: bool) -> Answers:
    request = RequestInformation(Method.POST)
    request.url = f"{client.root}/{parts[0].version}/$batch"
    request.headers.try_add("Accept", "application/json")
    if background:
        request.headers.try_add(*LOW_PRIORITY)
    body = {"requests": [_inner(client, str(number), part.request) for number, part in enumerate(parts)]}
    request.set_stream_content(compact(body), "application/json")
    answer = await client.send(request)
    if not isinstance(answer, Reply):
        return {(part.user_id, part.name): answer for part in parts}
    inner = _by_id(answer.body) if answer.ok else {}
    missing = _missing(client, answer)
    replies = {(p.user_id, p.name): _reply(client, p, inner.get(str(n)), answer) for n, p in enumerate(parts)}
    await client.share_pace()
    return {key: reply or missing for key, reply in replies.items()}


def compact(body: Mapping[str, Any]) -> bytes:
    """JSON as it is sent: no blanks, ASCII only."""
    return json.dumps(body, separators=(",", ":")).encode()


def _inner(client: GraphClient, part_id: str, request: RequestInformation) -> dict[str, Any]:
    inner: dict[str, Any] = {
        "id": part_id,
        "method": request.http_method.value if request.http_method else "GET",
        "url": client.relative(request),
    }
    if request.content:
        inner["headers"] = {"Content-Type": "application/json"}
        inner["body"] = json.loads(request.content)
    return inner


def _by_id(body: Any) -> dict[str, Mapping[str, Any]]:
    responses = body.get("responses") if isinstance(body, dict) else None
    items = responses if isinstance(responses, list) else []
    return {str(item["id"]): item for item in items if isinstance(item, dict) and "id" in item}


def _reply(client: GraphClient, part: Part, item: Mapping[str, Any] | None, outer: Reply) -> Reply | None:
    if item is None or not isinstance(item.get("status"), int):
        return None
    given = item.get("headers")
    headers = {str(key).lower(): str(value) for key, value in given.items()} if isinstance(given, dict) else {}
    headers.setdefault("request-id", outer.request_id or "")
    reply = Reply(item["status"], headers, item.get("body"))
    client.heed(reply, part.service, may_be_forbidden=part.optional)
    return reply


def _missing(client: GraphClient, answer: Reply) -> Failure:
    """What a part gets that was not answered: the batch's own failure, or its absence."""
    if answer.ok:
        return Transient(Reason.GRAPH_UNAVAILABLE, "the batch left this part out")
    return answer.failure(client.now)
