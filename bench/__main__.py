"""`python -m bench [NAME…]`: runs the named benchmarks, all of them when none is named, and prints their tables."""

import argparse
import time
from collections.abc import Callable

from rich.console import Console

from bench import decision, imports, people, phone, webhook
from bench.figures import Result

BENCHMARKS: dict[str, Callable[[], Result]] = {
    "imports": imports.run,
    "phone": phone.run,
    "decision": decision.run,
    "webhook": webhook.run,
    "people": people.run,
}
FILE_WIDTH = 140


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measures; judges nothing.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"which: {', '.join(BENCHMARKS)} (all)")
    names = parser.parse_args().names or list(BENCHMARKS)
    unknown = sorted(set(names) - set(BENCHMARKS))
    if unknown:
        parser.error(f"no benchmark named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    console = Console(highlight=False)
    console = console if console.is_terminal else Console(highlight=False, width=FILE_WIDTH)
    progress = Console(stderr=True)
    started = time.perf_counter()
    for name in names:
        with progress.status(f"measuring {name} …"):
            result = BENCHMARKS[name]()
        console.print(result.table())
        console.print(result.note, end="\n\n" if result.note else "\n")
    console.print(f"{len(names)} benchmarks in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
