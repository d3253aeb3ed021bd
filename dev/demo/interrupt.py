"""Ctrl+C, SIGTERM and a closed terminal all mean the same: end everything in order."""

import asyncio
import signal
from collections.abc import Callable

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Interrupt:
    """Cancels the task that was running when it was made, once. `number` is the signal that came."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.number = 0
        self._say = say
        self._task = asyncio.current_task()
        for number in SIGNALS:
            asyncio.get_running_loop().add_signal_handler(number, self._take, number)

    def _take(self, number: int) -> None:
        if self.number:
            return  # it is ending already
        self.number = number
        self._say("Ending everything.")
        if self._task:
            self._task.cancel()
