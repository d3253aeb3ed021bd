"""Real parts that several tests share."""

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from hypothesis import settings

from dev.azurite.launcher import Azurite, running_azurite

# a busy machine is not a failing law: nothing in the tests measures absolute time
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def azurite() -> AsyncIterator[Azurite]:
    """One Azurite for a whole test process; tests keep apart by their ids and names."""
    async with running_azurite() as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """How many deaths the workflows died: tests/workflow/test_crashes.py."""
    deaths: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "deaths":
                workflow, count = str(told).split()
                deaths[workflow] += int(count)
    if deaths:
        told = ", ".join(f"{workflow} {count}" for workflow, count in deaths.items())
        terminalreporter.write_line(f"crashed at every I/O call, before and after it: {told}; {deaths.total()} in all")
