"""Starting, draining, crashing and starting again."""

import asyncio
import signal
import sys
from pathlib import Path

import pytest

from dev.host.child import ChildDidNotStart
from dev.host.launcher import ROOT, running_host
from tests.contract.dev_host.conftest import RunSample, write_app
from tests.contract.dev_host.running import eventually, length

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_sigterm_drains_and_loses_nothing(run_sample: RunSample) -> None:
    async with run_sample({"batchSize": 8, "newBatchThreshold": 4}) as sample:
        await asyncio.gather(*(sample.order(sleep=0.3, number=number) for number in range(30)))
        assert await sample.host.terminate() == 0
        done = await length(sample.out)
        assert 0 < done < 30
        assert done + await length(sample.work) == 30
        await sample.host.start()
        reports = await sample.reports(30)
        assert all(report["attempt"] == 1 for report in reports)


async def test_a_request_in_flight_is_answered(run_sample: RunSample) -> None:
    async with run_sample() as sample:
        request = asyncio.create_task(sample.post("/api/slow", ""))

        async def began() -> bool:
            return "slow began" in sample.host.output()

        await eventually(began)
        assert await sample.host.terminate() == 0
        assert await request == 200


async def test_kill_and_restart(run_sample: RunSample) -> None:
    async with run_sample(flags=("--receive-visibility", "2")) as sample:
        await sample.order(sleep=2.5)

        async def taken() -> bool:
            return not await sample.work.peek_messages()

        await eventually(taken)
        assert await sample.host.kill() == -signal.SIGKILL
        assert await length(sample.work) == 1
        await sample.host.start()
        (report,) = await sample.reports(1)
        assert report["attempt"] == 2  # and not 3: the lease of 2 s was renewed while it slept 2.5 s


async def test_function_timeout_ends_the_process(run_sample: RunSample) -> None:
    async with run_sample(functionTimeout="00:00:01") as sample:
        process = sample.host.process
        assert process is not None
        await sample.order(sleep=30)
        async with asyncio.timeout(20):
            assert await process.wait() == 70
        assert "Timeout value of 1 s exceeded by function 'work'" in sample.host.output()
        assert await length(sample.work) == 1


@pytest.mark.parametrize(
    ("source", "complaint"),
    [
        ("import no_such_module", "ModuleNotFoundError"),
        ("", "Could not find top level function app instances"),
        ("import azure.functions as func\napp = func.FunctionApp()\n1 / 0", "ZeroDivisionError: division by zero"),
    ],
)
async def test_an_app_that_cannot_be_indexed(tmp_path: Path, source: str, complaint: str) -> None:
    app = write_app(tmp_path / "app", source)
    with pytest.raises(ChildDidNotStart, match=complaint) as failed:
        async with running_host(cwd=app):
            pass
    assert "The host cannot start" in str(failed.value)


async def test_host_json_out_of_range(tmp_path: Path) -> None:
    app = write_app(tmp_path / "app", "", {"batchSize": 33})
    with pytest.raises(ChildDidNotStart, match="batchSize must be 1 to 32, not 33"):
        async with running_host(cwd=app):
            pass


async def test_the_other_functions_run_where_one_cannot_be_bound(run_sample: RunSample) -> None:
    settings = {"TICK_SCHEDULE": "hourly", "AzureWebJobs.crash.Disabled": "true"}
    async with run_sample(env=settings) as sample:
        assert "The 'tick' function is in error: schedule 'hourly'" in sample.host.output()
        await sample.order(still="works")
        assert len(await sample.reports(1)) == 1
        async with sample.client.get("/api/crash") as response:
            assert response.status == 404
        assert await sample.fire("tick") == 404


HOST = "running_host(cwd=Path({app!r}), folder=Path({folder!r}))"


@pytest.mark.parametrize(("child", "url"), [(HOST, "child.url"), ("running_azurite()", "child.queue_url")])
async def test_no_child_outlives_who_started_it(tmp_path: Path, child: str, url: str) -> None:
    app = write_app(tmp_path / "app", TIMER_APP)
    script = PARENT.format(child=child.format(app=str(app), folder=str(tmp_path)), url=url)
    parent = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", script), cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    port = int((await parent.stdout.readline()).split(b":")[2].split(b"/")[0])
    parent.kill()
    await parent.wait()

    async def gone() -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", port)
        except ConnectionRefusedError:
            return True
        writer.close()
        return False

    await eventually(gone)


TIMER_APP = """
import azure.functions as func

app = func.FunctionApp()

@app.timer_trigger(arg_name="timer", schedule="0 0 0 1 1 *")
def tick(timer: func.TimerRequest) -> None: ...
"""

PARENT = """
import asyncio
from pathlib import Path
from dev.azurite.launcher import running_azurite
from dev.host.launcher import running_host

async def main():
    async with {child} as child:
        print({url}, flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""
