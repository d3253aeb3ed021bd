"""Compile infra/ and keep what comes out beside the tests, in git.

    python -m dev.infra            write tests/infra/compiled and the snapshots anew
    python -m dev.infra --check    write nothing; exit 1 where they differ
    python -m dev.infra --compiler say which compiler is there, loudly where there is none

Whoever changes infra/ reads the difference in a review, and a machine without the compiler can still test it.
"""

import argparse
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
INFRA = ROOT / "infra"
TESTS = ROOT / "tests" / "infra"
COMPILED = TESTS / "compiled"
MANIFEST = COMPILED / "manifest.json"
TEMPLATES = {"main": INFRA / "main.bicep", "graph": INFRA / "graph" / "main.bicep"}
PARAMETERS = {"public": "main", "private": "main", "graph": "graph"}
"""Sets of parameters in tests/infra, and the template of each."""

# Made-up ids: a snapshot with real ones would be of one subscription only.
WHERE = (
    *("--subscription-id", "00000000-0000-4000-8000-0000000000bb"),
    *("--tenant-id", "00000000-0000-4000-8000-0000000000cc"),
    *("--location", "westeurope", "--deployment-name", "main"),
)
COMPILE_SECONDS = 120
_AGED = "Warning use-recent-api-versions:"  # by today's date: told, but no reason to fail


class CompilerComplains(Exception):
    """The compiler failed, or wrote a warning."""


class NoCompiler(Exception):
    """There is none on this machine."""


def find_bicep(environment: Mapping[str, str]) -> Path | None:
    """$BICEP, then `bicep` on the path, then the one that `az bicep install` brought."""
    if environment.get("BICEP"):
        return Path(environment["BICEP"])
    found = shutil.which("bicep", path=environment.get("PATH"))
    if found:
        return Path(found)
    folder = Path(environment.get("AZURE_CONFIG_DIR") or Path.home() / ".azure")
    installed = folder / "bin" / ("bicep.exe" if os.name == "nt" else "bicep")
    return installed if installed.exists() else None


@dataclass(frozen=True, slots=True)
class Compiler:
    """Microsoft's Bicep compiler. `config`: bicepconfig.json of the Graph layer where its types are local."""

    path: Path
    config: Path | None = None

    def version(self) -> str:
        return str(re.findall(r"version (\S+)", self.run("--version"))[0])

    def run(self, *arguments: str) -> str:
        """What it writes. Raises CompilerComplains for an exit code, and for a warning, with which the code is 0."""
        command = [str(self.path), *arguments]
        # It runs for two seconds: what .NET spends on optimising it for longer would be lost.
        environment = {**os.environ, "DOTNET_TieredPGO": "0"}
        ran = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=COMPILE_SECONDS, cwd=ROOT, env=environment
        )
        said = [line for line in ran.stderr.splitlines() if line.strip()]
        aged = [line for line in said if _AGED in line]
        for line in aged:
            print(line, file=sys.stderr)
        if ran.returncode or aged != said:
            raise CompilerComplains(f"{' '.join(arguments)}\n{ran.stdout[-4000:]}\n{ran.stderr}")
        return ran.stdout

    def build(self, template: str) -> Any:
        """A template as ARM JSON."""
        return without_generator(
            json.loads(self.run("build", str(TEMPLATES[template]), "--stdout", *self._of(template)))
        )

    def lint(self, template: str) -> None:
        """Raises CompilerComplains for any finding."""
        self.run("lint", str(TEMPLATES[template]), *self._of(template))

    def build_parameters(self, parameters: str) -> Any:
        """A set of parameters as JSON, beside the template it is for."""
        options = self._of(PARAMETERS[parameters])
        return json.loads(self.run("build-params", str(parameter_file(parameters)), "--stdout", *options))

    def snapshot(self, parameters: str, folder: Path) -> Any:
        """What would be deployed with these parameters; in `folder`, so that the snapshot in git stays as it is."""
        text = parameter_file(parameters).read_text()
        template = TEMPLATES[PARAMETERS[parameters]]
        apart = folder / f"{parameters}.bicepparam"
        apart.write_text(re.sub(r"using '[^']+'", f"using '{os.path.relpath(template, folder)}'", text))
        self.run("snapshot", str(apart), "--mode", "overwrite", *WHERE, *self._of(PARAMETERS[parameters]))
        return in_order(json.loads(apart.with_suffix(".snapshot.json").read_text()))

    def validate(self, parameters: str) -> None:
        """Raises CompilerComplains where the snapshot in git is not what comes out. Crashes for the Graph layer."""
        self.run("snapshot", str(parameter_file(parameters)), "--mode", "validate", *WHERE)

    def _of(self, template: str) -> Sequence[str]:
        return ("--config", str(self.config)) if template == "graph" and self.config else ()


def find_compiler(folder: Path, environment: Mapping[str, str] = os.environ) -> Compiler:
    """The compiler; in `folder` a configuration for local Graph types is put. Raises NoCompiler.

    $BICEP_GRAPH_TYPES: a file with the types of Microsoft Graph, where the registry they come from is out of reach.
    """
    path = find_bicep(environment)
    if path is None:
        raise NoCompiler("no Bicep compiler: set BICEP, put `bicep` on the path, or run `az bicep install`")
    types = environment.get("BICEP_GRAPH_TYPES")
    return Compiler(path.absolute(), _local_types(Path(types), folder) if types else None)


def _local_types(types: Path, folder: Path) -> Path:
    """The Graph layer's configuration with its types taken from a file, which the compiler wants beside it."""
    shutil.copy(types, folder / "types.tgz")
    text = (INFRA / "graph" / "bicepconfig.json").read_text()
    config = folder / "bicepconfig.json"
    config.write_text(re.sub(r'"br:[^"]+"', '"./types.tgz"', text))
    return config


def parameter_file(parameters: str) -> Path:
    return TESTS / f"{parameters}.bicepparam"


def snapshot_file(parameters: str) -> Path:
    return TESTS / f"{parameters}.snapshot.json"


def without_generator(value: Any) -> Any:
    """Without the compiler's version and hashes, which change when nothing else does."""
    if isinstance(value, dict):
        return {key: without_generator(inner) for key, inner in value.items() if key != "_generator"}
    return [without_generator(inner) for inner in value] if isinstance(value, list) else value


def in_order(snapshot: Any) -> Any:
    """Outputs by name: the compiler writes them in another order each time."""
    return snapshot | {"outputs": dict(sorted(snapshot.get("outputs", {}).items()))}


def sources() -> dict[str, str]:
    """Every file that what is compiled depends on, with the hash of its content."""
    kinds = ("*.bicep", "*.bicepparam", "*.kql", "permissions.json", "abbreviations.json", "bicepconfig.json")
    files = sorted({path for folder in (INFRA, TESTS) for kind in kinds for path in folder.rglob(kind)})
    return {path.relative_to(ROOT).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def compile_all(compiler: Compiler, folder: Path) -> dict[Path, str]:
    """What belongs into git: each file and its text."""
    written = {COMPILED / f"{name}.json": compiler.build(name) for name in TEMPLATES}
    written |= {snapshot_file(name): compiler.snapshot(name, folder) for name in PARAMETERS}
    written[MANIFEST] = {"bicep": compiler.version(), "sources": sources()}
    return {path: json.dumps(content, indent=2, ensure_ascii=False) + "\n" for path, content in written.items()}


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.infra", description="Compile infra/ for its tests.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where something differs")
    parser.add_argument("--compiler", action="store_true", help="say which compiler there is")
    arguments = parser.parse_args()
    if arguments.compiler:
        print(word_on_the_compiler(os.environ))
        return 0
    return _compile(check=arguments.check)


def word_on_the_compiler(environment: Mapping[str, str]) -> str:
    """For the end of a test run: its workers cannot speak to the terminal."""
    path = find_bicep(environment)
    if path is not None:
        return f"infra/ was compiled, with {path}"
    bar = "!" * 20
    return (
        f"{bar} infra/ WAS NOT COMPILED {bar}\nThere is no Bicep compiler here; its tests ran on what is in git, after "
        "comparing the hashes of its sources."
    )


def _compile(*, check: bool) -> int:
    with tempfile.TemporaryDirectory() as folder:
        try:
            compiled = compile_all(find_compiler(Path(folder)), Path(folder))
        except (NoCompiler, CompilerComplains) as error:
            print(error, file=sys.stderr)
            return 1
    differ = [path for path, text in compiled.items() if not path.exists() or path.read_text() != text]
    for path in differ:
        if not check:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(compiled[path])
        print(f"{path.relative_to(ROOT)}: {'differs' if check else 'written'}")
    return 1 if check and differ else 0


if __name__ == "__main__":
    sys.exit(main())
