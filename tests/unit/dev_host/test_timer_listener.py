"""Timers: what a starting host makes of the recorded status, and that failures do not stop the schedule."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from dev.host.bindings import Function, TimerTrigger
from dev.host.ncrontab import Schedule
from dev.host.timer_listener import TimerListener, startup_status
from dev.host.timer_status import TimerStatus, TimerStatusFile
from tests.unit.dev_host.fakes import FAILURE, FakeInvoker, until

HOURLY = TimerTrigger("timer", Schedule.parse("0 7 * * * *"), run_on_startup=False, use_monitor=True)


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-01-01T{text}+00:00")


def recorded(last: str | None, following: str, updated: str) -> TimerStatus:
    return TimerStatus(at(last) if last else None, at(following), at(updated))


NEW = recorded(None, "05:07:00", "04:30:00")


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (None, NEW),
        # As the schedule has it: kept, though its time is over. That is what "past due" is seen by.
        (recorded("02:07:00", "03:07:00", "02:07:00"), recorded("02:07:00", "03:07:00", "02:07:00")),
        (recorded(None, "03:07:00", "02:30:00"), recorded(None, "03:07:00", "02:30:00")),
        # Recorded under another schedule: computed anew, not past due.
        (recorded("02:00:00", "03:00:00", "02:00:00"), NEW),
    ],
)
def test_startup_status(found: TimerStatus | None, expected: TimerStatus) -> None:
    assert startup_status(HOURLY, found, at("04:30:00")) == expected


def test_status_survives_a_restart(tmp_path: Path) -> None:
    status = TimerStatus(None, at("05:07:00"), at("04:30:00"))
    later = TimerStatus(at("05:07:00"), at("06:07:00"), at("05:07:00"))
    TimerStatusFile(tmp_path / "state", tmp_path).write("sweep", status)
    TimerStatusFile(tmp_path / "state", tmp_path).write("renew", later)
    again = TimerStatusFile(tmp_path / "state", tmp_path)
    assert (again.read("sweep"), again.read("renew"), again.read("other")) == (status, later, None)
    assert TimerStatusFile(tmp_path / "state", tmp_path / "another-app").read("sweep") is None


@pytest.mark.parametrize("content", ["", "[]", '{"sweep": 1}', '{"sweep": {"Last": "x"}}'])
def test_an_unreadable_status_counts_as_none(tmp_path: Path, content: str) -> None:
    TimerStatusFile(tmp_path, tmp_path).write("x", TimerStatus(None, at("05:07:00"), at("04:30:00")))
    (path,) = tmp_path.glob("timers-*.json")
    path.write_text(content)
    assert TimerStatusFile(tmp_path, tmp_path).read("sweep") is None


@asynccontextmanager
async def ticking(
    folder: Path, invoker: FakeInvoker, schedule: str, *, startup: bool = False, monitor: bool = True
) -> AsyncIterator[TimerListener]:
    trigger = TimerTrigger("timer", Schedule.parse(schedule), run_on_startup=startup, use_monitor=monitor)
    function = Function("sweep", "id", trigger, (), None)
    listener = TimerListener(function, trigger, invoker.as_invoker(), TimerStatusFile(folder, folder))
    running = asyncio.create_task(listener.run())
    try:
        yield listener
    finally:
        listener.stop()
        await running


def info(invoker: FakeInvoker, call: int = 0) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(invoker.calls[call][1][0].data.json)
    return found


def recorded_next(statuses: TimerStatusFile) -> datetime:
    status = statuses.read("sweep")
    assert status is not None
    return status.next


async def test_it_fires_on_schedule_and_goes_on_after_failures(tmp_path: Path) -> None:
    invoker = FakeInvoker(lambda: FAILURE)
    async with ticking(tmp_path, invoker, "* * * * * *", monitor=False):
        await until(lambda: len(invoker.calls) == 2)
    assert info(invoker) == {"Schedule": {"AdjustForDST": True}, "ScheduleStatus": None, "IsPastDue": False}
    assert invoker.most_running == 1


async def test_missed_runs_are_made_up_by_one_past_due_run(tmp_path: Path) -> None:
    three_hours_ago = HOURLY.schedule.next_after(datetime.now(UTC) - timedelta(hours=4))
    due = HOURLY.schedule.next_after(three_hours_ago)
    statuses = TimerStatusFile(tmp_path, tmp_path)
    statuses.write("sweep", TimerStatus(three_hours_ago, due, three_hours_ago))
    invoker = FakeInvoker()
    async with ticking(tmp_path, invoker, HOURLY.schedule.text):
        await until(lambda: recorded_next(statuses) > datetime.now(UTC))
    assert len(invoker.calls) == 1
    assert info(invoker)["IsPastDue"] is True
    assert info(invoker)["ScheduleStatus"]["Next"] == due.isoformat()


async def test_nothing_runs_at_the_first_start_but_the_next_run_is_recorded(tmp_path: Path) -> None:
    invoker = FakeInvoker()
    async with ticking(tmp_path, invoker, HOURLY.schedule.text):
        await until(lambda: TimerStatusFile(tmp_path, tmp_path).read("sweep") is not None)
    assert invoker.calls == []


async def test_run_on_startup(tmp_path: Path) -> None:
    invoker = FakeInvoker()
    async with ticking(tmp_path, invoker, HOURLY.schedule.text, startup=True):
        await until(lambda: len(invoker.calls) == 1)
    assert info(invoker)["IsPastDue"] is False


async def test_fired_by_hand_is_waited_for(tmp_path: Path) -> None:
    invoker = FakeInvoker(gate=asyncio.Event())
    async with ticking(tmp_path, invoker, HOURLY.schedule.text) as listener:
        await until(lambda: TimerStatusFile(tmp_path, tmp_path).read("sweep") is not None)
        listener.fire_by_hand()
        await until(lambda: invoker.running == 1)
        assert invoker.gate is not None
        asyncio.get_running_loop().call_later(0.05, invoker.gate.set)
    assert invoker.running == 0
    assert info(invoker)["IsPastDue"] is False
