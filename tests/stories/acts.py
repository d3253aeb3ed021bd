"""What may happen in a world besides the app's own work: between two steps of a story, or in the middle of one."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from dev.graph_simulator import authentication, directory
from shared.switches import PAUSE, By, Pause
from tests.stories.process import Gate
from tests.stories.world import World

type Act = Callable[[World, Gate], None]
"""At the gate of the process in whose way it comes."""

ROLE = "62e90394-69f5-4237-9190-012177145e10"


@dataclass(frozen=True)
class HrEdits:
    who: int
    values: Mapping[str, Any]

    def __call__(self, world: World, gate: Gate) -> None:
        user = world.person(self.who)
        if user.life == "active":
            change = partial(directory.update_user, world.tenant, user, dict(self.values))
            world.acts(user, "hr", "user.update", change)


@dataclass(frozen=True)
class LeavesOrReturns:
    who: int
    for_good: bool

    def __call__(self, world: World, gate: Gate) -> None:
        user = world.person(self.who)
        remove = directory.delete_for_good if self.for_good else directory.soft_delete
        if user.life == "active":
            world.acts(user, "hr", "user.delete", partial(remove, world.tenant, user))
        elif user.life == "softDeleted":
            world.acts(user, "hr", "user.restore", partial(directory.restore, world.tenant, user))


@dataclass(frozen=True)
class ChangesPhone:
    """Registers a number, or (None) removes the one that is there."""

    who: int
    number: str | None

    def __call__(self, world: World, gate: Gate) -> None:
        user, tenant = world.person(self.who), world.tenant
        if user.life != "active":
            return
        if self.number is None:
            world.acts(user, "human", "phone.delete", lambda: authentication.remove_phone(tenant, user, "mobile"))
            return
        number, change = self.number, authentication.add_phone
        if "mobile" in user.phones:
            change = authentication.change_phone
        world.acts(user, "human", "phone.put", lambda: change(tenant, user, "mobile", number))


@dataclass(frozen=True)
class ChangesMethods:
    """Registers a method of a kind, or (None) removes all but phones."""

    who: int
    kind: str | None

    def __call__(self, world: World, gate: Gate) -> None:
        user, tenant = world.person(self.who), world.tenant
        if user.life != "active":
            return
        if self.kind:
            world.acts(user, "human", "method.add", partial(authentication.add_method, tenant, user, self.kind))
            return
        for method in list(user.methods):
            remove = partial(authentication.remove_method, tenant, user, method.identifier, method.kind)
            world.acts(user, "human", "method.delete", remove)


@dataclass(frozen=True)
class SetsMfaState:
    who: int
    state: str

    def __call__(self, world: World, gate: Gate) -> None:
        user = world.person(self.who)
        if user.life == "active":
            change = partial(authentication.set_mfa_state, world.tenant, user, self.state)
            world.acts(user, "human", "authentication.put", change)


@dataclass(frozen=True)
class Regroups:
    who: int
    groups: frozenset[str]

    def __call__(self, world: World, gate: Gate) -> None:
        world.person(self.who).groups = set(self.groups)


@dataclass(frozen=True)
class GetsRole:
    """`active`, `eligible` or neither."""

    who: int
    kind: str

    def __call__(self, world: World, gate: Gate) -> None:
        user = world.person(self.who)
        user.roles = {ROLE} if self.kind == "active" else set()
        user.eligible_roles = {ROLE} if self.kind == "eligible" else set()


@dataclass(frozen=True)
class OperatorPauses:
    """The kill switch, thrown in the very moment."""

    def __call__(self, world: World, gate: Gate) -> None:
        if not world.paused:
            world.control.throw(PAUSE, Pause(True, By.OPERATOR, world.now(), "a test").as_json())


@dataclass(frozen=True)
class StorageFails:
    """Some ports of storage, until the work at hand is over."""

    ports: frozenset[str]
    done: bool

    def __call__(self, world: World, gate: Gate) -> None:
        world.account.down, world.account.done = self.ports, self.done


@dataclass(frozen=True)
class Dies:
    """The process in whose way it comes; what it has just sent arrives, its answer does not."""

    def __call__(self, world: World, gate: Gate) -> None:
        gate.dead = True
