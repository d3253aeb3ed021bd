"""The subscription keeper: exactly one healthy subscription on users, renewed long before it ends. Floor 5.

For users Graph tells neither that a subscription vanished nor that notifications were dropped, so the keeper looks,
asks `shared.subscription_rules` for the next step, takes it and looks again, until nothing is left to do. Two keepers
at once end with one subscription: the slower one is told 409 and adopts what the faster one made.

A renewal counts only if the end moved. One pass sends one PATCH; a renewal that keeps failing is noted, told by health
as `degraded`, and in the end the subscription is replaced before it ends.
"""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from shared.errors import AlreadySubscribed, Conflict, Failure, GraphFailed, Transient
from shared.messages import Chore
from shared.models import Reason, object_id
from shared.moments import millis
from shared.ports import SUBSCRIPTION, Control, Queues, Record, SubscriptionApi
from shared.subscription_rules import (
    LIFETIME,
    Delete,
    Desired,
    Healthy,
    Remembered,
    Renew,
    Setback,
    StalledRenewal,
    Step,
    Subscription,
    has_moved,
    is_ours,
    next_step,
)

_log = logging.getLogger("mfa_prefill.subscriptions")

MOST_STEPS = 12
"""Strays to delete, a renewal, a creation, a conflict or two: more than this means that somebody is fighting us."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The subscription, and what was done to have it: "created", "renewed", "deleted", as it happened.

    `degraded`: it is there and delivers, but Graph does not renew it.
    """

    subscription: Subscription
    steps: tuple[str, ...]
    degraded: bool = False


@dataclass(slots=True)
class _Pass:
    """What one pass of the keeper has done so far. It sends one renewal and makes one subscription at most."""

    renew: bool = False
    steps: list[str] = field(default_factory=list)
    known: set[str] = field(default_factory=set)
    deleted: set[str] = field(default_factory=set)
    renewed: bool = False


@dataclass(frozen=True, slots=True)
class Keeper:
    """The ports of the keeper, and the subscription it wants."""

    api: SubscriptionApi
    control: Control
    queues: Queues
    desired: Desired
    now: Callable[[], datetime]

    async def keep(self, renew: bool = False) -> Kept:
        """End with one subscription as we want it, renewed if it is due or if `renew` asks for it.

        Raises GraphFailed. A renewal that was asked for and failed is tried again by every later pass.
        """
        if renew:
            await self._note(renewalAsked=self.now().isoformat())
        try:
            return self._told(await self._come_to_rest(_Pass(renew)))
        except GraphFailed as error:
            await self._note_failure(error.failure)
            raise

    async def _come_to_rest(self, work: _Pass) -> Kept:
        for _ in range(MOST_STEPS):
            remembered = Remembered.of((await self.control.load(SUBSCRIPTION)).values)
            found = await self._look(work, remembered)
            renew = work.renew and "created" not in work.steps
            step = next_step(found, self.desired, remembered, self.now(), renew)
            kept = await self._take(step, remembered, work)
            if kept:
                return kept
        raise _restless()

    async def remove(self) -> tuple[str, ...]:
        """Deletes every subscription of ours, and sees to it that no timer makes one again; what was deleted.

        Noted first: a keeper that is at work meanwhile must not undo it. Raises GraphFailed.
        """
        remembered = Remembered.of((await self.control.load(SUBSCRIPTION)).values)
        await self._note(removedAt=self.now().isoformat(), missingSince=None)
        ours = [item for item in await self._look(_Pass(), remembered) if is_ours(item)]
        for item in ours:
            await self.api.delete(item.id)
        return tuple(item.id for item in ours)

    async def is_removed(self) -> bool:
        """Whether an operator wants none: then only an operator makes one."""
        return bool((await self.control.load(SUBSCRIPTION)).values.get("removedAt"))

    async def all(self) -> Sequence[Subscription]:
        """What Graph lists for this app. Raises GraphFailed."""
        return await self.api.all()

    async def _look(self, work: _Pass, remembered: Remembered) -> list[Subscription]:
        """The list, and by id what the list may leave out: lists have been seen to omit live subscriptions."""
        found = {item.id: item for item in await self.api.all()}
        remembered_id = object_id(remembered.subscription_id)
        expected = work.known | ({remembered_id} if remembered_id else set())
        for missing in sorted(expected - set(found) - work.deleted):
            item = await self.api.get(missing)
            if item:
                found[item.id] = item
        return [item for item in found.values() if item.id not in work.deleted]

    async def _take(self, step: Step, remembered: Remembered, work: _Pass) -> Kept | None:
        """Take one step; None where the next look has to tell how to go on. Raises GraphFailed."""
        if isinstance(step, Healthy):
            await self._remember(step.subscription)
            return Kept(step.subscription, tuple(work.steps))
        if isinstance(step, Renew):
            return await self._renew(step.subscription, remembered, work)
        if isinstance(step, Delete):
            await self._delete(step.subscription, work)
        else:
            await self._create(work)
        return None

    async def _renew(self, item: Subscription, remembered: Remembered, work: _Pass) -> Kept | None:
        """Send the one PATCH of this pass; None where there is no subscription any more."""
        if work.renewed:
            raise _restless()
        work.renewed = True
        shown, cause = await self._patched(item)
        if shown is None:
            work.steps.append("vanished")
            return None
        if cause is None:
            work.steps.append("renewed")
            await self._remember(shown)
            return Kept(shown, tuple(work.steps))
        stalled = StalledRenewal.after(remembered.stalled, item, shown.expires, cause, self.now())
        work.steps.append(stalled.setback.value)
        await self._remember(item, stalled)
        self._report(stalled)
        if stalled.asks_for_replacement(self.now()):
            # first away with it: Graph refuses a second one on the same resource
            await self._delete(item, work)
            return None
        if isinstance(cause, Setback):
            return Kept(item, tuple(work.steps), degraded=stalled.asks_for_a_person(self.now()))
        raise GraphFailed(cause)

    async def _patched(self, item: Subscription) -> tuple[Subscription | None, Failure | Setback | None]:
        """Renew, and read what became of it: the subscription as it is now, None where it is gone, and what failed.

        A renewal that is answered well is believed only when it is read back, like every other write.
        """
        try:
            answered = await self.api.renew(item.id, self.now() + LIFETIME)
            if answered is None or not has_moved(item, answered, self.now()):
                return answered, Setback.UNMOVED
            read = await self.api.get(item.id)
        except GraphFailed as error:
            return item, error.failure
        return read, Setback.UNCONFIRMED if read and not has_moved(item, read, self.now()) else None

    async def _delete(self, item: Subscription, work: _Pass) -> None:
        await self.api.delete(item.id)
        work.deleted.add(item.id)
        work.steps.append("deleted")

    async def _create(self, work: _Pass) -> None:
        if "created" in work.steps:
            raise _restless()
        await self._note_pending()
        try:
            created = await self.api.create(self.now() + LIFETIME)
        except AlreadySubscribed as error:
            self._adopt(error.subscription_id, work)
            return
        work.known.add(created.id)
        await self._remember(created)
        work.steps.append("created")

    def _adopt(self, named: str | None, work: _Pass) -> None:
        """Look at the one that Graph's 409 names. Raises GraphFailed where looking has shown that it is not there."""
        if named is None:
            raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "409 without an id"))
        if named in work.known | work.deleted:
            raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "409 for a subscription that is not there"))
        work.known.add(named)
        work.steps.append("adopted")

    async def _note_pending(self) -> None:
        record = await self.control.load(SUBSCRIPTION)
        since = record.values.get("missingSince") or self.now().isoformat()
        await self._note(pending=self.desired.client_state_fingerprint, missingSince=since)

    async def _note_failure(self, failure: Failure) -> None:
        """What health and report say until a pass succeeds: an app that never had a subscription is missing one."""
        values = (await self.control.load(SUBSCRIPTION)).values
        since = values.get("missingSince") or (None if values.get("id") else self.now().isoformat())
        await self._note(problem=failure.detail, missingSince=since)

    async def _note(self, **values: Any) -> None:
        record = await self.control.load(SUBSCRIPTION)
        await self._save(replace(record, values=dict(record.values) | values))

    async def _remember(self, item: Subscription, stalled: StalledRenewal | None = None) -> None:
        record = await self.control.load(SUBSCRIPTION)
        if record.values.get("missingSince"):
            # what changed in the gap was told to nobody; asked for before the gap is forgotten: no crash loses it
            await self.queues.send_chore(Chore.SWEEP, millis(self.now()))
        values: dict[str, Any] = {
            "id": item.id,
            "fingerprint": self.desired.client_state_fingerprint,
            "pending": None,
            "missingSince": None,
            "removedAt": None,
            "notificationUrl": item.notification_url,
            "expires": item.expires.isoformat(),
            "checkedAt": self.now().isoformat(),
        }
        # a stalled renewal is tried by every pass, so it need not be asked for as well
        over = [name for name in ("problem", "renewal", "renewalAsked") if record.values.get(name)]
        values |= dict.fromkeys(over)
        if stalled:
            values["renewal"] = stalled.as_values()
        await self._save(replace(record, values=dict(record.values) | values))

    async def _save(self, record: Record) -> None:
        try:
            await self.control.save(SUBSCRIPTION, record)
        except Conflict:
            # another keeper wrote what it saw; the next look at Graph tells who was right
            _log.info("another keeper is at work", extra={"action": "subscription_conflict"})

    def _report(self, stalled: StalledRenewal) -> None:
        level = logging.ERROR if stalled.asks_for_a_person(self.now()) else logging.WARNING
        text = "subscription %s ends %s and is not renewed (%s: %s), since %s"
        told = (stalled.subscription_id, stalled.expires.isoformat(), stalled.setback.value, stalled.detail)
        fields = {"action": "renewal_stalled", "setback": stalled.setback.value, "passes": stalled.passes}
        _log.log(level, text, *told, stalled.since.isoformat(), extra=fields)

    def _told(self, kept: Kept) -> Kept:
        done = ", ".join(kept.steps) or "healthy"
        text = "subscription %s until %s: %s"
        fields = {"action": "subscription_kept", "steps": list(kept.steps)}
        _log.info(text, kept.subscription.id, kept.subscription.expires.isoformat(), done, extra=fields)
        return kept


def _restless() -> GraphFailed:
    return GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "the subscription does not come to rest"))
