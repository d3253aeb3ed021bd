"""A program that stands in for the Azure CLI: it answers from a script and writes down what it was asked.

The script is JSON: a list of [pattern, exit code, text]; the first pattern found in the joined arguments answers, and
`once` patterns answer only once.
"""

import json
import os
import re
import stat
import sys
from pathlib import Path
from typing import Any

PROGRAM = """#!{python}
import json, re, sys
from pathlib import Path
folder = Path({folder!r})
asked = " ".join(sys.argv[1:])
with (folder / "asked").open("a") as file:
    file.write(json.dumps(sys.argv[1:]) + "\\n")
script = json.loads((folder / "script").read_text())
for number, (pattern, code, text) in enumerate(script):
    if re.search(pattern.removeprefix("once:"), asked):
        if pattern.startswith("once:"):
            del script[number]
            (folder / "script").write_text(json.dumps(script))
        print(text, file=sys.stderr if code else sys.stdout)
        sys.exit(code)
print("ERROR: nobody taught me " + asked, file=sys.stderr)
sys.exit(99)
"""


class FakeAz:
    """The program, in a folder that goes in front of the path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._script: list[tuple[str, int, str]] = []
        program = folder / "az"
        program.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)))
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        self.answers("cloud show", {"endpoints": {"microsoftGraphResourceId": "https://graph.example/"}})

    def answers(self, pattern: str, content: Any) -> None:
        self._add(pattern, 0, json.dumps(content))

    def refuses(self, pattern: str, text: str) -> None:
        self._add(pattern, 1, text)

    def asked(self) -> list[list[str]]:
        path = self.folder / "asked"
        return [json.loads(line) for line in path.read_text().splitlines()] if path.exists() else []

    def asked_for(self, pattern: str) -> list[list[str]]:
        return [each for each in self.asked() if re.search(pattern, " ".join(each))]

    def path(self) -> str:
        return os.pathsep.join([str(self.folder), os.environ["PATH"]])

    def _add(self, pattern: str, code: int, text: str) -> None:
        self._script.insert(0, (pattern, code, text))
        (self.folder / "script").write_text(json.dumps(self._script))
