"""Queue triggers and outputs of a real app, against Azurite."""

import asyncio
import base64

import pytest

from dev.azurite.launcher import running_azurite
from tests.contract.dev_host.conftest import RunSample
from tests.contract.dev_host.running import eventually, holds, length, texts

pytestmark = pytest.mark.asyncio(loop_scope="session")


def encoded(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


async def test_from_http_through_two_queues(run_sample: RunSample) -> None:
    async with run_sample() as sample:
        assert await sample.post("/api/send", '{ "spaces":  "stay" }') == 202
        (report,) = await sample.reports(1)
        assert report["body"] == '{ "spaces":  "stay" }'
        assert (report["attempt"], report["function"]) == (1, "work")
        assert report["inserted"].endswith("+00:00")
        assert await length(sample.work) == 0


OUTPUTS = [
    ("/api/send-list", '["one", "{\\"two\\": 2}", "drei ü"]', ["one", '{"two": 2}', "drei ü"]),
    ("/api/send-list", "[]", []),
    ("/api/send-text", "plain", ["plain"]),
    ("/api/send-text", '{"a":1}', ['{\n  "a": 1\n}']),
    ("/api/send-text", '[{"a":1},"b"]', ['{\n  "a": 1\n}', "b"]),
]


async def test_outputs_are_written_before_the_answer(run_sample: RunSample) -> None:
    async with run_sample() as sample:
        await sample.out.create_queue()
        for path, body, messages in OUTPUTS:
            assert await sample.post(path, body) == 202
            assert sorted(await texts(sample.out)) == sorted(map(encoded, messages)), body
            await sample.out.clear_messages()


async def test_text_that_only_looks_like_json_fails_the_invocation(run_sample: RunSample) -> None:
    async with run_sample() as sample:
        assert await sample.post("/api/send-text", '{"a":1}\n{"b":2}') == 500
        assert await sample.post("/api/send-text", "x" * 60_000) == 500  # more than 64 KiB once in base64
        assert await length(sample.out) == 0


@pytest.mark.parametrize(("fail", "logged"), [("once", "RuntimeError: told to fail"), ("cancelled", "CancelledError")])
async def test_a_message_that_fails_once_succeeds_at_the_second_attempt(
    run_sample: RunSample, fail: str, logged: str
) -> None:
    async with run_sample() as sample:
        await sample.order(fail=fail)
        (report,) = await sample.reports(1)
        assert report["attempt"] == 2
        assert await length(sample.poison) == 0
        assert logged in sample.host.output()


async def test_poison(run_sample: RunSample) -> None:
    async with run_sample({"maxDequeueCount": 3}) as sample:
        await sample.order(fail="always")
        await eventually(lambda: holds(sample.poison, 1))
        assert await texts(sample.poison) == [encoded('{"fail": "always"}')]
        assert sample.host.output().count("RuntimeError: told to fail") == 3
        await eventually(lambda: holds(sample.work, 0))  # copied to the poison queue first, deleted here afterwards

        await sample.work.send_message("not base64 <&>")
        await eventually(lambda: holds(sample.poison, 2))
        assert "not base64 <&>" in await texts(sample.poison)
        assert sample.host.output().count("Message decoding has failed!") == 1


async def test_without_encoding(run_sample: RunSample) -> None:
    async with run_sample({"messageEncoding": "none"}) as sample:
        assert await sample.post("/api/send-text", "naïve <text>") == 202
        assert await texts(sample.out) == ["naïve <text>"]
        await sample.out.clear_messages()
        await sample.work.send_message("aGk=")
        await eventually(lambda: holds(sample.out, 1))
        (text,) = await texts(sample.out)
        assert '"body": "aGk="' in text


async def test_one_at_a_time(run_sample: RunSample) -> None:
    async with run_sample({"batchSize": 1, "newBatchThreshold": 0}) as sample:
        await asyncio.gather(*(sample.order(sleep=0.1) for _ in range(4)))
        assert {report["beside"] for report in await sample.reports(4)} == {0}


async def test_several_at_a_time(run_sample: RunSample) -> None:
    async with run_sample() as sample:
        await asyncio.gather(*(sample.order(sleep=1) for _ in range(8)))
        assert max(report["beside"] for report in await sample.reports(8)) > 0


async def test_the_host_outlives_its_storage(run_sample: RunSample) -> None:
    async with running_azurite() as storage, run_sample(storage=storage) as sample:
        await storage.stop()
        assert await sample.post("/api/send", "{}") == 500  # not enqueued, and not said to be
        await storage.start()
        await sample.order(after="the outage")
        (report,) = await sample.reports(1)
        assert report["body"] == '{"after": "the outage"}'
        assert sample.host.output().count("cannot be read, polling goes on") == 1
