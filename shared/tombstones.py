"""Somebody removed the phone that we wrote, and an operator says that it may be set again. Floor 5.

L, the fingerprint of what this service wrote, is what keeps a removed number from coming back (rule 7). Without it the
next look is a first fill. Only an operator clears it, and the audit says so.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.models import Cause
from shared.policy import Policy
from shared.ports import Audit, AuditRow, Ledger, Phase

CLEARED = "forget the number this service wrote"


@dataclass(frozen=True, slots=True)
class Tombstones:
    """The ports of clearing."""

    ledger: Ledger
    audit: Audit
    policy: Policy
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    async def clear(self, user_id: str) -> bool:
        """Forgets L, and what may become L; False when there was neither.

        Raises Conflict when a look is being recorded at this moment.
        """
        memory = (await self.ledger.load([user_id]))[user_id]
        if memory.fingerprint is None and memory.accepted is None:
            return False
        now = self.now()
        row = AuditRow(
            user_id=user_id,
            look=self.new_id(),
            at=now,
            began=now,
            phase=Phase.OUTCOME,
            cause=Cause.MANUAL,
            actions=(CLEARED,),
            reasons=(),
            outcome="cleared",
            policy=self.policy.fingerprint(),
        )
        await self.audit.append(row)
        await self.ledger.save(replace(memory, fingerprint=None, intended=None, accepted=None))
        return True
