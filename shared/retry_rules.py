"""How long a user waits before the next look after one that failed, and when we give up. Pure. Floor 3."""

from dataclasses import dataclass
from datetime import timedelta

from shared.errors import Failure, NotFound, Permanent, Transient
from shared.models import Outcome, Reason

DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 15, 60, 300, 900, 1800))
"""Replication of a new user takes seconds to minutes and has no documented bound; half an hour is where we stop."""

THROTTLED = timedelta(seconds=30)
"""When Graph throttles without Retry-After. https://learn.microsoft.com/graph/throttling"""

PAUSED_DELAY = timedelta(minutes=5)
"""While nothing may be written: the queue keeps collecting, and a resumed service is at work again within this time."""

_NOBODYS_FAULT = {Reason.THROTTLED: THROTTLED, Reason.CONCURRENT: DELAYS[0], Reason.PAUSED: PAUSED_DELAY}

LONGEST = timedelta(days=1)
"""No Retry-After moves a user further away than that."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a failed look ends: `retry` after `delay` as attempt number `attempt`, or an end with a reason."""

    outcome: Outcome
    reason: Reason
    delay: timedelta = timedelta(0)
    attempt: int = 0
    advice: str | None = None


GONE_BEFORE = len(DELAYS) - 1
"""The attempt at which a new hint about somebody who was gone begins: two more looks within an hour, for a restored
account that has not reached every replica."""


def judge(failure: Failure, attempt: int, before: Outcome | None = None) -> Verdict:
    """What follows from `failure` in the look that was attempt number `attempt` (from 1).

    `before` is how the last look ended, where only a hint has brought the user back. Parked: nobody has said that the
    cause is mended, so one attempt is all there is. Gone: a few.
    """
    parked = before is Outcome.PARKED
    if before is Outcome.GONE and isinstance(failure, NotFound):
        attempt = max(attempt, GONE_BEFORE)
    if isinstance(failure, Transient) and failure.reason in _NOBODYS_FAULT:
        # neither throttling, nor another look at the same user, nor a pause ever uses up attempts
        return Verdict(
            Outcome.RETRY, failure.reason, min(failure.delay or _NOBODYS_FAULT[failure.reason], LONGEST), attempt
        )
    if attempt <= len(DELAYS) and not parked:
        return Verdict(Outcome.RETRY, _reason(failure), _delay(failure, attempt), attempt + 1)
    if isinstance(failure, NotFound):
        return Verdict(Outcome.GONE, Reason.GONE)
    advice = failure.advice if isinstance(failure, Permanent) else "Graph kept failing; replay when it is well again"
    return Verdict(Outcome.PARKED, failure.reason, advice=advice)


def spread_out(delay: timedelta, chance: float) -> timedelta:
    """A wait of up to a fifth more than `delay`, as `chance` (0 to 1) has it.

    Whoever was turned away together must not come back together; and never before the moment that Graph named.
    https://learn.microsoft.com/azure/architecture/best-practices/transient-faults
    """
    return delay * (1 + chance / 5)


def come_back_after_unknown(attempt: int) -> timedelta:
    """When to look again at a user skipped as `unknown` in the look that was attempt number `attempt` (from 1).

    Nothing failed about this user, so nothing is parked. The sweep only brings back who has changed, so after the last
    wait the user is asked about every day until what could not be read can be.
    """
    return DELAYS[attempt - 1] if attempt <= len(DELAYS) else LONGEST


def chore_delay(failure: Failure, attempt: int) -> timedelta | None:
    """When to try again work that is not about one user; None when it takes a person, and the next timer.

    It never gives up: without it nobody would be told of anything.
    """
    if not isinstance(failure, Transient):
        return None
    return min(max(failure.delay or timedelta(0), DELAYS[min(attempt, len(DELAYS)) - 1]), LONGEST)


def _reason(failure: Failure) -> Reason:
    return Reason.NOT_FOUND_YET if isinstance(failure, NotFound) else failure.reason


def _delay(failure: Failure, attempt: int) -> timedelta:
    asked = failure.delay if isinstance(failure, Transient) else None
    return min(max(asked or timedelta(0), DELAYS[attempt - 1]), LONGEST)
