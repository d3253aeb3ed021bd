"""The listeners of an app's queue and timer functions, together."""

import asyncio

from dev.host import queue_messages
from dev.host.bindings import Function, QueueTrigger, TimerTrigger
from dev.host.host_json import QueueOptions
from dev.host.invoker import Invoker
from dev.host.message_processor import MessageProcessor
from dev.host.queue_listener import QueueListener
from dev.host.queues import Queues
from dev.host.timer_listener import TimerListener
from dev.host.timer_status import TimerStatusFile


class Listeners:
    """One listener for each queue and timer function; HTTP functions need none."""

    def __init__(
        self,
        queues: Queues,
        invoker: Invoker,
        options: QueueOptions,
        statuses: TimerStatusFile,
        receive_visibility: int,
    ) -> None:
        self._queues = queues
        self._invoker = invoker
        self._options = options
        self._statuses = statuses
        self._receive_visibility = receive_visibility
        self._all: list[QueueListener | TimerListener] = []
        self.tasks: list[asyncio.Task[None]] = []

    def add(self, function: Function) -> None:
        """Prepare the listener of a function; nothing runs before `start`."""
        match function.trigger:
            case QueueTrigger() as trigger:
                self._all.append(self._queue_listener(function, trigger))
            case TimerTrigger() as trigger:
                self._all.append(TimerListener(function, trigger, self._invoker, self._statuses))

    def start(self) -> None:
        self.tasks = [asyncio.create_task(listener.run()) for listener in self._all]

    def stop(self) -> None:
        """Begin nothing new; the tasks end when what runs is done."""
        for listener in self._all:
            listener.stop()

    def run_timer(self, function: str) -> bool:
        """Fire a timer function now; False where there is none of that name."""
        for listener in self._all:
            if isinstance(listener, TimerListener) and listener.name.lower() == function.lower():
                listener.fire_by_hand()
                return True
        return False

    def _queue_listener(self, function: Function, trigger: QueueTrigger) -> QueueListener:
        client = self._queues.client(trigger.connection, trigger.queue)
        poison_name = queue_messages.poison_queue_name(trigger.queue)
        poison = self._queues.client(trigger.connection, poison_name) if poison_name else None
        processor = MessageProcessor(
            function, self._options, self._queues, self._invoker, client, poison, self._receive_visibility
        )
        listener = QueueListener(trigger.queue, self._options, client, processor, self._receive_visibility)
        self._queues.watch(trigger.queue, listener.wake)
        return listener
