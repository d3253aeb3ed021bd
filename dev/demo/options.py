"""What the person who starts the demo may choose."""

import argparse
from dataclasses import dataclass
from typing import Self

DEADLINE_SECONDS = 180.0
SECONDS_PER_EXTRA_PERSON = 0.25
WAVE_SECONDS, QUICK_WAVE_SECONDS = 1.2, 0.3


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    people: int = 0
    drop_notifications: bool = False
    kill_host: bool = False
    stay: bool = False
    quick: bool = False
    seed: int = 1

    @property
    def deadline_seconds(self) -> float:
        """When the demo gives up: a fixed time, and more for a larger tenant."""
        return DEADLINE_SECONDS + self.people * SECONDS_PER_EXTRA_PERSON

    @property
    def wave_seconds(self) -> float:
        """How long after a wave of people the next one comes."""
        return QUICK_WAVE_SECONDS if self.quick else WAVE_SECONDS

    @classmethod
    def read(cls, arguments: list[str] | None = None) -> Self:
        """From the command line; wrong usage exits with 2."""
        return cls(**vars(_parser().parse_args(arguments)))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dev.demo",
        description="Onboards a simulated tenant through this app. Exit code 0 only if everyone ended as expected.",
    )
    flag = parser.add_argument
    flag("--people", type=_count, default=0, metavar="N", help="so many generated people more")
    flag("--drop-notifications", action="store_true", help="every change notification is lost; the sweep must find all")
    flag("--kill-host", action="store_true", help="kill -9 the Functions host in the middle of it")
    flag("--stay", action="store_true", help="leave everything running at the end, until Ctrl+C")
    flag("--quick", action="store_true", help="shorter pauses between the waves of people")
    flag("--seed", type=int, default=1, metavar="N", help="decides the order of arrival and whatever is left to chance")
    return parser


def _count(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 20_000:
        raise argparse.ArgumentTypeError("0 to 20000")
    return number
