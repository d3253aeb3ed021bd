"""One look at one user while it happens: what was seen, planned, written. Floor 4, values only.

A look goes gather → decide → apply → read back, and round again until the decision has nothing left to do. The MFA
state is thereby only ever decided on a phone that Graph has just shown.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime

from shared.errors import Failure, Transient
from shared.memory import Memory
from shared.messages import Message
from shared.models import Observation, Outcome, Reason
from shared.plan import Action, Plan, SetMfaState
from shared.policy import Mode, Policy
from shared.ports import AuditRow, Phase, Written
from shared.retry_rules import Verdict, judge

Decide = Callable[[Observation, Memory], Plan]


@dataclass(slots=True, eq=False)
class Look:
    """Mutable on purpose: it lives for one message and is never shared. Equal only to itself."""

    memory: Memory
    message: Message
    id: str
    began: datetime
    seen: Observation | None = None
    plan: Plan | None = None
    failure: Failure | None = None
    intended: tuple[str, ...] = ()
    interrupted: str | None = None
    applied: list[Action] = field(default_factory=list)
    request_ids: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        claim = self.memory.claim
        if claim and claim.holds(self.began):
            self.failure = Transient(Reason.CONCURRENT, "another look is writing", claim.until - self.began)
        elif claim:
            # its look died between its claim and its record; what it did shows in what Graph tells now
            self.interrupted = claim.look

    @property
    def user_id(self) -> str:
        """Whom this look is at."""
        return self.memory.user_id

    @property
    def lost(self) -> bool:
        """Whether another look at the same user has the right to write and to record."""
        return isinstance(self.failure, Transient) and self.failure.reason is Reason.CONCURRENT

    def see(self, observed: Observation | Failure, decide: Decide) -> None:
        """Takes what Graph told and decides on it."""
        if isinstance(observed, Observation):
            self.seen, self.plan = observed, decide(observed, self.memory)
        else:
            self.failure = observed

    def next_action(self, mode: Mode) -> Action | None:
        """The one action that may be applied now."""
        if mode is Mode.PLAN or self.failure or not self.plan or not self.plan.actions:
            return None
        return self.plan.actions[0]

    def take_answer(self, written: Written) -> None:
        """Notes what Graph answered. A throttled write is not read back: that would be asking before we may."""
        if written.request_id:
            self.request_ids.append(written.request_id)
        if isinstance(written.failure, Transient) and written.failure.reason is Reason.THROTTLED:
            self.failure = written.failure

    def take_read_back(self, action: Action, written: Written, observed: Observation | Failure, decide: Decide) -> None:
        """Judges the write by what Graph shows now, and by nothing else."""
        self.see(observed, decide)
        if self.failure or not self.plan:
            return
        if self.plan.actions and self.plan.actions[0].kind == action.kind:
            unconfirmed = Transient(Reason.NOT_CONFIRMED, f"{action.kind} is not visible yet")
            self.failure = written.failure or unconfirmed
            return
        self.applied.append(action)

    def verdict(self) -> Verdict | None:
        """How a failed look goes on; None when it is complete."""
        return judge(self.failure, self.message.attempt) if self.failure else None

    def outcome(self, verdict: Verdict | None) -> Outcome:
        """The outcome word. What was written and read back makes a look `done`."""
        if verdict or not self.plan:
            return verdict.outcome if verdict else Outcome.RETRY
        quiet = self.plan.outcome in (Outcome.NOOP, Outcome.PLANNED)
        return Outcome.DONE if self.applied and quiet else self.plan.outcome

    def reasons(self, verdict: Verdict | None) -> tuple[Reason, ...]:
        """The reason words."""
        if verdict:
            return (verdict.reason,)
        return self.plan.reasons if self.plan else ()


def intent(look: Look, policy: Policy, at: datetime) -> AuditRow:
    """The row that must be durable before the first write."""
    look.intended = tuple(action.describe() for action in look.plan.actions) if look.plan else ()
    return _row(look, Phase.INTENT, at, policy, look.intended, None, look.plan.reasons if look.plan else ())


def ending(look: Look, policy: Policy, at: datetime) -> AuditRow:
    """The row that says what became of the intent."""
    verdict = look.verdict()
    done = tuple(action.describe() for action in look.applied)
    return _row(look, Phase.OUTCOME, at, policy, done, look.outcome(verdict), look.reasons(verdict))


def _row(
    look: Look,
    phase: Phase,
    at: datetime,
    policy: Policy,
    actions: tuple[str, ...],
    outcome: Outcome | None,
    reasons: tuple[Reason, ...],
) -> AuditRow:
    return AuditRow(
        user_id=look.user_id,
        look=look.id,
        at=at,
        phase=phase,
        cause=look.message.cause,
        actions=actions,
        reasons=tuple(reason.value for reason in reasons),
        outcome=outcome.value if outcome else None,
        policy=policy.fingerprint(),
        request_ids=tuple(look.request_ids),
    )


def remember(look: Look, policy: Policy, phone_only: bool, now: datetime) -> Memory:
    """The ledger row after this look."""
    verdict, plan, old = look.verdict(), look.plan, look.memory
    complete = verdict is None or verdict.outcome is not Outcome.RETRY
    adopted = plan.adopt if plan and plan.adopt and policy.mode is Mode.APPLY else old.fingerprint
    states = [action.state for action in look.applied if isinstance(action, SetMfaState)]
    remembered = replace(
        old,
        claim=None,
        outcome=look.outcome(verdict),
        reasons=look.reasons(verdict),
        fingerprint=adopted,
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
    return replace(remembered, hold=plan.hold, source=plan.source, masked=plan.masked, phone_only=phone_only)


def answered(memory: Memory, message: Message) -> bool:
    """Whether a look begun after this message was received is complete: the message tells nothing new."""
    return memory.looked_at is not None and message.received < memory.looked_at.timestamp() * 1000
