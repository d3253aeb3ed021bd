"""Checkov, as a second opinion: it knows rules we did not think of. What it finds is mended, or argued with.

It runs in an environment of its own (uv), because its pins do not go together with ours. Three ways in which it is
silently green are closed: it cannot read Bicep, so it gets ARM; it finds no resource where they are an object, so it
gets lists; and what it scanned is counted, beside a template that is spoilt on purpose.
"""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from dev import infra
from tests.infra.checkov_exceptions import EXCEPTIONS
from tests.infra.conftest import NOT_CHECKED, Compiled
from tests.infra.deployment import declared
from tests.infra.once import once

CHECKOV = "checkov==3.3.30"
SECONDS = 300
SPOILT = "spoilt"


def in_lists(value: Any) -> Any:
    """Templates as Checkov reads them: resources in a list, without what is only referred to."""
    if isinstance(value, list):
        return [in_lists(each) for each in value]
    if not isinstance(value, dict):
        return value
    kept = {key: in_lists(inner) for key, inner in value.items() if key not in ("languageVersion", "imports")}
    if isinstance(kept.get("resources"), dict):
        kept["resources"] = [each for each in kept["resources"].values() if not each.get("existing")]
    return kept


@pytest.fixture(scope="module")
def uv(pytestconfig: pytest.Config) -> str:
    ours = infra.ROOT / ".tools" / "uv" / "bin" / "uv"
    found = str(ours) if ours.exists() else shutil.which("uv")
    if not found:
        pytestconfig.stash[NOT_CHECKED].append("uv is not installed: run make")
        pytest.skip("no uv")
    return found


@pytest.fixture(scope="module")
def report(uv: str, compiled: Compiled, tmp_path_factory: pytest.TempPathFactory) -> Any:
    folder = tmp_path_factory.mktemp("arm")
    template = in_lists(compiled.templates["main"])
    (folder / "template.json").write_text(json.dumps(template))
    for name in ("public", "private"):
        resources = compiled.snapshots[name]["predictedResources"]
        flat = {key: template[key] for key in ("$schema", "contentVersion")} | {"resources": resources}
        (folder / f"{name}.json").write_text(json.dumps(flat))
    (folder / f"{SPOILT}.json").write_text(json.dumps(spoilt(template)))
    return once(tmp_path_factory, "checkov", lambda: scan(uv, folder))


def spoilt(template: Any) -> Any:
    """One that takes requests in clear."""
    changed = json.loads(json.dumps(template))
    [site] = [each.resource for each in declared(changed) if each.resource["type"] == "Microsoft.Web/sites"]
    site["properties"]["httpsOnly"] = False
    return changed


def scan(uv: str, folder: Path) -> Any:
    command = [uv, "tool", "run", "--python", str(infra.ROOT / ".venv" / "bin" / "python"), CHECKOV]
    command += ["--directory", str(folder), "--framework", "arm", "--skip-download", "--compact", "--output", "json"]
    ran = subprocess.run(command, capture_output=True, text=True, check=False, timeout=SECONDS)
    assert ran.stdout.lstrip().startswith("{"), ran.stderr[-2000:]
    return json.loads(ran.stdout)


def test_scanned_everything(report: Any, compiled: Compiled) -> None:
    expected = sum(len(compiled.snapshots[name]["predictedResources"]) for name in ("public", "private"))
    assert report["summary"]["parsing_errors"] == 0
    assert report["summary"]["resource_count"] >= expected > 0
    files = {each["file_path"] for each in report["results"]["passed_checks"]}
    assert files == {"/template.json", "/public.json", "/private.json", f"/{SPOILT}.json"}


def failed(report: Any) -> dict[str, set[str]]:
    """The checks that found something, by file."""
    found: dict[str, set[str]] = {}
    for each in report["results"]["failed_checks"]:
        found.setdefault(Path(each["file_path"]).stem, set()).add(each["check_id"])
    return found


def test_finds_nothing_that_has_no_reason(report: Any) -> None:
    argued = {
        place: {check for check, (places, _) in EXCEPTIONS.items() if place in places}
        for place in ("template", "public", "private")
    }
    assert {place: checks for place, checks in failed(report).items() if place != SPOILT} == argued


def test_would_find_what_is_wrong(report: Any) -> None:
    """That it is not green because it looks at nothing."""
    assert "CKV_AZURE_14" in failed(report)[SPOILT]
    assert "CKV_AZURE_14" not in EXCEPTIONS
