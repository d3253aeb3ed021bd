"""The courier: takes items from the outbox to the webhooks, with the documented patience.

https://learn.microsoft.com/graph/change-notifications-delivery-webhooks
"""

import asyncio
import time
from collections import defaultdict, deque
from itertools import batched

import aiohttp
from yarl import URL

from dev.graph_simulator.clock import SECONDS_PER_HOUR, SECONDS_PER_MINUTE
from dev.graph_simulator.exchange import JsonObject
from dev.graph_simulator.outbox import Delivery, Item
from dev.graph_simulator.tenant import Tenant

RETRY_WINDOW_SECONDS = 4 * SECONDS_PER_HOUR
FIRST_RETRY_AFTER_SECONDS = 10.0
"""Back-off starts here and doubles ([assume: retry-schedule]); simulated seconds, `retry_scale` makes them real."""
STATE_WINDOW_SECONDS = 10 * SECONDS_PER_MINUTE
SLOW_SHARE, DROP_SHARE = 0.10, 0.15
FEWEST_SAMPLES = 10
"""Answers needed before an endpoint is judged ([assume: endpoint-state-samples])."""
LONGEST_NAP_SECONDS = 0.5
REMEMBERED_ANSWERS = 1_000


class Notifier:
    """Background delivery for one tenant; also the one who keeps the tenant's appointments."""

    def __init__(self, tenant: Tenant, session: aiohttp.ClientSession) -> None:
        self._tenant = tenant
        self._session = session
        self._bell = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        self._answers: defaultdict[str, deque[tuple[float, float]]] = defaultdict(
            lambda: deque(maxlen=REMEMBERED_ANSWERS)
        )
        tenant.wake = self._bell.set

    async def run(self) -> None:
        """Deliver until cancelled."""
        try:
            while True:
                self._bell.clear()
                self._tenant.settle()
                self._send_due()
                await self._nap()
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _nap(self) -> None:
        moments = [item.due_at for item in self._tenant.outbox.waiting]
        appointment = self._tenant.next_appointment()
        if appointment is not None:
            moments.append(appointment)
        wait = min(moments, default=self._tenant.now() + LONGEST_NAP_SECONDS) - self._tenant.now()
        try:
            await asyncio.wait_for(self._bell.wait(), min(max(wait, 0.01), LONGEST_NAP_SECONDS))
        except TimeoutError:
            return
        await asyncio.sleep(0.005)

    def _send_due(self) -> None:
        outbox, now = self._tenant.outbox, self._tenant.now()
        due = [item for item in outbox.waiting if item.due_at <= now and not self._held(item.url, now)]
        if not due:
            return
        taken = set(map(id, due))
        outbox.waiting = [item for item in outbox.waiting if id(item) not in taken]
        if self._tenant.switches.reorder:
            self._tenant.random.shuffle(due)
        by_url: defaultdict[tuple[str, bool], list[Item]] = defaultdict(list)
        for item in due:
            if item.lifecycle or item.subscription_id in self._tenant.subscriptions:
                by_url[item.url, item.lifecycle].append(item)
            else:
                outbox.counts["dropped"] += 1
        for (url, _), items in by_url.items():
            for group in batched(items, self._tenant.switches.notification_batch_size, strict=False):
                self._start(url, group)

    def _start(self, url: str, items: tuple[Item, ...]) -> None:
        raised = min(item.raised_at for item in items)
        delivery = Delivery(url, len(items), raised, items[0].lifecycle)
        outbox = self._tenant.outbox
        outbox.deliveries.append(delivery)
        if self._dropping(url, self._tenant.now()):
            delivery.outcome = "dropped"
            outbox.counts["dropped"] += len(items)
            return
        outbox.in_flight += len(items)
        task = asyncio.create_task(self._deliver(delivery, items))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, delivery: Delivery, items: tuple[Item, ...]) -> None:
        outbox, switches = self._tenant.outbox, self._tenant.switches
        outbox.counts["posts"] += 1
        payload: JsonObject = {"value": [item.payload for item in items]}
        spent, pause, timeout = 0.0, FIRST_RETRY_AFTER_SECONDS, switches.first_timeout_seconds
        try:
            while not await self._attempt(delivery, payload, timeout):
                outbox.counts["failedAttempts"] += 1
                spent += pause
                if spent > RETRY_WINDOW_SECONDS:
                    delivery.outcome = "discarded"
                    outbox.counts["discarded"] += len(items)
                    return
                await asyncio.sleep(pause * self._tenant.switches.retry_scale)
                pause, timeout = pause * 2, switches.retry_timeout_seconds
            delivery.outcome = "delivered"
            delivery.delivered_after = self._tenant.now() - delivery.raised_at
            outbox.counts["delivered"] += len(items)
        finally:
            outbox.in_flight -= len(items)

    async def _attempt(self, delivery: Delivery, payload: JsonObject, seconds: float) -> bool:
        started = time.monotonic()
        timeout = aiohttp.ClientTimeout(total=seconds)
        address = URL(delivery.url, encoded=True)
        try:
            async with self._session.post(address, json=payload, timeout=timeout) as answer:
                status = answer.status
                await answer.content.read(1)
        except (aiohttp.ClientError, TimeoutError):
            status = 0
        took = time.monotonic() - started
        delivery.statuses.append(status)
        delivery.latencies.append(round(took, 4))
        self._answers[delivery.url].append((self._tenant.now(), took))
        return 200 <= status < 300

    def _held(self, url: str, now: float) -> bool:
        """Slow state: more than 10 % of the answers took over 3 s, new notifications wait."""
        return self._share_over(url, now, self._tenant.switches.first_timeout_seconds) > SLOW_SHARE

    def _dropping(self, url: str, now: float) -> bool:
        """Drop state: more than 15 % took over 10 s, notifications are lost."""
        return self._share_over(url, now, self._tenant.switches.retry_timeout_seconds) > DROP_SHARE

    def _share_over(self, url: str, now: float, seconds: float) -> float:
        if not self._tenant.switches.endpoint_states:
            return 0.0
        answers = self._answers[url]
        while answers and answers[0][0] < now - STATE_WINDOW_SECONDS:
            answers.popleft()
        if len(answers) < FEWEST_SAMPLES:
            return 0.0
        return sum(took > seconds for _, took in answers) / len(answers)
