"""`reconcile --wait`: which look answers the request, how often the app is asked, and when to give up.

The request reaches the app at 17:00:05 by its own Date header.
"""

import json
from typing import Any

import httpx
import pytest

from tests.unit.operator_cli.fakes import USER, FakeApp, answer, explained, fake

GET, POST = f"GET /api/users/{USER}", f"POST /api/users/{USER}/reconcile"
QUEUED = answer(202, {"id": USER, "status": "queued"})
OLD, NEW, NEWER = "2026-11-23T16:00:00+00:00", "2026-11-23T17:00:05.1+00:00", "2026-11-23T17:00:06+00:00"
NOT_FOUND = answer(404, {"error": {"code": "notFound", "message": "Graph knows no such user"}})
BUSY = answer(503, {"error": {"code": "throttled", "message": "429"}})


def waiting(*explanations: Any) -> FakeApp:
    return fake((POST, QUEUED), *((GET, each) for each in explanations))


@pytest.mark.parametrize(
    ("explanations", "asked"),
    [
        ([explained("noop", OLD), explained("noop", OLD), explained("done", NEW)], 3),
        ([explained(None, None), explained(None, None), explained("done", NEW)], 3),
        ([NOT_FOUND, NOT_FOUND, BUSY, explained("done", NEW)], 4),
        # this look was recorded before the request, within the second that the Date header cuts off
        ([explained("done", NEW), explained("done", NEW), explained("noop", NEWER)], 3),
        # a look that fails for now is not complete: lookedAt stays
        ([explained("noop", OLD), explained("retry", OLD, "throttled"), explained("done", NEW)], 3),
    ],
)
def test_waits_for_a_look_begun_after_the_request(explanations: list[httpx.Response], asked: int) -> None:
    app = waiting(*explanations)
    result = app.run("reconcile", USER, "--wait", "--json")
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == explanations[-1].text
    assert sum(request.method == "GET" for request in app.requests) == asked


@pytest.mark.parametrize(
    ("outcome", "code"),
    [(word, 0) for word in ("done", "noop", "planned", "skipped", "held")]
    + [(word, 1) for word in ("refused", "parked", "gone")],
)
def test_how_it_ended(outcome: str, code: int) -> None:
    result = waiting(explained("noop", OLD), explained(outcome, NEW, "why")).run("reconcile", USER, "--wait")
    assert result.exit_code == code
    assert outcome in result.stdout
    assert (f"{outcome} (why)" in result.stderr) == (code == 1)


def test_gives_up_at_the_limit() -> None:
    app = waiting(explained("retry", OLD))
    result = app.run("reconcile", USER, "--wait", "--wait-limit", "60")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "retry" in result.stderr
    assert f"explain {USER}" in result.stderr
    assert 50 < app.time <= 60
    assert len(app.requests) < 20


def test_a_failure_ends_the_waiting() -> None:
    result = waiting(explained("noop", OLD), answer(401)).run("reconcile", USER, "--wait")
    assert result.exit_code == 3


def test_a_principal_name_is_looked_up_once() -> None:
    name = "ann@contoso.example"
    app = fake(
        (f"GET /api/users/{name}", explained("noop", OLD)),
        (f"POST /api/users/{name}/reconcile", QUEUED),
        (GET, explained("done", NEW)),
    )
    result = app.run("reconcile", name, "--wait", "--json")
    assert json.loads(result.stdout)["ledger"]["outcome"] == "done"
    assert [request.url.path for request in app.requests][-1] == f"/api/users/{USER}"


def test_without_a_date_header_this_clock_is_used() -> None:
    queued = answer(202, {"id": USER, "status": "queued"})
    del queued.headers["Date"]
    app = fake((POST, queued), (GET, explained("noop", OLD)), (GET, explained("done", "2999-01-01T00:00:00+00:00")))
    assert app.run("reconcile", USER, "--wait").exit_code == 0


def test_the_spinner_is_for_terminals_only() -> None:
    def stderr(**environ: str) -> str:
        app = waiting(explained("noop", OLD), explained("noop", OLD), explained("done", NEW))
        given = {"MFA_PREFILL_URL": "https://my-app.example", **environ}
        return app.run("reconcile", USER, "--wait", environ=given).stderr

    assert stderr() == ""
    assert "waiting for the app" in stderr(FORCE_COLOR="1")
