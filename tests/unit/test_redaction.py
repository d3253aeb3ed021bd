"""What could be a phone number never stays, what an operator needs always does; and no log record or exception escapes.

T16 of the threat model.
"""

import asyncio
import io
import json
import logging
import re
import sys
import time
import traceback
import unicodedata
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import ModuleType
from urllib.parse import quote

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import operator_routes, run_routes, telemetry, triggers
from shared.http_answers import error as error_answer
from shared.redaction import STAND_IN, redact
from shared.telemetry import Redacted, redact_record, without_numbers

ZEROS = {
    "full-width": "\uff10",
    "arabic": "\u0660",
    "persian": "\u06f0",
    "bengali": "\u09e6",
    "mathematical": "\U0001d7ce",
}


def in_digits_of(zero: str, text: str) -> str:
    return "".join(chr(ord(zero) + int(char)) if char.isdigit() else char for char in text)


def digits(text: str) -> str:
    return "".join(str(unicodedata.decimal(char)) for char in text if char.isdecimal())


# --- tables -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "+12065550142",
        "+1 2065550142",
        "+1 206 555 0142",
        "+1 (206) 555-0142",
        "(206) 555-0142",
        "[206] 555 0142",
        "1-206-555-0142",
        "206.555.0142",
        "206/555/0142",
        "206_555_0142",
        "206~555~0142",
        "2065550142",
        "12065550142",
        "0012065550142",
        "5550142",
        "555-0142",
        "+1  206 -  555 - 0142",
        "+1\t206\n5550142",
        "+1\u00a0206\u00a0555\u00a00142",
        "+1\u202f206\u20115550142",
        "+1 206\u2013555\u20120142",
        "+1\u200b206\u2060555\u200e0142",
        "\uff0b1 206 555 0142",
        *(in_digits_of(zero, "+1 206 555 0142") for zero in ZEROS.values()),
        "+①②⓪⑥⑤⑤⑤⓪①④②",
        "%2B12065550142",
        "%2b1%20206%20555%200142",
        "%252B1%2520206%2520555%25200142",
        "%2B1%C2%A0206%C2%A05550142",
        "+1+206+555+0142",
        "%32%30%36%35%35%35%30%31%34%32",
        quote(in_digits_of("\uff10", "+12065550142")),
        quote(in_digits_of("\u0660", "+12065550142")),
        r"\u002b12065550142",
        r"\u002B1\u0020206\u00a05550142",
        r"\\u002b1\\u0020206\\u00a05550142",
        json.dumps(in_digits_of("\uff10", "+1 206 555 0142"))[1:-1],
        ascii("+1\xa0206\xa0555\xa00142")[1:-1],
        repr("+1\xa0206\xa05550142".encode())[2:-1],
        repr(in_digits_of("\u0660", "+1 2065550142").encode())[2:-1],
        "&#43;1 206 555 0142",
        "&#x2B;1&nbsp;206&nbsp;5550142",
        "&amp;plus;1&#160;2065550142",
        "06 12 34 56 78",
        "20.65.55.14",
        "212.234.56.78",
        "+31 6 12345678",
        "+290 51234",
    ],
)
def test_every_spelling_goes_whole(text: str) -> None:
    for around in (
        "{}",
        "tel:{}",
        '{{"phone": "{}"}}',
        "(call {})",
        "x={}&y=1",
        "a{}b",
        "é{}ß",
        "\\t{}\\n",
        "%22{}%22",
    ):
        cleaned = redact(around.format(text))
        without = cleaned.replace(STAND_IN, "").replace(around.format(""), "")
        assert STAND_IN in cleaned
        assert len(digits(re.sub(r"%22|y=1", "", without))) == 0, cleaned


@pytest.mark.parametrize(
    "text",
    [
        "numbers 2065550142 and 2065550143, 2065550144/2065550145",
        "two at once: 2065550142 2065550143 2065550144",
        "2065550142" * 10,
        "a word of hexadecimal letters: ca2065550142 or 2065550142fade",
        "{'phone': 12065550142}",
        "epoch-like with a plus: +1722334455123",
        "06 1234 5678 on 2026-07-30",
    ],
)
def test_no_number_stays_among_others(text: str) -> None:
    assert re.search(r"\d{5}", redact(text)) is None


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no digits",
        "aaaaaaaa-0000-4000-8000-000000000001",
        "00000000-0000-0000-0000-000000000000",
        "12345678-1234-1234-1234-123456789012",
        "GET /v1.0/users/AAAAAAAA-0000-4000-8000-000000000001/authentication/phoneMethods 503",
        "%2Fusers%2Faaaaaaaa-0000-4000-8000-000000000001%2F",
        "['aaaaaaaa-0000-4000-8000-000000000001', 'aaaaaaaa-0000-4000-8000-000000000002']",
        "2026-07-30",
        "from 2026-01-01 to 2026-02-02 2026-03-03",
        "2026-07-30T12:34:56Z",
        "2026-07-30T12:34:56.1234567Z",
        "2026-07-30T12:34:56.123456+00:00",
        "2026-07-30 12:34:56,789 INFO",
        "2026-12-20T10:00:00.0000000-08:00",
        "W/\"datetime'2026-07-30T10%3A20%3A30.1234567Z'\"",
        "attempt 3 2026-07-30T12:00:00+00:00 5",
        "Thu, 30 Jul 2026 12:34:56 GMT",
        '{"received": 1785412345678, "attempt": 12}',
        "0f1a2b3c4d5e",
        "look 5 206b55c5014a of 3",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
        "<object at 0x7f2065550142>",
        "took 0.0031234567 s, then 12.345 ms, 1234 ms, 240 s",
        "Executing <Task> took 0.123456 seconds",
        "127.0.0.1:7071",
        "http://127.0.0.1:9001/v1.0",
        "https://20.65.55.14:443/x",
        "10.120.33.254 20.190.151.7",
        "2001:0db8:85a3:0000:0000:8a2e:0370:7334",
        "azsdk-python-storage-queue/12.18.1 Python/3.13.5",
        "HTTP/1.1 503 Retry-After: 120",
        "+31 ••••••78, +1 ••••••••42",
        "Traceback: line 240, in <module>",
        "unreadable message of 123456 characters",
    ],
)
def test_what_an_operator_needs_stays(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    "unit",
    [
        *("+", "1", "1 ", "a1", "( ", "-1", "1-", "0.", "1      ", "1.1.1.1.", "2026-01-01 ", "12345678901f "),
        *("f", "1f", "0x", "%2B", "%25", "%", "\\", "\\u", "\\\\x", "&amp;", "&#", "٢", "\u200b", "aaaaaaaa-", " \n"),
    ],
)
def test_time_grows_with_length_alone(unit: str) -> None:
    def seconds(length: int) -> float:
        text = (unit * length)[:length] + "x"
        started = time.process_time()
        redact(text)
        return time.process_time() - started

    assert seconds(100_000) < 2
    assert min(seconds(80_000) for _ in range(3)) < 8 * min(seconds(20_000) for _ in range(3)) + 0.05


# --- laws -------------------------------------------------------------------------------------------------------------

KINDS = (phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE)
NUMBERS = [
    number
    for region in sorted(phonenumbers.SUPPORTED_REGIONS)
    for kind in KINDS
    if (number := phonenumbers.example_number_for_type(region, kind))
]
FORMATS = [
    phonenumbers.PhoneNumberFormat.E164,
    phonenumbers.PhoneNumberFormat.INTERNATIONAL,
    phonenumbers.PhoneNumberFormat.RFC3966,
    phonenumbers.PhoneNumberFormat.NATIONAL,
]
BLANKS = (" ", "\u00a0", "-", ".", "/", "", " - ", "\u2011", "\u200b", "_")
ENCODINGS: list[Callable[[str], str]] = [
    str,
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(json.dumps(text))[3:-3],
    lambda text: quote(text, safe=""),
    lambda text: quote(quote(text, safe=""), safe=""),
    lambda text: text.replace("+", "\\u002b"),
    lambda text: text.replace("+", "%2B").replace(" ", "+"),
    lambda text: ascii(text)[1:-1],
    lambda text: repr(text.encode())[2:-1],
    lambda text: in_digits_of("\uff10", text),
    lambda text: json.dumps(in_digits_of("\u0660", text))[1:-1],
]


@st.composite
def spelled(draw: st.DrawFn) -> str:
    """A valid number, in a spelling with its country code or, where it is long enough to be told, without."""
    number = draw(st.sampled_from(NUMBERS))
    form = draw(st.sampled_from(FORMATS))
    text = phonenumbers.format_number(number, form)
    if len(digits(text)) < 7:
        text = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    text = re.sub(r"[ -]", lambda _: blank, text) if (blank := draw(st.sampled_from(BLANKS))) else text
    if form == phonenumbers.PhoneNumberFormat.E164 and len(digits(text)) > 7 and draw(st.booleans()):
        text = text.removeprefix("+")
    return draw(st.sampled_from(ENCODINGS))(text)


EDGES = st.sampled_from([" ", '"', "'", ":", "=", ">", ",", "\n", "(", "; ", "tel:", "{'phone': '", "é"])
TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="0123456789")) | st.just("at 12:30, 503: ")


@settings(max_examples=500, deadline=None)
@given(before=TEXTS, edge=EDGES, number=spelled(), after=TEXTS)
def test_no_valid_number_stays_in_any_spelling_in_any_text(before: str, edge: str, number: str, after: str) -> None:
    cleaned = redact(before + edge + number + "," + after)
    assert STAND_IN in cleaned
    bare = before + edge + "," + after
    rest = re.sub(r"%(25)*(3A|28)", "", cleaned)  # the colon of tel: and a bracket before a number may stay, encoded
    assert len(digits(rest)) <= len(digits(bare)), cleaned
    assert number not in cleaned


@settings(max_examples=500, deadline=None)
@given(st.text() | st.text("0123456789 +-.()%2BabxuT:[]\\&#;\n") | spelled().map(lambda text: text + " 12"))
def test_a_second_time_changes_nothing(text: str) -> None:
    once = redact(text)
    assert redact(once) == once


MOMENTS = st.datetimes(datetime(2001, 9, 10), datetime(2032, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001


@settings(deadline=None)
@given(st.uuids(), MOMENTS, spelled(), st.sampled_from([" ", ", ", "/", ": ", "\n", "=", "', '"]))
def test_ids_and_moments_survive_next_to_a_number(name: uuid.UUID, at: datetime, number: str, gap: str) -> None:
    wanted = [str(name), at.isoformat(), f"{at:%Y-%m-%dT%H:%M:%S}.1234567Z", str(int(at.timestamp() * 1000))]
    text = redact(gap.join(["id", *wanted]) + ", " + number + ", " + f",{gap}".join(wanted))
    for value in wanted:
        assert text.count(value) == 2, text


# --- records ----------------------------------------------------------------------------------------------------------

NUMBER = "+1 206 555 0142"
EARLY = logging.getLogger("tests.redaction.made.before")


@pytest.fixture
def written() -> Iterator[Callable[[], str]]:
    """All that a handler of the platform would write, with every `extra` it might export."""

    class Exporting(logging.Formatter):
        def format(self, record: logging.LogRecord) -> str:
            return super().format(record) + f" | {vars(record)}"

    factory, make = logging.getLogRecordFactory(), logging.Logger.makeRecord
    telemetry.redact_logs()
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Exporting("%(levelname)s %(name)s %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    yield stream.getvalue
    root.removeHandler(handler)
    logging.setLogRecordFactory(factory)
    logging.Logger.makeRecord = make  # type: ignore[method-assign]


def leaks(text: str) -> bool:
    return "5550142" in digits(re.sub(r"'(?:created|msecs|relativeCreated|thread|process)': [0-9.]+", "", text))


def fails_with_a_cause() -> None:
    try:
        int(NUMBER)
    except ValueError as error:
        raise RuntimeError("could not read it") from error


@pytest.mark.parametrize(
    "name", ["mfa_prefill.x", "azure.functions", "azure.core", "httpx", "msal", "kiota", "asyncio"]
)
def test_no_logger_writes_a_number(written: Callable[[], str], name: str) -> None:
    logging.getLogger(name).error("user %s has %s", "aaaaaaaa-0000-4000-8000-000000000001", NUMBER)
    assert f"user aaaaaaaa-0000-4000-8000-000000000001 has {STAND_IN}" in written()
    assert not leaks(written())


def log_early() -> None:
    EARLY.error("%s", NUMBER)


def log_arguments_by_name() -> None:
    EARLY.error("%(shown)s", {"shown": 1, "hidden": NUMBER})


def log_wrong_arguments() -> None:
    EARLY.error("%d %d", NUMBER)


def log_an_exception() -> None:
    try:
        fails_with_a_cause()
    except RuntimeError:
        EARLY.exception("failed")


def log_an_exception_instead_of_a_message() -> None:
    EARLY.error(ValueError(NUMBER))


def log_a_group() -> None:
    EARLY.error("many", exc_info=ExceptionGroup("x", [ValueError(NUMBER)]))


def log_extras() -> None:
    more = {"phone": NUMBER, "count": 12065550142, "raw": b"+12065550142", "inside": {"deep": [NUMBER]}}
    EARLY.error("extra", extra=more | {"error": ValueError(NUMBER)})


def log_the_stack() -> None:
    exec(f"log('stack', stack_info=True)  # {NUMBER}", {"log": EARLY.error})  # noqa: S102


@pytest.mark.parametrize(
    "act",
    [
        *(log_early, log_arguments_by_name, log_wrong_arguments, log_an_exception),
        *(log_an_exception_instead_of_a_message, log_a_group, log_extras, log_the_stack),
    ],
)
def test_no_part_of_a_record_holds_a_number(
    written: Callable[[], str], act: Callable[[], None], capsys: pytest.CaptureFixture[str]
) -> None:
    act()
    assert "tests.redaction.made.before" in written()
    assert not leaks(written() + capsys.readouterr().err)


def test_a_redacted_traceback_still_tells_where(written: Callable[[], str]) -> None:
    log_an_exception()
    assert f"invalid literal for int() with base 10: '{STAND_IN}'" in written()
    assert "fails_with_a_cause" in written()
    assert "RuntimeError: could not read it" in written()


def test_a_traceback_without_number_keeps_its_exception() -> None:
    try:
        int("5o3")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "m", (), sys.exc_info())
    redact_record(record)
    assert record.exc_info is not None
    assert record.exc_text is None


def test_extras_an_operator_needs_stay_as_they_are(written: Callable[[], str]) -> None:
    values = {
        "user": "aaaaaaaa-0000-4000-8000-000000000001",
        "millis": 1785412345678,
        "seconds": 0.12345678,
        "ok": True,
    }
    records: list[logging.LogRecord] = []

    class Catch(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            records.append(record)

    catch = Catch()
    EARLY.addHandler(catch)
    EARLY.error("x", extra=values)
    EARLY.removeHandler(catch)
    assert {name: getattr(records[0], name) for name in values} == values


def test_a_value_that_cannot_be_shown_breaks_no_log_line(written: Callable[[], str]) -> None:
    class Shy:
        def __repr__(self) -> str:
            raise ValueError(NUMBER)

    EARLY.error("x %s", Shy(), extra={"shy": "fine"})
    EARLY.error("y %d", Shy())
    assert "<tuple>" in written()
    assert not leaks(written())


def test_installing_it_twice_changes_nothing(written: Callable[[], str]) -> None:
    factory, make = logging.getLogRecordFactory(), logging.Logger.makeRecord
    telemetry.redact_logs()
    assert (logging.getLogRecordFactory(), logging.Logger.makeRecord) == (factory, make)


# --- exceptions -------------------------------------------------------------------------------------------------------


def escaping(error: Exception) -> Exception:
    """What comes out of a trigger that raises `error`."""

    @without_numbers
    async def trigger() -> None:
        raise error

    with pytest.raises(type(error) if not leaks(repr(error)) else Redacted) as caught:
        asyncio.run(trigger())
    return caught.value


def test_an_exception_without_number_escapes_as_it_is() -> None:
    error = ConnectionError("503 from storage")
    assert escaping(error) is error


def test_an_escaping_exception_tells_its_kind_and_place_but_no_number() -> None:
    escaped = escaping(ValueError(f"bad {NUMBER}"))
    told = "".join(traceback.format_exception(escaped))
    assert str(escaped) == f"ValueError: bad {STAND_IN}"
    assert (escaped.__cause__, escaped.__context__) == (None, None)
    assert "in trigger" in told
    assert not leaks(told)


def test_a_number_in_a_cause_does_not_escape_either() -> None:
    @without_numbers
    async def trigger() -> None:
        fails_with_a_cause()

    with pytest.raises(Redacted, match="RuntimeError: could not read it") as caught:
        asyncio.run(trigger())
    told = "".join(traceback.format_exception(caught.value))
    assert not leaks(told)
    assert STAND_IN in told


def test_a_cancelled_trigger_stays_cancelled() -> None:
    @without_numbers
    async def trigger() -> None:
        raise asyncio.CancelledError

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(trigger())


@pytest.mark.parametrize(
    ("room", "name"),
    [
        (room, name)
        for room in (triggers, operator_routes, run_routes)
        for name, value in vars(room).items()
        if asyncio.iscoroutinefunction(value) and name[0] != "_" and value.__module__ == room.__name__
    ],
)
def test_no_trigger_lets_a_number_escape(room: ModuleType, name: str) -> None:
    assert getattr(getattr(room, name), "guarded", False), f"decorate {name} with @without_numbers"


def test_an_error_answer_holds_no_number() -> None:
    from http import HTTPStatus

    answer = error_answer(HTTPStatus.BAD_REQUEST, "x", f"no user {NUMBER}")
    assert json.loads(answer.get_body())["error"]["message"] == f"no user {STAND_IN}"
