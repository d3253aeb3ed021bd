"""How long calls take that are over in microseconds."""

import statistics
import time
import timeit
from collections.abc import Callable, Mapping

ROUNDS = 7
ROUND_SECONDS = 0.1


def seconds_of(calls: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """The median of several rounds of each call, in seconds of this process, which other processes do not lengthen.

    The calls take turns, so that a slow moment of the machine slows all of them and the ratios stay.
    """
    timers = {name: timeit.Timer(call, timer=time.process_time) for name, call in calls.items()}
    loops = {name: _loops(call) for name, call in calls.items()}
    rounds = [{name: timers[name].timeit(loops[name]) / loops[name] for name in timers} for _ in range(ROUNDS)]
    return {name: statistics.median(each[name] for each in rounds) for name in timers}


def _loops(call: Callable[[], object]) -> int:
    """So many that the clock's own step does not matter."""
    once = min(timeit.repeat(call, repeat=5, number=1))
    return max(1, int(ROUND_SECONDS / max(once, 1e-7)))
