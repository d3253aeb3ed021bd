"""A run over the real chain: plan, look, somebody changes, apply; what the simulator's journal says was written."""

from typing import Any

from tests.e2e.chain import Chain, running_chain, until
from tests.e2e.test_switches import first_sweep_is_done, writes, written

NEVER = "0 0 0 1 1 *"
"""Timers that come in January: nothing but the run looks at anybody."""


async def reached(chain: Chain, run_id: str, state: str) -> Any:
    """The run's page, once it stands there."""

    async def there() -> Any:
        page = (await chain.ask("GET", f"api/runs/{run_id}")).json()
        return page if page["state"] == state else None

    return await until(there)


async def code(chain: Chain, method: str, path: str, **more: Any) -> tuple[int, str]:
    answer = await chain.ask(method, f"api/{path}", **more)
    return answer.status_code, answer.json()["error"]["code"]


async def begun(chain: Chain, **more: Any) -> str:
    answer = await chain.ask("POST", "api/runs", **more)
    body = answer.json()
    assert (answer.status_code, body["state"]) == (202, "planning"), answer.text
    assert answer.headers["location"] == f"/api/runs/{body['id']}"
    return str(body["id"])


async def test_what_was_planned_is_done_and_whoever_changed_meanwhile_is_left_alone() -> None:
    async with running_chain(PREFILL_SWEEP_SCHEDULE=NEVER) as chain:
        await until(lambda: first_sweep_is_done(chain))
        await chain.sim("PUT", "faults", {"drop_notifications": 1.0})
        people = [await chain.person(mobilePhone=f"06 123456{n:02}", existing=True) for n in range(25)]
        landline = await chain.person(mobilePhone="020 123 4567", existing=True)
        changing, others = people[7], [user for user in people if user != people[7]]

        await chain.sim("PUT", "policy", {"paused": True})  # the oracle takes every write for a violation
        run_id = await begun(chain)
        planned = await reached(chain, run_id, "planned")
        assert (planned["users"], planned["open"], planned["progress"], planned["failures"]) == (26, 0, 1.0, 0)
        assert planned["outcomes"] == {"planned": 25, "refused": 1}
        assert planned["actions"] == {"addPhone": 25, "setMfaState": 25}
        assert {item["id"] for item in planned["items"]} == set(people), "nothing can be done for a landline"
        assert await writes(chain) == []
        assert await chain.ledger(people[0]) == {}, "a plan is not a look"

        await chain.sim("PATCH", f"users/{changing}", {"mobilePhone": "+31 6 8765 4321"})
        await chain.sim("PUT", "policy", {"paused": False})
        for _ in range(2):
            assert (await chain.ask("POST", f"api/runs/{run_id}/apply")).status_code == 202
        applied = await reached(chain, run_id, "applied")
        states = {item["id"]: item["state"] for item in applied["items"]}
        assert states == dict.fromkeys(others, "ended") | {changing: "changed"}
        assert await written(chain) == set(others)
        for n, user in enumerate(people):
            if user != changing:
                await chain.is_set(user, f"+31 6123456{n:02}")
        assert (await chain.authentication(changing))["mobile"] is None
        assert await chain.ledger(changing) == {}
        assert (await chain.authentication(landline))["perUserMfaState"] == "disabled"
        assert await chain.violations() == []
        assert "123456" not in str(applied)


async def test_what_may_not_be_asked_of_a_run() -> None:
    async with running_chain(PREFILL_SWEEP_SCHEDULE=NEVER, PREFILL_MODE="plan") as chain:
        await chain.sim("PUT", "policy", {"mode": "plan"})
        anna, bob = await chain.person(), await chain.person()
        bodies: list[Any] = [{"users": []}, {"users": ["anna@contoso.example"]}, {"users": None}, [anna]]
        for body in bodies:
            assert await code(chain, "POST", "runs", json=body) == (400, "badUsers")
        for method, path in (("GET", ""), ("POST", "/apply"), ("POST", "/cancel")):
            for run_id in ("ffffffffffff", "x%2f..%2fruns", "x%23"):
                assert await code(chain, method, f"runs/{run_id}{path}") == (404, "noSuchRun")
                stranger = await chain.http.request(method, f"{chain.host.url}/api/runs/{run_id}{path}")
                assert stranger.status_code == 401

        await chain.ask("POST", "api/pause")  # a run that cannot go on is one that is at work
        first = await begun(chain, json={"users": [anna.upper(), anna]})
        assert await code(chain, "POST", "runs") == (409, "runActive")
        assert await code(chain, "POST", f"runs/{first}/apply") == (409, "notPlanned")
        for _ in range(2):
            cancelled = await chain.ask("POST", f"api/runs/{first}/cancel")
            assert (cancelled.status_code, cancelled.json()) == (200, {"id": first, "state": "cancelled"})
        await chain.ask("POST", "api/resume")

        second = await begun(chain, json={"users": [bob]})
        await reached(chain, second, "planned")
        assert await code(chain, "POST", f"runs/{second}/apply") == (409, "planMode")
        assert await code(chain, "GET", f"runs/{second}", params={"after": "x"}) == (400, "badAfter")
        third = await begun(chain)
        await reached(chain, second, "superseded")
        page = await reached(chain, third, "planned")
        assert {item["id"] for item in page["items"]} == {anna, bob}
        rest = (await chain.ask("GET", f"api/runs/{third}", params={"after": min(anna, bob)})).json()
        assert [item["id"] for item in rest["items"]] == [max(anna, bob)]
        assert await writes(chain) == []
        assert await chain.violations() == []
