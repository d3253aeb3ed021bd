"""One look at one user while it happens: what was seen, planned, written. Floor 4, values only.

A look goes gather → decide → apply → read back, and round again until the decision has nothing left to do. The MFA
state is thereby only ever decided on a phone that Graph has just shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.errors import Failure, Transient
from shared.fingerprint import Keys
from shared.memory import Claim, Memory
from shared.messages import Message
from shared.models import Cause, Observation, Outcome, Reason
from shared.moments import millis
from shared.phone_number import same_number
from shared.plan import Action, AddPhone, Plan, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import Mode, Policy
from shared.ports import Written
from shared.retry_rules import Verdict, judge

Decide = Callable[[Observation, Memory], Plan]
Permits = Callable[[Plan], bool]
"""Whether a plan is within what was agreed to; see `shared.steps`."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How a look ended. `set_aside`: more would have had to be done than it was allowed to."""

    outcome: Outcome
    reasons: tuple[Reason, ...] = ()
    set_aside: bool = False


@dataclass(slots=True, eq=False)
class Look:
    """Mutable on purpose: it lives for one message and is never shared. Equal only to itself."""

    memory: Memory
    message: Message
    id: str
    began: datetime
    permits: Permits | None = None
    seen: Observation | None = None
    plan: Plan | None = None
    failure: Failure | None = None
    intended: tuple[str, ...] = ()
    interrupted: str | None = None
    applied: list[Action] = field(default_factory=list)
    unseen: Action | None = None
    """What Graph has accepted and not shown yet."""
    request_ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        claim = self.memory.claim
        if claim and claim.holds(self.began):
            self.failure = Transient(Reason.CONCURRENT, "another look is writing")
        elif claim:
            # its look died between its claim and its record; what it did shows in what Graph tells now
            self.interrupted = claim.look

    @property
    def user_id(self) -> str:
        """Whom this look is at."""
        return self.memory.user_id

    @property
    def background(self) -> bool:
        """Whether nobody waits for this look: it goes behind those that somebody waits for."""
        return self.message.cause in (Cause.SWEEP, Cause.BACKFILL)

    @property
    def lost(self) -> bool:
        """Whether another look at the same user has the right to write and to record."""
        return isinstance(self.failure, Transient) and self.failure.reason is Reason.CONCURRENT

    @property
    def set_aside(self) -> bool:
        """Whether the newest plan is not within what was agreed to."""
        if self.permits is None or self.plan is None or self.failure:
            return False
        return not self.permits(self.plan)

    @property
    def untouched(self) -> bool:
        """Whether it was set aside before anything was begun: as if nobody had looked."""
        return self.set_aside and not self.intended

    @property
    def paused(self) -> bool:
        """Whether this look was stopped before a write by the kill switch or the breaker."""
        return isinstance(self.failure, Transient) and self.failure.reason is Reason.PAUSED

    def see(self, observed: Observation | Failure, decide: Decide) -> None:
        """Takes what Graph told and decides on it."""
        if isinstance(observed, Observation):
            self.seen, self.plan = observed, decide(observed, self.memory)
            if self.plan.outcome is Outcome.RETRY:
                self.failure = Transient(Reason.NOT_CONFIRMED, "accepted by Graph and not visible yet")
        else:
            self.failure = observed

    def next_action(self, mode: Mode) -> Action | None:
        """The one action that may be applied now: never on roles that may have changed since they were listed."""
        return self._wanted(mode) if self.seen and self.seen.roles_are_fresh else None

    def wants_fresh_roles(self, mode: Mode) -> bool:
        """Whether only the user's roles are to be read again before a write."""
        return self._wanted(mode) is not None and not (self.seen and self.seen.roles_are_fresh)

    def is_likely_to_write(self, mode: Mode) -> bool:
        """Whether this look probably ends in a write: no look at this user has been completed, or one is to go on."""
        return mode is Mode.APPLY and self.memory.outcome in (None, Outcome.RETRY, Outcome.HELD, Outcome.PLANNED)

    def _wanted(self, mode: Mode) -> Action | None:
        if mode is Mode.PLAN or self.failure or self.set_aside or not self.plan or not self.plan.actions:
            return None
        return self.plan.actions[0]

    def take_answer(self, action: Action, written: Written) -> None:
        """Notes what Graph answered. A throttled write is not read back: that would be asking before we may."""
        if written.request_id:
            self.request_ids.append(written.request_id)
        self.unseen = action if written.failure is None else None
        if isinstance(written.failure, Transient) and written.failure.reason is Reason.THROTTLED:
            self.failure = written.failure

    def take_read_back(
        self, action: Action, written: Written, observed: Observation | Failure, decide: Decide, keys: Keys
    ) -> None:
        """Judges the write by what Graph shows now, and by nothing else; then decides anew.

        The new decision does not judge it: the user's class or number may have changed since the first one.
        """
        shown = isinstance(observed, Observation) and shows(observed, action)
        if shown:
            self.applied.append(action)
            self.unseen, self.memory = None, replace(self.memory, accepted=None)
            self._own(action, keys)
        self.see(observed, decide)
        # where none was registered, another number is a person's, registered in the moment between: they win
        theirs = isinstance(action, AddPhone) and self.seen is not None and self.seen.mobile is not None
        if not (shown or theirs or self.failure):
            unconfirmed = Transient(Reason.NOT_CONFIRMED, f"{action.kind} is not visible yet")
            self.failure = written.failure or unconfirmed

    def _own(self, action: Action, keys: Keys) -> None:
        """A number that was written and read back is ours, whatever is decided next."""
        if isinstance(action, AddPhone | UpdatePhone):
            self.memory = replace(self.memory, fingerprint=keys.phone(self.user_id, action.number.canonical))

    @property
    def unknown(self) -> bool:
        """Whether the user was left alone only because something could not be read."""
        skipped = self.failure is None and self.plan is not None and self.plan.outcome is Outcome.SKIPPED
        return skipped and self.reasons(None) == (Reason.UNKNOWN,)

    @property
    def asks_again(self) -> bool:
        """Whether this complete look left something undone only because Graph did not return it.

        A new user's requirements may answer 404 for a moment, and no notification follows when they no longer do.
        """
        refused = self.failure is None and self.seen is not None and bool(self.seen.refused)
        return self.unknown or (refused and Reason.UNKNOWN in self.reasons(None))

    @property
    def detail(self) -> str:
        """Status and code of what went wrong, for the log."""
        if self.failure:
            return self.failure.detail
        return "; ".join((*self.seen.unreadable, *self.seen.refused)) if self.seen else ""

    def verdict(self) -> Verdict | None:
        """How a failed look goes on; None when it is complete."""
        hinted = self.message.cause in (Cause.NOTIFICATION, Cause.SWEEP, Cause.BACKFILL)
        before = self.memory.outcome if hinted else None
        return judge(self.failure, self.message.attempt, before) if self.failure else None

    def settles(self, verdict: Verdict | None) -> bool:
        """Whether this look can tell what became of the interrupted one: what Graph shows, or that the user is gone."""
        return verdict is None or verdict.outcome is Outcome.GONE

    def stands_on(self, recorded: Memory) -> bool:
        """Whether what this look found holds on the row of another one that came first: neither of them wrote."""
        return not (self.failure or self.intended) and recorded.ground() == self.memory.ground()

    def outcome(self, verdict: Verdict | None) -> Outcome:
        """The outcome word. What was written and read back makes a look `done`."""
        if verdict or not self.plan:
            return verdict.outcome if verdict else Outcome.RETRY
        if self.set_aside:
            return Outcome.DONE if self.applied else Outcome.NOOP
        quiet = self.plan.outcome in (Outcome.NOOP, Outcome.PLANNED)
        return Outcome.DONE if self.applied and quiet else self.plan.outcome

    def reasons(self, verdict: Verdict | None) -> tuple[Reason, ...]:
        """The reason words."""
        if verdict:
            return (verdict.reason,)
        return self.plan.reasons if self.plan else ()

    def ended(self) -> Ended:
        """For whoever asked for it."""
        verdict = self.verdict()
        return Ended(self.outcome(verdict), self.reasons(verdict), self.set_aside)


def shows(seen: Observation, action: Action) -> bool:
    """Whether Graph shows what this action was to bring about."""
    match action:
        case AddPhone(number) | UpdatePhone(number):
            return seen.mobile is not None and same_number(seen.mobile, number.canonical)
        case SetDefaultMethod(method):
            return seen.preference is not None and seen.preference.method == method.value
        case SetMfaState(state):
            return seen.mfa_state is not None and seen.mfa_state.satisfies(state)


def remember(look: Look, policy: Policy, phone_only: bool, now: datetime) -> Memory:
    """The ledger row after this look."""
    verdict, plan, old = look.verdict(), look.plan, look.memory
    complete = verdict is None or verdict.outcome is not Outcome.RETRY
    adopted = plan.adopt if plan and plan.adopt and policy.mode is Mode.APPLY else old.fingerprint
    states = [action.state for action in look.applied if isinstance(action, SetMfaState)]
    remembered = replace(
        old,
        # a claim that has ended keeps nobody away, and tells the next look whose intent still lacks its outcome
        claim=Claim(look.interrupted, look.began) if look.interrupted and not look.settles(verdict) else None,
        outcome=look.outcome(verdict),
        reasons=look.reasons(verdict),
        fingerprint=adopted,
        intended=old.intended if _is_open(look, policy) else None,
        state_written=states[-1] if states else old.state_written,
        looked_at=look.began if complete else old.looked_at,
        attempts=verdict.attempt if verdict and not complete else 0,
        cause=look.message.cause,
        policy=policy.fingerprint(),
        run=look.message.run,
    )
    if look.applied:
        received = datetime.fromtimestamp(look.message.received / 1000, tz=now.tzinfo)
        remembered = replace(remembered, received_at=received, done_at=now)
    if plan is None or look.failure:
        return remembered
    # what only mode plan keeps from being written has waited long enough: another look must not make it wait anew
    ripe = policy.mode is Mode.PLAN and any(isinstance(action, UpdatePhone) for action in plan.actions)
    hold = old.hold if ripe else plan.hold
    return replace(remembered, hold=hold, source=plan.source, masked=plan.masked, phone_only=phone_only)


def _is_open(look: Look, policy: Policy) -> bool:
    """Whether it is not known yet what became of the number last written: the next look must know it for ours."""
    if look.failure or look.plan is None or look.seen is None:
        return True
    if look.plan.adopt:
        return policy.mode is not Mode.APPLY
    return look.seen.mobile is None


def superseded(memory: Memory, message: Message) -> bool:
    """Whether another message of the same user will bring it back: the one whose attempt the ledger expects.

    Every hint whose look fails sends a message of its own. The row names the attempt of the newest; the others would
    ask Graph the same thing again and again, for somebody who is gone up to seven times each. A run's message and one
    of nobody's do not stand for each other: a run does less than the service, and notes what became of it.
    """
    comes_back = message.cause is Cause.RETRY and memory.outcome is Outcome.RETRY and message.run == memory.run
    return comes_back and message.attempt != memory.attempts


def answered(memory: Memory, message: Message) -> bool:
    """Whether a look begun after this message was received is complete: the message tells nothing new."""
    if message.run and memory.outcome is Outcome.RETRY:
        return False  # a later look failed and comes back, but not for this run
    # whole milliseconds, as `received` has them: what arrived within the one in which the look began is not older
    return memory.looked_at is not None and message.received < millis(memory.looked_at)
