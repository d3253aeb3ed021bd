"""Reading a directory's text as a phone number."""

from collections.abc import Callable
from functools import partial

from bench.figures import Result, microseconds, ratio
from bench.timing import seconds_of
from shared.phone_number import RegionHints, canonical, mask, read_number

NETHERLANDS = RegionHints("NL")
TEXTS = (
    ("international", "+31 612345678"),
    ("national", "06 12345678"),
    ("with a label", "Mobile: 06-12345678"),
    ("full-width digits", "\uff0b\uff13\uff11 \uff16\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18"),
    ("landline, refused", "+31 20 1234567"),
    ("two numbers, refused", "06 12345678 / 06 87654321"),
    ("no number, refused", "ask reception"),
)


def run() -> Result:
    calls: dict[str, Callable[[], object]] = {title: partial(read_number, text, NETHERLANDS) for title, text in TEXTS}
    calls["a registered number, for comparison"] = partial(canonical, "+31 612345678")
    calls["masking"] = partial(mask, "06 12345678")
    measured = seconds_of(calls)
    base = measured["international"]
    rows = [(title, microseconds(seconds), ratio(seconds, base)) for title, seconds in measured.items()]
    return Result("Reading a phone number", ("text", "median", "international = 1"), rows)
