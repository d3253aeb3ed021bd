"""The deployable zip: what is in it, that it is the same every time, and that the worker can index what comes out."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from dev import package
from dev.azurite.launcher import running_azurite
from dev.host.launcher import running_host

ROOT = package.ROOT
FILES = {
    "function_app.py": "import shared",
    "host.json": "{}",
    "requirements.txt": "",
    "shared/__init__.py": "",
    "shared/page.html": "<p>",
    "shared/graph/__init__.py": "",
}
STRANGERS = {
    "local.settings.json": "{}",
    "requirements-dev.txt": "",
    "requirements-judges.txt": "",
    "dev/__init__.py": "",
    "tests/test_app.py": "",
    "shared/__pycache__/a.cpython-313.pyc": "",
    "shared/old.pyc": "",
    "shared/.DS_Store": "",
    "shared/graph/.ruff_cache/0.1/x": "",
}


def lay_out(root: Path, *files: dict[str, str]) -> Path:
    for names in files:
        for name, text in names.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text(text)
    return root


def test_holds_the_sources_and_nothing_else(tmp_path: Path) -> None:
    root = lay_out(tmp_path, STRANGERS, FILES)
    built = package.build(root, tmp_path / "out" / "app.zip")
    with zipfile.ZipFile(built.path) as archive:
        assert archive.namelist() == sorted(FILES)
        assert {name: archive.read(name).decode() for name in FILES} == FILES
    assert built.files == len(FILES)
    assert [path.name for path in built.path.parent.iterdir()] == ["app.zip"]


def test_same_sources_same_bytes(tmp_path: Path) -> None:
    """Whatever the order in which the files were made, their modes and their times."""
    one = lay_out(tmp_path / "one", FILES)
    other = lay_out(tmp_path / "other", dict(reversed(FILES.items())))
    for path in other.rglob("*.py"):
        path.chmod(0o600)
        os.utime(path, (1, 1))
    first, second = (package.build(root, root / "app.zip") for root in (one, other))
    assert first.path.read_bytes() == second.path.read_bytes()
    assert first.sha256 == second.sha256


@pytest.mark.parametrize("name", ["host.json", "requirements.txt", "function_app.py"])
def test_no_package_of_half_an_app(name: str, tmp_path: Path) -> None:
    root = lay_out(tmp_path, FILES)
    (root / name).unlink()
    with pytest.raises(package.IncompleteSources, match=name):
        package.build(root, tmp_path / "app.zip")
    assert not (tmp_path / "app.zip").exists()


def test_prints_count_size_and_digest(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "dev.package", "--output", str(tmp_path / "app.zip")]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    built = package.build(ROOT, tmp_path / "again.zip")
    for part in (f"{built.files} files", f"{built.size:,} bytes", built.sha256):
        assert part in ran.stdout


def git(*arguments: str) -> set[str]:
    listed = subprocess.run(["git", *arguments, "-z"], cwd=ROOT, capture_output=True, text=True, check=True)  # noqa: S607
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}


@pytest.mark.skipif(not (shutil.which("git") and (ROOT / ".git").exists()), reason="needs git and a checkout")
def test_funcignore_leaves_what_the_zip_holds() -> None:
    """.funcignore has the syntax of .gitignore, so git itself tells what it matches."""
    everything = git("ls-files", "--cached", "--others", "--exclude-standard")
    ignored = {
        name
        for kind in ("--cached", "--others")
        for name in git("ls-files", kind, "--ignored", "--exclude-from=.funcignore")
    }
    assert everything - ignored == set(package.sources(ROOT))


@pytest.fixture
def unzipped(tmp_path: Path) -> Path:
    built = package.build(ROOT, tmp_path / "app.zip")
    with zipfile.ZipFile(built.path) as archive:
        archive.extractall(tmp_path / "wwwroot")
    return tmp_path / "wwwroot"


LOADED = """
import importlib, json, pkgutil, sys
import function_app, shared
for module in pkgutil.walk_packages(shared.__path__, "shared."):
    importlib.import_module(module.name)
print(json.dumps([getattr(module, "__file__", None) for module in list(sys.modules.values())]))
"""


def test_needs_nothing_of_the_repository(unzipped: Path) -> None:
    """Every module it loads is the standard library's, an installed package's, or from the zip itself."""
    command = [sys.executable, "-c", LOADED]
    ran = subprocess.run(command, cwd=unzipped, env=os.environ | {"PYTHONPATH": ""}, capture_output=True, check=True)
    files = [Path(file) for file in json.loads(ran.stdout) if file]
    assert unzipped / "function_app.py" in files
    installed = Path(sys.prefix)
    assert [file for file in files if file.is_relative_to(ROOT) and not file.is_relative_to(installed)] == []


async def test_the_worker_indexes_it(unzipped: Path) -> None:
    async with running_azurite() as azurite:
        settings = {"AzureWebJobsStorage": azurite.connection_string}
        async with running_host(env=settings, cwd=unzipped) as host:
            output = host.output()
    assert "Ready" in output
    for function in ("notifications", "lifecycle", "reconcile", "sweep", "keep_subscription", "health"):
        assert f"  {function}: " in output
