"""The status page, saved for a browser."""

from pathlib import Path

import httpx
import pytest

from tests.unit.operator_cli.fakes import KEY, answer, fake

HTML = "<!doctype html><title>MFA Prefill: status</title><p>\N{BULLET}\N{BULLET}78</p>"


def test_the_page_is_saved_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "status.html"
    path.write_text("what was there before")
    path.chmod(0o644)
    app = fake(("GET /api/report", answer(200, HTML)))
    result = app.run("report", "--page", str(path))
    assert (result.exit_code, result.stdout) == (0, f"saved: {path.as_uri()}\n")
    assert path.read_text(encoding="utf-8") == HTML
    assert path.stat().st_mode & 0o777 == 0o600


def test_it_is_asked_for_as_a_browser_would_and_the_key_stays_out_of_the_address(tmp_path: Path) -> None:
    app = fake(("GET /api/report", answer(200, HTML)))
    app.run("report", "--page", str(tmp_path / "status.html"))
    [request] = app.requests
    assert request.headers["Accept"] == "text/html"
    assert KEY not in str(request.url)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (answer(401), 3),
        (answer(200, {"users": 0}), 3),
        (answer(200, "<!doctype html><title>Somebody else</title>"), 3),
        (answer(503, {"error": {"code": "settings", "message": "3"}}), 3),
    ],
)
def test_no_page_no_file(tmp_path: Path, given: httpx.Response, code: int) -> None:
    path = tmp_path / "status.html"
    result = fake(("GET /api/report", given)).run("report", "--page", str(path))
    assert (result.exit_code, path.exists()) == (code, False)


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    result = fake(("GET /api/report", answer(200, HTML))).run(
        "report", "--page", str(tmp_path / "none" / "status.html")
    )
    assert result.exit_code == 2
    assert "cannot write" in result.stderr
