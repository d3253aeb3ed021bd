"""Many notifications about the same people become few messages, and none of them is forgotten."""

from hypothesis import given
from hypothesis import strategies as st

from shared.coalescing import FLOOD, MINUTE, WINDOW, Coalescer, Sorted
from tests.builders import object_ids

ANNA, BOB = object_ids(2)
START = 1_763_830_000_000


def test_the_first_notification_goes_out_at_once() -> None:
    assert Coalescer().sort([ANNA, BOB, ANNA], START) == Sorted(now=(ANNA, BOB))


def test_repeats_within_the_window_become_one_message_at_its_end() -> None:
    coalescer = Coalescer()
    coalescer.sort([ANNA], START)
    assert coalescer.sort([ANNA], START + 10) == Sorted(later=(ANNA,), later_at=START + WINDOW)
    for moment in (20, 400, WINDOW - 1):
        assert coalescer.sort([ANNA], START + moment) == Sorted()


def test_after_the_window_a_notification_is_a_first_one_again() -> None:
    coalescer = Coalescer()
    coalescer.sort([ANNA], START)
    assert coalescer.sort([ANNA], START + WINDOW) == Sorted(now=(ANNA,))


def test_new_and_repeated_users_in_one_collection_are_told_apart() -> None:
    coalescer = Coalescer()
    coalescer.sort([ANNA], START)
    assert coalescer.sort([BOB, ANNA], START + 1) == Sorted((BOB,), (ANNA,), START + WINDOW)


def test_the_message_for_several_repeats_waits_for_the_last_window() -> None:
    coalescer = Coalescer()
    coalescer.sort([ANNA], START)
    coalescer.sort([BOB], START + 1000)
    assert coalescer.sort([ANNA, BOB], START + 2000).later_at == START + 1000 + WINDOW


def test_a_flood_becomes_a_sweep_a_minute_and_ends_by_itself() -> None:
    coalescer, minute = Coalescer(), START // MINUTE * MINUTE
    assert coalescer.sort([ANNA] * FLOOD, minute).sweep_at is None, "at the limit it is no flood yet"
    assert coalescer.sort([BOB], minute + 1) == Sorted(sweep_at=minute + 1 + MINUTE)
    assert coalescer.sort([BOB], minute + 2) == Sorted(), "that sweep covers it"
    assert coalescer.sort([BOB], minute + 1 + MINUTE) == Sorted(sweep_at=minute + 1 + 2 * MINUTE)
    assert coalescer.sort([BOB], minute + 2 * MINUTE) == Sorted(now=(BOB,))


def test_a_sweep_ordered_before_a_notification_never_answers_it() -> None:
    """Delta asked too early would not tell of it: the sweep must begin after what it stands for."""
    coalescer, minute = Coalescer(flood=0), START // MINUTE * MINUTE
    first = coalescer.sort([ANNA], minute).sweep_at
    assert first == minute + MINUTE
    assert coalescer.sort([ANNA], first - 1) == Sorted()
    assert coalescer.sort([ANNA], first).sweep_at == first + MINUTE


MOMENTS = st.lists(st.tuples(st.integers(0, 3_000), st.lists(st.integers(0, 4), min_size=1, max_size=6)), max_size=60)


@given(MOMENTS, st.integers(0, 40))
def test_every_notification_is_answered_by_something_that_begins_after_it(
    steps: list[tuple[int, list[int]]], flood: int
) -> None:
    """The law: for each notification a message not older than it, or a sweep that begins after it."""
    coalescer, now = Coalescer(flood=flood), START
    users = object_ids(5)
    told: list[tuple[str, int]] = []
    looks: dict[str, list[int]] = {user: [] for user in users}
    sweeps: list[int] = []
    for wait, named in steps:
        now += wait
        what = coalescer.sort([users[index] for index in named], now)
        told += [(users[index], now) for index in named]
        for user in what.now:
            looks[user].append(now)
        for user in what.later:
            looks[user].append(what.later_at)
        sweeps += [what.sweep_at] if what.sweep_at is not None else []
    for user, moment in told:
        assert any(look >= moment for look in looks[user]) or any(sweep > moment for sweep in sweeps)


@given(st.lists(st.integers(0, 500), max_size=200))
def test_one_user_costs_two_messages_a_window_at_most(waits: list[int]) -> None:
    coalescer, now, moments = Coalescer(), START, []
    for wait in waits:
        now += wait
        what = coalescer.sort([ANNA], now)
        moments += [now] * len(what.now + what.later)
    for moment in moments:
        assert sum(moment <= other < moment + WINDOW for other in moments) <= 3  # the end of one, all of the next


def test_the_memory_stays_small() -> None:
    coalescer = Coalescer(flood=10**9)
    for number, user in enumerate(object_ids(3_000)):
        coalescer.sort([user], START + number * 10)
    assert len(coalescer._windows) <= WINDOW // 10
