"""What happens to whom and when, written before the start: the seed decides all of it."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dev.chaos.cast import (
    GLOBAL_ADMINISTRATOR,
    GOOD,
    USELESS,
    Newcomer,
    any_method,
    any_source,
    newcomer,
    own_number,
)
from dev.chaos.options import Options

WAVES = 50
"""About so many times somebody comes; fewer and larger waves would meet few kinds of trouble."""

LARGEST_WAVE = 40
CREATION_SHARE = 0.85
"""Of the time, so that the last ones still see some trouble."""

SOONEST_EDIT_SECONDS = 0.2
EDITS = ((0, 4), (1, 4), (2, 3), (3, 2), (4, 1))


class Deed(StrEnum):
    """What can happen to a person."""

    CREATE = "created"
    NUMBER = "HR enters another number"
    CLEAR = "HR enters something useless"
    DISABLE = "disabled"
    ENABLE = "enabled"
    ROLE = "becomes an administrator"
    DELETE = "deleted"
    RESTORE = "restored"
    DESTROY = "deleted for good"
    REGISTER = "registers a number"
    REMOVE = "removes the phone"
    METHOD = "registers another method"


@dataclass(frozen=True, slots=True)
class Event:
    """At so many seconds this happens to this person."""

    at: float
    person: Newcomer
    deed: Deed
    values: dict[str, Any] = field(default_factory=dict)


_LIVING = (
    (Deed.NUMBER, 34),
    (Deed.CLEAR, 8),
    (Deed.REGISTER, 14),
    (Deed.REMOVE, 10),
    (Deed.METHOD, 8),
    (Deed.DISABLE, 8),
    (Deed.ENABLE, 6),
    (Deed.ROLE, 4),
    (Deed.DELETE, 8),
)
_DELETED = ((Deed.RESTORE, 7), (Deed.DESTROY, 3))


def write_script(options: Options) -> list[Event]:
    """Everything in the order in which it happens."""
    dice = random.Random(f"script {options.seed}")
    events: list[Event] = []
    for number, at in enumerate(_arrivals(options, dice), start=1):
        person = newcomer(number, dice)
        events.append(Event(at, person, Deed.CREATE))
        events += _later(person, at, options.seconds, dice)
    return sorted(events, key=lambda event: event.at)


def _arrivals(options: Options, dice: random.Random) -> list[float]:
    """When each person comes: in waves of any size."""
    moments: list[float] = []
    most = min(max(2 * options.people // WAVES, 1), LARGEST_WAVE)
    while len(moments) < options.people:
        wave = min(dice.randint(1, most), options.people - len(moments))
        moments += [dice.uniform(0, options.seconds * CREATION_SHARE)] * wave
    return sorted(moments)


def _later(person: Newcomer, born: float, end: float, dice: random.Random) -> Iterator[Event]:
    count = dice.choices([number for number, _ in EDITS], [weight for _, weight in EDITS])[0]
    moments = sorted(dice.uniform(min(born + SOONEST_EDIT_SECONDS, end), end) for _ in range(count))
    living = True
    for at in moments:
        choice = _LIVING if living else _DELETED
        deed = dice.choices([deed for deed, _ in choice], [weight for _, weight in choice])[0]
        yield Event(at, person, deed, _values(deed, dice))
        if deed is Deed.DESTROY:
            return
        living = deed is not Deed.DELETE


def _values(deed: Deed, dice: random.Random) -> dict[str, Any]:
    make = _VALUES.get(deed)
    return make(dice) if make else {}


_VALUES: dict[Deed, Callable[[random.Random], dict[str, Any]]] = {
    Deed.NUMBER: lambda dice: dice.choice(GOOD).as_properties(),
    Deed.CLEAR: lambda dice: dice.choice(USELESS).as_properties(),
    Deed.DISABLE: lambda _: {"accountEnabled": False},
    Deed.ENABLE: lambda _: {"accountEnabled": True},
    # a role alone is told by nobody: neither notifications nor delta know of it
    Deed.ROLE: lambda dice: {**any_source(dice).as_properties(), "roles": [GLOBAL_ADMINISTRATOR]},
    Deed.REGISTER: lambda dice: {"number": own_number(dice)},
    Deed.METHOD: lambda dice: {"kind": any_method(dice)},
}
