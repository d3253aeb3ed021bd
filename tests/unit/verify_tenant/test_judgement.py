"""From answers to verdicts: what fits, what differs, and what says nothing."""

import pytest

from dev.verify_tenant.bench import Bench
from dev.verify_tenant.check import Check, Expectation, Trace, Verdict, answers, check, shows
from dev.verify_tenant.exchange import Answer
from dev.verify_tenant.identity import Identity
from dev.verify_tenant.judgement import Finding, judge, not_tried

APP, PERSON, STRANGER = Identity(app_only=True, known=True), Identity(known=True), Identity()


def one(expectation: Expectation) -> Check:
    @check("a-check", "A check", expectation, needs=())
    async def made(bench: Bench) -> None:
        """Ask nothing."""

    return made


def verdict(expectation: Expectation, identity: Identity = APP, failure: str = "", **told: Answer) -> Finding:
    [finding] = judge(one(expectation), Trace(answers=dict(told), failure=failure), identity)
    return finding


def refused(status: int, code: str = "badRequest") -> Answer:
    return Answer(status, body={"error": {"code": code, "message": "+49 1713920012 is bad"}})


BAD = answers("phone-exists-400", "second", 400)
BAD_CODE = answers("twin-code", "twin", 409, "ObjectIdentifierInUse")


@pytest.mark.parametrize(
    ("expectation", "told", "expected"),
    [
        (BAD, {"second": refused(400)}, Verdict.AS_ASSUMED),
        (BAD, {"second": refused(400, "whatever")}, Verdict.AS_ASSUMED),
        (BAD, {"second": refused(409)}, Verdict.DIFFERENT),
        (BAD, {"second": Answer(201)}, Verdict.DIFFERENT),
        (BAD_CODE, {"twin": refused(409, "ObjectIdentifierInUse")}, Verdict.AS_ASSUMED),
        (BAD_CODE, {"twin": refused(409, "Conflict")}, Verdict.DIFFERENT),
        (BAD_CODE, {"twin": Answer(409)}, Verdict.DIFFERENT),
        (BAD, {}, Verdict.NOT_TRIED),
        (BAD, {"first": refused(400)}, Verdict.NOT_TRIED),
    ],
)
def test_statuses_and_codes(expectation: Expectation, told: dict[str, Answer], expected: Verdict) -> None:
    [found] = judge(one(expectation), Trace(answers=told), APP)
    assert found.verdict is expected


@pytest.mark.parametrize("status", [0, 401, 408, 429, 500, 502, 503, 504])
def test_what_says_something_about_the_moment_only_is_no_verdict(status: int) -> None:
    found = verdict(BAD, second=refused(status, "Busy") if status else Answer(0))
    assert found.verdict is Verdict.NOT_TRIED
    assert found.detail == ("second: no answer" if status == 0 else f"second: {status} Busy")


@pytest.mark.parametrize(
    ("identity", "expected"),
    [(APP, Verdict.DIFFERENT), (PERSON, Verdict.NOT_TRIED), (STRANGER, Verdict.NOT_TRIED)],
)
def test_a_403_tells_something_only_to_an_application_that_holds_the_permission(
    identity: Identity, expected: Verdict
) -> None:
    assert verdict(BAD, identity, second=refused(403, "accessDenied")).verdict is expected


def test_a_status_that_is_expected_is_an_answer_whoever_asks() -> None:
    denied = answers("methods-denied-code", "methods", 403, "accessDenied")
    assert verdict(denied, PERSON, methods=refused(403, "accessDenied")).verdict is Verdict.AS_ASSUMED
    lenient = answers("bad-mfa-state-400", "bad", 400, conclusive=(500,))
    assert verdict(lenient, PERSON, bad=refused(500)).verdict is Verdict.DIFFERENT


def test_all_of_the_named_answers_must_fit() -> None:
    both = answers("absent-phone-404", ("read", "delete"), 404)
    assert verdict(both, read=refused(404), delete=refused(404)).verdict is Verdict.AS_ASSUMED
    assert verdict(both, read=refused(404), delete=Answer(204)).verdict is Verdict.DIFFERENT
    assert verdict(both, read=refused(404)).verdict is Verdict.NOT_TRIED


def test_answers_that_do_not_tell_are_no_verdict_and_say_why() -> None:
    undecided = shows("replication-404", "read", "404", lambda trace: None, unclear="it was there at once")
    assert verdict(undecided, read=Answer(200)) == Finding(
        "replication-404", Verdict.NOT_TRIED, "404", "it was there at once"
    )
    assert verdict(undecided, failure="out of patience", read=Answer(200)).detail == "out of patience"


def test_what_was_answered_before_a_check_failed_is_judged() -> None:
    found = judge(
        Check("a", "A", one(BAD).ask, (BAD, BAD_CODE), ()),
        Trace(answers={"second": refused(400)}, failure="preparation failed"),
        APP,
    )
    assert [finding.verdict for finding in found] == [Verdict.AS_ASSUMED, Verdict.NOT_TRIED]
    assert found[1].detail == "preparation failed"


def test_only_an_application_can_tell_what_an_application_sees() -> None:
    whole = shows("app-only-unmasked", "list", "the complete number", lambda trace: True, app_only=True)
    assert verdict(whole, APP, list=Answer(200)).verdict is Verdict.AS_ASSUMED
    assert verdict(whole, PERSON, list=Answer(200)).verdict is Verdict.NOT_TRIED


def test_a_verdict_quotes_codes_and_no_messages() -> None:
    assert verdict(BAD, second=refused(409, "conflict")).detail == "second: 409 conflict"


def test_a_check_that_is_not_asked_says_so_for_each_of_its_assumptions() -> None:
    check_of_two = Check("a", "A", one(BAD).ask, (BAD, BAD_CODE), ())
    found = not_tried(check_of_two, "needs --guest")
    assert {finding.verdict for finding in found} == {Verdict.NOT_TRIED}
    assert [finding.assumption for finding in found] == ["phone-exists-400", "twin-code"]


ODD: tuple[object, ...] = (
    None,
    [],
    "text",
    {"error": "text"},
    {"error": {"code": 7}},
    {"value": "text"},
    {"value": [1]},
    {"responses": [1]},
)


@pytest.mark.parametrize("body", ODD, ids=str)
def test_odd_bodies_read_as_nothing(body: object) -> None:
    answer = Answer(400, body=body)
    assert (answer.code, answer.message, answer.values, answer.part("1").status) == ("", "", [], 0)
