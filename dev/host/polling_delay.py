"""How long a queue listener waits after it found nothing."""

import random
from collections.abc import Callable

MINIMUM_SECONDS = 0.1


class PollingDelay:
    """The randomised exponential back-off of the storage-queues extension, in seconds.

    RandomizedExponentialBackoffStrategy.cs: 100 ms right after work; then 100 ms plus a growing, randomised share,
    until that reaches the maximum (host.json maxPollingInterval), where it stays until a message is found.
    """

    def __init__(self, maximum: float, uniform: Callable[[float, float], float] = random.uniform) -> None:
        self._maximum = maximum
        self._uniform = uniform
        self._current = 0.0
        self._exponent = 1

    def next(self, *, found_message: bool) -> float:
        """The next pause; `found_message` says whether anything was found since the last one."""
        if found_message:
            self._current, self._exponent = MINIMUM_SECONDS, 1
        elif self._current != self._maximum:
            self._grow()
        return self._current

    def _grow(self) -> None:
        grown = MINIMUM_SECONDS + self._uniform(0.8, 1.2) * 2 ** (self._exponent - 1) * MINIMUM_SECONDS
        if grown < self._maximum:
            self._current = grown
            self._exponent += 1
        else:
            self._current = self._maximum
