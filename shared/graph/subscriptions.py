"""Subscriptions over Graph. https://learn.microsoft.com/graph/api/resources/subscription"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from kiota_abstractions.request_information import RequestInformation
from msgraph.generated.models.subscription import Subscription as SubscriptionModel

from shared.errors import AlreadySubscribed, GraphFailed, NotFound, Transient
from shared.graph.client import SLOW_SECONDS, GraphClient
from shared.graph.replies import Reply
from shared.models import OBJECT_ID, Reason, object_id
from shared.moments import graph_moment
from shared.subscription_rules import CHANGE_TYPE, RESOURCE, Desired, Subscription

MOST_PAGES = 20


class GraphSubscriptions:
    """The SubscriptionApi port. `client_state` goes out with a creation and is seen nowhere else."""

    def __init__(self, client: GraphClient, desired: Desired, client_state: str) -> None:
        self._client = client
        self._desired = desired
        self._client_state = client_state

    async def all(self) -> Sequence[Subscription]:
        """See the port. https://learn.microsoft.com/graph/api/subscription-list (paged, takes no options)"""
        request = self._client.sdk.subscriptions.to_get_request_information()
        found: list[Subscription] = []
        for _ in range(MOST_PAGES):
            reply = await self._ask(request)
            items = reply.body.get("value", [])
            found += [read_subscription(item) for item in items if isinstance(item, dict)]
            link = reply.body.get("@odata.nextLink")
            if not isinstance(link, str):
                return found
            request = self._client.sdk.subscriptions.with_url(link).to_get_request_information()
        raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "the list of subscriptions does not end"))

    async def get(self, subscription_id: str) -> Subscription | None:
        """See the port. https://learn.microsoft.com/graph/api/subscription-get"""
        return await self._one(self._item(subscription_id).to_get_request_information())

    async def create(self, expires: datetime) -> Subscription:
        """See the port. https://learn.microsoft.com/graph/api/subscription-post-subscriptions"""
        model = SubscriptionModel(
            change_type=CHANGE_TYPE,
            notification_url=self._desired.notification_url,
            lifecycle_notification_url=self._desired.lifecycle_url,
            resource=RESOURCE,
            expiration_date_time=expires.astimezone(UTC).replace(microsecond=0),
            client_state=self._client_state,
            latest_supported_tls_version="v1_2",
        )
        answer = await self._client.send(
            self._client.sdk.subscriptions.to_post_request_information(model), SLOW_SECONDS
        )
        if isinstance(answer, Reply) and answer.status == HTTPStatus.CONFLICT:
            named = OBJECT_ID.search(answer.message.lower())
            raise AlreadySubscribed(named[0] if named else None)
        if isinstance(answer, Reply) and _is_handshake_failure(answer):
            raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, f"{answer.status} {answer.code}: no handshake"))
        return read_subscription(self._good(answer).body)

    async def renew(self, subscription_id: str, expires: datetime) -> Subscription | None:
        """See the port. https://learn.microsoft.com/graph/api/subscription-update (reauthorizes as well)"""
        model = SubscriptionModel(expiration_date_time=expires.astimezone(UTC).replace(microsecond=0))
        return await self._one(self._item(subscription_id).to_patch_request_information(model))

    async def delete(self, subscription_id: str) -> None:
        """See the port. https://learn.microsoft.com/graph/api/subscription-delete"""
        answer = await self._client.send(self._item(subscription_id).to_delete_request_information())
        if not (isinstance(answer, Reply) and answer.status == HTTPStatus.NOT_FOUND):
            self._good(answer)

    def _item(self, subscription_id: str) -> Any:
        if object_id(subscription_id) is None:
            raise ValueError("not a subscription id")
        return self._client.sdk.subscriptions.by_subscription_id(subscription_id)

    async def _one(self, request: RequestInformation) -> Subscription | None:
        try:
            return read_subscription((await self._ask(request)).body)
        except GraphFailed as error:
            if isinstance(error.failure, NotFound):
                return None
            raise

    async def _ask(self, request: RequestInformation) -> Reply:
        return self._good(await self._client.send(request))

    def _good(self, answer: Reply | Any) -> Reply:
        """A good answer with a JSON object (or with nothing, after a DELETE). Raises GraphFailed."""
        if not isinstance(answer, Reply):
            raise GraphFailed(answer)
        if not answer.ok or not (isinstance(answer.body, dict) or answer.status == HTTPStatus.NO_CONTENT):
            raise GraphFailed(answer.failure(self._client.now))
        return answer


def _is_handshake_failure(answer: Reply) -> bool:
    """A 400 that passes by itself: Graph did not get our echo in time, or not through the network.

    The code has been seen as ValidationError and, before, as InvalidRequest; the words about validation are common.
    """
    return answer.status == HTTPStatus.BAD_REQUEST and "validation request" in answer.message.lower()


def read_subscription(body: Mapping[str, Any]) -> Subscription:
    """A subscription object. Raises GraphFailed for one without id or end."""
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
