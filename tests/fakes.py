"""One fake for each port: the promise kept in memory, with plain state to assert on and faults to switch on."""

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from shared.errors import AlreadySubscribed, Conflict, DeltaExpired, Failure, GraphFailed, NotFound, Transient
from shared.memory import Memory
from shared.messages import Chore, Message
from shared.models import DirectoryUser, MfaState, Observation, Reason, RegisteredPhone, SignInPreference
from shared.pace import Pace
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.ports import AuditRow, DeltaPage, Parked, Phase, Record, Written
from shared.run_items import Item
from shared.subscription_rules import Subscription

NOW = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)


@dataclass
class FakeClock:
    """Stands still unless told otherwise."""

    moment: datetime = NOW

    def __call__(self) -> datetime:
        return self.moment

    def advance(self, **by: float) -> None:
        self.moment += timedelta(**by)


@dataclass
class Person:
    """A user as Graph would hold it."""

    user: DirectoryUser
    mobile: str | None = None
    methods: frozenset[str] = frozenset({"password"})
    state: MfaState = MfaState.DISABLED
    preference: SignInPreference | None = None
    groups: frozenset[str] | None = frozenset()
    privileged: bool | None = False
    unreadable: tuple[str, ...] = ()
    refused: tuple[str, ...] = ()
    listed_privileged: bool | None = None
    """What the tenant's list says where it is minutes old; None: the same as `privileged`, which is the truth."""

    def observation(self, fresh: bool = True) -> Observation:
        phones = (RegisteredPhone("mobile", self.mobile),) if self.mobile else ()
        methods = self.methods | ({"phone"} if self.mobile else set())
        privileged = self.privileged if fresh or self.listed_privileged is None else self.listed_privileged
        state = None if any("requirements" in problem for problem in self.refused) else self.state
        scope = (self.groups, privileged, self.unreadable, self.refused)
        return Observation(self.user, phones, methods, state, self.preference, *scope, roles_are_fresh=fresh)


@dataclass
class FakeDirectory:
    """`observe_failures`, `read_back_failures` and `write_failures` are used up one by one, per user.

    A write failure stands for a write that was not done, unless the user is in `commits_anyway`. A user in `lagging`
    reads as before the write. `journal` holds every write that took effect, `requests` every write that was tried.
    """

    people: dict[str, Person] = field(default_factory=dict)
    observe_failures: dict[str, list[Failure]] = field(default_factory=dict)
    read_back_failures: dict[str, list[Failure]] = field(default_factory=dict)
    write_failures: dict[str, list[Failure]] = field(default_factory=dict)
    commits_anyway: set[str] = field(default_factory=set)
    lagging: set[str] = field(default_factory=set)
    journal: list[tuple[str, Action]] = field(default_factory=list)
    requests: list[tuple[str, Action]] = field(default_factory=list)
    looks: list[str] = field(default_factory=list)
    role_reads: list[str] = field(default_factory=list)
    """Of each user, whenever the roles are read for that user alone."""
    confirm_failures: dict[str, list[Failure]] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    before_write: Callable[[str, Action], None] = lambda user_id, action: None
    """What the world does in the moment before a write arrives."""

    def add(self, person: Person) -> Person:
        self.people[person.user.id] = person
        return person

    def in_background(self) -> "FakeDirectory":
        return self

    async def observe(
        self, user_ids: Sequence[str], about_to_write: Collection[str] = ()
    ) -> Mapping[str, Observation | Failure]:
        self.looks += user_ids
        self.role_reads += about_to_write
        return {user_id: self._one(user_id, self.observe_failures, user_id in about_to_write) for user_id in user_ids}

    async def confirm(self, seen: Mapping[str, Observation]) -> Mapping[str, Observation | Failure]:
        self.role_reads += seen
        return {user_id: self._confirmed(user_id, observed) for user_id, observed in seen.items()}

    def _confirmed(self, user_id: str, observed: Observation) -> Observation | Failure:
        if self.confirm_failures.get(user_id):
            return self.confirm_failures[user_id].pop(0)
        return replace(observed, privileged=self.people[user_id].privileged, roles_are_fresh=True)

    async def write(self, actions: Mapping[str, Action]) -> Mapping[str, Written]:
        return {user_id: self._write(user_id, action) for user_id, action in actions.items()}

    async def read_back(
        self, seen: Mapping[str, Observation], written: Mapping[str, Action]
    ) -> Mapping[str, Observation | Failure]:
        return {
            user_id: seen[user_id] if user_id in self.lagging else self._one(user_id, self.read_back_failures)
            for user_id in written
        }

    async def find(self, user_principal_name: str) -> str | None:
        return self.names.get(user_principal_name)

    def _one(self, user_id: str, failures: dict[str, list[Failure]], fresh: bool = True) -> Observation | Failure:
        if failures.get(user_id):
            return failures[user_id].pop(0)
        person = self.people.get(user_id)
        return person.observation(fresh) if person else NotFound("404 Request_ResourceNotFound")

    def _write(self, user_id: str, action: Action) -> Written:
        self.before_write(user_id, action)
        self.requests.append((user_id, action))
        failures = self.write_failures.get(user_id)
        failure = failures.pop(0) if failures else None
        if failure is None or user_id in self.commits_anyway:
            self.journal.append((user_id, action))
            self._commit(self.people[user_id], action)
        return Written(f"request-{len(self.requests)}", failure)

    def _commit(self, person: Person, action: Action) -> None:
        match action:
            case AddPhone(number) | UpdatePhone(number):
                person.mobile = number.graph_format
            case SetDefaultMethod(method):
                preferred = person.preference.system_preferred if person.preference else True
                person.preference = SignInPreference(method.value, preferred)
            case SetMfaState():
                # Graph promotes by itself: every user who is set to enabled here has a method
                person.state = MfaState.ENFORCED


@dataclass
class FakeLedger:
    memories: dict[str, Memory] = field(default_factory=dict)
    saves: int = 0
    before_save: Callable[[Memory], None] = lambda memory: None
    """What another worker does in the moment before a row is saved."""

    async def load(self, user_ids: Sequence[str]) -> Mapping[str, Memory]:
        return {user_id: self.memories.get(user_id, Memory(user_id)) for user_id in dict.fromkeys(user_ids)}

    async def save(self, memory: Memory) -> Memory:
        self.before_save(memory)
        known = self.memories.get(memory.user_id)
        if (known.version if known else None) != memory.version:
            raise Conflict(memory.user_id)
        self.saves += 1
        self.memories[memory.user_id] = replace(memory, version=str(self.saves))
        return self.memories[memory.user_id]

    async def rows(self) -> AsyncIterator[Memory]:
        for memory in list(self.memories.values()):
            yield memory


@dataclass
class FakeAudit:
    rows: list[AuditRow] = field(default_factory=list)
    broken: bool = False

    async def append(self, row: AuditRow) -> None:
        if self.broken:
            raise ConnectionError("the audit table is down")
        known = (row.user_id, row.look, row.phase) in {(old.user_id, old.look, old.phase) for old in self.rows}
        if known and row.phase is Phase.INTENT:
            raise ConnectionError("this row exists")
        if not known:
            self.rows.append(row)

    async def history(self, user_id: str, most: int) -> Sequence[AuditRow]:
        return [row for row in reversed(self.rows) if row.user_id == user_id][:most]


@dataclass
class FakeControl:
    records: dict[str, Record] = field(default_factory=dict)
    saves: int = 0
    contended: set[str] = field(default_factory=set)
    """Names of records that somebody else always saves first."""
    broken: set[str] = field(default_factory=set)

    async def load(self, name: str) -> Record:
        if name in self.broken:
            raise ConnectionError("the control table is down")
        return self.records.get(name, Record({}))

    async def save(self, name: str, record: Record) -> Record:
        known = self.records.get(name, Record({}))
        if name in self.contended or known.version != record.version:
            raise Conflict(name)
        self.saves += 1
        self.records[name] = Record(dict(record.values), str(self.saves))
        return self.records[name]


def own_pace(now: Callable[[], datetime]) -> Pace:
    """Of an instance that is alone and never waits between two requests."""

    async def at_once(seconds: float) -> None:
        """No gap."""

    return Pace(FakeControl(), now, at_once)


@dataclass
class FakeQueues:
    sent: list[tuple[Message, timedelta]] = field(default_factory=list)
    chores: list[Chore] = field(default_factory=list)
    waits: list[tuple[timedelta, int]] = field(default_factory=list)
    """Of each chore: how long it waits, and which attempt it is."""
    moments: list[datetime] = field(default_factory=list)
    """When each chore was asked for."""
    broken: bool = False

    async def send(self, message: Message, delay: timedelta = timedelta(0)) -> None:
        if self.broken:
            raise ConnectionError("the queue is down")
        self.sent.append((message, delay))

    async def send_chore(self, chore: Chore, received: int, delay: timedelta = timedelta(0), attempt: int = 1) -> None:
        if self.broken:
            raise ConnectionError("the queue is down")
        self.chores.append(chore)
        self.waits.append((delay, attempt))
        self.moments.append(datetime.fromtimestamp(received / 1000, tz=UTC))

    @property
    def users(self) -> list[str]:
        return [user for message, _ in self.sent for user in message.users]


@dataclass
class FakeParking:
    items: dict[str, Parked] = field(default_factory=dict)

    async def park(self, item: Parked) -> None:
        known = self.items.get(item.key)
        self.items[item.key] = replace(item, first_at=known.first_at) if known else item

    async def release(self, keys: Sequence[str]) -> None:
        for key in keys:
            self.items.pop(key, None)

    async def all(self) -> Sequence[Parked]:
        return list(self.items.values())


@dataclass
class FakeRunItems:
    runs: dict[str, dict[str, Item]] = field(default_factory=dict)
    saves: int = 0

    async def list(self, run_id: str, user_ids: Sequence[str]) -> None:
        rows = self.runs.setdefault(run_id, {})
        for user_id in user_ids:
            rows.setdefault(user_id, Item(user_id, version="listed"))

    async def load(self, run_id: str, user_ids: Sequence[str]) -> Mapping[str, Item]:
        rows = self.runs.get(run_id, {})
        return {user_id: rows[user_id] for user_id in user_ids if user_id in rows}

    async def save(self, run_id: str, item: Item) -> None:
        rows = self.runs.setdefault(run_id, {})
        known = rows.get(item.user_id)
        if (known.version if known else None) != item.version:
            raise Conflict(item.user_id)
        self.saves += 1
        rows[item.user_id] = replace(item, version=str(self.saves))

    async def page(self, run_id: str, after: str | None, most: int) -> Sequence[Item]:
        rows = self.runs.get(run_id, {})
        return [rows[user_id] for user_id in sorted(rows) if after is None or user_id > after][:most]


@dataclass
class FakeChangedUsers:
    """Pages by link; a link that is not there has expired."""

    pages: dict[str | None, DeltaPage | Failure] = field(default_factory=dict)
    selection: str = "id,mobilePhone"
    asked: list[str | None] = field(default_factory=list)

    async def page(self, link: str | None) -> DeltaPage:
        self.asked.append(link)
        page = self.pages.get(link)
        if page is None:
            raise DeltaExpired("410")
        if not isinstance(page, DeltaPage):
            raise GraphFailed(page)
        return page


@dataclass
class FakeSubscriptionApi:
    """Graph's subscriptions; `unlisted` ones exist but the list omits them."""

    template: Subscription
    existing: dict[str, Subscription] = field(default_factory=dict)
    unlisted: set[str] = field(default_factory=set)
    created: list[Subscription] = field(default_factory=list)
    renewed: list[str] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    failing: Failure | None = None
    handshake_failures: int = 0
    """So many creations fail because Graph did not get the echo."""
    unmoved: bool = False
    """Renewals are answered with 200, and the end stays where it was."""
    forgetful: bool = False
    """Renewals are answered with the end that was asked for, and the old one is read."""
    renewal_failure: Failure | None = None
    """Why every renewal fails."""

    async def all(self) -> Sequence[Subscription]:
        if self.failing:
            raise GraphFailed(self.failing)
        return [item for item in self.existing.values() if item.id not in self.unlisted]

    async def get(self, subscription_id: str) -> Subscription | None:
        return self.existing.get(subscription_id)

    async def create(self, expires: datetime) -> Subscription:
        if self.existing:
            raise AlreadySubscribed(next(iter(self.existing)))
        if self.handshake_failures:
            self.handshake_failures -= 1
            raise GraphFailed(Transient(Reason.GRAPH_UNAVAILABLE, "400 ValidationError: no handshake"))
        number = f"{len(self.created) + 1:08x}-0000-4000-8000-000000000000"
        item = replace(self.template, id=number, expires=expires)
        self.created.append(item)
        self.existing[item.id] = item
        return item

    async def renew(self, subscription_id: str, expires: datetime) -> Subscription | None:
        self.renewed.append(subscription_id)
        if self.renewal_failure:
            raise GraphFailed(self.renewal_failure)
        if subscription_id not in self.existing:
            return None
        if self.unmoved:
            return self.existing[subscription_id]
        renewed = replace(self.existing[subscription_id], expires=expires)
        if not self.forgetful:
            self.existing[subscription_id] = renewed
        return renewed

    async def delete(self, subscription_id: str) -> None:
        self.deleted.append(subscription_id)
        self.existing.pop(subscription_id, None)
