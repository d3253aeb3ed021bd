"""Spellings and kinds of numbers, and how long a phone takes to show."""

import contextlib

from dev.verify_tenant.bench import MOBILE_ID, Bench, listed_ids, mobile
from dev.verify_tenant.check import NotTried, Trace, answers, check, shows
from dev.verify_tenant.exchange import Answer
from dev.verify_tenant.numbers import LANDLINE, MOBILE, OTHER_MOBILE, PREMIUM, THIRD_MOBILE
from dev.verify_tenant.permissions import WRITE_PHONES

APP_WAITS_SECONDS = 300
"""How long the app waits for a phone that Graph accepted: shared/memory.py, LONGEST_LAG."""

_BAD = ("national", "words", "short")


def _keeps_zero(trace: Trace) -> bool:
    answer = trace["zero"]
    return answer.status == 201 and answer.field("phoneNumber") == MOBILE.with_zero


@check(
    "phone-formats",
    "Numbers without country code, with words, too short, and with the national zero",
    answers("phone-format-400", _BAD, 400),
    shows("national-zero-kept", "zero", "201, returned as it was sent", _keeps_zero),
    needs=(WRITE_PHONES,),
)
async def phone_formats(bench: Bench) -> None:
    """Each is sent to a user without phones."""
    texts = (("national", MOBILE.at_home), ("words", "ask at the desk"), ("short", "+49 1"), ("zero", MOBILE.with_zero))
    for label, text in texts:
        await bench.without_phones()
        await bench.ask(label, "POST", bench.phones, mobile(text))


def _adds_space(trace: Trace) -> bool:
    answer = trace["post"]
    return answer.status == 201 and answer.field("phoneNumber") == MOBILE.spaced


def _is_listed(trace: Trace) -> bool | None:
    return MOBILE_ID in listed_ids(trace["list"]) if trace["post"].ok else None


@check(
    "phone-unspaced",
    "A number without the space: accepted, returned and listed?",
    shows("unspaced-number-accepted", "post", "201, returned with a space", _adds_space),
    shows("unspaced-number-hidden", ("post", "list"), "listed like any other", _is_listed, unclear="it was refused"),
    needs=(WRITE_PHONES,),
)
async def phone_unspaced(bench: Bench) -> None:
    """A POST, and the list once a lagging reader has had its time."""
    await bench.without_phones()
    posted = await bench.ask("post", "POST", bench.phones, mobile(MOBILE.unspaced))
    if posted.ok:
        with contextlib.suppress(NotTried):  # a phone that stays hidden is the answer
            await bench.until("GET", bench.phones, lambda answer: MOBILE_ID in listed_ids(answer))
    await bench.ask("list", "GET", bench.phones)


@check(
    "phone-line-types",
    "A landline and a premium number as mobile phones",
    answers("any-line-type", ("landline", "premium"), 201),
    needs=(WRITE_PHONES,),
)
async def phone_line_types(bench: Bench) -> None:
    """Each is sent to a user without phones."""
    for label, number in (("landline", LANDLINE), ("premium", PREMIUM)):
        await bench.without_phones()
        await bench.ask(label, "POST", bench.phones, mobile(number.spaced))


def _shows_in_time(trace: Trace) -> bool | None:
    measured = [seconds for name, seconds in trace.measures.items() if name.startswith("seconds until")]
    return all(seconds < APP_WAITS_SECONDS for seconds in measured) if len(measured) == len(_LAGS) else None


_LAGS = ("seconds until a new phone was listed", "seconds until a changed number was listed")


@check(
    "phone-lag",
    "How long a new phone and a changed number take to show",
    shows("phone-read-lag", ("post", "patch"), "within five minutes", _shows_in_time),
    needs=(WRITE_PHONES,),
    long=True,
)
async def phone_lag(bench: Bench) -> None:
    """POST and PATCH, each followed by reads until it shows."""
    await bench.without_phones()
    await bench.ask("post", "POST", bench.phones, mobile(OTHER_MOBILE.spaced))
    first, second = _LAGS
    bench.measure(first, await bench.until("GET", bench.phones, lambda answer: MOBILE_ID in listed_ids(answer)))
    await bench.ask("patch", "PATCH", bench.phone(), mobile(THIRD_MOBILE.spaced))
    bench.measure(second, await bench.until("GET", bench.phones, _shows_third))


def _shows_third(answer: Answer) -> bool:
    numbers = [str(item.get("phoneNumber", "")).replace(" ", "") for item in answer.values]
    return numbers == [THIRD_MOBILE.unspaced]
