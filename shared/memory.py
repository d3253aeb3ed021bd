"""What the product remembers of a user between two looks: one row of the ledger. Floor 2."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.models import Cause, MfaState, Outcome, Reason
from shared.plan import Hold

LEASE = timedelta(seconds=45)
"""How long one look may write to a user: longer than a write and its read-back can take, short enough to wait for when
a worker dies in between."""


@dataclass(frozen=True, slots=True)
class Claim:
    """One look's right to write to a user until a moment. Two looks at once would both raise a state that the first
    has already raised, and `enabled` over `enforced` lowers it."""

    look: str
    until: datetime

    def holds(self, now: datetime) -> bool:
        """Whether it still keeps others away."""
        return now < self.until


LONGEST_LAG = timedelta(minutes=5)
"""How long a write that Graph accepted may stay invisible. Microsoft names no bound; Kubernetes' controllers wait as
long for what they have created before they trust their eyes again."""


@dataclass(frozen=True, slots=True)
class Accepted:
    """A write that Graph answered with 2xx and that no read has shown yet; `what` is the kind of action.

    Reads may lag behind writes, and people act meanwhile: a number that is not there may be one that somebody has just
    removed, and `enabled` sent twice lowers what Graph promoted to `enforced`. So it is waited for, not sent again.
    https://devblogs.microsoft.com/identity/designing-for-eventual-consistency-for-microsoft-entra/
    """

    what: str
    at: datetime

    def may_still_show(self, now: datetime) -> bool:
        """Whether not seeing it tells nothing yet."""
        return now < self.at + LONGEST_LAG


@dataclass(frozen=True, slots=True)
class Memory:
    """One user's row. `version` is the storage's ETag; None: the row does not exist yet.

    `fingerprint` is L, the number this service last wrote and read back. `intended` is the one that an unfinished look
    was about to write: found registered, it is ours as well. `accepted` is a write that its own look did not see.
    `looked_at` is when the last completed look *began*: a message received before it tells nothing new.
    """

    user_id: str
    outcome: Outcome | None = None
    reasons: tuple[Reason, ...] = ()
    fingerprint: str | None = field(default=None, repr=False)
    intended: str | None = field(default=None, repr=False)
    accepted: Accepted | None = None
    state_written: MfaState | None = None
    looked_at: datetime | None = None
    phone_only: bool = False
    hold: Hold | None = None
    claim: Claim | None = None
    attempts: int = 0
    cause: Cause | None = None
    source: str | None = None
    masked: str | None = None
    policy: str | None = None
    run: str | None = None
    received_at: datetime | None = None
    done_at: datetime | None = None
    version: str | None = field(default=None, compare=False)

    def ground(self) -> tuple[object, ...]:
        """What a decision stands on, and what every look that writes changes: as long as it is equal, nobody wrote."""
        return self.fingerprint, self.intended, self.accepted, self.state_written, self.hold, self.claim, self.done_at
