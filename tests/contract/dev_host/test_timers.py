"""Timer functions: on schedule, by hand, and once after a time that was missed."""

import json
from pathlib import Path

import pytest

from tests.contract.dev_host.conftest import RunSample

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_by_hand(run_sample: RunSample) -> None:
    async with run_sample() as sample:
        assert await sample.fire("tick", key="wrong") == 401
        assert await sample.fire("nobody") == 404
        assert await sample.fire("Tick") == 202
        assert await sample.reports(1) == [{"tick": True, "past_due": False}]


async def test_on_schedule(run_sample: RunSample) -> None:
    async with run_sample(env={"TICK_SCHEDULE": "* * * * * *"}) as sample:
        assert (await sample.reports(2))[0] == {"tick": True, "past_due": False}


def pretend_it_ran_last_in_2019(folder: Path) -> None:
    (path,) = folder.glob("timers-*.json")
    status = {"Last": "2019-01-01", "Next": "2020-01-01", "LastUpdated": "2019-01-01"}
    path.write_text(json.dumps({"tick": {name: f"{day}T00:00:00+00:00" for name, day in status.items()}}))


async def test_one_run_for_all_that_was_missed(run_sample: RunSample, tmp_path: Path) -> None:
    async with run_sample() as sample:
        await sample.host.terminate()
        pretend_it_ran_last_in_2019(tmp_path)
        await sample.host.start()
        assert await sample.reports(1) == [{"tick": True, "past_due": True}]
        await sample.host.terminate()
        await sample.host.start()
        assert await sample.fire("tick") == 202
        assert len(await sample.reports(2)) == 2  # the one by hand: what was missed was made up for already
