"""The policy for an existing number, case by case: what the simulator's journal and the ledger hold afterwards.

The real Graph client and the real reconciler, against the simulator over HTTP. D is the directory's number, M the
registered mobile, L what this service wrote last and read back.
"""

import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import aiohttp
import pytest

from dev.graph_simulator.launcher import serving_simulator
from shared.graph.client import GraphClient
from shared.graph.directory import GraphDirectory
from shared.graph.roles import RoleReader
from shared.memory import Memory
from shared.models import Cause, Outcome, Reason
from shared.permissions import needed
from shared.policy import Mode, Policy
from tests.contract.graph.conftest import Credential, Sim, now
from tests.fakes import own_pace
from tests.workflow.test_reconcile import KEYS, Bench

APPLY = Policy(mode=Mode.APPLY)
ANNAS, NEW, THIRD = "+31 612345678", "+31 687654321", "+31 611112222"
"""What the directory holds, what it holds after a change, what only the person knows."""
PHONE = ("phone.create", "phone.update", "phone.delete")
GROUP, NESTED = "00000000-0000-4000-8000-00000000aaaa", "00000000-0000-4000-8000-00000000bbbb"
ROLE = "62e90394-69f5-4237-9190-012177145e10"


@dataclass
class World:
    """A tenant, and the app at work in it on a clock and on storage of its own."""

    sim: Sim
    bench: Bench

    async def look(self, *users: str, cause: Cause = Cause.SWEEP, attempt: int = 1) -> list[Outcome]:
        outcomes = await self.bench.look(*users, cause=cause, attempt=attempt)
        return [outcomes[user_id] for user_id in users]

    def ledger(self, user_id: str) -> Memory:
        return self.bench.ledger.memories[user_id]

    def owns(self, user_id: str, number: str | None) -> bool:
        """Whether L is this number; None: whether there is no L."""
        known = self.ledger(user_id).fingerprint
        return known is None if number is None else KEYS.is_phone(known, user_id, number.replace(" ", ""))

    async def writes(self, user_id: str) -> list[str]:
        """Every write of the app's that reached Graph, also refused ones."""
        journal = (await self.sim.call("GET", f"journal?user={user_id}"))["value"]
        return [entry["operation"] for entry in journal if entry["actor"] == "app"]

    async def phone_writes(self, user_id: str) -> list[str]:
        return [operation for operation in await self.writes(user_id) if operation in PHONE]

    async def authentication(self, user_id: str) -> Any:
        return (await self.sim.call("GET", f"users/{user_id}"))["authentication"]

    async def mobile(self, user_id: str) -> str | None:
        number: str | None = (await self.authentication(user_id))["mobile"]
        return number

    async def hr(self, user_id: str, **properties: Any) -> None:
        await self.sim.call("PATCH", f"users/{user_id}", properties)

    async def registers(self, user_id: str, number: str) -> None:
        await self.sim.call("PUT", f"users/{user_id}/phone", {"number": number})

    async def removes(self, user_id: str) -> None:
        await self.sim.call("DELETE", f"users/{user_id}/phone")

    async def ours(self, **properties: Any) -> str:
        """A user whose mobile this service has written: M = L = D."""
        user_id = await self.sim.person(**properties)
        assert await self.look(user_id) == [Outcome.DONE]
        assert self.owns(user_id, ANNAS)
        return user_id

    async def violations(self) -> Any:
        return (await self.sim.call("GET", "violations"))["violations"]


@contextlib.asynccontextmanager
async def world(policy: Policy = APPLY) -> AsyncIterator[World]:
    """With just the permissions that this policy calls for."""
    roles = tuple(permission.name for permission in needed(policy))
    async with serving_simulator() as served, aiohttp.ClientSession() as session:
        credential = Credential(served.url, served.tenant.id, roles)
        async with GraphClient(served.url, credential, now, own_pace(now), own_pace(now)) as client:
            bench = Bench(policy=policy)
            bench.directory = GraphDirectory(client, policy, RoleReader(client))  # type: ignore[assignment]
            yield World(Sim(served.url, client, credential, session), bench)


async def test_case_1_nothing_registered_and_never_ours_the_number_is_written_and_read_back() -> None:
    async with world() as here:
        user_id = await here.sim.person()
        assert await here.look(user_id) == [Outcome.DONE]
        assert await here.mobile(user_id) == ANNAS
        journal = (await here.sim.call("GET", f"journal?user={user_id}&reads=true"))["value"]
        steps = [entry["operation"] for entry in journal if entry["actor"] in ("app", "read")]
        assert "read.phones" in steps[steps.index("phone.create") : steps.index("state.update")]
        assert await here.writes(user_id) == ["phone.create", "state.update"]
        assert here.owns(user_id, ANNAS)
        assert await here.violations() == []


async def test_case_2_the_same_number_is_there_already_nothing_is_written() -> None:
    async with world() as here:
        user_id = await here.sim.person(authentication={"mobile": ANNAS, "perUserMfaState": "enforced"})
        assert await here.look(user_id) == [Outcome.NOOP]
        assert await here.writes(user_id) == []
        assert here.owns(user_id, ANNAS), "from now on the directory's changes are followed"
        assert here.bench.audit.rows == []


async def test_case_3_the_source_changed_and_is_followed_after_the_hold() -> None:
    async with world() as here:
        user_id = await here.ours()
        await here.hr(user_id, mobilePhone="06 87654321")
        assert await here.look(user_id) == [Outcome.HELD]
        assert (await here.mobile(user_id), await here.phone_writes(user_id)) == (ANNAS, ["phone.create"])
        assert here.owns(user_id, ANNAS)
        here.bench.clock.advance(hours=24)
        [(message, _)] = [sent for sent in here.bench.queues.sent if sent[0].cause is Cause.HOLD]
        assert list((await here.bench.handle(message)).values()) == [Outcome.DONE]
        assert (await here.mobile(user_id), await here.phone_writes(user_id)) == (NEW, ["phone.create", "phone.update"])
        assert here.owns(user_id, NEW)
        assert here.ledger(user_id).hold is None
        assert await here.violations() == []


@pytest.mark.parametrize("directory", ["06 12345678", "06 87654321", "", "n/a"])
async def test_case_4_somebody_changed_it_whatever_the_directory_says_it_stays(directory: str) -> None:
    async with world() as here:
        user_id = await here.ours()
        await here.registers(user_id, THIRD)
        await here.hr(user_id, mobilePhone=directory or None)
        for _ in range(3):
            await here.look(user_id)
            here.bench.clock.advance(hours=25)
        assert (await here.mobile(user_id), await here.phone_writes(user_id)) == (THIRD, ["phone.create"])
        assert here.owns(user_id, ANNAS), "L does not change"
        expected = {"": Reason.NO_NUMBER, "n/a": Reason.BAD_NUMBER}.get(directory, Reason.USER_MANAGED)
        assert here.ledger(user_id).reasons == (expected,)
        assert await here.violations() == []


async def test_case_5_another_number_was_there_before_us_it_stays() -> None:
    async with world() as here:
        user_id = await here.sim.person(authentication={"mobile": THIRD})
        for _ in range(3):
            await here.look(user_id)
            here.bench.clock.advance(hours=25)
        assert (await here.mobile(user_id), await here.phone_writes(user_id)) == (THIRD, [])
        assert here.owns(user_id, None)
        assert here.ledger(user_id).reasons == (Reason.DIFFERS,)
        assert await here.violations() == []


@pytest.mark.parametrize(
    ("directory", "outcome", "reason"),
    [
        (None, Outcome.NOOP, Reason.NO_NUMBER),
        ("n/a", Outcome.REFUSED, Reason.BAD_NUMBER),
        ("020 123 4567", Outcome.REFUSED, Reason.NOT_MOBILE),
    ],
)
async def test_case_6_the_source_became_empty_or_useless_ours_stays(
    directory: str | None, outcome: Outcome, reason: Reason
) -> None:
    async with world() as here:
        user_id = await here.ours()
        await here.hr(user_id, mobilePhone=directory)
        for _ in range(3):
            assert await here.look(user_id) == [outcome]
            here.bench.clock.advance(hours=25)
        assert (await here.mobile(user_id), await here.phone_writes(user_id)) == (ANNAS, ["phone.create"])
        assert here.owns(user_id, ANNAS)
        assert here.ledger(user_id).reasons == (reason,)
        assert await here.violations() == []


async def test_case_7_somebody_removed_ours_it_stays_away() -> None:
    async with world() as here:
        user_id = await here.ours()
        await here.removes(user_id)
        for _ in range(3):
            await here.look(user_id)
            here.bench.clock.advance(days=30)
        assert (await here.mobile(user_id), await here.phone_writes(user_id)) == (None, ["phone.create"])
        assert here.owns(user_id, ANNAS), "the tombstone"
        assert Reason.REMOVED_BY_HUMAN in here.ledger(user_id).reasons
        assert await here.violations() == []


STRONGER = ["fido2", "windowsHelloForBusiness", "microsoftAuthenticator", "softwareOath", "platformCredential"]


@pytest.mark.parametrize("kind", STRONGER)
async def test_case_8_a_stronger_method_is_registered_no_phone_beside_it(kind: str) -> None:
    async with world() as here:
        user_id = await here.sim.person(authentication={"methods": [kind]})
        await here.look(user_id)
        assert (await here.mobile(user_id), await here.phone_writes(user_id)) == (None, [])
        assert here.owns(user_id, None)
        assert Reason.STRONGER_METHOD in here.ledger(user_id).reasons
        assert await here.violations() == []


FORBIDDEN: dict[str, Any] = {"status": 403, "body": {"error": {"code": "Authorization_RequestDenied"}}}
KEPT_AWAY: dict[str, tuple[dict[str, Any], dict[str, Any], Reason]] = {
    "disabled": ({"accountEnabled": False}, {}, Reason.DISABLED),
    "guest": ({"userType": "Guest"}, {}, Reason.GUEST),
    "excluded group": ({"groups": [GROUP]}, {"exclude_groups": frozenset({GROUP})}, Reason.EXCLUDED),
    "excluded through a group": ({"groups": [NESTED]}, {"exclude_groups": frozenset({GROUP})}, Reason.EXCLUDED),
    "out of scope": ({}, {"include_groups": frozenset({GROUP})}, Reason.OUT_OF_SCOPE),
    "holds a role": ({"roles": [ROLE]}, {}, Reason.PRIVILEGED),
    "may activate a role": ({"eligibleRoles": [ROLE]}, {}, Reason.PRIVILEGED),
    "not synced": ({}, {"require_synced": True}, Reason.NOT_SYNCED),
}


@pytest.mark.parametrize("name", KEPT_AWAY)
async def test_case_9_an_excluded_class_is_never_written_to(name: str) -> None:
    properties, settings, reason = KEPT_AWAY[name]
    async with world(replace(APPLY, **settings)) as here:
        await here.sim.call("PUT", "tenant", {"groupParents": {NESTED: [GROUP]}})
        user_id = await here.sim.person(**properties)
        assert await here.look(user_id) == [Outcome.SKIPPED]
        assert await here.writes(user_id) == []
        assert here.ledger(user_id).reasons == (reason,)
        assert here.owns(user_id, None)
        assert here.bench.audit.rows == []


@pytest.mark.parametrize(
    "path", ["checkMemberGroups", "roleAssignments", "roleEligibilitySchedules", "transitiveMember"]
)
async def test_case_9_a_class_that_cannot_be_told_is_never_written_to_and_asked_again(path: str) -> None:
    async with world(replace(APPLY, exclude_groups=frozenset({GROUP}))) as here:
        await here.sim.rule(FORBIDDEN, path_regex=path)
        user_id = await here.sim.person()
        assert await here.look(user_id) == [Outcome.SKIPPED]
        assert await here.writes(user_id) == []
        assert here.ledger(user_id).reasons == (Reason.UNKNOWN,)
        [(message, delay)] = here.bench.queues.sent
        assert (message.users, delay) == ((user_id,), timedelta(seconds=5))
        await here.sim.faults(rules=[])
        here.bench.clock.advance(seconds=5)
        assert list((await here.bench.handle(message)).values()) == [Outcome.DONE]
