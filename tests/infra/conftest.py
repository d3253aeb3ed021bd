"""What the compiler makes of infra/, once for all tests; and a loud word where there is no compiler."""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from dev import infra
from tests.infra.deployment import Deployment
from tests.infra.kept import kept
from tests.infra.once import once

sys.path.insert(0, str(infra.INFRA / "hooks"))  # hooks import each other as scripts do

NOT_COMPILED = pytest.StashKey[list[str]]()
NOT_CHECKED = pytest.StashKey[list[str]]()


@dataclass(frozen=True, slots=True)
class Compiled:
    """The templates and snapshots that all checks read, fresh where there is a compiler."""

    templates: dict[str, Any]
    snapshots: dict[str, Any]
    complaints: dict[str, str]  # of `snapshot --mode validate`, by set of parameters

    def deployment(self, parameters: str) -> Deployment:
        return Deployment(parameters, self.templates[infra.PARAMETERS[parameters]], self.snapshots[parameters])


def pytest_configure(config: pytest.Config) -> None:
    config.stash[NOT_COMPILED] = []
    config.stash[NOT_CHECKED] = []


@pytest.fixture(scope="session")
def compiler_or_none(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> infra.Compiler | None:
    try:
        return infra.find_compiler(tmp_path_factory.mktemp("bicep"))
    except infra.NoCompiler as error:
        pytestconfig.stash[NOT_COMPILED].append(str(error))
        return None


@pytest.fixture(scope="session")
def compiler(compiler_or_none: infra.Compiler | None) -> infra.Compiler:
    if compiler_or_none is None:
        pytest.skip("no Bicep compiler")
    return compiler_or_none


@pytest.fixture(scope="session")
def compiled(compiler_or_none: infra.Compiler | None, tmp_path_factory: pytest.TempPathFactory) -> Compiled:
    """Compiled here and now; else what is in git, whose sources a test compares with those on disk."""
    if compiler_or_none is None:
        return Compiled(
            {name: kept(infra.COMPILED / f"{name}.json") for name in infra.TEMPLATES},
            {name: kept(infra.snapshot_file(name)) for name in infra.PARAMETERS},
            {},
        )
    compiler, folder = compiler_or_none, tmp_path_factory.mktemp("snapshots")
    return Compiled(**once(tmp_path_factory, "compiled", lambda: compile_all(compiler, folder)))


def compile_all(compiler: infra.Compiler, folder: Path) -> dict[str, Any]:
    """The values of a Compiled."""
    complaints = {name: validated(compiler, name) for name in ("public", "private")}
    snapshots = {
        name: kept(infra.snapshot_file(name)) if complaints.get(name) == "" else compiler.snapshot(name, folder)
        for name in infra.PARAMETERS
    }
    templates = {name: compiler.build(name) for name in infra.TEMPLATES}
    return {"templates": templates, "snapshots": snapshots, "complaints": complaints}


def validated(compiler: infra.Compiler, parameters: str) -> str:
    """What the compiler says of the snapshot in git; empty: it is what comes out."""
    try:
        compiler.validate(parameters)
    except infra.CompilerComplains as error:
        return str(error)
    return ""


@pytest.fixture(scope="session", params=["public", "private"])
def deployment(compiled: Compiled, request: pytest.FixtureRequest) -> Deployment:
    """Each topology."""
    return compiled.deployment(request.param)


@pytest.fixture(scope="session")
def public(compiled: Compiled) -> Deployment:
    return compiled.deployment("public")


@pytest.fixture(scope="session")
def private(compiled: Compiled) -> Deployment:
    return compiled.deployment("private")


@pytest.fixture(scope="session")
def graph_layer(compiled: Compiled) -> Deployment:
    return compiled.deployment("graph")


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> Iterator[None] | None:
    """Not a warning: those are errors here. And not silence either."""
    why = config.stash[NOT_COMPILED]
    if why:
        terminalreporter.section("infra/ WAS NOT COMPILED", sep="!", red=True, bold=True)
        terminalreporter.write_line(f"{why[0]}. The tests ran on what is in git; its sources' hashes were compared.")
    why = config.stash[NOT_CHECKED]
    if why:
        terminalreporter.section("infra/ WAS NOT SEEN BY CHECKOV", sep="!", red=True, bold=True)
        terminalreporter.write_line(why[0])
    return None
