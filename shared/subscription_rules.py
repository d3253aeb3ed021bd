"""Which subscription we want, and the next step towards exactly one of it. Pure. Floor 3.

https://learn.microsoft.com/graph/api/resources/subscription
https://learn.microsoft.com/graph/change-notifications-overview (lifetime of directory resources: 41,760 minutes)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.moments import kept_moment

RESOURCE = "users"
CHANGE_TYPE = "updated"
"""For users there is no `created`: creation and soft deletion arrive as `updated`."""

LIFETIME = timedelta(minutes=41_760) - timedelta(hours=25)
"""What we ask for: a day under Graph's cap, so that neither clock skew nor an undocumented margin makes it too long."""

RENEW_BELOW = timedelta(days=14)
"""Half of a life: two weeks of failing renewals are noticed before anything is lost."""


LATE = timedelta(hours=26)
"""Sweep and keeper run every hour unless told otherwise, and must run daily: a delta link lives seven days."""


@dataclass(frozen=True, slots=True)
class Subscription:
    """As Graph lists it: without clientState."""

    id: str
    resource: str
    change_type: str
    notification_url: str
    lifecycle_url: str | None
    expires: datetime


@dataclass(frozen=True, slots=True)
class Desired:
    """The subscription we want; the clientState only as its fingerprint."""

    notification_url: str
    lifecycle_url: str
    client_state_fingerprint: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the control table says of our subscription.

    Graph never shows a clientState again, so we remember under which one a subscription was made. `pending` is written
    before a creation: a subscription that appears afterwards with our URL is ours even if we crashed before noting it.
    """

    subscription_id: str | None = None
    fingerprint: str | None = field(default=None, repr=False)
    pending: str | None = field(default=None, repr=False)

    @staticmethod
    def of(values: Mapping[str, Any]) -> "Remembered":
        """From a control record."""
        return Remembered(values.get("id"), values.get("fingerprint"), values.get("pending"))


@dataclass(frozen=True, slots=True)
class Healthy:
    """Nothing to do; doing nothing has a name."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class Renew:
    """PATCH expirationDateTime, which reauthorizes as well."""

    subscription: Subscription


@dataclass(frozen=True, slots=True)
class Create:
    """POST, then a sweep over what the gap swallowed."""


@dataclass(frozen=True, slots=True)
class Delete:
    """Of a subscription on users that is not the one we keep."""

    subscription: Subscription


Step = Healthy | Renew | Create | Delete


def next_step(
    found: Sequence[Subscription],
    desired: Desired,
    remembered: Remembered,
    now: datetime,
    renew: bool = False,
) -> Step:
    """The next step; ask again after each until it is Healthy. `renew` asks for a renewal whatever time is left."""
    ours = [item for item in found if is_ours(item)]
    good = [item for item in ours if _is_good(item, desired, remembered, now)]
    kept = max(good, key=lambda item: (item.id == remembered.subscription_id, item.expires), default=None)
    stray = next((item for item in ours if kept is None or item.id != kept.id), None)
    if stray:
        return Delete(stray)
    if kept is None:
        return Create()
    return Renew(kept) if renew or kept.expires - now < RENEW_BELOW else Healthy(kept)


def is_ours(item: Subscription) -> bool:
    """Whether this product keeps it: any other resource is not ours to touch."""
    return _normal(item.resource) == RESOURCE


def _is_good(item: Subscription, desired: Desired, remembered: Remembered, now: datetime) -> bool:
    same_urls = (item.notification_url, item.lifecycle_url) == (
        desired.notification_url,
        desired.lifecycle_url,
    )
    same_type = item.change_type.lower() == CHANGE_TYPE
    return same_urls and same_type and item.expires > now and _client_state_is_current(item, desired, remembered)


def _client_state_is_current(item: Subscription, desired: Desired, remembered: Remembered) -> bool:
    if item.id == remembered.subscription_id:
        return remembered.fingerprint == desired.client_state_fingerprint
    return remembered.pending == desired.client_state_fingerprint


def _normal(resource: str) -> str:
    return resource.strip("/").lower()


def subscription_word(values: Mapping[str, Any], now: datetime) -> str:
    """`none` before the first one, `removed` by an operator, `live`, `missing` (it vanished and could not be made
    again), `unchecked` (the keeper has not seen it for a day) or `expired`: with the last three, notifications may be
    getting lost."""
    if values.get("removedAt"):
        return "removed"
    if values.get("missingSince"):
        return "missing"
    expires, checked = kept_moment(values.get("expires")), kept_moment(values.get("checkedAt"))
    if expires is None:
        return "none"
    if expires <= now:
        return "expired"
    return "unchecked" if checked is not None and now - checked > LATE else "live"
