"""The back-off law of the queue listener, with the randomness taken out."""

import pytest

from dev.host.polling_delay import PollingDelay


def middle(low: float, high: float) -> float:
    return (low + high) / 2


def test_grows_to_the_maximum_and_stays_there() -> None:
    delay = PollingDelay(2.0, middle)
    pauses = [delay.next(found_message=False) for _ in range(7)]
    assert pauses == pytest.approx([0.2, 0.3, 0.5, 0.9, 1.7, 2.0, 2.0])


def test_starts_over_after_work() -> None:
    delay = PollingDelay(60.0, middle)
    for _ in range(5):
        delay.next(found_message=False)
    assert delay.next(found_message=True) == pytest.approx(0.1)
    assert delay.next(found_message=False) == pytest.approx(0.2)


def test_the_share_that_grows_is_random_within_a_fifth() -> None:
    lowest = PollingDelay(60.0, lambda low, _: low)
    highest = PollingDelay(60.0, lambda _, high: high)
    for step in range(1, 6):
        growth = 0.1 * 2 ** (step - 1)
        assert lowest.next(found_message=False) == pytest.approx(0.1 + 0.8 * growth)
        assert highest.next(found_message=False) == pytest.approx(0.1 + 1.2 * growth)
