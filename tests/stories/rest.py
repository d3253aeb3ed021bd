"""How every story ends: the weather clears, all is worked off, and everybody is where the decision wants them."""

import itertools
from dataclasses import replace
from datetime import timedelta

from dev.graph_simulator.model import User
from shared.decision import decide
from shared.graph.directory import GraphDirectory
from shared.graph.roles import RoleReader
from shared.memory import Memory
from shared.models import Observation, Outcome
from shared.plan import Plan
from shared.policy import Mode
from shared.ports import Phase
from tests.stories.promises import Promises
from tests.stories.world import KEYS, World


async def ends_well(world: World, promises: Promises) -> None:
    """Raises AssertionError."""
    await _clears(world)
    await _one_sweep_finds_every_change(world)
    await _round(world)
    await _everybody_is_where_they_belong(world, promises)
    written = len(promises.writes())
    await _round(world)
    assert len(promises.writes()) == written, promises.writes()[written:]
    await _everybody_is_where_they_belong(world, promises)
    promises.check()


async def _clears(world: World) -> None:
    """No fault is left, nobody pauses the service, and what is parked is replayed."""
    world.calm()
    world.change_rules(replace(world.rulebook, writes_per_hour=10_000))
    world.advance(timedelta(minutes=1))
    await world.resume()
    for item in await world.parking.all():
        for user_id in item.users:
            world.ask(user_id)
    await world.work_off()


async def _one_sweep_finds_every_change(world: World) -> None:
    """From the checkpoint as it stands, with every notification since then lost."""
    world.notify(itertools.repeat(0))
    world.advance(timedelta(seconds=5))
    await world.sweep()
    await world.work_off()
    changed = {
        entry.user: entry.at for entry in world.tenant.journal.entries if entry.actor == "hr" and entry.committed
    }
    for user_id, at in changed.items():
        looked_at = world.ledger.memories[user_id].looked_at
        assert looked_at is not None
        assert looked_at.timestamp() >= at, f"{user_id} was not swept"


async def _round(world: World) -> None:
    """A sweep over everybody, also those of whom only the groups, the methods or the settings have changed."""
    world.advance(timedelta(seconds=5))
    await world.forget_checkpoint()
    await world.sweep()
    await world.work_off()


async def _everybody_is_where_they_belong(world: World, promises: Promises) -> None:
    assert not world.queue.waiting
    assert not world.parking.items
    assert all(phases == [Phase.INTENT, Phase.OUTCOME] for phases in promises.phases().values()), world.audit.rows
    for person in world.people:
        remembered = world.ledger.memories[person.id]
        assert remembered.claim is None
        if person.life != "active":
            assert remembered.outcome is Outcome.GONE
            continue
        plan = await _plan(world, person)
        assert _is_settled(plan, remembered, world.policy.mode), f"{remembered}\n{plan}"


def _is_settled(plan: Plan, remembered: Memory, mode: Mode) -> bool:
    """Whether nothing is left to do, and the ledger says so in the same words."""
    left = mode is Mode.APPLY and (plan.actions or plan.hold)
    same = remembered.outcome is plan.outcome or (remembered.outcome, plan.outcome) == (Outcome.DONE, Outcome.NOOP)
    return not left and same and remembered.reasons == plan.reasons


def _directory(world: World) -> GraphDirectory:
    client = world.instances[0].line.client
    return GraphDirectory(client, world.policy, RoleReader(client))


async def _plan(world: World, user: User) -> Plan:
    """What the decision wants for a user now, seen afresh."""
    seen = (await _directory(world).observe([user.id]))[user.id]
    assert isinstance(seen, Observation), seen
    memory = (await world.ledger.load([user.id]))[user.id]
    return decide(seen, world.policy, memory, KEYS, world.now())
