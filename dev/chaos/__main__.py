"""`python -m dev.chaos`: the endurance proof. `--help` shows the options."""

import asyncio
import os
import sys

from dev.chaos.options import Options
from dev.chaos.run import Chaos

NICENESS = 5
"""Others work on this machine, too; every part that is started inherits it."""

if __name__ == "__main__":
    os.nice(NICENESS)
    sys.exit(asyncio.run(Chaos(Options.read()).run()))
