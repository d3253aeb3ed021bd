"""`python -m dev.demo`: onboard a simulated tenant through this app while you watch. `--help` shows the options."""

import asyncio
import sys

from dev.demo.options import Options
from dev.demo.parts import new_folder
from dev.demo.run import Demo

if __name__ == "__main__":
    sys.exit(asyncio.run(Demo(Options.read(), new_folder()).run()))
