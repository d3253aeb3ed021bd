"""The hooks of azd and the administrator's script, against a stand-in for `az` and a web server of our own."""

import json
import os
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import ensure_subscription
import environment
import graph_permissions
import operator_calls
import pytest
import remove_traces
from azure_cli import AzFailed, az

from shared.permissions import ALL, needed
from shared.policy import Policy
from tests.infra.fake_az import FakeAz

IDENTITY = "00000000-0000-4000-8000-0000000000aa"
KEY = "a-function-key"
WANTED = [permission.name for permission in needed(Policy())]
LIVE = {"id": "sub-1", "resource": "users", "expires": "2026-12-20T10:00:00+00:00", "state": "live"}


@dataclass
class FakeApp:
    """Answers in order for each route, the last one for ever; notes what it was asked."""

    url: str = ""
    answers: dict[str, list[tuple[int, Any]]] = field(default_factory=dict)
    asked: list[tuple[str, str | None]] = field(default_factory=list)

    def answer(self, route: str, *answers: tuple[int, Any]) -> None:
        self.answers[route] = list(answers)


@pytest.fixture
def app() -> Iterator[FakeApp]:
    fake = FakeApp()

    class Handler(BaseHTTPRequestHandler):
        def _do(self) -> None:
            route = f"{self.command} {self.path}"
            fake.asked.append((route, self.headers.get("x-functions-key")))
            listed = fake.answers.get(route, [(404, None)])
            status, body = listed.pop(0) if len(listed) > 1 else listed[0]
            content = json.dumps(body).encode() if body is not None else b"<html>"
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _do  # noqa: N815 (the library's names)

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_port}"
    yield fake
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def fake_az(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeAz:
    fake = FakeAz(tmp_path)
    monkeypatch.setenv("PATH", fake.path())
    fake.answers("functionapp keys list", {"functionKeys": {"default": KEY}, "masterKey": "never"})
    fake.answers("functionapp stop", None)
    return fake


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, app: FakeApp, fake_az: FakeAz) -> None:
    outputs = {
        "AZURE_RESOURCE_GROUP": "rg-test",
        "AZURE_FUNCTION_APP_NAME": "func-test",
        "SERVICE_API_URI": app.url,
        "SERVICE_API_IDENTITY_PRINCIPAL_ID": IDENTITY,
        "GRAPH_PERMISSIONS": " ".join(WANTED),
        "ALERT_RECEIVERS": "1",
    }
    for name, value in outputs.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(operator_calls, "PAUSE", 0)


def teach_graph(fake: FakeAz, *held: str) -> None:
    """Microsoft Graph with every role there is, and an identity that holds some."""
    roles = [{"value": one.name, "id": one.app_role_id, "allowedMemberTypes": ["Application"]} for one in ALL]
    roles.append({"value": "User.Read.All", "id": "for-users", "allowedMemberTypes": ["User"]})
    assignments = [{"id": f"a-{one.name}", "appRoleId": one.app_role_id, "resourceId": "graph-sp"} for one in ALL]
    assignments.append({"id": "other", "appRoleId": "x", "resourceId": "another-api"})
    mine = [each for each in assignments if each["id"].removeprefix("a-") in (*held, "other")]
    fake.answers("--method get .*servicePrincipals.appId=", {"id": "graph-sp", "appRoles": roles})
    fake.answers("--method get .*appRoleAssignments", {"value": mine})
    fake.answers("--method post .*appRoleAssignments", {"id": "new"})
    fake.answers("--method delete .*appRoleAssignments", None)


# --- after a deployment -----------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("deployed")
def test_makes_the_subscription_with_the_key_and_asks_the_doctor(
    app: FakeApp, capsys: pytest.CaptureFixture[str]
) -> None:
    app.answer("POST /api/subscription", (200, LIVE))
    check = {"check": "User.Read.All", "state": "ok", "told": "granted (always)", "fix": ""}
    app.answer("GET /api/doctor", (200, {"fit": True, "checks": [check]}))
    assert ensure_subscription.main([]) == 0
    printed = capsys.readouterr()
    assert "sub-1" in printed.out
    assert "2026-12-20" in printed.out
    assert "ok       User.Read.All: granted (always)" in printed.out
    assert "Privileged Role Administrator" not in printed.out
    assert app.asked == [("POST /api/subscription", KEY), ("GET /api/doctor", KEY)]
    assert KEY not in printed.out + printed.err


@pytest.mark.usefixtures("deployed")
def test_waits_for_code_that_is_starting(app: FakeApp) -> None:
    """404 without a body of ours is the front end's."""
    app.answer("POST /api/subscription", (404, None), (503, None), (200, LIVE))
    assert ensure_subscription.main([]) == 0
    assert [route for route, _ in app.asked].count("POST /api/subscription") == 3


@pytest.mark.usefixtures("deployed")
def test_an_app_without_a_doctor_is_no_failure(app: FakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    app.answer("POST /api/subscription", (200, LIVE))
    assert ensure_subscription.main([]) == 0
    assert "has no doctor" in capsys.readouterr().out


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize("status", [502, 503])
def test_says_what_an_administrator_must_do_and_does_not_fail(
    app: FakeApp, capsys: pytest.CaptureFixture[str], status: int
) -> None:
    app.answer("POST /api/subscription", (status, {"error": {"code": "notAllowed", "message": "Graph said 403"}}))
    assert ensure_subscription.main([]) == 0
    printed = capsys.readouterr().out
    assert graph_permissions.command(IDENTITY, " ".join(WANTED)) in printed
    assert "Privileged Role Administrator" in printed


@pytest.mark.usefixtures("deployed")
def test_a_permission_that_only_the_doctor_misses(app: FakeApp, capsys: pytest.CaptureFixture[str]) -> None:
    """A subscription needs one permission; the rest shows when somebody looks."""
    app.answer("POST /api/subscription", (200, LIVE))
    check = {"check": WANTED[1], "state": "failed", "told": "missing", "fix": "a directory administrator grants it"}
    app.answer("GET /api/doctor", (200, {"fit": False, "checks": [check]}))
    assert ensure_subscription.main([]) == 0
    printed = capsys.readouterr().out
    assert "Not fit yet" in printed
    assert graph_permissions.command(IDENTITY, " ".join(WANTED)) in printed


@pytest.mark.usefixtures("deployed")
@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ((503, {"error": {"code": "settings", "message": "2 application settings need mending"}}), "/api/health"),
        ((500, None), "500"),
        ((401, None), "401"),
    ],
)
def test_other_failures_are_failures(
    app: FakeApp, capsys: pytest.CaptureFixture[str], answer: tuple[int, Any], says: str
) -> None:
    app.answer("POST /api/subscription", answer)
    assert ensure_subscription.main([]) == 1
    assert says in capsys.readouterr().out


@pytest.mark.usefixtures("deployed")
def test_without_rights_on_the_app_it_says_so(fake_az: FakeAz, capsys: pytest.CaptureFixture[str]) -> None:
    fake_az.refuses("functionapp keys list", "ERROR: AuthorizationFailed")
    assert ensure_subscription.main([]) == 1
    assert "AuthorizationFailed" in capsys.readouterr().err


def test_outside_of_azd_it_says_what_is_missing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("SERVICE_API_URI", raising=False)
    assert ensure_subscription.main([]) == 1
    assert "SERVICE_API_URI" in capsys.readouterr().err


@pytest.mark.usefixtures("deployed")
def test_without_azd_it_asks_azure_for_the_outputs(
    app: FakeApp, fake_az: FakeAz, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Azure answers with azurE_RESOURCE_GROUP and the like."""
    outputs = {name[:-1].lower() + name[-1]: {"value": os.environ[name]} for name in environment.OUTPUTS}
    for name in environment.OUTPUTS:
        monkeypatch.delenv(name)
    fake_az.answers("deployment sub show --name mfa-prefill", {"properties": {"outputs": outputs}})
    app.answer("POST /api/subscription", (200, LIVE))
    assert ensure_subscription.main(["--deployment", "mfa-prefill"]) == 0


@pytest.mark.usefixtures("deployed")
def test_says_that_alerts_reach_nobody(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("ALERT_RECEIVERS", "0")
    app.answer("POST /api/subscription", (200, LIVE))
    ensure_subscription.main([])
    assert "ALERT_EMAILS" in capsys.readouterr().out


def test_the_key_travels_over_https_only() -> None:
    with pytest.raises(operator_calls.Unreachable, match="not https"):
        operator_calls.App("http://app.example", KEY)


def test_an_app_that_never_answers_is_given_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operator_calls, "PAUSE", 0)
    dead = operator_calls.App("http://127.0.0.1:1", KEY)
    with pytest.raises(operator_calls.Unreachable, match="does not answer"):
        dead.call_when_started("POST", "/api/subscription", tries=3)


# --- before everything is deleted -------------------------------------------------------------------------------------


@pytest.mark.usefixtures("deployed")
def test_takes_back_subscription_and_permissions_and_stops_in_between(
    app: FakeApp, fake_az: FakeAz, capsys: pytest.CaptureFixture[str]
) -> None:
    teach_graph(fake_az, *WANTED)
    app.answer("DELETE /api/subscription", (200, {}))
    assert remove_traces.main([]) == 0
    assert app.asked == [("DELETE /api/subscription", KEY)]
    deleted = [" ".join(each) for each in fake_az.asked_for("--method delete")]
    assert len(deleted) == len(WANTED)
    assert not any("other" in each for each in deleted)
    assert fake_az.asked_for("functionapp stop")
    out = capsys.readouterr().out
    assert out.index("Subscription removed") < out.index("App stopped") < out.index("permissions revoked")


@pytest.mark.usefixtures("deployed")
def test_never_stops_azd_down(fake_az: FakeAz, capsys: pytest.CaptureFixture[str]) -> None:
    """No rights in the directory, none on the app, and a version without the route."""
    fake_az.refuses("rest", "ERROR: Forbidden")
    fake_az.refuses("functionapp stop", "ERROR: AuthorizationFailed")
    assert remove_traces.main([]) == 0
    out = capsys.readouterr().out
    for line in ("cannot remove its subscription", "App not stopped", f"revoke --identity {IDENTITY}"):
        assert line in out


def test_nothing_deployed_is_nothing_to_take_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SERVICE_API_URI", raising=False)
    assert remove_traces.main([]) == 0


# --- the administrator's script ---------------------------------------------------------------------------------------


def run(*arguments: str) -> int:
    return graph_permissions.main([*arguments, "--identity", IDENTITY])


def test_grants_what_is_missing_by_name_and_only_that(fake_az: FakeAz, capsys: pytest.CaptureFixture[str]) -> None:
    teach_graph(fake_az, "User.Read.All")
    assert run("grant", "--permissions", "User.Read.All GroupMember.Read.All") == 0
    [posted] = fake_az.asked_for("--method post")
    body = json.loads(posted[posted.index("--body") + 1])
    [wanted] = [one for one in ALL if one.name == "GroupMember.Read.All"]
    assert body == {"principalId": IDENTITY, "resourceId": "graph-sp", "appRoleId": wanted.app_role_id}
    assert "User.Read.All: was granted already" in capsys.readouterr().out


def test_waits_for_an_identity_that_is_not_known_yet(fake_az: FakeAz, monkeypatch: pytest.MonkeyPatch) -> None:
    teach_graph(fake_az)
    fake_az.refuses("once:--method post", "Not a valid reference update")
    monkeypatch.setattr(graph_permissions, "PAUSE", 0)
    assert run("grant", "--permissions", "User.Read.All") == 0
    assert len(fake_az.asked_for("--method post")) == 2


@pytest.mark.parametrize(
    ("held", "code"), [(WANTED, 0), (WANTED[1:], 1), ([*WANTED, "UserAuthenticationMethod.ReadWrite.All"], 1)]
)
def test_verifies_neither_too_little_nor_too_much(
    fake_az: FakeAz, capsys: pytest.CaptureFixture[str], held: list[str], code: int
) -> None:
    teach_graph(fake_az, *held)
    assert run("verify", "--permissions", " ".join(WANTED)) == code
    out = capsys.readouterr().out
    assert ("MISSING" in out) == (len(held) < len(WANTED))
    assert ("NOT NEEDED" in out) == (len(held) > len(WANTED))
    assert fake_az.asked_for("--method (post|delete)") == []


def test_revokes_one_or_all(fake_az: FakeAz) -> None:
    teach_graph(fake_az, *WANTED)
    assert run("revoke", "--permissions", "User.Read.All") == 0
    assert len(fake_az.asked_for("--method delete")) == 1
    assert run("revoke") == 0
    assert len(fake_az.asked_for("--method delete")) == 1 + len(WANTED)


def test_refuses_what_the_app_never_needs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        run("grant", "--permissions", "Directory.ReadWrite.All")
    assert ended.value.code == 2
    assert "never needs" in capsys.readouterr().err


def test_grant_and_verify_need_names() -> None:
    with pytest.raises(SystemExit):
        run("verify")


def test_a_role_that_this_cloud_does_not_have(fake_az: FakeAz) -> None:
    teach_graph(fake_az)
    fake_az.answers("--method get .*servicePrincipals.appId=", {"id": "graph-sp", "appRoles": []})
    assert run("grant", "--permissions", "User.Read.All") == 1


def test_without_rights_in_the_directory(fake_az: FakeAz, capsys: pytest.CaptureFixture[str]) -> None:
    fake_az.refuses("rest", "ERROR: Authorization_RequestDenied")
    assert run("grant", "--permissions", "User.Read.All") == 3
    assert "az login" in capsys.readouterr().err


def test_no_azure_cli(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AzFailed, match="not installed"):
        az("version")
