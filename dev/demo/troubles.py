"""How Graph misbehaves around single people: fault rules of the simulator."""

from collections.abc import Iterable
from typing import Any

from dev.demo.person import Person, Trouble

type Json = dict[str, Any]

LATE_SECONDS = 5.0
STORM_SECONDS = 2.5
STORM_QUOTA = (12, 2)
"""In the storm: so many calls of the authentication methods API in so many seconds, then 429 with Retry-After."""

PHONES = r"/authentication/phoneMethods$"
REQUIREMENTS = r"/authentication/requirements$"


def fault_rules(people: Iterable[Person]) -> list[Json]:
    """The rules for everyone around whom single requests go wrong."""
    return [_rule(person, *_FAULTS[person.trouble]) for person in people if person.trouble in _FAULTS]


def _rule(person: Person, method: str, path: str, effect: Json, times: int) -> Json:
    match = {"method": method, "path_regex": path, "user": person.principal_name}
    return {"match": match, "effect": effect, "times": times, "scope": "inner"}


_FAULTS: dict[Trouble | None, tuple[str, str, Json, int]] = {
    Trouble.UNAVAILABLE: ("GET", r"/phoneMethods$", {"status": 503}, 1),
    Trouble.REFUSED_ONCE: ("POST", PHONES, {"status": 500}, 1),
    Trouble.PHONE_ANSWER_LOST: ("POST", PHONES, {"error_after_commit": 504}, 1),
    Trouble.STATE_ANSWER_LOST: ("PATCH", REQUIREMENTS, {"error_after_commit": 503}, 1),
    Trouble.CUT: ("POST", PHONES, {"cut_after_commit": True}, 1),
}
