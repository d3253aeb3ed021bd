"""`make mutants`, second half: which deleted guards no test has noticed, and which of them need none.

A survivor is a hole in the tests, or it changes nothing that matters; the second needs an argument in
tests/survivors.toml. A survivor without an argument, and an argument without a survivor, end this with 1.
"""

import re
import subprocess
import sys
import tomllib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parent.parent
ARGUED = ROOT / "tests" / "survivors.toml"
NOTICED = frozenset({"killed", "timeout", "segfault"})
"""A mutant that never ends is noticed, too: whoever waits for the tests sees it."""

_RESULT = re.compile(r"^\s+(\S+): (.+)$", re.MULTILINE)
_MANGLED = re.compile(r"^(?P<module>.+)\.x(?:ǁ(?P<kind>\w+)ǁ|_)(?P<function>\w+?)__mutmut_\d+$")


@dataclass(frozen=True, slots=True)
class Mutant:
    """Where it is, and the lines it takes out and puts in."""

    where: str
    was: tuple[str, ...]
    became: tuple[str, ...]

    def __str__(self) -> str:
        lines = [*(f"    - {line}" for line in self.was), *(f"    + {line}" for line in self.became)]
        return "\n".join([f"  {self.where}", *lines])


@dataclass(frozen=True, slots=True)
class Argument:
    """Why a survivor needs no test. No `became`: every mutant of the function."""

    where: str
    became: str
    because: str

    def covers(self, mutant: Mutant) -> bool:
        """Whether it speaks of this one."""
        return mutant.where == self.where and (not self.became or self.became in mutant.became)


def mutant_of(name: str, diff: str) -> Mutant:
    """From mutmut's name of it and the diff it shows."""
    lines = diff.splitlines()
    body = lines[next(n for n, line in enumerate(lines) if line.startswith("@@")) :]
    was = tuple(line[1:].strip() for line in body if line.startswith("-"))
    became = tuple(line[1:].strip() for line in body if line.startswith("+"))
    return Mutant(place(name), was, became)


def place(name: str) -> str:
    """`shared.sweep.xǁSweeperǁsweep__mutmut_3` is in `shared.sweep.Sweeper.sweep`."""
    found = _MANGLED.match(name)
    if not found:
        raise ValueError(f"not a mutant's name: {name}")
    return ".".join(filter(None, (found["module"], found["kind"], found["function"])))


def read_arguments(text: str) -> list[Argument]:
    """The file: an argument, and whom it speaks of."""
    return [
        Argument(where, became, group["because"])
        for group in tomllib.loads(text)["argued"]
        for where, mutants in group["survivors"].items()
        for became in (mutants or [""])
    ]


def unargued(mutants: Sequence[Mutant], arguments: Sequence[Argument]) -> tuple[list[Mutant], list[Argument]]:
    """Survivors that nothing speaks of, and arguments that speak of nobody."""
    left = [mutant for mutant in mutants if not any(argument.covers(mutant) for argument in arguments)]
    idle = [argument for argument in arguments if not any(argument.covers(mutant) for mutant in mutants)]
    return left, idle


def _mutmut(*words: str) -> str:
    command = [sys.executable, "-m", "mutmut", *words]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def _survivors(told: Counter[str]) -> Iterator[Mutant]:
    for name, status in _RESULT.findall(_mutmut("results", "--all", "true")):
        told[status] += 1
        if status not in NOTICED:
            yield mutant_of(name, _mutmut("show", name))


def main() -> int:
    """The exit code."""
    told: Counter[str] = Counter()
    mutants = list(_survivors(told))
    left, idle = unargued(mutants, read_arguments(ARGUED.read_text(encoding="utf-8")))
    print(", ".join(f"{count} {status}" for status, count in sorted(told.items())), f"; {len(left)} unargued", sep="")
    for mutant in left:
        print(mutant)
    for argument in idle:
        print(f"  argued, but no survivor: {argument.where}: {argument.became}")
    return 1 if left or idle else 0


if __name__ == "__main__":
    sys.exit(main())
