"""The host itself: index, bind, listen, serve, drain."""

import asyncio
import logging
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from dev.host import app_settings, bindings, host_json, queue_messages, worker
from dev.host.bindings import Function, QueueTrigger, TimerTrigger
from dev.host.errors import BindingError, IndexingError
from dev.host.http_front import HttpFront
from dev.host.identity import IdentityEndpoint
from dev.host.invoker import Invoker
from dev.host.message_processor import MessageProcessor
from dev.host.queue_listener import QueueListener
from dev.host.queues import Queues
from dev.host.timer_listener import TimerListener
from dev.host.timer_status import TimerStatusFile

log = logging.getLogger("host")

# What a stopping worker gets before it is killed (ProcessShutdownTimeout in the host's RpcWorkerProcess).
DRAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Settings:
    """How this host was started: `receive_visibility` in seconds, `port` 0 for a free one."""

    app_folder: Path
    state_folder: Path
    port: int
    key: str
    receive_visibility: int


class Host:
    """One function app, from start to drain. The worker library allows one for each process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._socket = _bind(settings.port)
        self.port: int = self._socket.getsockname()[1]
        self._identity = IdentityEndpoint()
        self.functions: list[Function] = []

    async def start(self) -> None:
        """Prepare the settings, index the app, then open the listeners and the port."""
        folder = self._settings.app_folder
        app_settings.load_local_settings(folder)
        app_settings.add_platform_settings(self.port)
        await self._serve_identity()
        options = host_json.load(folder)
        self.functions = await _index(folder, options.route_prefix)
        self._queues = Queues(os.environ)
        self._invoker = Invoker(
            self._queues, as_base64=options.queues.base64, timeout=options.function_timeout
        )
        self._queue_listeners = self._open_queues(options.queues)
        self._timers = self._open_timers()
        self._tasks = [
            asyncio.create_task(listener.run()) for listener in (*self._queue_listeners, *self._timers)
        ]
        front = HttpFront(self.functions, self._invoker, self._settings.key, self._run_timer)
        self._runner = web.ServerRunner(front.server(), shutdown_timeout=DRAIN_SECONDS)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()

    async def drain(self) -> None:
        """Take on nothing new and finish what runs, within the time Azure gives.

        A message that is not finished by then stays on its queue, invisible until its lease ends.
        """
        for listener in (*self._queue_listeners, *self._timers):
            listener.stop()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(self._runner.cleanup(), *self._tasks)
        except TimeoutError:
            log.warning("%d invocations were still running after %g s", self._invoker.running, DRAIN_SECONDS)
        await self._queues.close()
        await self._identity.stop()

    async def _serve_identity(self) -> None:
        if "IDENTITY_ENDPOINT" in os.environ:
            return
        os.environ["IDENTITY_ENDPOINT"] = await self._identity.start()
        os.environ["IDENTITY_HEADER"] = self._identity.header

    def _open_queues(self, options: host_json.QueueOptions) -> list[QueueListener]:
        listeners = []
        for function in self.functions:
            if isinstance(function.trigger, QueueTrigger):
                listeners.append(self._open_queue(function, function.trigger, options))
        return listeners

    def _open_queue(
        self, function: Function, trigger: QueueTrigger, options: host_json.QueueOptions
    ) -> QueueListener:
        client = self._queues.client(trigger.connection, trigger.queue)
        poison_name = queue_messages.poison_queue_name(trigger.queue)
        poison = self._queues.client(trigger.connection, poison_name) if poison_name else None
        visibility = self._settings.receive_visibility
        processor = MessageProcessor(
            function, options, self._queues, self._invoker, client, poison, visibility
        )
        listener = QueueListener(trigger, options, client, processor, visibility)
        self._queues.watch(trigger.queue, listener.wake)
        return listener

    def _open_timers(self) -> list[TimerListener]:
        statuses = TimerStatusFile(self._settings.state_folder, self._settings.app_folder)
        return [
            TimerListener(function, function.trigger, self._invoker, statuses)
            for function in self.functions
            if isinstance(function.trigger, TimerTrigger)
        ]

    def _run_timer(self, name: str) -> bool:
        timer = next((each for each in self._timers if each.name.lower() == name.lower()), None)
        if timer is not None:
            timer.fire_by_hand()
        return timer is not None


async def _index(folder: Path, route_prefix: str) -> list[Function]:
    """The functions that can run. One that cannot be bound is left out and named; the others run, as in Azure."""
    functions = []
    indexed = await worker.index(folder)
    if not indexed:
        raise IndexingError(f"no function_app.py with functions in {folder}")
    for each in indexed:
        if app_settings.is_disabled(each.name, os.environ):
            log.info("Function '%s' is disabled", each.name)
            continue
        try:
            functions.append(bindings.bind(each, os.environ, route_prefix))
        except BindingError as error:
            log.error("%s", error)  # noqa: TRY400 - the message is the whole story
        if each.has_retry_policy:
            log.warning("Function '%s': this host applies no retry policies", each.name)
    return functions


def _bind(port: int) -> socket.socket:
    """Take the port before the app is imported: its own address is among its settings. Nobody listens yet."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    server.bind(("127.0.0.1", port))
    return server
