"""The codec of Microsoft Graph change notifications and lifecycle notifications. Floor 2.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
https://learn.microsoft.com/graph/change-notifications-lifecycle-events

A notification is a hint: all that is taken from it is "look at this user". Everything else in an item only decides
whether the item is ours. Sequence numbers and other undocumented properties are neither required nor read.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.models import object_id
from shared.moments import graph_moment

MOST_BYTES = 256 * 1024

_USER_RESOURCE = re.compile(r"/?users/([^/?#]+)/?", re.IGNORECASE)
_USER_TYPE = "#microsoft.graph.user"


class LifecycleEvent(StrEnum):
    """For `users` Graph documents only the first; the others are implemented all the same."""

    REAUTHORIZATION_REQUIRED = "reauthorizationRequired"
    SUBSCRIPTION_REMOVED = "subscriptionRemoved"
    MISSED = "missed"


class Dropped(StrEnum):
    """Why an item was not taken. Logged as a count, never told to the sender."""

    SHAPE = "shape"
    CLIENT_STATE = "clientState"
    TENANT = "tenant"
    SUBSCRIPTION = "subscription"
    FOREIGN = "foreignSubscription"
    RESOURCE = "resource"
    USER_ID = "userId"
    EVENT = "event"


class WrongShape(ValueError):
    """The body is not a notification collection."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What an item must carry to be ours: the tenant, a clientState that `accepts` says yes to, and our subscription.

    `subscription_id` is None where this instance does not know it (or where one is just being made): then any will do,
    for the clientState is the proof and the subscription only a second look at it.
    """

    tenant_id: str
    accepts: Callable[[str], bool]
    subscription_id: str | None = None


@dataclass(frozen=True, slots=True)
class ChangeNotification:
    """Look at this user. `expires`: when the subscription that told us ends, if the item says so."""

    user_id: str
    expires: datetime | None = field(default=None, compare=False)


def items_in(body: bytes) -> list[Any]:
    """The items of a notification collection. Raises WrongShape."""
    try:
        collection = json.loads(body.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise WrongShape("the body is not JSON") from error
    if not isinstance(collection, dict) or not isinstance(collection.get("value"), list):
        raise WrongShape("the body is not an object with a list named value")
    return list(collection["value"])


def read_change(item: object, expected: Expected) -> ChangeNotification | Dropped:
    """The user a change notification is about, or why it is not taken."""
    if not isinstance(item, dict):
        return Dropped.SHAPE
    stranger = _stranger(item, expected)
    if stranger:
        return stranger
    data = item.get("resourceData")
    data = data if isinstance(data, dict) else {}
    path = _USER_RESOURCE.fullmatch(item["resource"]) if isinstance(item.get("resource"), str) else None
    kind = data.get("@odata.type", _USER_TYPE)
    if path is None or not isinstance(kind, str) or kind.lower() != _USER_TYPE:
        return Dropped.RESOURCE
    user_id = object_id(data.get("id", path[1]))
    expires = _moment(item.get("subscriptionExpirationDateTime"))
    return ChangeNotification(user_id, expires) if user_id else Dropped.USER_ID


def read_lifecycle(item: object, expected: Expected) -> LifecycleEvent | Dropped:
    """The event of a lifecycle notification. Such items carry neither resource nor changeType."""
    if not isinstance(item, dict):
        return Dropped.SHAPE
    stranger = _stranger(item, expected)
    if stranger:
        return stranger
    event = item.get("lifecycleEvent")
    return LifecycleEvent(event) if isinstance(event, str) and event in set(LifecycleEvent) else Dropped.EVENT


def _moment(text: object) -> datetime | None:
    """None for whatever is no moment, and where nobody can know which."""
    try:
        moment = graph_moment(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return moment if moment and moment.tzinfo else None


def _stranger(item: dict[str, Any], expected: Expected) -> Dropped | None:
    """Why the item is not from our subscription; None when it may be.

    clientState is the only proof a basic notification carries, so it comes first and is compared in constant time.
    """
    state, tenant, subscription = (item.get(key) for key in ("clientState", "tenantId", "subscriptionId"))
    if not isinstance(state, str) or not expected.accepts(state):
        return Dropped.CLIENT_STATE
    if not isinstance(tenant, str) or tenant.lower() != expected.tenant_id:
        return Dropped.TENANT
    if object_id(subscription) is None:
        return Dropped.SUBSCRIPTION
    known = expected.subscription_id
    return Dropped.FOREIGN if known and object_id(subscription) != known else None
