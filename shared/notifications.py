"""The codec of Microsoft Graph change notifications and lifecycle notifications. Floor 2.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
https://learn.microsoft.com/graph/change-notifications-lifecycle-events

A notification is a hint: all that is taken from it is "look at this user". Everything else in an item only decides
whether the item is ours. What Graph sends differs from what is documented, so a property that is null counts as absent,
and undocumented properties are never required.
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

_USER_RESOURCE = re.compile(r"/?(?:(?:v1\.0|beta)/)?users(?:/([^/?#]+)|\('([^']+)'\))/?", re.IGNORECASE)
"""The path of one user, relative to https://graph.microsoft.com, in each spelling that Graph uses for resources:

- `Users/{id}` and `users/{id}`: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/7722 and
  https://learn.microsoft.com/azure/event-grid/azure-active-directory-events
- `users('{id}')`: https://learn.microsoft.com/graph/outlook-change-notifications-overview (seen for other resources)
- with the API version: https://learn.microsoft.com/graph/api/resources/changenotification
"""

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
    """Return the user a change notification is about, or why it is not taken.

    Where `resourceData.id` and the id in `resource` differ, the former wins: it is what the documentation tells clients
    to use, and looking at the wrong user does no harm, because a look believes nothing but what it reads itself.
    """
    if not isinstance(item, dict):
        return Dropped.SHAPE
    stranger = _stranger(item, expected)
    if stranger:
        return stranger
    data = _resource_data(item)
    path = _USER_RESOURCE.fullmatch(item["resource"]) if isinstance(item.get("resource"), str) else None
    kind = _first(data.get("@odata.type"), _USER_TYPE)
    if path is None or not isinstance(kind, str) or kind.lower() != _USER_TYPE:
        return Dropped.RESOURCE
    user_id = object_id(_first(data.get("id"), path[1], path[2]))
    expires = _moment(item.get("subscriptionExpirationDateTime"))
    return ChangeNotification(user_id, expires) if user_id else Dropped.USER_ID


def read_lifecycle(item: object, expected: Expected) -> LifecycleEvent | Dropped:
    """Return the event of a lifecycle notification.

    Documented items carry no resource; the ones Graph sends name the subscription there. Nothing depends on it.
    https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3103
    """
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
    state, subscription = item.get("clientState"), item.get("subscriptionId")
    if not isinstance(state, str) or not expected.accepts(state):
        return Dropped.CLIENT_STATE
    if not _is_from(expected.tenant_id, item):
        return Dropped.TENANT
    if object_id(subscription) is None:
        return Dropped.SUBSCRIPTION
    known = expected.subscription_id
    return Dropped.FOREIGN if known and object_id(subscription) != known else None


def _is_from(tenant_id: str, item: dict[str, Any]) -> bool:
    """Whether the item names our tenant, and no other one.

    `tenantId` is documented. Lifecycle notifications are sent with `organizationId` in its place:
    https://github.com/microsoftgraph/msgraph-sdk-dotnet/issues/3103
    https://github.com/microsoftgraph/msgraph-sdk-java/issues/1551
    Notifications about users repeat it in `resourceData.organizationId`, which must not contradict but is no
    substitute: no notification was ever reported that names its tenant only there.
    https://learn.microsoft.com/azure/event-grid/azure-active-directory-events
    """
    named = [item.get("tenantId"), item.get("organizationId")]
    present = [tenant for tenant in (*named, _resource_data(item).get("organizationId")) if tenant is not None]
    ours = all(isinstance(tenant, str) and tenant.lower() == tenant_id for tenant in present)
    return ours and _first(*named) is not None


def _resource_data(item: dict[str, Any]) -> dict[str, Any]:
    data = item.get("resourceData")
    return data if isinstance(data, dict) else {}


def _first(*values: object) -> object:
    """The first that is not null."""
    return next((value for value in values if value is not None), None)
