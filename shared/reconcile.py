"""The one path on which every user is looked at: gather → decide → apply → read back → record. Floor 5.

Webhook, sweep, backfill and HR flow all end here. A message may come any number of times and in any order; what is done
depends on Graph's truth alone. Nothing here decides: the decision is `shared.decision`, the judgement of failures
`shared.retry_rules`.
"""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from shared.decision import decide
from shared.errors import Conflict, Transient
from shared.evidence import intent
from shared.fingerprint import Keys
from shared.looks import Ended, Look, Permits, answered, superseded
from shared.memory import LEASE, Accepted, Claim, Memory
from shared.messages import Message
from shared.models import Cause, Observation, Outcome, Reason
from shared.plan import Action, AddPhone, Plan, UpdatePhone
from shared.policy import Policy
from shared.ports import Audit, Directory, Ledger, Queues, Written
from shared.pulse import Pulse
from shared.recording import Recorder
from shared.retry_rules import PAUSED_DELAY
from shared.switches import Switches

MOST_ROUNDS = 4
"""Phone, default method, MFA state, and one round to see that nothing is left."""


@dataclass(frozen=True, slots=True)
class Reconciler:
    """The ports and values a look needs. `now` and `new_id` are the clock and the source of look ids."""

    directory: Directory
    ledger: Ledger
    audit: Audit
    queues: Queues
    switches: Switches
    pulse: Pulse
    recorder: Recorder
    policy: Policy
    keys: Keys
    now: Callable[[], datetime]
    new_id: Callable[[], str]

    async def reconcile(self, message: Message) -> Mapping[str, Outcome]:
        """Looks at the users of a message; the outcome of each that was looked at.

        While the service is paused nobody is looked at: the message goes back into the queue as it came.
        Raises what storage raises: then nothing is acknowledged, the message comes back and the look is done again.
        """
        return {user_id: ended.outcome for user_id, ended in (await self.look(message, {})).items()}

    async def look(self, message: Message, within: Mapping[str, Permits]) -> Mapping[str, Ended]:
        """The same for looks that may do no more than was agreed to; whoever is not in `within` has no such bounds.

        Whose plan is another by now is set aside: nothing is written, and nothing recorded as far as nothing was begun.
        """
        if (await self.switches.state()).paused:
            await self.queues.send(message, PAUSED_DELAY)
            return {}
        memories = await self.ledger.load(message.users)
        began = self.now()
        looks = [
            Look(memory, message, self.new_id(), began, within.get(memory.user_id))
            for memory in memories.values()
            if not answered(memory, message) and not superseded(memory, message)
        ]
        await self._gather([look for look in looks if not look.lost])
        for _ in range(MOST_ROUNDS):
            if not await self._apply_one_round(looks):
                break
        if any(look.paused for look in looks):
            await self.switches.trip()
        await asyncio.gather(*(self.recorder.record(look) for look in looks if not look.untouched))
        await self._beat([look.seen for look in looks if look.seen], message.cause)
        return {look.user_id: look.ended() for look in looks}

    def decide(self, seen: Observation, memory: Memory) -> Plan:
        """The decision, bound to this policy and this moment."""
        return decide(seen, self.policy, memory, self.keys, self.now())

    async def _gather(self, looks: Sequence[Look]) -> None:
        if looks:
            likely = [look.user_id for look in looks if look.is_likely_to_write(self.policy.mode)]
            observed = await self._directory(looks[0]).observe([look.user_id for look in looks], likely)
            for look in looks:
                look.see(observed[look.user_id], self.decide)

    async def _confirm(self, looks: Sequence[Look]) -> None:
        """Before a write, the user's roles are read for this very look, and the decision is made on them."""
        unconfirmed = {look.user_id: look for look in looks if look.wants_fresh_roles(self.policy.mode)}
        if unconfirmed:
            seen = {user_id: look.seen for user_id, look in unconfirmed.items() if look.seen}
            confirmed = await self._directory(looks[0]).confirm(seen)
            for user_id, look in unconfirmed.items():
                look.see(confirmed[user_id], self.decide)

    def _directory(self, look: Look) -> Directory:
        """All looks of a message have one cause."""
        return self.directory.in_background() if look.background else self.directory

    async def _apply_one_round(self, looks: Sequence[Look]) -> bool:
        """Applies each look's next action and reads it back; False when there was none."""
        await self._confirm(looks)
        await self._stop_if_paused(self._wanting(looks))
        await asyncio.gather(*(self._claim(look) for look in self._wanting(looks)))
        reserved_at = self.now()
        await self._reserve(self._wanting(looks), reserved_at)
        actions = self._wanting(looks)
        if not actions:
            return False
        # no audit, no write: an exception here leaves Graph untouched
        first = [look for look in actions if not look.intended]
        await asyncio.gather(*(self.audit.append(intent(look, self.policy, self.now())) for look in first))
        wanted = {look.user_id: action for look, action in actions.items()}
        written = await self._directory(next(iter(actions))).write(wanted)
        for look, action in actions.items():
            look.take_answer(action, written[look.user_id])
        throttled = [look for look in first if look.failure]
        await asyncio.gather(*(self._note_accepted(look) for look in actions))
        await self._give_back(throttled, reserved_at)
        await self._read_back({look: action for look, action in actions.items() if not look.failure}, written)
        return True

    def _wanting(self, looks: Sequence[Look]) -> dict[Look, Action]:
        """Who has something left to write, and what is next."""
        return {look: action for look in looks if (action := look.next_action(self.policy.mode))}

    async def _stop_if_paused(self, looks: Collection[Look]) -> None:
        """The kill switch stops every look before its next write, also one that has written before."""
        if looks and (await self.switches.state()).paused:
            for look in looks:
                look.failure = Transient(Reason.PAUSED, "the service is paused")

    async def _reserve(self, looks: Collection[Look], now: datetime) -> None:
        """Counts each user once, before the first write, and only those to whom the look has the right to write."""
        first = [look for look in looks if not look.intended]
        granted = await self.switches.reserve(len(first), now) if first else 0
        for look in first[granted:]:
            look.failure = Transient(Reason.PAUSED, "no more users may be written to in this hour")

    async def _give_back(self, throttled: Sequence[Look], reserved_at: datetime) -> None:
        """Waiting for Graph, again and again, must not use up the budget: nothing was written."""
        if throttled:
            await self.switches.give_back(len(throttled), reserved_at)

    async def _claim(self, look: Look) -> None:
        """The right to write to this user, for one round; a look that does not get it writes nothing.

        The claim takes the place of the one that an interrupted look left behind, so that one gets its outcome first.
        """
        await self.recorder.settle_interrupted(look, None)
        claim = Claim(look.id, self.now() + LEASE)
        action = look.next_action(self.policy.mode)
        claimed = replace(look.memory, claim=claim)
        if look.plan and look.plan.adopt:
            claimed = replace(claimed, fingerprint=look.plan.adopt)
        if isinstance(action, AddPhone | UpdatePhone):
            claimed = replace(claimed, intended=self.keys.phone(look.user_id, action.number.canonical))
        await self._save(look, claimed)

    async def _note_accepted(self, look: Look) -> None:
        """At once, not with the record: should the look die here, the next one waits instead of writing again."""
        if look.unseen:
            await self._save(look, replace(look.memory, accepted=Accepted(look.unseen.kind, self.now())))

    async def _save(self, look: Look, memory: Memory) -> None:
        try:
            look.memory = await self.ledger.save(memory)
        except Conflict:
            look.failure = Transient(Reason.CONCURRENT, "another look was faster")

    async def _read_back(self, actions: Mapping[Look, Action], written: Mapping[str, Written]) -> None:
        if not actions:
            return
        seen = {look.user_id: look.seen for look in actions if look.seen}
        expected = {look.user_id: action for look, action in actions.items()}
        shown = await self._directory(next(iter(actions))).read_back(seen, expected)
        for look, action in actions.items():
            look.take_read_back(action, written[look.user_id], shown[look.user_id], self.decide, self.keys)

    async def _beat(self, seen: Sequence[Observation], cause: Cause) -> None:
        if seen:
            await self.pulse.looked(cause, [problem for observed in seen for problem in observed.unreadable])
