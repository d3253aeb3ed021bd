"""HTTP functions of a real app in a real host process."""

import pytest

from tests.contract.dev_host.conftest import RunSample

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_http_functions(run_sample: RunSample) -> None:
    async with run_sample(env={"PREFILL_TENANT_ID": "tenant-1"}) as sample:
        client, headers = sample.client, {"x-functions-key": sample.host.key, "X-Test": "seen"}
        query = "?a=1&a=2&empty=&code=kept"
        async with client.post(f"/api/echo/a%20b{query}", data=b"hi", headers=headers) as response:
            assert response.status == 200
            assert response.headers["Content-Type"] == "application/json"
            assert response.headers["x-answer"] == "yes"
            assert await response.json() == {
                "method": "POST",
                "params": {"a": "1,2", "code": "kept"},
                "route": {"id": "a b"},
                "header": "seen",
                "body": "hi",
            }
        async with client.get("/api/echo/1") as response:
            assert response.status == 401
        async with client.put("/api/echo/1", headers=headers) as response:
            assert response.status == 404
        async with client.get("/api/crash") as response:
            assert (response.status, await response.read()) == (500, b"")
        async with client.get("/api/claims") as response:
            claims = await response.json(content_type=None)
        assert (claims["tid"], claims["aud"]) == ("tenant-1", "https://graph.microsoft.com")
        async with client.get("/admin/host/status", headers=headers) as response:
            assert await response.json() == {"state": "Running"}
        assert "ValueError: crashed on GET" in sample.host.output()


async def test_what_the_terminal_shows(run_sample: RunSample) -> None:
    async with run_sample(flags=("--key", "another-key")) as sample:
        lines = sample.host.output().splitlines()
        assert f"  echo: [GET,POST] {sample.host.url}/api/echo/{{id}}/{{rest?}} (function)" in lines
        assert f"  work: queue {sample.work.queue_name}" in lines
        assert "  tick: timer 0 0 0 1 1 *" in lines
        assert "Function key: another-key" in lines
        assert lines[-1] == "Ready"
