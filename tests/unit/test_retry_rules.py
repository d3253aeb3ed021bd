"""How long a user waits after a failed look, and when we give up."""

from datetime import timedelta

import pytest

from shared.errors import Failure, NotFound, Permanent, Transient
from shared.models import Outcome, Reason
from shared.retry_rules import DELAYS, LONGEST, Verdict, chore_delay, come_back_after_unknown, judge, spread_out


def seconds(count: float) -> timedelta:
    return timedelta(seconds=count)


UNAVAILABLE = Transient(Reason.GRAPH_UNAVAILABLE, "503")
NOT_ALLOWED = Permanent(Reason.NOT_ALLOWED, "403 Authorization_RequestDenied", "grant the permission")
NOT_FOUND = NotFound("404 Request_ResourceNotFound")
WAITS = [5, 15, 60, 300, 900, 1800]
A_DAY = timedelta(days=1)


def throttled(delay: timedelta | None) -> Transient:
    return Transient(Reason.THROTTLED, "429", delay)


def unavailable(delay: timedelta | None) -> Transient:
    return Transient(Reason.GRAPH_UNAVAILABLE, "503", delay)


@pytest.mark.parametrize(
    ("failure", "reason"),
    [
        pytest.param(UNAVAILABLE, Reason.GRAPH_UNAVAILABLE, id="Graph is unavailable"),
        pytest.param(Transient(Reason.NOT_CONFIRMED, "x"), Reason.NOT_CONFIRMED, id="a write is not visible"),
        pytest.param(NOT_FOUND, Reason.NOT_FOUND_YET, id="the user is not found"),
        pytest.param(NOT_ALLOWED, Reason.NOT_ALLOWED, id="not allowed: a grant may take its time"),
    ],
)
@pytest.mark.parametrize(("attempt", "wait"), list(enumerate(WAITS, start=1)))
def test_six_looks_wait_longer_and_longer(failure: Failure, reason: Reason, attempt: int, wait: int) -> None:
    assert judge(failure, attempt) == Verdict(Outcome.RETRY, reason, seconds(wait), attempt + 1)


def test_the_waits_are_these() -> None:
    assert tuple(map(seconds, WAITS)) == DELAYS


@pytest.mark.parametrize("attempt", [7, 8, 1_000_000])
@pytest.mark.parametrize(
    ("failure", "outcome", "reason"),
    [
        pytest.param(NOT_FOUND, Outcome.GONE, Reason.GONE, id="not found: gone"),
        pytest.param(UNAVAILABLE, Outcome.PARKED, Reason.GRAPH_UNAVAILABLE, id="unavailable: parked"),
        pytest.param(unavailable(seconds(1)), Outcome.PARKED, Reason.GRAPH_UNAVAILABLE, id="Retry-After: parked"),
        pytest.param(NOT_ALLOWED, Outcome.PARKED, Reason.NOT_ALLOWED, id="not allowed: parked"),
    ],
)
def test_the_seventh_look_is_the_last(failure: Failure, outcome: Outcome, reason: Reason, attempt: int) -> None:
    verdict = judge(failure, attempt)
    assert (verdict.outcome, verdict.reason, verdict.delay, verdict.attempt) == (outcome, reason, timedelta(0), 0)


@pytest.mark.parametrize(
    ("failure", "advice"),
    [
        pytest.param(NOT_ALLOWED, "grant the permission", id="what Graph's refusal asks for"),
        pytest.param(UNAVAILABLE, "Graph kept failing; replay when it is well again", id="to wait for Graph"),
        pytest.param(NOT_FOUND, None, id="nothing where the user is gone"),
    ],
)
def test_who_gives_up_says_what_to_do(failure: Failure, advice: str | None) -> None:
    assert judge(failure, 7).advice == advice
    assert judge(failure, 1).advice is None


@pytest.mark.parametrize("attempt", [1, 6, 7, 1_000])
@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        pytest.param(None, seconds(30), id="no Retry-After"),
        pytest.param(seconds(0), seconds(30), id="Retry-After 0"),
        pytest.param(seconds(1), seconds(1), id="a second"),
        pytest.param(seconds(7200), seconds(7200), id="two hours"),
        pytest.param(A_DAY, A_DAY, id="a day"),
        pytest.param(timedelta(days=400), A_DAY, id="more than a day"),
    ],
)
def test_throttling_never_uses_up_attempts(asked: timedelta | None, wait: timedelta, attempt: int) -> None:
    assert judge(throttled(asked), attempt) == Verdict(Outcome.RETRY, Reason.THROTTLED, wait, attempt)


@pytest.mark.parametrize("attempt", [1, 6, 7, 1_000])
@pytest.mark.parametrize(
    ("asked", "wait"),
    [
        pytest.param(None, seconds(5), id="the claim's end is not known"),
        pytest.param(seconds(90), seconds(90), id="until the claim ends"),
        pytest.param(timedelta(days=400), A_DAY, id="more than a day"),
    ],
)
def test_another_look_at_the_same_user_never_uses_up_attempts(
    asked: timedelta | None, wait: timedelta, attempt: int
) -> None:
    verdict = judge(Transient(Reason.CONCURRENT, "another look", asked), attempt)
    assert verdict == Verdict(Outcome.RETRY, Reason.CONCURRENT, wait, attempt)


@pytest.mark.parametrize(
    ("attempt", "asked", "wait"),
    [
        pytest.param(1, seconds(1), seconds(5), id="Retry-After shorter than ours"),
        pytest.param(1, seconds(120), seconds(120), id="Retry-After longer than ours"),
        pytest.param(6, seconds(120), seconds(1800), id="ours longer than Retry-After"),
        pytest.param(1, timedelta(days=400), A_DAY, id="Retry-After beyond a day"),
    ],
)
def test_the_longer_wait_counts(attempt: int, asked: timedelta, wait: timedelta) -> None:
    assert judge(unavailable(asked), attempt).delay == wait


@pytest.mark.parametrize(("attempt", "wait"), list(enumerate(WAITS, start=1)))
def test_who_was_skipped_as_unknown_comes_back_after_the_same_waits(attempt: int, wait: int) -> None:
    assert come_back_after_unknown(attempt) == seconds(wait)


@pytest.mark.parametrize("attempt", [7, 8, 1_000_000])
def test_after_the_last_wait_the_unknown_come_back_every_day(attempt: int) -> None:
    assert come_back_after_unknown(attempt) == A_DAY


@pytest.mark.parametrize("failure", [UNAVAILABLE, NOT_ALLOWED, NOT_FOUND])
def test_a_parked_user_gets_one_attempt_and_is_not_hammered(failure: Failure) -> None:
    assert judge(failure, 1, Outcome.PARKED).outcome in (Outcome.PARKED, Outcome.GONE)


def test_throttling_does_not_park_anew() -> None:
    assert judge(throttled(None), 1, Outcome.PARKED).outcome is Outcome.RETRY


@pytest.mark.parametrize("delay", [timedelta(0), seconds(5), timedelta(minutes=30)])
@pytest.mark.parametrize("chance", [0.0, 0.5, 0.999])
def test_waits_are_spread_out_and_never_shortened(delay: timedelta, chance: float) -> None:
    assert delay <= spread_out(delay, chance) <= delay * 1.2


def test_the_unluckiest_waits_a_fifth_longer() -> None:
    assert spread_out(timedelta(seconds=10), 1.0) == timedelta(seconds=12)


@pytest.mark.parametrize(
    ("failure", "attempt", "wait"),
    [
        *((UNAVAILABLE, attempt, seconds(wait)) for attempt, wait in enumerate(WAITS, start=1)),
        pytest.param(UNAVAILABLE, 50, DELAYS[-1], id="it never gives up"),
        pytest.param(throttled(seconds(77)), 1, seconds(77), id="as Graph asked"),
        pytest.param(throttled(timedelta(days=9)), 1, LONGEST, id="within reason"),
        pytest.param(NOT_ALLOWED, 1, None, id="it takes a person"),
        pytest.param(NOT_FOUND, 1, None, id="not found"),
    ],
)
def test_work_that_is_not_about_one_user(failure: Failure, attempt: int, wait: timedelta | None) -> None:
    assert chore_delay(failure, attempt) == wait


def test_who_was_gone_gets_two_more_looks_for_a_new_hint() -> None:
    """A restored account may not have reached this replica yet; a deleted one is named by every full sweep."""
    first = judge(NOT_FOUND, 1, Outcome.GONE)
    assert first == Verdict(Outcome.RETRY, Reason.NOT_FOUND_YET, DELAYS[-2], 6)
    assert judge(NOT_FOUND, 6).delay == DELAYS[-1]
    assert judge(NOT_FOUND, 7).outcome is Outcome.GONE
    assert judge(UNAVAILABLE, 1, Outcome.GONE).delay == DELAYS[0], "a failure of another kind is one of its own"
