"""What the reconciler could not even read or finish: recorded with its reason, and kept replayable. Floor 5.

A replay needs ids and nothing else, so ids are what is kept. The text of a message that nobody understands is not: it
could hold anything, a phone number too.
"""

import hashlib
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from shared.errors import Conflict, UnreadableMessage
from shared.messages import decode
from shared.models import Outcome, Reason
from shared.ports import Ledger, Parked, Parking

_log = logging.getLogger("mfa_prefill.poisoned")


@dataclass(frozen=True, slots=True)
class PoisonKeeper:
    """The ports of parking."""

    ledger: Ledger
    parking: Parking
    now: Callable[[], datetime]

    async def take(self, text: str, attempts: int) -> tuple[str, ...]:
        """Parks what a message from the poison queue was about; the users it named."""
        try:
            users = decode(text).users
        except UnreadableMessage as error:
            return await self.unreadable(text, error)
        advice = "the function failed on this message five times: see its exceptions, then replay"
        for user_id in users:
            await self._park_user(user_id, Reason.POISON, attempts, advice)
        return users

    async def unreadable(self, text: str, error: UnreadableMessage) -> tuple[str, ...]:
        """Parks a message that is not ours to understand, by its digest; the users whose ids it contains."""
        digest = hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()
        now = self.now()
        advice = f"a message of {len(text)} characters was not readable ({error.problem}): find out who sends such"
        await self.parking.park(
            Parked(f"message-{digest[:32]}", Reason.UNREADABLE.value, error.users, now, now, 1, advice)
        )
        fields = {"action": "message_unreadable", "problem": error.problem}
        _log.error("unreadable message parked: %s", error.problem, extra=fields)
        return error.users

    async def _park_user(self, user_id: str, reason: Reason, attempts: int, advice: str) -> None:
        now = self.now()
        await self.parking.park(Parked(user_id, reason.value, (user_id,), now, now, attempts, advice))
        memory = (await self.ledger.load([user_id]))[user_id]
        try:
            await self.ledger.save(replace(memory, outcome=Outcome.PARKED, reasons=(reason,)))
        except Conflict:
            # a look finished meanwhile: its outcome is the newer truth
            await self.parking.release([user_id])
        _log.error("%s: parked (%s)", user_id, reason, extra={"action": "user_parked", "user": user_id})
