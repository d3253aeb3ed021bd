"""The chain under faults: nothing is lost, and health says what is wrong."""

import asyncio
from pathlib import Path

import httpx

from dev.azurite.launcher import running_azurite
from dev.host.launcher import running_host
from tests.e2e.chain import TENANT, running_chain, until


async def test_with_every_notification_lost_one_sweep_sets_everybody() -> None:
    async with running_chain() as chain:
        await chain.sim("PUT", "faults", {"drop_notifications": 1.0, "empty_delta_pages": True})
        users = [await chain.person(mobilePhone=f"06 123456{n:02}") for n in range(30)]
        await asyncio.sleep(1)
        await chain.run_timer("sweep")
        await asyncio.gather(*(chain.is_set(user, f"+31 6123456{n:02}") for n, user in enumerate(users)))
        assert await chain.violations() == []


async def test_a_killed_host_finishes_its_work_when_it_is_back() -> None:
    async with running_chain() as chain:
        users = [await chain.person(mobilePhone=f"06 123456{n:02}") for n in range(20)]
        await chain.host.kill()
        await chain.host.start()
        await asyncio.gather(*(chain.is_set(user, f"+31 6123456{n:02}") for n, user in enumerate(users)))
        assert await chain.violations() == []


async def test_errors_throttling_and_answers_cut_off_delay_but_lose_nobody() -> None:
    async with running_chain() as chain:
        path = "/authentication/"
        rules = [
            {"match": {"path_regex": path}, "effect": {"status": 429, "retry_after": 1}, "times": 3},
            {"match": {"path_regex": path}, "effect": {"status": 503}, "times": 3},
            {
                "match": {"method": "POST", "path_regex": "phoneMethods"},
                "effect": {"error_after_commit": 504},
                "times": 3,
            },
            {"match": {"path_regex": r"\$batch"}, "effect": {"cut_after_commit": True}, "times": 2, "scope": "outer"},
        ]
        await chain.sim("PUT", "faults", {"rules": rules, "duplicate_notifications": 0.5})
        users = [await chain.person(mobilePhone=f"06 123456{n:02}") for n in range(12)]
        await asyncio.gather(*(chain.is_set(user, f"+31 6123456{n:02}") for n, user in enumerate(users)))
        assert await chain.violations() == []


async def test_plan_mode_sends_no_write_at_all() -> None:
    async with running_chain(PREFILL_MODE="plan") as chain:
        await chain.sim("PUT", "policy", {"mode": "plan"})
        user_id = await chain.person()
        await chain.ends(user_id, "planned")
        assert await chain.violations() == []
        assert (await chain.authentication(user_id))["mobile"] is None


async def test_bad_settings_the_app_still_indexes_and_says_what_to_mend() -> None:
    async with running_azurite() as azurite:
        env = {
            "AzureWebJobsStorage": azurite.connection_string,
            "PREFILL_MODE": "aply",
            "PREFILL_SECRET": "too short to be a secret",
            "PREFILL_SWEEP_SCHEDULE": "hourly",
        }
        async with running_host(env=env) as host, httpx.AsyncClient(base_url=host.url) as http:
            health = await http.get("/api/health")
            assert health.status_code == 503
            assert set(health.json()["wrong"]) == {
                "PREFILL_MODE", "PREFILL_SECRET", "PREFILL_TENANT_ID", "PREFILL_SWEEP_SCHEDULE",
            }  # fmt: skip
            for route in ("notifications", "lifecycle"):
                answer = await http.post(f"/api/{route}", json={"value": []})
                assert (answer.status_code, answer.json()["error"]["code"]) == (503, "settings")
            log = host.output()
    assert "PREFILL_MODE: 'aply'" in log
    assert "too short to be a secret" not in log


async def test_without_storage_a_notification_is_not_acknowledged_and_so_not_lost(tmp_path: Path) -> None:
    async with running_chain(location=tmp_path) as chain:
        await chain.azurite.stop()
        user_id = await chain.person()

        async def refused() -> bool:
            return "500" in str(await chain.sim("GET", "notifications"))

        await until(refused)
        health = await chain.http.get(f"{chain.host.url}/api/health")
        assert (health.status_code, health.json()["storage"]) == (503, "unreachable")
        assert TENANT not in health.text
        await chain.azurite.start()
        await chain.is_set(user_id, "+31 612345678")
        assert await chain.violations() == []
