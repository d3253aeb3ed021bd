"""Which subscription we want, and the next step towards exactly one of it. Pure. Floor 3.

https://learn.microsoft.com/graph/api/resources/subscription
https://learn.microsoft.com/graph/change-notifications-overview (lifetime of directory resources: 41,760 minutes)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from shared.errors import Failure, NotFound, Transient
from shared.models import Reason
from shared.moments import kept_moment

RESOURCE = "users"
CHANGE_TYPE = "updated"
"""For users there is no `created`: creation and soft deletion arrive as `updated`."""

LIFETIME = timedelta(minutes=41_760) - timedelta(hours=25)
"""What we ask for: a day under Graph's cap, so that neither clock skew nor an undocumented margin makes it too long."""

RENEW_BELOW = timedelta(days=14)
"""Half of a life: two weeks of failing renewals are noticed before anything is lost."""

MIN_PASSES = 3
"""Renewals that must have failed in a row before a subscription is replaced: no bad answer or two does that."""

REPLACE_AFTER = timedelta(days=1)
REPLACE_BELOW = timedelta(days=7)
"""When a subscription whose renewal Graph refuses or ignores is replaced: after a day, or with less than a week left.

Not at once, because a creation right after a deletion has been seen refused for hours, while the subscription that is
not renewed still delivers: a person is told first. Not much later, because the app may not run all the time.
https://techcommunity.microsoft.com/discussions/teamsdeveloper/cannot-create-new-subscription-to-resource/4194946
"""

LAST_DAY = timedelta(days=1)
"""With less left, a renewal that keeps failing for whatever reason but throttling leads to a replacement: at the end
the subscription is gone in any case."""

WORTH_A_PERSON = timedelta(hours=1)
"""How long renewals may fail by 5xx, timeouts or throttling before health says so: the retries take this long."""


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


_SLACK = timedelta(minutes=1)
"""Between asking for an end and judging the answer, and for the fraction of a second that Graph drops."""


class Setback(StrEnum):
    """Why a renewal did not move the end of a subscription."""

    UNMOVED = "unmoved"
    """Graph answered 200 and the end stayed: https://github.com/microsoftgraph/microsoft-graph-docs-contrib/issues/4751"""
    UNCONFIRMED = "unconfirmed"
    """Graph answered with a later end, and reading the subscription shows the old one."""
    REFUSED = "refused"
    NOT_ALLOWED = "notAllowed"
    UNAVAILABLE = "unavailable"
    THROTTLED = "throttled"

    @staticmethod
    def of(failure: Failure) -> "Setback":
        """The setback that this failure of a renewal is."""
        if isinstance(failure, Transient):
            return Setback.THROTTLED if failure.reason is Reason.THROTTLED else Setback.UNAVAILABLE
        refused = isinstance(failure, NotFound) or failure.reason is not Reason.NOT_ALLOWED
        return Setback.REFUSED if refused else Setback.NOT_ALLOWED


_ANSWERED_200 = {
    Setback.UNMOVED: "200, and the end stays where it was",
    Setback.UNCONFIRMED: "200 with a later end, and a read shows the old one",
}


@dataclass(frozen=True, slots=True)
class StalledRenewal:
    """Renewals of one subscription that failed in a row, since its end last moved."""

    subscription_id: str
    expires: datetime
    since: datetime
    passes: int
    setback: Setback
    detail: str

    @staticmethod
    def of(values: Mapping[str, Any] | None) -> "StalledRenewal | None":
        """From a part of a control record; None where there is none."""
        if not values:
            return None
        expires, since = (datetime.fromisoformat(values[key]) for key in ("expires", "since"))
        setback = Setback(values["setback"])
        return StalledRenewal(values["id"], expires, since, values["passes"], setback, values["detail"])

    def as_values(self) -> dict[str, Any]:
        """For a control record, and for operators."""
        return {
            "id": self.subscription_id,
            "expires": self.expires.isoformat(),
            "since": self.since.isoformat(),
            "passes": self.passes,
            "setback": self.setback.value,
            "detail": self.detail,
        }

    @staticmethod
    def after(
        before: "StalledRenewal | None", item: "Subscription", end: datetime, cause: Failure | Setback, now: datetime
    ) -> "StalledRenewal":
        """What to remember of a renewal of `item` that failed; `end`: where Graph says it ends now."""
        setback = cause if isinstance(cause, Setback) else Setback.of(cause)
        detail = _ANSWERED_200[cause] if isinstance(cause, Setback) else cause.detail
        end = max(item.expires, end)
        if before is None or not before.is_of(item):
            return StalledRenewal(item.id, end, now, 1, setback, detail)
        return StalledRenewal(item.id, end, before.since, before.passes + 1, setback, detail)

    def is_of(self, item: "Subscription") -> bool:
        """Whether this subscription still ends where it ended then; one that moved meanwhile is renewed."""
        return item.id == self.subscription_id and item.expires <= self.expires

    def asks_for_replacement(self, now: datetime) -> bool:
        """Whether a new subscription is the better way to go on."""
        left = self.expires - now
        if self.passes < MIN_PASSES or self.setback is Setback.THROTTLED:
            return False
        if self.setback in (Setback.UNMOVED, Setback.UNCONFIRMED, Setback.REFUSED):
            return left < REPLACE_BELOW or now - self.since >= REPLACE_AFTER
        return left < LAST_DAY and self.asks_for_a_person(now)

    def asks_for_a_person(self, now: datetime) -> bool:
        """Whether an operator should know. What may pass by itself gets an hour and several passes to do so.

        A read may lag behind a write, so a second pass has to see the old end as well.
        """
        if self.setback in (Setback.UNAVAILABLE, Setback.THROTTLED):
            return self.passes >= MIN_PASSES and now - self.since >= WORTH_A_PERSON
        return self.setback is not Setback.UNCONFIRMED or self.passes > 1


@dataclass(frozen=True, slots=True)
class Remembered:
    """What the control table says of our subscription.

    Graph never shows a clientState again, so we remember under which one a subscription was made. `pending` is written
    before a creation: a subscription that appears afterwards with our URL is ours even if we crashed before noting it.
    `renewal_asked`: Graph or a webhook asked for a renewal, and none has succeeded since.
    """

    subscription_id: str | None = None
    fingerprint: str | None = field(default=None, repr=False)
    pending: str | None = field(default=None, repr=False)
    renewal_asked: bool = False
    stalled: StalledRenewal | None = None

    @staticmethod
    def of(values: Mapping[str, Any]) -> "Remembered":
        """From a control record."""
        return Remembered(
            values.get("id"),
            values.get("fingerprint"),
            values.get("pending"),
            bool(values.get("renewalAsked")),
            StalledRenewal.of(values.get("renewal")),
        )


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
    """Return the next step; ask again after each until it is Healthy. `renew` asks for a renewal whatever time is left.

    A renewal that was asked for, or that has failed, is due until the end of the subscription moves.
    """
    ours = [item for item in found if is_ours(item)]
    good = [item for item in ours if _is_good(item, desired, remembered, now)]
    kept = max(good, key=lambda item: (item.id == remembered.subscription_id, item.expires), default=None)
    stray = next((item for item in ours if kept is None or item.id != kept.id), None)
    if stray:
        return Delete(stray)
    if kept is None:
        return Create()
    stalled = remembered.stalled is not None and remembered.stalled.is_of(kept)
    due = renew or remembered.renewal_asked or stalled or kept.expires - now < RENEW_BELOW
    return Renew(kept) if due else Healthy(kept)


def has_moved(before: Subscription, renewed: Subscription, now: datetime) -> bool:
    """Whether a renewal was one, going by what Graph shows of the subscription afterwards.

    The end is where it was asked to be, or it moved, and not by so little that the last day begins all the same.
    """
    left = renewed.expires - now
    return left >= LIFETIME - _SLACK or (renewed.expires > before.expires and left >= LAST_DAY)


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
    """Return the state of the subscription as one word.

    `none` before the first one, `removed` by an operator, `live`. With `missing` (it vanished and could not be made
    again), `expired` and `unchecked` (the keeper has not seen it for a day) notifications may be getting lost; with
    `degraded` they still come, but its renewal fails.
    """
    if values.get("removedAt"):
        return "removed"
    if values.get("missingSince"):
        return "missing"
    expires, checked = kept_moment(values.get("expires")), kept_moment(values.get("checkedAt"))
    if expires is None:
        return "none"
    if expires <= now:
        return "expired"
    if checked is not None and now - checked > LATE:
        return "unchecked"
    stalled = StalledRenewal.of(values.get("renewal"))
    degraded = expires - now < LAST_DAY or (stalled is not None and stalled.asks_for_a_person(now))
    return "degraded" if degraded else "live"
