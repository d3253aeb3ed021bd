"""What goes over the wire: where to, with which key, and that it goes nowhere else."""

import json

import pytest

from operator_cli.client import Client
from operator_cli.group import hoist
from operator_cli.inputs import base_url
from tests.unit.operator_cli.fakes import KEY, URL, USER, answer, explained, fake

REPORT = ("GET /api/report", answer(200, {"users": 0}))


def test_the_key_travels_in_its_header_only() -> None:
    app = fake(REPORT)
    app.run("report")
    (request,) = app.requests
    assert request.headers["x-functions-key"] == KEY
    assert KEY not in str(request.url)
    assert [value for name, value in request.headers.items() if KEY in value and name != "x-functions-key"] == []


def test_the_reason_of_a_pause_travels_in_the_body() -> None:
    app = fake(("POST /api/pause", answer(200, {"paused": True})))
    app.run("pause", "--reason", "wrong feed")
    app.run("pause")
    said, silent = app.requests
    assert (json.loads(said.content), said.url.query) == ({"reason": "wrong feed"}, b"")
    assert silent.content == b""


def test_no_key_no_header() -> None:
    app = fake(REPORT)
    app.run("report", environ={"MFA_PREFILL_URL": URL})
    assert "x-functions-key" not in app.requests[0].headers


def test_a_redirect_is_not_followed() -> None:
    app = fake(("GET /api/report", answer(302, Location="https://elsewhere.example/api/report")))
    app.run("report")
    assert [request.url.host for request in app.requests] == ["my-app.example"]


@pytest.mark.parametrize(
    "given",
    [URL, f"{URL}/", f"{URL}/api", f"{URL}/api/", f" {URL} "],
)
def test_the_same_address(given: str) -> None:
    assert base_url(given) == URL


@pytest.mark.parametrize("given", ["http://127.0.0.1:7071", "http://localhost:7071", "http://[::1]:7071"])
def test_http_to_loopback(given: str) -> None:
    assert base_url(given) == given


def test_a_proxy_of_the_environment_never_sees_plain_http(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://proxy.example:3128")
    with Client("http://127.0.0.1:7071", KEY, 1.0) as client:
        assert client._http.trust_env is False
    with Client(URL, KEY, 1.0) as client:
        assert client._http.trust_env is True


def test_a_guests_principal_name_is_quoted() -> None:
    path = "/api/users/ann_fabrikam.example%23EXT%23@contoso.example"
    app = fake((f"GET {path}", explained("skipped", "2026-11-23T16:00:00+00:00", "guest")))
    assert app.run("explain", "ann_fabrikam.example#EXT#@contoso.example").exit_code == 0


@pytest.mark.parametrize(
    "line",
    [
        "--url {url} --key {key} --json report",
        "report --json --key {key} --url {url}",
        "report --url={url} --key={key} --json",
        "--json report --url {url} --key {key}",
    ],
)
def test_global_options_stand_anywhere(line: str) -> None:
    app = fake(REPORT)
    result = app.run(*line.format(url=URL, key=KEY).split(), environ={})
    assert (result.exit_code, result.stdout) == (0, '{"users": 0}\n')
    assert app.requests[0].headers["x-functions-key"] == KEY


def test_hoist_leaves_the_rest_alone() -> None:
    def moved(line: str) -> str:
        return " ".join(hoist(line.split(), {"--json"}, {"--url"}))

    assert moved("reconcile u --wait --json") == "--json reconcile u --wait"
    assert moved("explain -- --json --url x") == "explain -- --json --url x"
    assert moved("report --url") == "report --url"
    assert moved("report --json=1 --url=") == "--url= report --json=1"


def test_the_options_do_not_print_the_key() -> None:
    from operator_cli.session import Options, World

    assert KEY not in repr(Options(URL, KEY, False, 1.0, World()))
    assert USER not in repr(Options(URL, KEY, False, 1.0, World()))
