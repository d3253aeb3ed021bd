"""The timer trigger: one run at a time, on schedule, in UTC; ticks missed while running are skipped.

Rules from TimerListener.cs and ScheduleMonitor.cs (Azure/azure-webjobs-sdk-extensions).
https://learn.microsoft.com/azure/azure-functions/functions-bindings-timer
"""

import asyncio
import contextlib
import json
import logging
from datetime import UTC, datetime

from dev.host.bindings import Function, TimerTrigger
from dev.host.invoker import Invoker
from dev.host.protos import ParameterBinding, TypedData
from dev.host.timer_status import TimerStatus, TimerStatusFile

log = logging.getLogger("host.timer")


def startup_status(trigger: TimerTrigger, recorded: TimerStatus | None, now: datetime) -> TimerStatus:
    """The status a starting host goes by: recomputed where the schedule was changed since it was recorded."""
    if recorded is None:
        return TimerStatus(None, trigger.schedule.next_after(now), now)
    if recorded.next != trigger.schedule.next_after(recorded.last or recorded.last_updated):
        return TimerStatus(None, trigger.schedule.next_after(now), now)
    return recorded


class TimerListener:
    """Fires one timer function until it is stopped."""

    def __init__(self, function: Function, trigger: TimerTrigger, invoker: Invoker, statuses: TimerStatusFile) -> None:
        self._function = function
        self._trigger = trigger
        self._invoker = invoker
        self._statuses = statuses
        self._stop = asyncio.Event()
        self._by_hand: set[asyncio.Task[None]] = set()

    @property
    def name(self) -> str:
        return self._function.name

    def stop(self) -> None:
        """Fire no more; `run` returns when the run under way is over."""
        self._stop.set()

    def fire_by_hand(self) -> None:
        """Run now, beside the schedule and without touching its status, as the admin API does."""
        task = asyncio.create_task(self._invoke(past_due=False))
        self._by_hand.add(task)
        task.add_done_callback(self._by_hand.discard)

    async def run(self) -> None:
        """Catch up on start, then follow the schedule."""
        await self._on_start(datetime.now(UTC))
        while not self._stop.is_set():
            due = self._trigger.schedule.next_after(datetime.now(UTC))
            if await self._sleep_until(due):
                await self._fire(due, past_due=False)
        if self._by_hand:
            await asyncio.wait(self._by_hand)

    async def _on_start(self, now: datetime) -> None:
        """One run for all that was missed; `run_on_startup` only where nothing was."""
        past_due = False
        if self._trigger.use_monitor:
            status = startup_status(self._trigger, self._statuses.read(self.name), now)
            self._statuses.write(self.name, status)
            past_due = now > status.next
        if past_due or self._trigger.run_on_startup:
            log.info("Timer '%s' runs at startup (past due: %s)", self.name, past_due)
            await self._fire(now, past_due=past_due)

    async def _sleep_until(self, due: datetime) -> bool:
        """True when the moment has come, False when the host stops first."""
        while (seconds := (due - datetime.now(UTC)).total_seconds()) > 0:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await self._stop.wait()
                return False
        return not self._stop.is_set()

    async def _fire(self, due: datetime, *, past_due: bool) -> None:
        """Run, and record it; a failure is logged and neither retried nor a reason to stop."""
        await self._invoke(past_due=past_due)
        if self._trigger.use_monitor:
            self._statuses.write(self.name, TimerStatus(due, self._trigger.schedule.next_after(due), due))

    async def _invoke(self, *, past_due: bool) -> None:
        status = self._statuses.read(self.name) if self._trigger.use_monitor else None
        document = {
            "Schedule": {"AdjustForDST": True},
            "ScheduleStatus": status.as_json() if status else None,
            "IsPastDue": past_due,
        }
        inputs = [ParameterBinding(name=self._trigger.parameter, data=TypedData(json=json.dumps(document)))]
        metadata = {"TimerTrigger": TypedData(string=datetime.now(UTC).isoformat())}
        await self._invoker.run(self._function, inputs, metadata, f"Timer fired, past due: {past_due}")
