"""What gave up, and trying it again. Floor 5.

A parked user is looked at again when its message comes; it stays parked until a look has ended otherwise. A message
that nobody could read is done with as soon as the users whose ids were found in it are in the queue.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.messages import in_messages
from shared.models import Cause, object_id
from shared.moments import millis
from shared.ports import Parked, Parking, Queues


@dataclass(frozen=True, slots=True)
class Replayed:
    """Whom a replay looks at again, and what there is nobody to look at for."""

    users: tuple[str, ...]
    left: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Replayer:
    """The ports of a replay."""

    parking: Parking
    queues: Queues
    now: Callable[[], datetime]

    async def all(self) -> Sequence[Parked]:
        """Everything that is parked, longest first."""
        return sorted(await self.parking.all(), key=lambda item: item.first_at)

    async def replay(self, keys: Collection[str] | None) -> Replayed:
        """Queues the users of these parked items, None: of all. Keys that are not parked are passed over."""
        items = [item for item in await self.all() if keys is None or item.key in keys]
        users = tuple(dict.fromkeys(user for item in items for user in item.users))
        for message in in_messages(users, Cause.MANUAL, millis(self.now())):
            await self.queues.send(message)
        await self.parking.release([item.key for item in items if item.users and object_id(item.key) is None])
        return Replayed(users, tuple(item.key for item in items if not item.users))
