"""Every answer of the app and the exit code it gives. stderr: one line at most; stdout with --json: the JSON alone."""

from typing import Any

import httpx
import pytest

from tests.unit.operator_cli.fakes import KEY, URL, USER, answer, explained, fake

SETTINGS = {"error": {"code": "settings", "message": "2 application settings need mending"}}
NOT_FOUND = {"error": {"code": "notFound", "message": "Graph knows no such user"}}
BAD_USER = {"error": {"code": "badUser", "message": "give an object id or a user principal name"}}
THROTTLED = {"error": {"code": "throttled", "message": "429 TooManyRequests"}}
NOT_ALLOWED = {"error": {"code": "notAllowed", "message": "403: grant the role"}}
HEALTHY = {"status": "healthy", "settings": "ok", "storage": "ok", "subscription": "live", "writes": "ok"}
PAUSED = HEALTHY | {"writes": "paused"}
TRIPPED = HEALTHY | {"status": "unhealthy", "writes": "tripped"}
EXPIRED = {"status": "unhealthy", "settings": "ok", "storage": "ok", "subscription": "expired"}
NO_STORAGE = {"status": "unhealthy", "settings": "ok", "storage": "unreachable", "subscription": "unknown"}
WRONG = {"status": "unhealthy", "settings": "wrong", "wrong": ["PREFILL_SECRET"]}
SWITCH = {"paused": True, "by": "operator", "at": "2026-11-23T17:00:00+00:00", "detail": "drill"}
BAD_REASON = {"error": {"code": "badReason", "message": "it could be a phone number"}}
LIVE = {"state": "live", "id": "s", "expires": "2026-12-21T16:52:58+00:00"}
GET_USER = f"GET /api/users/{USER}"
POST_USER = f"POST /api/users/{USER}/reconcile"

FINE = {"check": "mode", "state": "ok", "told": "apply", "fix": None}
MISSING = {"check": "User.Read.All", "state": "failed", "told": "missing", "fix": "grant it"}
REPLAY = "POST /api/parked/replay"
DEGRADED = EXPIRED | {"subscription": "degraded"}
UNREADABLE = TRIPPED | {"writes": "ok", "reading": "unreadable"}
LATE = TRIPPED | {"writes": "ok", "reading": "ok", "sweep": "late"}

TABLE: list[tuple[str, str, httpx.Response | Exception, int, str]] = [
    ("health", "GET /api/health", answer(200, HEALTHY), 0, ""),
    ("health", "GET /api/health", answer(503, EXPIRED), 1, "subscription ensure"),
    ("health", "GET /api/health", answer(200, PAUSED), 0, ""),
    ("health", "GET /api/health", answer(503, DEGRADED), 1, "does not renew the subscription"),
    ("health", "GET /api/health", answer(503, TRIPPED), 1, "mfa-prefill resume"),
    ("health", "GET /api/health", answer(503, TRIPPED | {"subscription": "expired"}), 1, "subscription ensure"),
    ("health", "GET /api/health", answer(503, UNREADABLE), 1, "roles or groups"),
    ("health", "GET /api/health", answer(503, LATE), 1, "no sweep"),
    ("health", "GET /api/health", answer(503, NO_STORAGE), 1, "AzureWebJobsStorage"),
    ("health", "GET /api/health", answer(503, WRONG), 1, "PREFILL_SECRET"),
    ("health", "GET /api/health", answer(503, "Service Unavailable"), 3, "503"),
    ("health", "GET /api/health", answer(503, "[]"), 3, "503"),
    ("health", "GET /api/health", answer(500), 3, "Application Insights"),
    ("health", "GET /api/health", answer(404, {"status": 404}), 3, "--url"),
    ("health", "GET /api/health", answer(404), 3, "--url"),
    ("report", "GET /api/report", answer(200, {"users": 0}), 0, ""),
    ("report", "GET /api/report", answer(200, "<html>"), 3, "--url"),
    ("report", "GET /api/report", answer(301, Location="https://elsewhere.example"), 3, "--url"),
    ("report", "GET /api/report", answer(401), 3, "MFA_PREFILL_KEY"),
    ("report", "GET /api/report", answer(403, "Site stopped"), 3, "not allowed"),
    ("report", "GET /api/report", answer(500), 3, "Application Insights"),
    ("report", "GET /api/report", answer(503, SETTINGS), 3, "mfa-prefill health"),
    ("report", "GET /api/report", answer(429, THROTTLED), 3, "throttled"),
    ("report", "GET /api/report", httpx.ConnectError("Connection refused"), 3, "Connection refused"),
    ("report", "GET /api/report", httpx.ReadTimeout("slow"), 3, "--timeout"),
    (f"explain {USER}", GET_USER, explained("done", "2026-11-23T16:00:00+00:00"), 0, ""),
    (f"explain {USER}", GET_USER, explained("refused", "2026-11-23T16:00:00+00:00"), 0, ""),
    (f"explain {USER}", GET_USER, answer(404, NOT_FOUND), 1, "no such user"),
    (f"explain {USER}", GET_USER, answer(400, BAD_USER), 1, "principal name"),
    (f"explain {USER}", GET_USER, answer(404), 3, "--url"),
    (f"explain {USER}", GET_USER, answer(502, NOT_ALLOWED), 3, "grant the role"),
    (f"explain {USER}", GET_USER, answer(503, THROTTLED), 3, "throttled"),
    (f"reconcile {USER}", POST_USER, answer(202, {"id": USER, "status": "queued"}), 0, ""),
    (f"reconcile {USER}", POST_USER, answer(404, NOT_FOUND), 1, "no such user"),
    (f"clear {USER}", f"POST /api/users/{USER}/clear", answer(202, {"id": USER, "status": "queued"}), 0, ""),
    ("subscription remove", "DELETE /api/subscription", answer(200, {"state": "removed", "deleted": []}), 0, ""),
    ("doctor", "GET /api/doctor", answer(200, {"fit": True, "checks": [FINE]}), 0, ""),
    ("doctor", "GET /api/doctor", answer(200, {"fit": False, "checks": [FINE, MISSING]}), 1, "failed: User.Read.All"),
    ("parked", "GET /api/parked", answer(200, {"count": 0, "parked": []}), 0, ""),
    ("parked list", "GET /api/parked", answer(200, {"count": 0, "parked": []}), 0, ""),
    ("parked replay --all", REPLAY, answer(202, {"queued": 2, "users": [USER], "left": []}), 0, ""),
    (f"parked replay {USER}", REPLAY, answer(202, {"queued": 0, "users": [], "left": ["m"]}), 1, "mfa-prefill parked"),
    ("pause", "POST /api/pause", answer(200, SWITCH), 0, ""),
    ("pause --reason drill", "POST /api/pause", answer(200, SWITCH), 0, ""),
    ("pause --reason 0612345678", "POST /api/pause", answer(400, BAD_REASON), 1, "phone number"),
    ("pause", "POST /api/pause", answer(401), 3, "MFA_PREFILL_KEY"),
    ("resume", "POST /api/resume", answer(200, SWITCH | {"paused": False}), 0, ""),
    ("resume", "POST /api/resume", answer(404), 3, "--url"),
    ("subscription", "GET /api/subscription", answer(200, LIVE), 0, ""),
    ("subscription show", "GET /api/subscription", answer(200, LIVE), 0, ""),
    ("subscription show", "GET /api/subscription", answer(200, {"state": "expired"}), 1, "subscription ensure"),
    ("subscription show", "GET /api/subscription", answer(200, {"state": "none"}), 1, "subscription ensure"),
    ("subscription show", "GET /api/subscription", answer(200, {"state": "degraded"}), 1, "still delivers"),
    ("subscription ensure", "POST /api/subscription", answer(200, LIVE), 0, ""),
    ("subscription ensure", "POST /api/subscription", answer(200, {"state": "degraded"}), 1, "still delivers"),
    ("subscription ensure", "POST /api/subscription", answer(502, NOT_ALLOWED), 3, "grant the role"),
]


@pytest.mark.parametrize("as_json", [False, True])
@pytest.mark.parametrize(("command", "route", "given", "code", "word"), TABLE)
def test_exit_code(
    command: str, route: str, given: httpx.Response | Exception, code: int, word: str, as_json: bool
) -> None:
    app = fake((route, given))
    result = app.run(*command.split(), *(["--json"] if as_json else []))
    assert (result.exit_code, bool(result.stderr)) == (code, code != 0), result.output
    assert len(result.stderr.splitlines()) <= 1
    assert word in result.stderr
    if as_json:
        text = given.text if isinstance(given, httpx.Response) and given.text.startswith("{") else ""
        assert result.stdout.strip() == text
    assert KEY not in result.output


USAGE: list[tuple[str, dict[str, str]]] = [
    ("report", {}),
    ("report --url", {}),
    ("report", {"MFA_PREFILL_URL": "http://my-app.example"}),
    ("report", {"MFA_PREFILL_URL": f"{URL}/?code={KEY}"}),
    ("report", {"MFA_PREFILL_URL": f"https://{KEY}@my-app.example"}),
    ("report", {"MFA_PREFILL_URL": "https://my-app.example:port"}),
    ("report", {"MFA_PREFILL_URL": "my-app.example"}),
    ("report", {"MFA_PREFILL_URL": URL, "MFA_PREFILL_KEY": f"{KEY} {KEY}"}),
    ("report", {"MFA_PREFILL_URL": URL, "MFA_PREFILL_KEY": f"{KEY}\u2026"}),
    ("report --timeout 0", {"MFA_PREFILL_URL": URL}),
    ("explain", {"MFA_PREFILL_URL": URL}),
    ("explain nobody", {"MFA_PREFILL_URL": URL}),
    ("explain ../report", {"MFA_PREFILL_URL": URL}),
    ("explain a@b/../../report", {"MFA_PREFILL_URL": URL}),
    ("subscription destroy", {"MFA_PREFILL_URL": URL}),
    ("", {"MFA_PREFILL_URL": URL}),
]


@pytest.mark.parametrize(("line", "environ"), USAGE)
def test_usage_is_2_and_nothing_is_sent(line: str, environ: dict[str, str]) -> None:
    app = fake()
    result = app.run(*line.split(), environ=environ)
    assert result.exit_code == 2, result.output
    assert app.requests == []
    assert KEY not in result.output


@pytest.mark.parametrize("line", ["--help", "health --help", "reconcile --help", "subscription --help"])
def test_help_needs_no_address(line: str) -> None:
    assert fake().run(*line.split(), environ={}).exit_code == 0


def documents() -> list[dict[str, Any]]:
    return [HEALTHY, PAUSED, EXPIRED, NO_STORAGE, WRONG]


@pytest.mark.parametrize("document", documents())
def test_health_shows_each_word(document: dict[str, Any]) -> None:
    result = fake(("GET /api/health", answer(200 if document["status"] == "healthy" else 503, document))).run("health")
    for value in document.values():
        assert (value[0] if isinstance(value, list) else value) in result.stdout
