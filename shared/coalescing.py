"""Many notifications about the same people become few messages. Floor 4, no clock of its own.

Creating one user raises several notifications within a second, a replay any number of them. One instance remembers whom
it has just been told about: the first notification about a user goes out at once; all that follow within the window
become one message that waits for the window's end, so that a look begins after the last of them. Above a rate that no
person can cause, the instance stops naming users and asks for a sweep, which finds every real change, ignoring replays.

This is memory of one process and may be lost at any time: it decides how soon and how often we look, never whether.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

WINDOW = 2_000
"""Milliseconds in which notifications about one user become one message now and one at the end."""

MINUTE = 60_000
FLOOD = 1_200
"""Users named in one minute, repeats counted, from which one instance only sweeps for the rest of that minute and the
next. A bulk edit of a thousand users is better served by a sweep, too."""


RENEWALS = 15 * MINUTE
"""Between two requests of one instance to renew a subscription that is near its end."""


@dataclass(frozen=True, slots=True)
class Sorted:
    """Whom to look at now, whom at `later_at` (epoch milliseconds), and when to sweep for the rest (None: never)."""

    now: tuple[str, ...] = ()
    later: tuple[str, ...] = ()
    later_at: int = 0
    sweep_at: int | None = None


@dataclass(slots=True)
class _Window:
    ends: int
    repeated: bool = False


@dataclass(slots=True)
class Coalescer:
    """What one instance remembers. All moments are epoch milliseconds."""

    window: int = WINDOW
    flood: int = FLOOD
    _windows: dict[str, _Window] = field(default_factory=dict)
    _minute: int = 0
    _count: int = 0
    _flooded_until: int = 0
    _sweep_at: int = 0
    _renewed: int = -RENEWALS

    def sort(self, users: Sequence[str], now: int) -> Sorted:
        """Takes note of the users named at `now`, and says what to do about them."""
        if not users:
            return Sorted()
        if self._is_flood(len(users), now):
            return Sorted(sweep_at=self._next_sweep(now))
        self._forget(now)
        at_once = [user for user in dict.fromkeys(users) if self._opens(user, now)]
        again = [user for user in dict.fromkeys(users) if user not in set(at_once) and self._closes(user)]
        return Sorted(tuple(at_once), tuple(again), max((self._windows[user].ends for user in again), default=0))

    def may_renew(self, now: int) -> bool:
        """Whether this instance may ask for a renewal of the subscription: once in RENEWALS milliseconds."""
        if now < self._renewed + RENEWALS:
            return False
        self._renewed = now
        return True

    def _is_flood(self, count: int, now: int) -> bool:
        if now // MINUTE != self._minute:
            self._minute, self._count = now // MINUTE, 0
        self._count += count
        if self._count > self.flood:
            self._flooded_until = (self._minute + 2) * MINUTE
        return now < self._flooded_until

    def _next_sweep(self, now: int) -> int | None:
        """One sweep for all that is dropped until it begins; None when that one is on its way already."""
        if now < self._sweep_at:
            return None
        self._sweep_at = now + MINUTE
        return self._sweep_at

    def _opens(self, user: str, now: int) -> bool:
        if user in self._windows:
            return False
        self._windows[user] = _Window(now + self.window)
        return True

    def _closes(self, user: str) -> bool:
        """Whether this is the first repeat in the user's window; the message for it answers all later ones."""
        window = self._windows[user]
        first, window.repeated = not window.repeated, True
        return first

    def _forget(self, now: int) -> None:
        """Windows are kept in the order in which they end."""
        while self._windows and next(iter(self._windows.values())).ends <= now:
            del self._windows[next(iter(self._windows))]
