"""What the workflows need from the world, and nothing more. Floor 4.

`shared.graph` and `shared.storage` keep these promises against the real services, tests/fakes.py in memory.
"""

from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, Protocol

from shared.errors import Failure
from shared.memory import Memory
from shared.messages import Chore, Message
from shared.models import Cause, Observation
from shared.plan import Action
from shared.run_items import Item
from shared.subscription_rules import Subscription


@dataclass(frozen=True, slots=True)
class Written:
    """What Graph answered to a write. Only the read-back tells what it did; `failure` is how to go on if nothing."""

    request_id: str | None
    failure: Failure | None = None


class Directory(Protocol):
    """Users and their authentication methods, as Microsoft Graph holds them."""

    def in_background(self) -> "Directory":
        """The same for looks that nobody waits for: others go first."""

    async def observe(
        self, user_ids: Sequence[str], about_to_write: Collection[str] = ()
    ) -> Mapping[str, Observation | Failure]:
        """For each id an observation, or why there is none.

        Users in `about_to_write` are probably going to be written to: their roles are read for this look at once.
        """

    async def confirm(self, seen: Mapping[str, Observation]) -> Mapping[str, Observation | Failure]:
        """Each observation with fresh roles, which a write needs."""

    async def write(self, actions: Mapping[str, Action]) -> Mapping[str, Written]:
        """One action for each user. Never raises for what Graph answers."""

    async def read_back(
        self, seen: Mapping[str, Observation], written: Mapping[str, Action]
    ) -> Mapping[str, Observation | Failure]:
        """Each observation, renewed where the action wrote."""

    async def find(self, user_principal_name: str) -> str | None:
        """The object id of a user principal name. Raises GraphFailed."""


@dataclass(frozen=True, slots=True)
class DeltaPage:
    """One page of /users/delta: exactly one of the links is set."""

    user_ids: tuple[str, ...]
    next_link: str | None
    delta_link: str | None


class ChangedUsers(Protocol):
    """The delta query over users. https://learn.microsoft.com/graph/delta-query-users"""

    @property
    def selection(self) -> str:
        """The properties the query tracks; a stored link is of no use once they change."""

    async def page(self, link: str | None) -> DeltaPage:
        """The page behind `link`, None for the start. Raises DeltaExpired, GraphFailed."""


class SubscriptionApi(Protocol):
    """https://learn.microsoft.com/graph/api/resources/subscription. Every method raises GraphFailed."""

    async def all(self) -> Sequence[Subscription]:
        """Every subscription of this app; Graph hides their clientState here."""

    async def get(self, subscription_id: str) -> Subscription | None:
        """None when there is none."""

    async def create(self, expires: datetime) -> Subscription:
        """With our URLs and clientState. Raises AlreadySubscribed."""

    async def renew(self, subscription_id: str, expires: datetime) -> Subscription | None:
        """None when there is none any more."""

    async def delete(self, subscription_id: str) -> None:
        """Gone already is fine."""


@dataclass(frozen=True, slots=True)
class SmsPolicy:
    """The tenant's policy for SMS: whether it serves at all, and whether it also serves as a first factor."""

    enabled: bool
    usable_for_sign_in: bool


class RoleEligibility(Enum):
    """What the tenant answers when asked who may activate a directory role."""

    READABLE = "readable"
    NO_LICENCE = "noLicence"
    """Without Entra ID P2 nobody can be eligible."""


class Tenant(Protocol):
    """What the doctor asks. Nothing of it is needed for work."""

    async def granted(self) -> frozenset[str] | None:
        """The application permissions in our token; None where it does not tell."""

    async def reads_users(self) -> Failure | None:
        """Why users cannot be read; None when they can."""

    async def role_eligibility(self) -> RoleEligibility | Failure:
        """Whether eligible roles can be read, or why not."""

    async def sms_policy(self) -> SmsPolicy | Failure:
        """The policy, or why it cannot be read."""


class Ledger(Protocol):
    """One row a user."""

    async def load(self, user_ids: Sequence[str]) -> Mapping[str, Memory]:
        """A memory for every id; an empty one where there is no row."""

    async def save(self, memory: Memory) -> Memory:
        """The memory as stored, with its new version. Raises Conflict when the row changed since it was loaded."""

    def rows(self) -> AsyncIterator[Memory]:
        """Every row, in no order."""


class Phase(Enum):
    """Of an audit row."""

    INTENT = "intent"
    OUTCOME = "outcome"


@dataclass(frozen=True, slots=True)
class AuditRow:
    """One line of the append-only audit. `began`: when its look did; a look has one row of each phase."""

    user_id: str
    look: str
    at: datetime
    began: datetime
    phase: Phase
    cause: Cause
    actions: tuple[str, ...]
    reasons: tuple[str, ...]
    outcome: str | None
    policy: str
    request_ids: tuple[str, ...] = ()


class Audit(Protocol):
    """Append only. What cannot be written here is not done."""

    async def append(self, row: AuditRow) -> None:
        """Durable when it returns. An outcome that somebody else has recorded already stays as it is."""

    async def history(self, user_id: str, most: int) -> Sequence[AuditRow]:
        """The newest rows of a user, newest first."""


@dataclass(frozen=True, slots=True)
class Record:
    """A row of the control table. `version` is its ETag, None: it does not exist yet."""

    values: Mapping[str, Any]
    version: str | None = None


SUBSCRIPTION = "subscription"
SWEEP = "sweep"
"""The names of the records in the control table."""


class Control(Protocol):
    """Checkpoints, switches and the subscription record, guarded by ETags."""

    async def load(self, name: str) -> Record:
        """An empty record when there is none."""

    async def save(self, name: str, record: Record) -> Record:
        """The record as stored, with its new version. Raises Conflict when somebody else was faster."""


class RunItems(Protocol):
    """One row a user and run."""

    async def list(self, run_id: str, user_ids: Sequence[str]) -> None:
        """Sees to it that each has an item; what is known of one already stays."""

    async def load(self, run_id: str, user_ids: Sequence[str]) -> Mapping[str, Item]:
        """Those that there are."""

    async def save(self, run_id: str, item: Item) -> None:
        """Raises Conflict when the item changed since it was loaded."""

    async def page(self, run_id: str, after: str | None, most: int) -> Sequence[Item]:
        """At most so many, in the order of their user ids, behind `after`; fewer than `most` only at the end."""


@dataclass(frozen=True, slots=True)
class Parked:
    """Something that gave up: a user, or a message nobody can read. `users` are what a replay looks at again."""

    key: str
    reason: str
    users: tuple[str, ...]
    first_at: datetime
    last_at: datetime
    attempts: int
    advice: str | None = None


class Parking(Protocol):
    """What gave up, why, and how to try again."""

    async def park(self, item: Parked) -> None:
        """Keeps the first time of an item that is parked already."""

    async def release(self, keys: Sequence[str]) -> None:
        """Not parked any more; unknown keys are fine."""

    async def all(self) -> Sequence[Parked]:
        """Everything parked."""


class Queues(Protocol):
    """Messages that come back later; the webhooks' own go through the host's output binding."""

    async def send(self, message: Message, delay: timedelta = timedelta(0)) -> None:
        """On `user-reconcile`, invisible for `delay`."""

    async def send_chore(self, chore: Chore, received: int, delay: timedelta = timedelta(0), attempt: int = 1) -> None:
        """On `prefill-chores`, invisible for `delay`."""
