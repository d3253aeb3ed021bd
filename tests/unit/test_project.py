"""The project keeps its own promises: what is imported, what is pinned, what is documented."""

import json
import os
import re
import subprocess
import sys
import tomllib
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import pytest
from packaging.markers import default_environment
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from shared.models import Cause, Outcome, Reason
from shared.settings import SETTINGS, STORAGE, STORAGE_SETTINGS, Setting
from tests.conftest import promises

ENVIRONMENT = {key: str(value) for key, value in default_environment().items()}
ROOT = Path(__file__).resolve().parents[2]
HEAVY = (
    "msgraph",
    "azure.identity",
    "azure.storage",
    "azure.data",
    "azure.core",
    "kiota",
    "httpx",
    "aiohttp",
    "phonenumbers",
)

WEBHOOK = """
import asyncio, json, sys
import azure.functions as func
import function_app
from shared import triggers

class Out:
    def set(self, value): self.value = value

def post(**more): return func.HttpRequest(method="POST", url="http://app/api/x", **({"body": b""} | more))

token = asyncio.run(triggers.change_notifications(post(params={"validationToken": "hello"}), Out(), Out()))
state = triggers.root.settings().keys.client_state()
user = "aaaaaaaa-0000-4000-8000-000000000001"
item = {"clientState": state, "tenantId": user, "subscriptionId": user, "resource": "Users/" + user}
queue = Out()
taken = asyncio.run(triggers.change_notifications(post(body=json.dumps({"value": [item]}).encode()), queue, Out()))
life = asyncio.run(triggers.lifecycle_notifications(post(body=json.dumps({"value": [item]}).encode()), Out()))
assert (token.status_code, taken.status_code, life.status_code, len(queue.value)) == (200, 202, 202, 1)
print(json.dumps(sorted(sys.modules)))
"""


def loaded_by(code: str) -> list[str]:
    """The modules a fresh interpreter has loaded after `code`."""
    environment = os.environ | {
        "PREFILL_TENANT_ID": "aaaaaaaa-0000-4000-8000-000000000001",
        "PREFILL_SECRET": "s" * 32,
        "PREFILL_PUBLIC_URL": "https://app.example",
        STORAGE: "UseDevelopmentStorage=true",
    }
    run = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env=environment, capture_output=True, check=True)
    return list(json.loads(run.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "code",
    [
        pytest.param("import function_app, sys, json; print(json.dumps(sorted(sys.modules)))", id="import"),
        pytest.param(WEBHOOK, id="a-handshake-and-notifications"),
    ],
)
def test_the_webhook_path_loads_nothing_heavy(code: str) -> None:
    assert [name for name in loaded_by(code) if name.startswith(HEAVY)] == []


def requirements(name: str) -> dict[str, str]:
    """Package to version, of a locked requirements file, as far as its markers fit this machine."""
    text = (ROOT / name).read_text().replace("\\\n", " ")
    lines = [re.split(r"\s+--hash|\s+#", line)[0].strip() for line in text.splitlines()]
    parsed = [Requirement(line) for line in lines if line and not line.startswith(("#", "-"))]
    fitting = [item for item in parsed if item.marker is None or item.marker.evaluate()]
    return {canonicalize_name(item.name): str(item.specifier).removeprefix("==") for item in fitting}


def direct() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [Requirement(text) for text in project["dependencies"]]


def closure(wanted: list[Requirement]) -> set[str]:
    """Every package that the installed metadata says these need, on this machine."""
    found: set[str] = set()
    queue = [(item, extra) for item in wanted for extra in ("", *item.extras)]
    while queue:
        item, extra = queue.pop()
        marker = item.marker
        if marker and not marker.evaluate({**ENVIRONMENT, "extra": extra}):
            continue
        key = canonicalize_name(item.name)
        if key in found and not item.extras:
            continue
        found.add(key)
        needs = [Requirement(text) for text in distribution(key).requires or []]
        queue += [(need, wanted_extra) for need in needs for wanted_extra in (item.extras or {""})]
    return found


def test_requirements_txt_is_what_pyproject_asks_for() -> None:
    locked = requirements("requirements.txt")
    assert {canonicalize_name(item.name): str(item.specifier).removeprefix("==") for item in direct()}.items() <= (
        locked.items()
    )
    assert set(locked) == closure(direct()), "run `make lock`"


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt", "requirements-judges.txt"])
def test_what_is_installed_is_what_is_locked(name: str) -> None:
    for package, version in requirements(name).items():
        try:
            installed = distribution(package).version
        except PackageNotFoundError:
            installed = "nothing"
        assert installed == version, f"{package}: run `make`"


def test_every_locked_package_has_hashes_and_no_registry_is_named() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "requirements-judges.txt"):
        text = (ROOT / name).read_text()
        packages = re.findall(r"^[a-z0-9]\S*==", text, re.MULTILINE)
        assert len(packages) == len(re.findall(r"==\S+.*\\\n\s+--hash=sha256:", text))
        assert "://" not in text


def test_every_direct_dependency_is_pinned_and_justified_in_one_line() -> None:
    text = (ROOT / "pyproject.toml").read_text()
    lines = [line.strip() for line in text.splitlines() if re.match(r'\s+"[a-z0-9-]+[=<>]', line)]
    assert len(lines) > 10
    for line in lines:
        assert re.fullmatch(r'"[a-z0-9-]+==[0-9.]+",\s+# .{10,}', line), line


def page(name: str) -> str:
    return (ROOT / "docs" / name).read_text()


@pytest.mark.parametrize("name", [setting.name for setting in SETTINGS] + [STORAGE, *STORAGE_SETTINGS])
def test_every_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in page("settings.md")


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {setting.name for setting in SETTINGS}
    assert set(re.findall(r"`(PREFILL_[A-Z_]+)`", page("settings.md"))) == known


@pytest.mark.parametrize("setting", [setting for setting in SETTINGS if setting.default])
def test_documented_defaults_are_the_defaults(setting: Setting) -> None:
    [row] = [line for line in page("settings.md").splitlines() if line.startswith(f"| `{setting.name}`")]
    assert f"`{setting.default}`" in row.split("|")[2]


@pytest.mark.parametrize("word", [*Outcome, *Reason, *Cause])
def test_every_word_an_operator_can_meet_is_explained(word: str) -> None:
    assert re.search(rf"^\| `{word}`", page("reasons.md"), re.MULTILINE)


@pytest.mark.parametrize("key", ["batchSize", "newBatchThreshold", "maxPollingInterval", "visibilityTimeout",
                                 "maxDequeueCount", "messageEncoding", "functionTimeout", "routePrefix",
                                 "samplingSettings", "extensionBundle", "logLevel"])  # fmt: skip
def test_every_setting_of_host_json_is_explained(key: str) -> None:
    assert f'"{key}"' in (ROOT / "host.json").read_text()
    assert f"`{key}`" in page("settings.md")


def test_host_json_has_nothing_that_is_not_explained() -> None:
    def keys(value: object) -> set[str]:
        return {k for key, inner in value.items() for k in {key, *keys(inner)}} if isinstance(value, dict) else set()

    unexplained = {
        key for key in keys(json.loads((ROOT / "host.json").read_text())) if f"`{key}`" not in page("settings.md")
    }
    assert unexplained == set()


def test_no_code_asks_whether_it_is_under_test() -> None:
    for path in [ROOT / "function_app.py", *(ROOT / "shared").rglob("*.py")]:
        assert not re.search(r"pytest|PYTEST|unittest|under_test|TESTING|simulator", path.read_text()), path


def test_every_promise_has_tests_that_exist() -> None:
    groups = promises()
    assert list(groups) == [f"invariant_{number:02}" for number in range(1, 16)]
    defined = {
        name
        for path in (ROOT / "tests").rglob("test_*.py")
        for name in re.findall(r"^(?:async )?def (test_\w+)", path.read_text(), re.MULTILINE)
    }
    for marker, names in groups.items():
        assert len(names) > 2, marker
        assert set(names) <= defined, marker


def test_every_action_word_of_the_log_is_explained() -> None:
    told = {
        word for path in (ROOT / "shared").rglob("*.py") for word in re.findall(r'"action": "(\w+)"', path.read_text())
    }
    explained = set(re.findall(r"^\| `(\w+)` \|", page("operations.md"), re.MULTILINE))
    assert told == explained


LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


@pytest.mark.parametrize(
    "path", sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")]), ids=lambda path: path.name
)
def test_links_between_pages_lead_somewhere(path: Path) -> None:
    for target in LINK.findall(path.read_text()):
        assert (path.parent / target).exists(), f"{path.name} → {target}"


@pytest.mark.parametrize("words", ["1 February 2027", "28 January", "1 September 2026", "30 October 2026", "opt out"])
def test_a7_the_first_screen_says_when_sms_ends_and_what_follows(words: str) -> None:
    assert words in " ".join((ROOT / "README.md").read_text().partition("## See it")[0].replace(">", "").split())
