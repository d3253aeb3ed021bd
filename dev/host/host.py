"""The host itself: index, bind, listen, serve, drain."""

import asyncio
import logging
import os
import socket
from dataclasses import dataclass
from pathlib import Path

from aiohttp import web

from dev.host import app_settings, bindings, host_json, worker
from dev.host.bindings import Function
from dev.host.errors import BindingError, ConfigurationError, IndexingError
from dev.host.host_json import HostOptions
from dev.host.http_front import HttpFront
from dev.host.identity import IdentityEndpoint
from dev.host.invoker import Invoker
from dev.host.listeners import Listeners
from dev.host.queues import Queues
from dev.host.timer_status import TimerStatusFile
from dev.host.worker import IndexedFunction

log = logging.getLogger("host")

# What a stopping worker gets before it is killed: ProcessShutdownTimeout in the host's RpcWorkerProcess.
DRAIN_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Options:
    """How this host was started: `receive_visibility` in seconds, `port` 0 for a free one."""

    app_folder: Path
    state_folder: Path
    port: int
    key: str
    receive_visibility: int


class Host:
    """One function app, from start to drain. The worker library allows one for each process."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._socket = _bind(options.port)
        self.port: int = self._socket.getsockname()[1]
        self._identity = IdentityEndpoint()
        self.functions: list[Function] = []

    async def start(self) -> None:
        """Prepare the settings, index the app, then open the listeners and the port."""
        folder = self._options.app_folder
        app_settings.load_local_settings(folder)
        app_settings.add_platform_settings(self.port)
        await self._serve_identity()
        host_options = host_json.load(folder)
        indexed = await worker.index(folder)
        if not indexed:
            raise IndexingError(f"there is no function_app.py with functions in {folder}")
        self._build(host_options)
        for each in indexed:
            self._add(each, host_options.route_prefix)
        self._listeners.start()
        await self._serve()

    async def run_until(self, stop: asyncio.Event) -> None:
        """Serve until told to stop. A listener that ends by itself has failed, and its exception ends the host."""
        stopped = asyncio.create_task(stop.wait())
        await asyncio.wait({stopped, *self._listeners.tasks}, return_when=asyncio.FIRST_COMPLETED)
        for task in self._listeners.tasks:
            if task.done():
                task.result()

    async def drain(self) -> None:
        """Take on nothing new and finish what runs, within the time Azure gives.

        A message not finished by then stays on its queue, invisible until its lease ends.
        """
        self._listeners.stop()
        try:
            async with asyncio.timeout(DRAIN_SECONDS):
                await asyncio.gather(self._runner.cleanup(), *self._listeners.tasks)
        except TimeoutError:
            log.warning("%d invocations still run after %g s and are dropped", self._invoker.running, DRAIN_SECONDS)

    async def _serve_identity(self) -> None:
        if "IDENTITY_ENDPOINT" not in os.environ:
            os.environ["IDENTITY_ENDPOINT"] = await self._identity.start()
            os.environ["IDENTITY_HEADER"] = self._identity.header

    def _build(self, options: HostOptions) -> None:
        queues = Queues()
        self._invoker = Invoker(queues, as_base64=options.queues.base64, timeout=options.function_timeout)
        statuses = TimerStatusFile(self._options.state_folder, self._options.app_folder)
        self._listeners = Listeners(queues, self._invoker, options.queues, statuses, self._options.receive_visibility)

    def _add(self, indexed: IndexedFunction, route_prefix: str) -> None:
        """Bind a function and listen for it. One that cannot be bound is named and left out, as in Azure."""
        if app_settings.is_disabled(indexed.name, os.environ):
            log.info("Function '%s' is disabled", indexed.name)
            return
        try:
            function = bindings.bind(indexed, os.environ, route_prefix)
            self._listeners.add(function)
        except BindingError as error:
            log.error("The '%s' function is in error: %s", indexed.name, error)  # noqa: TRY400 - that says it all
            return
        if indexed.has_retry_policy:
            log.warning("Function '%s': this host applies no retry policies", indexed.name)
        self.functions.append(function)

    async def _serve(self) -> None:
        front = HttpFront(self.functions, self._invoker, self._options.key, self._listeners.run_timer)
        self._runner = web.ServerRunner(front.server(), shutdown_timeout=DRAIN_SECONDS)
        await self._runner.setup()
        await web.SockSite(self._runner, self._socket).start()


def _bind(port: int) -> socket.socket:
    """Take the port before the app is imported: its own address is among its settings. Nobody listens yet."""
    server = socket.socket()
    server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        server.bind(("127.0.0.1", port))
    except OSError as error:
        raise ConfigurationError(f"port {port} cannot be used: {error.strerror}") from error
    return server
