"""The pulse and the health that is read from it: what nobody can read is told, and told again until it can be."""

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import pytest

from shared.health import Health
from shared.models import Cause
from shared.policy import Policy
from shared.ports import SUBSCRIPTION, SWEEP, Record
from shared.pulse import EVERY, PULSE, Pulse
from shared.report import Reporter
from shared.subscription_rules import LATE, Setback, StalledRenewal
from shared.switches import Switches
from tests.fakes import NOW, FakeClock, FakeControl, FakeLedger, FakeParking

DENIED = "roles: 403 Authorization_RequestDenied"


@dataclass
class Bench:
    clock: FakeClock = field(default_factory=FakeClock)
    control: FakeControl = field(default_factory=FakeControl)
    parking: FakeParking = field(default_factory=FakeParking)

    def __post_init__(self) -> None:
        self.pulse = Pulse(self.control, self.clock)
        switches = Switches(self.control, 10, self.clock)
        self.health = Health(self.control, self.parking, switches, self.clock)
        self.reporter = Reporter(FakeLedger(), self.control, self.parking, switches, Policy(), self.clock)

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
STALLED = StalledRenewal("x", NOW + DAY, NOW - DAY, 3, Setback.REFUSED, "400 ErrorInvalidParameter")
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
        (SUBSCRIPTION, LIVE | {"renewal": STALLED.as_values()}, "subscription", (False, "degraded")),
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


async def test_f_the_heartbeat_and_the_report_say_that_a_renewal_fails(
    bench: Bench, caplog: pytest.LogCaptureFixture
) -> None:
    bench.control.records[SUBSCRIPTION] = Record(LIVE | {"renewal": STALLED.as_values(), "problem": "later"}, "1")
    await bench.health.tell()
    [record] = [record for record in caplog.records if getattr(record, "action", "") == "heartbeat"]
    assert (record.levelno, record.state, record.subscription) == (  # type: ignore[attr-defined]
        logging.ERROR,
        "unhealthy",
        "degraded",
    )
    assert "subscription=degraded" in record.getMessage()
    assert await bench.reporter.subscription() == {
        "state": "degraded",
        "id": "x",
        "expires": LIVE["expires"],
        "notificationUrl": None,
        "checkedAt": NOW.isoformat(),
        "missingSince": None,
        "renewalFailsSince": (NOW - DAY).isoformat(),
        "problem": "400 ErrorInvalidParameter",
    }


async def test_the_report_says_why_a_subscription_is_missing(bench: Bench) -> None:
    since = NOW.isoformat()
    bench.control.records[SUBSCRIPTION] = Record({"missingSince": since, "problem": "403 ExtensionError"}, "1")
    told = await bench.reporter.subscription()
    assert (told["state"], told["missingSince"], told["problem"]) == ("missing", since, "403 ExtensionError")
    assert told["renewalFailsSince"] is None
