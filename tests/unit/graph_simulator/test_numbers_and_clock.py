"""Comparing numbers, reading times."""

import pytest

from dev.graph_simulator.clock import Clock, epoch_of, iso, iso_precise
from dev.graph_simulator.numbers import same_number, written_from

WRITTEN = "+44 7400123456"


@pytest.mark.parametrize(
    ("text", "regions"),
    [
        ("+44 7400 123456", ()),
        ("07400 123456", ("GB",)),
        ("0044 7400 123456", ("gb",)),
        ("+44 (0)7400 123456", ()),
        ("07400 123456", ("United Kingdom",)),
        ("\uff0b44 7400123456", ()),
    ],
)
def test_a_number_comes_from_what_the_directory_says(text: str, regions: tuple[str, ...]) -> None:
    assert written_from(WRITTEN, ("n/a", text), regions)


@pytest.mark.parametrize(
    ("text", "regions"),
    [("07400 123456", ()), ("07400 123456", ("DE",)), ("+44 7400 123457", ("GB",)), ("", ("GB",)), ("n/a", ())],
)
def test_a_number_does_not_come_from_somewhere_else(text: str, regions: tuple[str, ...]) -> None:
    assert not written_from(WRITTEN, (text,), regions)
    assert not written_from("nonsense", (text,), regions)


def test_spaces_do_not_make_a_difference() -> None:
    assert same_number("+1 2015550123", "+12015550123")
    assert not same_number("+1 2015550123", None)


def test_times_are_written_as_graph_writes_them() -> None:
    assert iso(0) == "1970-01-01T00:00:00Z"
    assert iso_precise(0.25) == "1970-01-01T00:00:00.250000+00:00"
    assert epoch_of("1970-01-01T01:00:00+01:00") == 0
    with pytest.raises(ValueError, match="time zone"):
        epoch_of("1970-01-01T00:00:00")


def test_the_clock_only_moves_forward() -> None:
    clock = Clock()
    before = clock.now()
    clock.advance(100)
    assert 100 <= clock.now() - before < 101
    assert clock.now() - clock.real() == pytest.approx(100, abs=0.1)
    with pytest.raises(ValueError, match="forward"):
        clock.advance(-1)
