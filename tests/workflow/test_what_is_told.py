"""The lines that alerts and dashboards read, by value: docs/operations.md names their words."""

import logging

import pytest

from shared.errors import Permanent, Transient
from shared.models import MfaState, Outcome, Reason
from shared.redaction import redact
from tests.workflow import test_subscriptions as keeping
from tests.workflow.test_reconcile import ANNA, Bench

FORBIDDEN = Permanent(Reason.NOT_ALLOWED, "403 accessDenied", "grant it")
FIELDS = ("user", "cause", "outcome", "reasons", "attempt", "seconds")


@pytest.fixture
def bench() -> Bench:
    return Bench()


def told(caplog: pytest.LogCaptureFixture, action: str) -> list[logging.LogRecord]:
    return [record for record in caplog.records if getattr(record, "action", None) == action]


def fields(record: logging.LogRecord) -> dict[str, object]:
    return {name: getattr(record, name) for name in FIELDS if hasattr(record, name)}


@pytest.fixture(autouse=True)
def _everything(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mfa_prefill")


async def test_a_look_that_wrote_tells_how_long_it_took(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.person()
    bench.directory.before_write = lambda *_: bench.clock.advance(seconds=1.26)
    await bench.look(attempt=2)
    [record] = told(caplog, "user_reconciled")
    common = {"user": ANNA, "cause": "notification", "outcome": "done", "reasons": "-", "attempt": 2}
    assert fields(record) == common | {"seconds": 2.5}
    assert record.levelno == logging.INFO


async def test_a_look_that_did_not_write_has_no_seconds(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.person(mobile_phone=None, state=MfaState.DISABLED)
    await bench.look()
    [record] = told(caplog, "user_reconciled")
    assert fields(record) == {
        "user": ANNA,
        "cause": "notification",
        "outcome": "noop",
        "reasons": "noNumber noMethod",
        "attempt": 1,
    }


async def test_what_could_not_be_read_is_a_warning(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.person(privileged=None, unreadable=("roles: 403",))
    await bench.look()
    [record] = told(caplog, "user_reconciled")
    assert (record.levelno, fields(record)["outcome"]) == (logging.WARNING, "skipped")
    assert "roles: 403" in record.getMessage()


async def test_a_user_who_gave_up_is_an_alarm_of_its_own(bench: Bench, caplog: pytest.LogCaptureFixture) -> None:
    bench.person()
    bench.directory.observe_failures[ANNA] = [FORBIDDEN]
    assert await bench.look(attempt=7) == {ANNA: Outcome.PARKED}
    [record], [alarm] = told(caplog, "user_reconciled"), told(caplog, "user_parked")
    assert (record.levelno, alarm.levelno) == (logging.WARNING, logging.ERROR)
    assert fields(alarm) == {"user": ANNA, "reasons": "notAllowed"}
    assert "403 accessDenied" in record.getMessage()


@pytest.mark.parametrize(
    ("failure", "level", "setback", "detail"),
    [
        (None, logging.ERROR, "unmoved", "200, and the end stays where it was"),
        (Permanent(Reason.GRAPH_REFUSED, "400 x", "…"), logging.ERROR, "refused", "400 x"),
        (Transient(Reason.GRAPH_UNAVAILABLE, "503"), logging.WARNING, "unavailable", "503"),
    ],
)
async def test_f_a_renewal_that_failed_is_told_with_its_number_and_its_reason(
    caplog: pytest.LogCaptureFixture, failure: Permanent | Transient | None, level: int, setback: str, detail: str
) -> None:
    bench = keeping.Bench()
    keeping.stalls(bench, failure, days=13)
    await bench.passes(2)
    records = told(caplog, "renewal_stalled")
    assert [(one.levelno, one.setback, one.passes) for one in records] == [  # type: ignore[attr-defined]
        (level, setback, 1),
        (level, setback, 2),
    ]
    text = records[1].getMessage()
    assert text == redact(text)
    assert f"({setback}: {detail}), since 2026-11-23T12:00:00+00:00" in text
