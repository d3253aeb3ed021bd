"""What goes wrong with Graph, one kind after the other, and at times all of it."""

import random
from dataclasses import dataclass, field
from itertools import batched
from typing import Any

from dev.chaos.options import Options

type Json = dict[str, Any]

CALM_AFTER = 3
"""So many phases of trouble, then a calm one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of trouble: switches and rules of the simulator; `loses_subscription` when it begins."""

    name: str
    switches: Json = field(default_factory=dict)
    rules: tuple[Json, ...] = ()
    loses_subscription: bool = False


@dataclass(frozen=True, slots=True)
class Phase:
    """A kind of trouble from a moment on."""

    at: float
    kind: Kind


def _rule(effect: Json, probability: float, scope: str = "inner", method: str = "", path: str = "") -> Json:
    match = {key: value for key, value in (("method", method), ("path_regex", path)) if value}
    return {"match": match, "effect": effect, "probability": probability, "scope": scope}


_METHODS = r"/authentication/"
_LOST_ANSWERS = (
    _rule({"error_after_commit": 504}, 0.35, method="POST", path=_METHODS),
    _rule({"error_after_commit": 504}, 0.35, method="PATCH", path=_METHODS),
    _rule({"cut_after_commit": True}, 0.05, scope="outer", method="POST", path=r"/\$batch$"),
)
_THROTTLING = (_rule({"status": 429, "retry_after": 2}, 0.04), _rule({"status": 429}, 0.01))
_UNAVAILABLE = (_rule({"status": 503}, 0.08), _rule({"status": 503, "html": True}, 0.08, scope="outer"))
_BREAKING = (
    _rule({"hang": True}, 0.01, scope="outer"),
    _rule({"cut_before": True}, 0.1, scope="outer"),
    _rule({"cut_after_commit": True}, 0.06, scope="outer", method="POST"),
)
_SLOW = (_rule({"delay_seconds": 1.5}, 0.3, scope="outer"), _rule({"delay_seconds": 0.4}, 0.2))
_LATE: Json = {"delay_notifications": [0.0, 6.0], "reorder": True, "notification_batch_size": 3}

CALM = Kind("calm")
KINDS = (
    Kind("lost notifications", {"drop_notifications": 0.6}),
    Kind("duplicated notifications", {"duplicate_notifications": 0.8, "reorder": True}),
    Kind("late and reordered notifications", _LATE),
    Kind("429", {"method_quota": [60, 3]}, _THROTTLING),
    Kind("503", {}, _UNAVAILABLE),
    Kind("504 after commit", {}, _LOST_ANSWERS),
    Kind("latency", {}, _SLOW),
    Kind("hangs and cut connections", {}, _BREAKING),
    Kind("phones lag", {"read_lag_seconds": 3.0}),
    Kind("late replication", {"replication_seconds": 4.0, "skeleton_seconds": 2.0}),
    Kind("lost subscription", {}, (), loses_subscription=True),
    Kind("expired delta", {"expired_delta": "410", "replay_delta": True, "empty_delta_pages": True}),
    Kind("forgotten delta", {"expired_delta": "syncStateNotFound", "delta_page_size": 3}),
    Kind(
        "everything",
        {**_LATE, "drop_notifications": 0.3, "duplicate_notifications": 0.3, "read_lag_seconds": 1.0},
        (*_THROTTLING, *_UNAVAILABLE, *_LOST_ANSWERS, *_BREAKING),
        loses_subscription=True,
    ),
)


def plan_phases(options: Options) -> list[Phase]:
    """Every kind once, in an order that the seed decides, calm in between; and again until the time is over."""
    dice = random.Random(f"phases {options.seed}")
    kinds: list[Kind] = []
    most = int(options.seconds / options.phase_seconds) + 1
    while len(kinds) < most:
        for some in batched(dice.sample(KINDS, len(KINDS)), CALM_AFTER, strict=False):
            kinds += [*some, CALM]
    phases = [Phase(place * options.phase_seconds, kind) for place, kind in enumerate(kinds)]
    return [phase for phase in phases if phase.at < options.seconds]
