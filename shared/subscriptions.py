"""The subscription keeper: exactly one healthy subscription on users, renewed long before it ends. Floor 5.

For users Graph tells neither that a subscription vanished nor that notifications were dropped, so the keeper looks,
asks `shared.subscription_rules` for the next step, takes it and looks again, until nothing is left to do. Two keepers
at once end with one subscription: the slower one is told 409 and adopts what the faster one made.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.errors import AlreadySubscribed, Conflict, GraphFailed, Transient
from shared.messages import Chore
from shared.models import Reason
from shared.moments import millis
from shared.ports import SUBSCRIPTION, Control, Queues, Record, SubscriptionApi
from shared.subscription_rules import (
    LIFETIME,
    Create,
    Delete,
    Desired,
    Healthy,
    Remembered,
    Renew,
    Step,
    Subscription,
    is_ours,
    next_step,
)

_log = logging.getLogger("mfa_prefill.subscriptions")

MOST_STEPS = 12
"""Strays to delete, a creation, a conflict or two: more than this means that somebody is fighting us."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The healthy subscription, and what was done to have it: "created", "renewed", "deleted", as it happened."""

    subscription: Subscription
    steps: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Keeper:
    """The ports of the keeper, and the subscription it wants."""

    api: SubscriptionApi
    control: Control
    queues: Queues
    desired: Desired
    now: Callable[[], datetime]

    async def keep(self, renew: bool = False) -> Kept:
        """Ends with one healthy subscription, or raises GraphFailed."""
        steps: list[str] = []
        known: set[str] = set()
        for _ in range(MOST_STEPS):
            remembered = Remembered.of((await self.control.load(SUBSCRIPTION)).values)
            found = await self._look(known, remembered)
            step = next_step(found, self.desired, remembered, self.now(), renew and "renewed" not in steps)
            if isinstance(step, Healthy):
                await self._remember(step.subscription)
                return self._told(Kept(step.subscription, tuple(steps)))
            steps.append(await self._take(step, known))
        raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "the subscription does not come to rest"))

    async def remove(self) -> tuple[str, ...]:
        """Deletes every subscription of ours, and sees to it that no timer makes one again; what was deleted.

        Noted first: a keeper that is at work meanwhile must not undo it. Raises GraphFailed.
        """
        record = await self.control.load(SUBSCRIPTION)
        remembered = Remembered.of(record.values)
        removed = {"removedAt": self.now().isoformat(), "missingSince": None}
        await self._save(Record(dict(record.values) | removed, record.version))
        ours = [item for item in await self._look(set(), remembered) if is_ours(item)]
        for item in ours:
            await self.api.delete(item.id)
        return tuple(item.id for item in ours)

    async def is_removed(self) -> bool:
        """Whether an operator wants none: then only an operator makes one."""
        return bool((await self.control.load(SUBSCRIPTION)).values.get("removedAt"))

    async def all(self) -> Sequence[Subscription]:
        """What Graph lists for this app. Raises GraphFailed."""
        return await self.api.all()

    async def _look(self, known: set[str], remembered: Remembered) -> list[Subscription]:
        """The list, and by id what the list may leave out: lists have been seen to omit live subscriptions."""
        found = {item.id: item for item in await self.api.all()}
        expected = known | ({remembered.subscription_id} if remembered.subscription_id else set())
        for missing in sorted(expected - set(found)):
            item = await self.api.get(missing)
            if item:
                found[item.id] = item
        return list(found.values())

    async def _take(self, step: Step, known: set[str]) -> str:
        if isinstance(step, Delete):
            await self.api.delete(step.subscription.id)
            known.discard(step.subscription.id)
            return "deleted"
        if isinstance(step, Renew):
            renewed = await self.api.renew(step.subscription.id, self.now() + LIFETIME)
            return "renewed" if renewed else "vanished"
        if isinstance(step, Create):
            return await self._create(known)
        raise AssertionError(step)

    async def _create(self, known: set[str]) -> str:
        await self._note_pending()
        try:
            created = await self.api.create(self.now() + LIFETIME)
        except AlreadySubscribed as error:
            if error.subscription_id is None:
                raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "409 without an id")) from error
            known.add(error.subscription_id)
            return "adopted"
        known.add(created.id)
        await self._remember(created)
        return "created"

    async def _note_pending(self) -> None:
        record = await self.control.load(SUBSCRIPTION)
        since = record.values.get("missingSince") or self.now().isoformat()
        values = dict(record.values) | {"pending": self.desired.client_state_fingerprint, "missingSince": since}
        await self._save(Record(values, record.version))

    async def _remember(self, item: Subscription) -> None:
        record = await self.control.load(SUBSCRIPTION)
        if record.values.get("missingSince"):
            # what changed in the gap was told to nobody; asked for before the gap is forgotten: no crash loses it
            await self.queues.send_chore(Chore.SWEEP, millis(self.now()))
        fingerprint = self.desired.client_state_fingerprint
        values = {
            "id": item.id,
            "fingerprint": fingerprint,
            "pending": None,
            "missingSince": None,
            "removedAt": None,
            "notificationUrl": item.notification_url,
            "expires": item.expires.isoformat(),
            "checkedAt": self.now().isoformat(),
        }
        await self._save(Record(dict(record.values) | values, record.version))

    async def _save(self, record: Record) -> None:
        try:
            await self.control.save(SUBSCRIPTION, record)
        except Conflict:
            # another keeper wrote what it saw; the next look at Graph tells who was right
            _log.info("another keeper is at work", extra={"action": "subscription_conflict"})

    def _told(self, kept: Kept) -> Kept:
        done = ", ".join(kept.steps) or "healthy"
        text = "subscription %s until %s: %s"
        fields = {"action": "subscription_kept", "steps": list(kept.steps)}
        _log.info(text, kept.subscription.id, kept.subscription.expires.isoformat(), done, extra=fields)
        return kept
