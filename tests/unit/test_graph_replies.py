"""A Graph that answers anything: of which kind of failure it is, and what of it may be told."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared.errors import Failure, NotFound, Permanent, Transient
from shared.graph.replies import GRANT, REPORT, About, Reply, parsed, retry_after
from shared.models import Reason
from tests.builders import NOW

HTML = parsed(b"<!DOCTYPE html><html><body><h1>502 Bad Gateway</h1></body></html>")


def now() -> datetime:
    return NOW


def error(code: object, message: object = "The user with the number +31 612345678 is unwell.") -> dict[str, Any]:
    inner = {"date": "2026-11-22T10:00:00", "request-id": "7e9a1c52", "client-request-id": "7e9a1c52"}
    return {"error": {"code": code, "message": message, "innerError": inner}}


def failure(status: int, body: Any = None, **headers: str) -> Failure:
    return Reply(status, {name.replace("_", "-"): text for name, text in headers.items()}, body).failure(now)


@pytest.mark.parametrize(
    ("status", "ok"),
    [(199, False), (200, True), (201, True), (204, True), (299, True), (300, False), (304, False), (500, False)],
)
def test_what_is_ok(status: int, ok: bool) -> None:
    assert Reply(status, {}).ok is ok


UNAVAILABLE, THROTTLED = Reason.GRAPH_UNAVAILABLE, Reason.THROTTLED
KINDS = [
    pytest.param(301, Transient(UNAVAILABLE, "301 with an unexpected body"), id="301 a redirect is not followed"),
    pytest.param(302, Transient(UNAVAILABLE, "302 with an unexpected body"), id="302 nor this one"),
    pytest.param(399, Transient(UNAVAILABLE, "399 with an unexpected body"), id="399"),
    pytest.param(400, Permanent(Reason.GRAPH_REFUSED, "400", REPORT), id="400"),
    pytest.param(401, Permanent(Reason.NOT_ALLOWED, "401", GRANT), id="401"),
    pytest.param(402, Permanent(Reason.GRAPH_REFUSED, "402", REPORT), id="402"),
    pytest.param(403, Permanent(Reason.NOT_ALLOWED, "403", GRANT), id="403"),
    pytest.param(404, NotFound("404"), id="404"),
    pytest.param(405, Permanent(Reason.GRAPH_REFUSED, "405", REPORT), id="405"),
    pytest.param(408, Transient(UNAVAILABLE, "408"), id="408"),
    pytest.param(409, Transient(UNAVAILABLE, "409"), id="409"),
    pytest.param(410, Permanent(Reason.GRAPH_REFUSED, "410", REPORT), id="410"),
    pytest.param(422, Permanent(Reason.GRAPH_REFUSED, "422", REPORT), id="422"),
    pytest.param(423, Transient(UNAVAILABLE, "423"), id="423"),
    pytest.param(424, Transient(UNAVAILABLE, "424"), id="424 another part of the batch failed"),
    pytest.param(429, Transient(THROTTLED, "429"), id="429"),
    pytest.param(499, Permanent(Reason.GRAPH_REFUSED, "499", REPORT), id="499"),
    pytest.param(500, Transient(UNAVAILABLE, "500"), id="500"),
    pytest.param(502, Transient(UNAVAILABLE, "502"), id="502"),
    pytest.param(503, Transient(UNAVAILABLE, "503"), id="503"),
    pytest.param(504, Transient(UNAVAILABLE, "504"), id="504"),
    pytest.param(509, Transient(UNAVAILABLE, "509"), id="509"),
    pytest.param(599, Transient(UNAVAILABLE, "599"), id="599"),
]


@pytest.mark.parametrize("body", [None, HTML, "text", [], {}, {"error": None}], ids=repr)
@pytest.mark.parametrize(("status", "kind"), KINDS)
def test_each_status_is_a_kind_of_failure_whatever_the_body(status: int, kind: Failure, body: Any) -> None:
    assert failure(status, body) == kind


@pytest.mark.parametrize("about", About)
@pytest.mark.parametrize("status", [400, 401, 403, 405, 410, 422])
def test_j_a_refusal_advises_what_fits_the_call(status: int, about: About) -> None:
    refused = Reply(status, {}, None).failure(now, about)
    assert isinstance(refused, Permanent)
    assert refused.advice == (about.grant if status in {401, 403} else about.report)
    for word in ("user's", "replay"):
        assert (word in about.report) is (about is About.USER)
    assert ("subscription ensure" in refused.advice) is (about is About.SUBSCRIPTION)


@pytest.mark.parametrize("about", [About.SUBSCRIPTION, About.TENANT])
def test_j_a_404_is_about_a_missing_user_only_where_a_user_was_asked_for(about: About) -> None:
    assert Reply(404, {}, None).failure(now) == NotFound("404")
    assert Reply(404, {}, None).failure(now, about) == Transient(UNAVAILABLE, "404")


@pytest.mark.parametrize("about", About)
@pytest.mark.parametrize(("status", "reason"), [(429, THROTTLED), (503, UNAVAILABLE), (409, UNAVAILABLE)])
def test_j_what_passes_passes_whatever_it_is_about(status: int, reason: Reason, about: About) -> None:
    assert Reply(status, {}, None).failure(now, about) == Transient(reason, str(status))


@pytest.mark.parametrize("status", [200, 204])
def test_a_success_that_is_not_what_the_contract_says_passes(status: int) -> None:
    assert failure(status, HTML) == Transient(UNAVAILABLE, f"{status} with an unexpected body")


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (400, "Request_BadRequest"),
        (400, "invalidPhoneNumber"),
        (403, "Authorization_RequestDenied"),
        (404, "Request_ResourceNotFound"),
        (409, "phoneNumberNotUnique"),
        (429, "TooManyRequests"),
        (503, "serviceNotAvailable"),
        (504, "UnknownError"),
    ],
)
def test_graphs_code_is_told_and_its_message_is_not(status: int, code: str) -> None:
    assert failure(status, error(code)).detail == f"{status} {code}"


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("", id="empty"),
        pytest.param(None, id="null"),
        pytest.param(7, id="a number"),
        pytest.param(["x"], id="a list"),
        pytest.param("the number +31 612345678 is taken", id="a sentence"),
        pytest.param("+31612345678", id="a phone number"),
        pytest.param("31612345678", id="a phone number without its plus"),
        pytest.param("alice@contoso.example", id="a name"),
        pytest.param("x\ny", id="two lines"),
        pytest.param("x\n", id="a line end"),
        pytest.param("x" * 65, id="65 characters"),
    ],
)
def test_what_is_no_code_is_not_told(code: object) -> None:
    assert Reply(403, {}, error(code)).code == ""
    assert failure(403, error(code)).detail == "403"


def test_a_code_has_64_characters_at_most() -> None:
    assert Reply(403, {}, error("x" * 64)).code == "x" * 64


@pytest.mark.parametrize("body", [None, "error", ["error"], {}, {"error": "denied"}, {"error": ["x"]}], ids=repr)
def test_a_body_of_another_shape_has_neither_code_nor_message(body: object) -> None:
    reply = Reply(400, {}, body)
    assert (reply.code, reply.message) == ("", "")


@pytest.mark.parametrize(("given", "read"), [("Conflict with 5b5c", "Conflict with 5b5c"), (None, ""), (7, "")])
def test_the_message_is_kept_for_the_keeper(given: object, read: str) -> None:
    assert Reply(409, {}, error("Conflict", given)).message == read


@given(st.integers(200, 599), st.text(max_size=20), st.sampled_from(["code", "innerError", "more"]))
def test_no_message_and_no_body_leaves_a_reply(status: int, text: str, where: str) -> None:
    secret = "+31 612345678"
    body = {"error": {"message": f"{text}{secret}", where: f"{text} {secret}"}, "more": secret}
    reply = Reply(status, {}, body)
    assert secret not in f"{reply} {reply!r} {reply.failure(now)!r}"


def test_the_request_id_is_graphs() -> None:
    assert Reply(200, {"request-id": "7e9a1c52"}).request_id == "7e9a1c52"
    assert Reply(200, {}).request_id is None


# --- Retry-After -----------------------------------------------------------------------------------------------------

WAITS = [
    pytest.param("0", 0, id="none"),
    pytest.param("1", 1, id="a second"),
    pytest.param(" 17 ", 17, id="blanks around"),
    pytest.param("0120", 120, id="a leading zero"),
    pytest.param("9999999", 9_999_999, id="a hundred days"),
    pytest.param("Sun, 22 Nov 2026 10:01:30 GMT", 90, id="an HTTP date"),
    pytest.param("Sunday, 22-Nov-26 10:01:30 GMT", 90, id="an HTTP date of old"),
    pytest.param("Sun, 22 Nov 2026 11:01:30 +0100", 90, id="a date of another time zone"),
    pytest.param("Sun, 22 Nov 2026 09:59:00 GMT", 0, id="a date in the past"),
    pytest.param("Sun, 22 Nov 2026 10:00:00 GMT", 0, id="now"),
    pytest.param("Sun, 22 Nov 2026 10:01:30 -0000", None, id="a date of no time zone"),
    pytest.param("", None, id="empty"),
    pytest.param("soon", None, id="a word"),
    pytest.param("-5", None, id="negative"),
    pytest.param("0.249", 1, id="a fraction of a second"),
    pytest.param("1.5", 2, id="a fraction"),
    pytest.param("120.5", 121, id="two minutes and a fraction"),
    pytest.param("120.0", 120, id="a fraction of nothing"),
    pytest.param("0.0", 0, id="nothing, as a fraction"),
    pytest.param("7.00000000000000000001", 8, id="a fraction of twenty digits"),
    pytest.param(" 2.25 ", 3, id="blanks around a fraction"),
    pytest.param("-0.5", None, id="a negative fraction"),
    pytest.param(".5", None, id="a fraction without its second"),
    pytest.param("5.", None, id="a point without a fraction"),
    pytest.param("1,5", None, id="a comma"),
    pytest.param("1.5.2", None, id="two points"),
    pytest.param("1e3", None, id="an exponent"),
    pytest.param("+5", None, id="a sign"),
    pytest.param("nan", None, id="no number"),
    pytest.param("inf", None, id="for ever"),
    pytest.param("12345678.5", None, id="eight digits and a fraction"),
    pytest.param("1.000000000000000000001", None, id="a fraction of 21 digits"),
    pytest.param("99999999", None, id="eight digits"),
    pytest.param("٣", None, id="a digit of another script"),
    pytest.param("Sun, 99 Nov 2026 10:00:00 GMT", None, id="the 99th of November"),
]


@given(st.integers(0, 9_999_999), st.text("0123456789", min_size=1, max_size=20))
def test_k_a_fraction_of_a_second_is_never_a_shorter_wait(whole: int, fraction: str) -> None:
    wait = retry_after({"retry-after": f"{whole}.{fraction}"}, now)
    assert wait in (timedelta(seconds=whole), timedelta(seconds=whole + 1))
    assert wait >= timedelta(seconds=float(f"{whole}.{fraction}"))


@pytest.mark.parametrize(("text", "seconds"), WAITS)
def test_k_retry_after(text: str, seconds: int | None) -> None:
    asked = None if seconds is None else timedelta(seconds=seconds)
    assert retry_after({"retry-after": text}, now) == asked
    assert failure(429, retry_after=text) == Transient(THROTTLED, "429", asked)
    assert failure(503, retry_after=text) == Transient(UNAVAILABLE, "503", asked)


def test_without_retry_after_the_wait_is_ours_to_choose() -> None:
    assert retry_after({}, now) is None


@given(st.text(max_size=40) | st.datetimes().map(lambda at: at.strftime("%a, %d %b %Y %H:%M:%S +2359")))
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Fri, 31 Dec 9999 23:59:59 -2359")
@example("Sun, 22 Nov 2026 10:00:00 +99999999999999")
@example("Sun, 22 Nov 99999999999 10:00:00 GMT")
@example(", , , ,")
@example("1 " * 20)
def test_any_retry_after_is_a_wait_or_none(text: str) -> None:
    wait = retry_after({"retry-after": text}, lambda: datetime(2026, 1, 1, tzinfo=UTC))
    assert wait is None or wait >= timedelta(0)


# --- bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "body"),
    [
        pytest.param(b'{"value": []}', {"value": []}, id="JSON"),
        pytest.param('{"é": 1}'.encode(), {"é": 1}, id="UTF-8"),
        pytest.param(b"", None, id="empty"),
        pytest.param(b"<html></html>", None, id="HTML"),
        pytest.param(b'{"value": [', None, id="cut off"),
        pytest.param(b"\xff\xfe\xfa", None, id="not UTF-8"),
        pytest.param(b"9" * 5_000, None, id="a number of 5,000 digits"),
        pytest.param(b"[" * 100_000, None, id="deep lists"),
    ],
)
def test_a_body_is_json_or_nothing(content: bytes, body: object) -> None:
    assert parsed(content) == body


@given(st.binary(max_size=60) | st.text(max_size=30).map(json.dumps).map(str.encode))
def test_any_body_is_read(content: bytes) -> None:
    parsed(content)
