"""How long a call takes that is over in microseconds."""

import statistics
import timeit
from collections.abc import Callable

ROUNDS = 7
ROUND_SECONDS = 0.1


def seconds_of(call: Callable[[], object]) -> float:
    """The median of several rounds, each long enough for the clock."""
    timer = timeit.Timer(call)
    once = min(timer.repeat(5, 1))
    loops = max(1, int(ROUND_SECONDS / max(once, 1e-7)))
    return statistics.median(timer.repeat(ROUNDS, loops)) / loops
