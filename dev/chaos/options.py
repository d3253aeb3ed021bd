"""What the person who starts it may choose."""

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from dev.host.launcher import ROOT

LONGEST_PHASE_SECONDS, SHORTEST_PHASE_SECONDS = 30.0, 2.5
PHASES_IN_A_SHORT_RUN = 20


@dataclass(frozen=True, slots=True)
class Options:
    """The command line. `app`: the folder of the app to be tried; the run works on a copy of it."""

    people: int = 2000
    seconds: float = 660.0
    hosts: int = 2
    kill_every: float = 4.5
    kill_for: float | None = None
    seed: int = 1
    report: Path | None = None
    app: Path = ROOT

    @property
    def kill_seconds(self) -> float:
        """How long hosts are killed. What one had claimed stays claimed for 45 s, and has to be waited for."""
        return self.seconds if self.kill_for is None else min(self.kill_for, self.seconds)

    @property
    def phase_seconds(self) -> float:
        """How long one kind of fault lasts; shorter in short runs, so that every kind gets its turn."""
        return max(min(self.seconds / PHASES_IN_A_SHORT_RUN, LONGEST_PHASE_SECONDS), SHORTEST_PHASE_SECONDS)

    @classmethod
    def read(cls, arguments: list[str] | None = None) -> Self:
        """From the command line; wrong usage exits with 2."""
        return cls(**vars(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dev.chaos",
        description="Tries to break the app for a while, then judges every person. Exit code 0 only if all is right.",
        formatter_class=argparse.ArgumentDefaultsHelpFormatter,
    )
    flag, usual = parser.add_argument, Options()
    flag("--people", type=int, default=usual.people, metavar="N", help="so many people are created")
    flag("--seconds", type=float, default=usual.seconds, metavar="N", help="how long things go wrong")
    flag("--hosts", type=int, default=usual.hosts, metavar="N", help="instances of the app")
    flag("--kill-every", type=float, default=usual.kill_every, metavar="N", help="seconds between kills, on average")
    flag("--kill-for", type=float, default=usual.kill_for, metavar="N", help="seconds of killing (None: all the time)")
    flag("--seed", type=int, default=usual.seed, metavar="N", help="decides people, edits, kills and faults")
    flag("--report", type=Path, default=usual.report, metavar="FILE", help="the report as JSON, too")
    flag("--app", type=Path, default=usual.app, metavar="FOLDER", help="the app to be tried")
    return parser
