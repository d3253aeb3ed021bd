"""Build dist/mfa-prefill.zip: what Azure needs to run the app and nothing else.

    python -m dev.package

The same sources give the same bytes on every machine: files in order, one timestamp, one mode, stored uncompressed
(what deflate writes depends on the version of zlib). Dependencies are not in it; Azure installs requirements.txt.
https://learn.microsoft.com/azure/azure-functions/deployment-zip-push
"""

import argparse
import hashlib
import sys
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ZIP = ROOT / "dist" / "mfa-prefill.zip"

SINGLE_FILES = ("function_app.py", "host.json", "requirements.txt")
FOLDERS = ("shared",)
"""Taken whole. .funcignore says the same for `azd` and `func`; a test keeps the two level."""

TIMESTAMP = (1980, 1, 1, 0, 0, 0)  # the earliest that a zip can express
UNIX = 3
MODE = 0o100644


class IncompleteSources(Exception):
    """Something that Azure needs is not there."""


@dataclass(frozen=True, slots=True)
class Package:
    """A built zip."""

    path: Path
    files: int
    size: int
    sha256: str


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m dev.package", description="Build the deployable zip.")
    parser.add_argument("--output", type=Path, default=ZIP, help=f"where to ({ZIP.relative_to(ROOT)})")
    output = parser.parse_args().output
    try:
        package = build(ROOT, output)
    except IncompleteSources as error:
        print(f"No package: {error}", file=sys.stderr)
        return 1
    print(f"{package.path}: {package.files} files, {package.size:,} bytes")
    print(f"sha256 {package.sha256}")
    return 0


def build(root: Path, output: Path) -> Package:
    """Write the zip of the sources in `root`. Raises IncompleteSources."""
    names = sources(root)
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_name(f"{output.name}.part")
    _write(unfinished, root, names)
    unfinished.replace(output)
    content = output.read_bytes()
    return Package(output, len(names), len(content), hashlib.sha256(content).hexdigest())


def sources(root: Path) -> list[str]:
    """The files of the package, relative to `root`, in order. Raises IncompleteSources."""
    missing = [name for name in SINGLE_FILES if not (root / name).is_file()]
    missing += [name for name in FOLDERS if not (root / name).is_dir()]
    if missing:
        raise IncompleteSources(f"{', '.join(missing)} not found in {root}")
    inside = [path for folder in FOLDERS for path in (root / folder).rglob("*") if path.is_file()]
    return sorted([*SINGLE_FILES, *(name for path in inside if _is_source(name := path.relative_to(root).as_posix()))])


def _is_source(name: str) -> bool:
    """No bytecode, and nothing hidden such as an editor's or a file manager's own files."""
    hidden = any(part.startswith(".") for part in name.split("/"))
    return not hidden and "__pycache__" not in name and not name.endswith(".pyc")


def _write(path: Path, root: Path, names: Iterable[str]) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name in names:
            entry = zipfile.ZipInfo(name, TIMESTAMP)
            entry.create_system = UNIX
            entry.external_attr = MODE << 16
            archive.writestr(entry, (root / name).read_bytes())


if __name__ == "__main__":
    sys.exit(main())
