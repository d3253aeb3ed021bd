"""`mfa-prefill backfill`: what is asked, how it waits, how it ends."""

import json
from typing import Any

import httpx
import pytest

from tests.unit.operator_cli.fakes import KEY, USER, FakeApp, answer, fake

RUN = "0123456789ab"
PLAN, GET = "POST /api/runs", f"GET /api/runs/{RUN}"
APPLY, CANCEL = f"POST /api/runs/{RUN}/apply", f"POST /api/runs/{RUN}/cancel"
NOT_FOUND = {"error": {"code": "noSuchRun", "message": "no such run"}}
ACTIVE = {"error": {"code": "runActive", "message": f"run {RUN} is planning: wait for it, or cancel it"}}
PLAN_MODE = {"error": {"code": "planMode", "message": "PREFILL_MODE is plan"}}
BUSY = {"error": {"code": "storageUnavailable", "message": "HttpResponseError"}}
ITEM = {
    "id": USER,
    "state": "planned",
    "outcome": "planned",
    "reasons": [],
    "actions": ["add mobile +31 ••••••78", "set MFA state enabled"],
    "source": "mobilePhone, read as NL (usageLocation)",
}


def page(state: str, progress: float = 1.0, **more: Any) -> httpx.Response:
    document = {
        "id": RUN,
        "state": state,
        "createdAt": "2026-11-23T17:00:00+00:00",
        "startedAt": "2026-11-23T17:00:00+00:00",
        "asOf": "2026-11-23T17:01:00+00:00",
        "users": 100,
        "looked": round(100 * progress),
        "open": round(100 * (1 - progress)),
        "progress": progress,
        "perMinute": 40.0,
        "estimatedEnd": "2026-11-23T17:02:00+00:00" if progress < 1 else None,
        "outcomes": {"planned": 1},
        "reasons": {},
        "actions": {"addPhone": 1, "setMfaState": 1},
        "failures": 0,
        "items": [ITEM],
        "next": None,
    }
    return answer(200, document | more)


def begun(state: str) -> httpx.Response:
    return answer(202, {"id": RUN, "state": state})


TABLE: list[tuple[str, str, httpx.Response, int, str]] = [
    ("plan", PLAN, begun("planning"), 0, ""),
    ("plan", PLAN, answer(409, ACTIVE), 1, RUN),
    ("plan", PLAN, answer(401), 3, "MFA_PREFILL_KEY"),
    (f"show {RUN}", GET, page("planning", 0.5), 0, ""),
    (f"show {RUN}", GET, page("planning", 0.5, failures=1), 0, ""),
    (f"show {RUN}", GET, page("planned"), 0, ""),
    (f"show {RUN}", GET, page("planned", failures=3), 1, "3 failed"),
    (f"show {RUN}", GET, page("applied", failures=1), 1, f"backfill show {RUN}"),
    (f"show {RUN}", GET, page("cancelled", 0.5), 0, ""),
    (f"show {RUN}", GET, answer(404, NOT_FOUND), 1, "no such run"),
    (f"show {RUN}", GET, answer(503, BUSY), 3, "storageUnavailable"),
    (f"show {RUN} --after {USER}", f"{GET}?after={USER}", page("planned"), 0, ""),
    (f"apply {RUN}", APPLY, begun("applying"), 0, ""),
    (f"apply {RUN}", APPLY, answer(409, PLAN_MODE), 1, "PREFILL_MODE"),
    (f"cancel {RUN}", CANCEL, answer(200, {"id": RUN, "state": "cancelled"}), 0, ""),
    (f"cancel {RUN}", CANCEL, answer(404, NOT_FOUND), 1, "no such run"),
]


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(("command", "route", "given", "code", "word"), TABLE)
def test_exit_code(command: str, route: str, given: httpx.Response, code: int, word: str, as_json: bool) -> None:
    result = fake((route, given)).run("backfill", *command.split(), *(["--json"] if as_json else []))
    assert (result.exit_code, bool(result.stderr)) == (code, code != 0), result.output
    assert len(result.stderr.splitlines()) <= 1
    assert word in result.stderr
    if as_json:
        assert result.stdout.strip() == (given.text if given.text.startswith("{") else "")
    assert KEY not in result.output


@pytest.mark.parametrize(
    "line",
    [
        "",
        "undo",
        "show",
        "apply",
        "cancel",
        "show ../users",
        "apply 0123456789AB",
        "plan anna@contoso.example",
        f"plan {USER} nobody",
        f"show {RUN} --after x",
        f"apply {RUN} --wait --wait-limit -1",
    ],
)
def test_usage_is_2_and_nothing_is_sent(line: str) -> None:
    app = fake()
    assert app.run("backfill", *line.split()).exit_code == 2
    assert app.requests == []


def test_whom_a_run_is_about_travels_in_the_body() -> None:
    app = fake((PLAN, begun("planning")))
    app.run("backfill", "plan")
    app.run("backfill", "plan", USER, USER)
    everybody, named = app.requests
    assert everybody.content == b""
    assert json.loads(named.content) == {"users": [USER, USER]}


@pytest.mark.parametrize(
    ("line", "first", "pages", "code"),
    [
        ("plan --wait", (PLAN, begun("planning")), [page("planning", 0.1), page("planning", 0.9), page("planned")], 0),
        ("plan --wait", (PLAN, begun("planning")), [page("planning", 0.1), page("planned", failures=1)], 1),
        ("plan --wait", (PLAN, begun("planning")), [answer(503, BUSY), answer(429, BUSY), page("planned")], 0),
        ("plan --wait", (PLAN, begun("planning")), [page("cancelled", 0.1)], 1),
        (f"apply {RUN} --wait", (APPLY, begun("applying")), [page("applying", 0.5), page("applied")], 0),
        (f"apply {RUN} --wait", (APPLY, begun("applying")), [page("superseded", 0.5)], 1),
    ],
)
def test_waiting_ends_when_the_phase_does(
    line: str, first: tuple[str, httpx.Response], pages: list[httpx.Response], code: int
) -> None:
    app = fake(first, *((GET, each) for each in pages))
    result = app.run("backfill", *line.split(), "--json")
    assert result.exit_code == code, result.output
    assert result.stdout.strip() == pages[-1].text
    assert len(app.requests) == 1 + len(pages)


def test_show_waits_too() -> None:
    app = fake(*((GET, each) for each in (page("applying", 0.5), page("applied"))))
    result = app.run("backfill", "show", RUN, "--wait", "--json")
    assert json.loads(result.stdout)["state"] == "applied"


def test_gives_up_at_the_limit() -> None:
    app = fake((PLAN, begun("planning")), (GET, page("planning", 0.25)))
    result = app.run("backfill", "plan", "--wait", "--wait-limit", "60")
    assert (result.exit_code, result.stdout) == (1, "")
    assert f"(25%); it goes on, see: mfa-prefill backfill show {RUN}" in result.stderr
    assert 50 < app.time <= 60
    assert len(app.requests) < 20


def test_a_failure_ends_the_waiting() -> None:
    assert fake((PLAN, begun("planning")), (GET, answer(401))).run("backfill", "plan", "--wait").exit_code == 3


def waited(**environ: str) -> str:
    app: FakeApp = fake((PLAN, begun("planning")), (GET, page("planning", 0.5)), (GET, page("planned")))
    return app.run(
        "backfill", "plan", "--wait", environ={"MFA_PREFILL_URL": "https://my-app.example", **environ}
    ).stderr


def test_the_bar_is_for_terminals_only() -> None:
    assert waited() == ""
    told = waited(FORCE_COLOR="1", TERM="xterm-256color", COLUMNS="200")
    assert "100 users" in told
    assert "a minute" in told


def test_what_a_person_reads() -> None:
    shown = fake((GET, page("planned", next=USER, reasons={"notMobile": 2}))).run("backfill", "show", RUN).stdout
    for text in (
        "planned",
        "100%",
        "addPhone",
        "notMobile",
        "add mobile +31 ••••••78",
        "2026-11-23 17:01:00 UTC",
        USER,
    ):
        assert text in shown
    assert "estimated end" not in shown
