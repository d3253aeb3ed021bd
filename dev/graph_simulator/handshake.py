"""The validation handshake: Graph calls the webhook before it believes in it.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks#notificationurl-validation
"""

import uuid
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from urllib.parse import quote, urlsplit, urlunsplit

import aiohttp
from yarl import URL

from dev.graph_simulator.errors import GraphError

type Validate = Callable[[str, float], Awaitable[None]]
"""Checks one URL within a number of seconds; raises the 400 of a failed handshake."""

LONGEST_ANSWER = 4_096
STATUS_NAMES = {status.value: status.phrase.replace(" ", "") for status in HTTPStatus}


def with_token(url: str, token: str) -> str:
    """`url` with `validationToken` added; what the query already held is kept."""
    parts = urlsplit(url)
    given = f"validationToken={quote(token, safe='')}"
    return urlunsplit(parts._replace(query=f"{parts.query}&{given}" if parts.query else given))


def new_token() -> str:
    """An opaque token whose decoding matters: spaces, colons and a plus sign."""
    return f"Validation: Testing client application reachability for subscription Request-Id: {uuid.uuid4()} a+b&c"


def validator(session: aiohttp.ClientSession) -> Validate:
    """A handshake over `session`."""

    async def validate(url: str, seconds: float) -> None:
        token = new_token()
        timeout = aiohttp.ClientTimeout(total=seconds)
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        address = URL(with_token(url, token), encoded=True)
        try:
            async with session.post(address, data=b"", headers=headers, timeout=timeout) as answer:
                text = (await answer.content.read(LONGEST_ANSWER)).decode("utf-8", "replace")
                _judge(answer.status, answer.content_type, text, token)
        except TimeoutError as problem:
            raise _failed("Subscription validation request timed out.") from problem
        except aiohttp.ClientError as problem:
            raise _failed(
                "Subscription validation request failed. Must respond with 200 OK to this request."
            ) from problem

    return validate


def _judge(status: int, content_type: str, text: str, token: str) -> None:
    """Raise the 400 of a wrong answer, with the texts of https://github.com/pnp/Microsoft365-Analytics-Insights/issues/273."""
    if status != 200:
        name = STATUS_NAMES.get(status, str(status))
        raise _failed(
            f"Subscription validation request failed. HTTP status code is '{name}'. "
            "Notification endpoint must respond with 200 OK to validation request."
        )
    if content_type != "text/plain":
        # [assume: handshake-content-type-checked]
        raise _failed("Subscription validation request failed. The response must have the content type text/plain.")
    if text != token:
        raise _failed(
            "Subscription validation request failed. Response must exactly match validationToken query parameter."
        )


def _failed(message: str) -> GraphError:
    return GraphError(400, "ValidationError", message)
