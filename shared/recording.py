"""How a look ends: its outcome in the audit, its follow-up in the queue, what is remembered in the ledger. Floor 5.

In this order: messages before the ledger, because a row that says a look is complete must not exist without its
follow-up; the audit before both, because a write without an outcome is a question that somebody has to answer.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from shared.decision import is_phone_only
from shared.errors import Conflict
from shared.evidence import ending, settlement
from shared.looks import Look, answered, remember
from shared.memory import LEASE
from shared.messages import Message
from shared.models import Cause, Outcome
from shared.moments import millis
from shared.policy import Policy
from shared.ports import Audit, Ledger, Parked, Parking, Phase, Queues
from shared.retry_rules import DELAYS, Verdict, come_back_after_unknown, spread_out

_log = logging.getLogger("mfa_prefill.reconcile")

LONGEST_HIDING = timedelta(days=7)
"""A queue message can be invisible for seven days; a longer hold is simply looked at in between.
https://learn.microsoft.com/rest/api/storageservices/put-message"""


@dataclass(frozen=True, slots=True)
class Recorder:
    """The ports of recording. `chance` (0 to 1) is the source of randomness."""

    ledger: Ledger
    audit: Audit
    queues: Queues
    parking: Parking
    policy: Policy
    now: Callable[[], datetime]
    chance: Callable[[], float]

    async def record(self, look: Look) -> None:
        """Records a look that is over. Raises what storage raises: then it is done again."""
        verdict = look.verdict()
        if look.intended:
            await self.audit.append(ending(look, self.policy, self.now()))
        if look.lost:
            await self._look_again(look)
        else:
            await self.settle_interrupted(look, verdict)
            comes_back = await self._follow_up(look, verdict)
            await self._remember(look, verdict, comes_back)
        self._tell(look, verdict)

    async def _remember(self, look: Look, verdict: Verdict | None, comes_back: bool) -> None:
        try:
            await self._save(look, verdict)
        except Conflict:
            if verdict and verdict.outcome is Outcome.PARKED:
                await self.parking.release([look.user_id])
            # a second message beside the one that is on its way would double with every failure
            if not comes_back:
                await self._remember_after_another(look)

    async def _save(self, look: Look, verdict: Verdict | None) -> None:
        if look.memory.outcome is Outcome.PARKED and not (verdict and verdict.outcome is Outcome.PARKED):
            await self.parking.release([look.user_id])
        phone_only = look.seen is not None and is_phone_only(look.seen)
        await self.ledger.save(remember(look, self.policy, phone_only, self.now()))

    async def _remember_after_another(self, look: Look) -> None:
        """Another look at the same user was faster. Where both found nothing to write, this one is recorded after it.

        Asking Graph once more would tell the same, and looks overlap whenever many are asked for at once.
        """
        recorded = (await self.ledger.load([look.user_id]))[look.user_id]
        if look.stands_on(recorded) and not answered(recorded, look.message):
            look.memory = recorded
            try:
                await self._save(look, None)
            except Conflict:
                await self._look_again(look)
        else:
            await self._look_again(look)

    async def _look_again(self, look: Look) -> None:
        """Another look at the same user was faster: unless it answers our message too, look once more."""
        recorded = (await self.ledger.load([look.user_id]))[look.user_id]
        if not answered(recorded, look.message):
            wait = recorded.claim.until - self.now() if recorded.claim else DELAYS[0]
            again = replace(look.message, users=(look.user_id,), cause=Cause.RETRY)
            await self.queues.send(again, max(min(wait, LEASE), timedelta(seconds=1)))

    async def settle_interrupted(self, look: Look, verdict: Verdict | None) -> None:
        """A look that died after its intent gets its outcome now, from what Graph shows."""
        if look.interrupted is None or not look.settles(verdict):
            return
        rows = [row for row in await self.audit.history(look.user_id, 20) if row.look == look.interrupted]
        if [row.phase for row in rows] == [Phase.INTENT]:
            await self.audit.append(settlement(look, rows[0], self.now()))
        look.interrupted = None

    async def _follow_up(self, look: Look, verdict: Verdict | None) -> bool:
        """What must come back comes back, what gave up is parked; whether there is a message on its way."""
        now = self.now()
        if verdict is None:
            if look.plan and look.plan.hold_until:
                await self._come_back(look, look.plan.hold_until)
                return True
            if look.asks_again:
                await self._ask_again(look)
                return True
        elif verdict.outcome is Outcome.RETRY:
            again = Message((look.user_id,), Cause.RETRY, millis(now), look.message.run, verdict.attempt)
            await self.queues.send(again, spread_out(verdict.delay, self.chance()))
            return True
        elif verdict.outcome is Outcome.PARKED:
            reason, attempts = verdict.reason.value, look.message.attempt
            parked = Parked(look.user_id, reason, (look.user_id,), now, now, attempts, verdict.advice)
            await self.parking.park(parked)
        return False

    async def _ask_again(self, look: Look) -> None:
        """What could not be read is asked again: skipped for now, not forgotten."""
        received, attempt = millis(self.now()), look.message.attempt + 1
        again = Message((look.user_id,), Cause.RETRY, received, look.message.run, attempt)
        await self.queues.send(again, come_back_after_unknown(look.message.attempt))

    async def _come_back(self, look: Look, until: datetime) -> None:
        """`received` is the moment the hold ends, so that no look in between can answer this message."""
        delay = min(max(until - self.now(), timedelta(0)), LONGEST_HIDING)
        message = Message((look.user_id,), Cause.HOLD, millis(until), look.message.run)
        await self.queues.send(message, delay)

    def _tell(self, look: Look, verdict: Verdict | None) -> None:
        outcome, reasons = look.outcome(verdict), " ".join(look.reasons(verdict)) or "-"
        parked = outcome is Outcome.PARKED
        fields: dict[str, object] = {
            "action": "user_reconciled",
            "user": look.user_id,
            "cause": look.message.cause.value,
            "outcome": outcome.value,
            "reasons": reasons,
            "attempt": look.message.attempt,
        }
        if look.applied:
            fields["seconds"] = round(self.now().timestamp() - look.message.received / 1000, 1)
        level = logging.WARNING if parked or look.unknown else logging.INFO
        _log.log(level, "%s: %s (%s) %s", look.user_id, outcome, reasons, look.detail, extra=fields)
        if parked:
            advice = {"action": "user_parked", "user": look.user_id, "reasons": reasons}
            _log.error("%s: parked (%s)", look.user_id, reasons, extra=advice)
