"""Real parts that several tests share."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from hypothesis import settings

from dev.azurite.launcher import Azurite, running_azurite

PROMISES = Path(__file__).parent.parent / "docs" / "promises.md"
_PROMISE = re.compile(r"^\| (\d+) \|.*\|(.*)\|$", re.MULTILINE)

# a busy machine is not a failing law: nothing in the tests measures absolute time
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def azurite() -> AsyncIterator[Azurite]:
    """One Azurite for a whole test process; tests keep apart by their ids and names."""
    async with running_azurite() as running:
        yield running


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what was tried: in tests/workflow/test_crashes.py and tests/unit/test_phone_number_plans.py."""
    deaths: Counter[str] = Counter()
    numbers: Counter[str] = Counter()
    for report in terminalreporter.getreports("passed"):
        for name, told in report.user_properties:
            if name == "deaths":
                workflow, count = str(told).split()
                deaths[workflow] += int(count)
            if name == "numbers" and isinstance(told, dict):
                numbers.update(told)
    if deaths:
        told = ", ".join(f"{workflow} {count}" for workflow, count in deaths.items())
        terminalreporter.write_line(f"crashed at every I/O call, before and after it: {told}; {deaths.total()} in all")
    if numbers:
        told = ", ".join(f"{count} {what}" for what, count in numbers.items())
        terminalreporter.write_line(f"phone numbers tried: {told}")


def promises() -> dict[str, list[str]]:
    """Marker to names of tests, as docs/promises.md has them."""
    found = _PROMISE.findall(PROMISES.read_text(encoding="utf-8"))
    return {f"invariant_{int(number):02}": re.findall(r"`(test_\w+)`", tests) for number, tests in found}


def pytest_configure(config: pytest.Config) -> None:
    for name in promises():
        config.addinivalue_line("markers", f"{name}: see docs/promises.md")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """`pytest -m invariant_05` runs what docs/promises.md names for the fifth promise."""
    groups = promises()
    for item in items:
        for marker, names in groups.items():
            if getattr(item, "originalname", item.name) in names:
                item.add_marker(marker)
