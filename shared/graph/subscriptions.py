"""Subscriptions over Graph. https://learn.microsoft.com/graph/api/resources/subscription

Bodies are written as JSON and not through the SDK's models, which add what was never set: Graph refuses a property that
the type does not declare.
"""

import json
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from kiota_abstractions.method import Method
from kiota_abstractions.request_information import RequestInformation

from shared.errors import AlreadySubscribed, Failure, GraphFailed, Permanent, Transient
from shared.graph.client import SLOW_SECONDS, Answer, GraphClient
from shared.graph.replies import About, Reply
from shared.models import OBJECT_ID, Reason, object_id
from shared.moments import graph_moment
from shared.subscription_rules import CHANGE_TYPE, RESOURCE, Desired, Subscription

MOST_PAGES = 20

OVER_THE_LIMIT = (
    "too many subscriptions exist: delete those that are not needed (other deployments under the app's identity, other "
    "apps of the tenant), then run: mfa-prefill subscription ensure"
)
"""https://learn.microsoft.com/graph/change-notifications-overview#subscription-limits"""


class GraphSubscriptions:
    """The SubscriptionApi port. `client_state` goes out with a creation and is seen nowhere else."""

    def __init__(self, client: GraphClient, desired: Desired, client_state: str) -> None:
        self._client = client
        self._desired = desired
        self._client_state = client_state

    async def all(self) -> Sequence[Subscription]:
        """See the port. https://learn.microsoft.com/graph/api/subscription-list (paged, takes no options)"""
        request = self._request(Method.GET)
        found: list[Subscription] = []
        for _ in range(MOST_PAGES):
            reply = self._good(await self._client.send(request))
            items = reply.body.get("value", [])
            found += [read_subscription(item) for item in items if isinstance(item, dict)]
            link = reply.body.get("@odata.nextLink")
            if not isinstance(link, str):
                return found
            request = self._client.sdk.subscriptions.with_url(link).to_get_request_information()
        raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "the list of subscriptions does not end"))

    async def get(self, subscription_id: str) -> Subscription | None:
        """See the port. https://learn.microsoft.com/graph/api/subscription-get"""
        return await self._one(self._request(Method.GET, subscription_id))

    async def create(self, expires: datetime) -> Subscription:
        """See the port. https://learn.microsoft.com/graph/api/subscription-post-subscriptions"""
        body = {
            "changeType": CHANGE_TYPE,
            "notificationUrl": self._desired.notification_url,
            "lifecycleNotificationUrl": self._desired.lifecycle_url,
            "resource": RESOURCE,
            "expirationDateTime": _as_graph_wants(expires),
            "clientState": self._client_state,
            "latestSupportedTlsVersion": "v1_2",
        }
        answer = await self._client.send(self._request(Method.POST, body=body), SLOW_SECONDS)
        if isinstance(answer, Reply) and answer.status == HTTPStatus.CONFLICT:
            # seen as ObjectIdentifierInUse with the bare id, documented with brackets around it
            named = OBJECT_ID.search(answer.message.lower())
            raise AlreadySubscribed(named[0] if named else None)
        return read_subscription(self._good(answer).body)

    async def renew(self, subscription_id: str, expires: datetime) -> Subscription | None:
        """See the port. https://learn.microsoft.com/graph/api/subscription-update (reauthorizes as well)"""
        body = {"expirationDateTime": _as_graph_wants(expires)}
        return await self._one(self._request(Method.PATCH, subscription_id, body))

    async def delete(self, subscription_id: str) -> None:
        """See the port. https://learn.microsoft.com/graph/api/subscription-delete"""
        answer = await self._client.send(self._request(Method.DELETE, subscription_id))
        if not _is_missing(answer):
            self._good(answer)

    def _request(
        self, method: Method, subscription_id: str | None = None, body: Mapping[str, str] | None = None
    ) -> RequestInformation:
        if subscription_id is not None and object_id(subscription_id) is None:
            raise ValueError("not a subscription id")
        request = RequestInformation(method)
        item = f"/{subscription_id}" if subscription_id else ""
        request.url = f"{self._client.root}/v1.0/subscriptions{item}"
        request.headers.try_add("Accept", "application/json")
        if body:
            request.set_stream_content(json.dumps(body).encode(), "application/json")
        return request

    async def _one(self, request: RequestInformation) -> Subscription | None:
        answer = await self._client.send(request)
        return None if _is_missing(answer) else read_subscription(self._good(answer).body)

    def _good(self, answer: Answer) -> Reply:
        """A good answer with a JSON object (or with nothing, after a DELETE). Raises GraphFailed."""
        if not isinstance(answer, Reply):
            raise GraphFailed(answer)
        if not answer.ok or not (isinstance(answer.body, dict) or answer.status == HTTPStatus.NO_CONTENT):
            raise GraphFailed(self._failure(answer))
        return answer

    def _failure(self, answer: Reply) -> Failure:
        failure = answer.failure(self._client.now, About.SUBSCRIPTION)
        if _is_handshake_failure(answer):
            return Transient(Reason.GRAPH_UNAVAILABLE, f"{failure.detail}: no handshake, {_what_failed(answer)}")
        if answer.status == HTTPStatus.FORBIDDEN and "limit" in answer.message.lower():
            return Permanent(Reason.NOT_ALLOWED, f"{failure.detail}: a limit of subscriptions", OVER_THE_LIMIT)
        return failure


def _as_graph_wants(moment: datetime) -> str:
    """As every example in the documentation spells it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def _is_missing(answer: Answer) -> bool:
    return isinstance(answer, Reply) and answer.status == HTTPStatus.NOT_FOUND


def _is_handshake_failure(answer: Reply) -> bool:
    """A 400 that passes by itself: Graph did not get our echo in time, or not through the network.

    The code has been seen as ValidationError and, before, as InvalidRequest; the words about validation are common.
    """
    return answer.status == HTTPStatus.BAD_REQUEST and "validation request" in answer.message.lower()


_ANSWERED = re.compile(r"http (?:status code is )?'([a-z]{2,40})'")
_STATUS_BY_NAME = {status.phrase.replace(" ", "").lower(): status.value for status in HTTPStatus}


def _what_failed(answer: Reply) -> str:
    """Which of the known texts about a failed handshake Graph sent, in our own words: none of Graph's are logged.

    https://github.com/pnp/Microsoft365-Analytics-Insights/issues/273
    https://github.com/microsoftgraph/nodejs-webhooks-sample/issues/158
    """
    message = answer.message.lower()
    if "timed out" in message:
        return "the webhook did not answer in time"
    if "match" in message and "validationtoken" in message:
        return "the webhook did not return the token"
    named = _ANSWERED.search(message)
    status = _STATUS_BY_NAME.get(named[1]) if named else None
    return f"the webhook answered {status} instead of 200" if status else "the webhook did not answer 200"


def read_subscription(body: Mapping[str, Any] | None) -> Subscription:
    """A subscription object. Raises GraphFailed for one without id or end, or where there is none."""
    if body is None:
        raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "an answer without the subscription"))
    try:
        return Subscription(
            id=str(body["id"]).lower(),
            resource=str(body.get("resource") or ""),
            change_type=str(body.get("changeType") or ""),
            notification_url=str(body.get("notificationUrl") or ""),
            lifecycle_url=body.get("lifecycleNotificationUrl"),
            expires=_moment(str(body["expirationDateTime"])),
        )
    except (KeyError, ValueError) as error:
        raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "a subscription that is not whole")) from error


def _moment(text: str) -> datetime:
    """Graph sends seven digits of a second, sometimes another offset; Python reads six."""
    moment = graph_moment(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
