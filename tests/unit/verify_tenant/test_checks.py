"""Every check on its own: total on odd answers, documented, and asking for the permissions that it uses."""

import pytest

from dev.verify_tenant import pages
from dev.verify_tenant.__main__ import wanted_permissions
from dev.verify_tenant.check import Check, Trace, Verdict
from dev.verify_tenant.checks import CHECKS, CREATION, FIRST, chosen
from dev.verify_tenant.exchange import Answer
from dev.verify_tenant.identity import Identity
from dev.verify_tenant.judgement import judge
from dev.verify_tenant.options import Options
from dev.verify_tenant.permissions import SETUP

ODD_BODIES: tuple[object, ...] = (
    None,
    [],
    "text",
    {},
    {"value": None},
    {"value": [None, {"id": 1}]},
    {"error": {"code": None}},
    {"id": []},
)
APP = Identity(app_only=True, known=True)

each = pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.id)


@each
@pytest.mark.parametrize("status", [200, 201, 204, 400, 404, 409, 500])
def test_expectations_are_total(check: Check, status: int) -> None:
    for body in ODD_BODIES:
        labels = {label for expectation in check.expectations for label in expectation.on}
        trace = Trace(answers={label: Answer(status, body=body) for label in labels})
        assert {finding.verdict for finding in judge(check, trace, APP)} <= set(Verdict)


@each
def test_expectations_say_what_they_expect(check: Check) -> None:
    assert check.title
    assert check.expectations
    for expectation in check.expectations:
        assert expectation.words
        assert expectation.unclear


@each
def test_an_option_of_a_check_exists_and_is_explained(check: Check) -> None:
    if check.option:
        assert not Options().has(check.option)
        assert check.option in pages.OPTIONS


def test_the_page_about_runs_is_level_with_the_code() -> None:
    text = pages.RUN_PAGE.read_text(encoding="utf-8")
    assert text == pages.run_page(text), "run `python -m dev.verify_tenant.pages`"
    assert all(f"| `{check.id}` |" in text for check in CHECKS)


def test_a_sign_in_asks_for_what_the_chosen_checks_need_and_for_nothing_else() -> None:
    setup = {need.least for need in (*SETUP, *CREATION.needs)}
    assert set(wanted_permissions(Options(only=("bad-token",)))) == setup
    plain = set(wanted_permissions(Options()))
    assert plain == setup | {need.least for check in CHECKS if not check.option for need in check.needs}
    assert set(wanted_permissions(Options(guest="me@fabrikam.example"))) - plain == {"User.Invite.All"}
    assert not {
        name for name in plain if name.startswith(("Directory.", "AppRoleAssignment.", "RoleManagement.ReadWrite"))
    }


def test_the_permissions_of_the_page_are_those_of_a_sign_in() -> None:
    table = pages.permissions_table()
    assert [line.split("`")[1] for line in table.splitlines()[2:]] == list(wanted_permissions(Options()))


def test_the_user_is_made_before_it_is_asked_about_and_deleted_last() -> None:
    order = [check.id for check in CHECKS]
    before = order[: order.index(CREATION.id)]
    assert before == ["subscription-create"]
    assert order[-2:] == ["soft-delete", "restore"]
    assert order[-3] == "throttle-shape", "after everything that could be throttled"


def test_what_builds_on_another_check_comes_after_it() -> None:
    order = [check.id for check in CHECKS]
    for later, earlier in FIRST.items():
        assert order.index(earlier) < order.index(later)
        assert [check.id for check in chosen((later,))] == [
            name for name in order if name in {later, earlier, CREATION.id}
        ]
    assert chosen(()) == CHECKS


def test_checks_that_wait_come_after_those_that_do_not() -> None:
    quick = [number for number, check in enumerate(CHECKS) if not check.long and check.id != "throttle-shape"]
    waiting = [number for number, check in enumerate(CHECKS) if check.long and check.id != "creation-notifications"]
    assert max(quick) < min(waiting)
