"""The pulse and the health that is read from it: what nobody can read is told, and told again until it can be."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.health import Health
from shared.models import Cause
from shared.ports import SUBSCRIPTION, SWEEP, Record
from shared.pulse import EVERY, PULSE, Pulse
from shared.subscription_rules import LATE
from shared.switches import Switches
from tests.fakes import NOW, FakeClock, FakeControl, FakeParking

DENIED = "roles: 403 Authorization_RequestDenied"


@dataclass
class Bench:
    clock: FakeClock = field(default_factory=FakeClock)
    control: FakeControl = field(default_factory=FakeControl)
    parking: FakeParking = field(default_factory=FakeParking)

    def __post_init__(self) -> None:
        self.pulse = Pulse(self.control, self.clock)
        self.health = Health(self.control, self.parking, Switches(self.control, 10, self.clock), self.clock)

    @property
    def told(self) -> Any:
        return self.control.records[PULSE].values

    async def word(self, part: str) -> tuple[bool, str]:
        well, words = await self.health.diagnosis()
        return well, words[part]


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_unreadable_roles_are_told_until_they_can_be_read(bench: Bench) -> None:
    await bench.pulse.looked(Cause.NOTIFICATION, [DENIED, DENIED])
    assert bench.told["unreadable"] == [DENIED]
    assert await bench.word("reading") == (False, "unreadable")
    since = bench.told["unreadableSince"]
    bench.clock.advance(hours=1)
    await bench.pulse.looked(Cause.RETRY, [DENIED])
    assert bench.told["unreadableSince"] == since
    await bench.pulse.looked(Cause.RETRY, [])
    assert (bench.told["unreadable"], bench.told["unreadableSince"]) == ([], None)
    assert await bench.word("reading") == (True, "ok")


async def test_one_instance_writes_once_a_minute_unless_something_changed(bench: Bench) -> None:
    for _ in range(5):
        await bench.pulse.looked(Cause.NOTIFICATION, [])
    assert bench.control.saves == 1
    bench.clock.advance(seconds=EVERY.total_seconds())
    await bench.pulse.looked(Cause.SWEEP, [])
    assert bench.control.saves == 2
    assert bench.told["notificationAt"] == NOW.isoformat(), "a sweep is no notification"


async def test_whoever_is_beaten_to_it_leaves_it_at_that(bench: Bench) -> None:
    bench.control.contended = {PULSE}
    await bench.pulse.looked(Cause.NOTIFICATION, [DENIED])
    assert bench.control.records == {}


DAY, MONTH = timedelta(days=1), timedelta(days=28)
LIVE = {"id": "x", "expires": (NOW + MONTH).isoformat(), "checkedAt": NOW.isoformat()}


@pytest.mark.parametrize(
    ("record", "values", "part", "expected"),
    [
        (SUBSCRIPTION, {}, "subscription", (True, "none")),
        (SUBSCRIPTION, LIVE, "subscription", (True, "live")),
        (SUBSCRIPTION, LIVE | {"expires": NOW.isoformat()}, "subscription", (False, "expired")),
        (SUBSCRIPTION, LIVE | {"missingSince": NOW.isoformat()}, "subscription", (False, "missing")),
        (SUBSCRIPTION, {"missingSince": NOW.isoformat()}, "subscription", (False, "missing")),
        (SUBSCRIPTION, LIVE | {"checkedAt": (NOW - LATE).isoformat()}, "subscription", (True, "live")),
        (SUBSCRIPTION, LIVE | {"checkedAt": (NOW - 2 * LATE).isoformat()}, "subscription", (False, "unchecked")),
        (SWEEP, {}, "sweep", (True, "none")),
        (SWEEP, {"pageAt": (NOW - DAY).isoformat()}, "sweep", (True, "ok")),
        (SWEEP, {"pageAt": (NOW - 2 * DAY).isoformat()}, "sweep", (False, "late")),
    ],
)
async def test_the_words_of_health(
    bench: Bench, record: str, values: dict[str, Any], part: str, expected: tuple[bool, str]
) -> None:
    bench.control.records[record] = Record(values, "1")
    assert await bench.word(part) == expected
