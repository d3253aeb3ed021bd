"""Real parts that several tests share."""

from collections.abc import AsyncIterator

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
