"""The notification endpoint of a run: answers handshakes, and remembers what came and when.

A tunnel of the person's own leads the public --notification-url to this port. Items about other users of the tenant
are recognised by their id, and are neither shown nor written.
"""

import asyncio
import contextlib
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from dev.verify_tenant.exchange import Json

HOST = "127.0.0.1"
WRONG_TYPE = "html"
"""The last word of the path whose handshake is answered with the wrong content type."""


@dataclass(frozen=True, slots=True)
class Item:
    """One item of a notification, and when it came."""

    at: float
    body: Json = field(repr=False)

    @property
    def user_id(self) -> str:
        """Whom it is about."""
        data = self.body.get("resourceData")
        identifier = data.get("id") if isinstance(data, dict) else None
        return str(identifier or str(self.body.get("resource", "")).rpartition("/")[2]).lower()


@dataclass(slots=True)
class Webhook:
    """What was received. `url` is the public address, with what marks this run."""

    url: str
    client_state: str = field(repr=False)
    run: str = ""
    items: list[Item] = field(default_factory=list)
    handshakes: list[str] = field(default_factory=list)
    """The paths that Graph has proved, in order."""

    def address(self, word: str = "") -> str:
        """The public address, or one below it."""
        base = self.url.rstrip("/") + (f"/{word}" if word else "")
        return f"{base}?run={self.run}"

    def about(self, user_id: str, since: float = 0.0) -> list[Item]:
        """The items about one user that came after a moment of `time.monotonic`."""
        return [item for item in self.items if item.user_id == user_id.lower() and item.at >= since]

    async def hear(self, user_id: str, since: float, seconds: float, poll: float) -> float | None:
        """Wait for an item about a user; the seconds it took, None when none came in time."""
        started = time.monotonic()
        while not self.about(user_id, since):
            if time.monotonic() - started > seconds:
                return None
            await asyncio.sleep(poll)
        return time.monotonic() - started

    async def quiet(self, user_id: str, seconds: float, poll: float) -> None:
        """Wait until no item about a user has come for so long."""
        while await self.hear(user_id, time.monotonic(), seconds, poll) is not None:
            pass

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one request of Graph's."""
        if request.query.get("run") != self.run:
            return web.Response(status=404)
        token = request.query.get("validationToken")
        if token is not None:
            self.handshakes.append(request.path)
            kind = "text/html" if request.path.rstrip("/").endswith(WRONG_TYPE) else "text/plain"
            return web.Response(text=token, content_type=kind)
        self._take(await request.read())
        return web.Response(status=202)

    def _take(self, raw: bytes) -> None:
        try:
            body: Any = json.loads(raw)
        except ValueError:
            return
        value = body.get("value") if isinstance(body, dict) else None
        for item in value if isinstance(value, list) else []:
            if isinstance(item, dict) and item.get("clientState") == self.client_state:
                self.items.append(Item(time.monotonic(), item))


@contextlib.asynccontextmanager
async def listening(webhook: Webhook, port: int) -> AsyncIterator[Webhook]:
    """Listen on the loopback port until the block ends. Raises OSError when the port is taken."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", webhook.handle)
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.5)
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port).start()
        yield webhook
    finally:
        await runner.cleanup()
