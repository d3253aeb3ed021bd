"""What is in a good answer of Graph; every other answer as the exception that says of which kind it is."""

from collections.abc import Mapping
from typing import Any

from shared.errors import GraphFailed, Transient
from shared.graph.client import Answer, GraphClient
from shared.graph.replies import About, Reply
from shared.models import Reason


def body_of(client: GraphClient, answer: Answer, about: About = About.USER) -> Mapping[str, Any]:
    """The JSON object of a good answer. Raises GraphFailed, with advice that fits what the call was about."""
    if not isinstance(answer, Reply):
        raise GraphFailed(answer)
    if not answer.ok or not isinstance(answer.body, dict):
        raise GraphFailed(answer.failure(client.now, about))
    return answer.body


def page_of(client: GraphClient, answer: Answer, about: About = About.USER) -> tuple[list[Any], str | None]:
    """The items of a good answer, and the link to the next page; None: there is none. Raises GraphFailed."""
    body = body_of(client, answer, about)
    value, link = body.get("value"), body.get("@odata.nextLink")
    if not isinstance(value, list) or not isinstance(link, str | None):
        raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "a list that is not whole"))
    return value, link


def values_of(client: GraphClient, answer: Answer, about: About = About.USER) -> list[Any]:
    """The items of a good answer that holds all of them. Raises GraphFailed."""
    value, link = page_of(client, answer, about)
    if link is not None:
        raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "a list that is not whole"))
    return value
