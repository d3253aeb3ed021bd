"""What the client under test is allowed to do; the oracle measures against it. Set through /sim/policy."""

from dataclasses import dataclass, field, fields, replace

from dev.graph_simulator.exchange import JsonObject


@dataclass(frozen=True, slots=True)
class OraclePolicy:
    """Rules of the service under test, named as in JSON. `excluded`: user ids nobody may write to.

    `raceSeconds`: a fact that changed by another hand this shortly before a write, and after the client's last look,
    makes the write a race and not a violation. `lookSeconds`: with several instances the look that led to a write need
    not be the last one; any that was at most this old may have been.
    """

    mode: str = "apply"
    paused: bool = False
    strongerMethod: str = "skip"  # noqa: N815  (the JSON name)
    existingPhone: str = "follow"  # noqa: N815
    readdAfterRemoval: bool = False  # noqa: N815
    deletes: str = "never"
    includeGuests: bool = False  # noqa: N815
    requireSynced: bool = False  # noqa: N815
    excluded: frozenset[str] = field(default_factory=frozenset)
    defaultRegion: str = ""  # noqa: N815
    raceSeconds: float = 30.0  # noqa: N815
    lookSeconds: float = 0.0  # noqa: N815
    writesPerHour: int = 0  # noqa: N815
    strictRetryAfter: bool = False  # noqa: N815

    def changed(self, values: JsonObject) -> "OraclePolicy":
        """A copy with `values` applied; unknown names, words and kinds raise ValueError."""
        known = {item.name for item in fields(self)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"unknown policy fields {unknown}; known are {sorted(known)}")
        for name, words in _WORDS.items():
            if name in values and values[name] not in words:
                raise ValueError(f"{name}: give one of {words}")
        given = dict(values)
        if "excluded" in given:
            given["excluded"] = frozenset(str(user) for user in given["excluded"])
        return replace(self, **given)

    def as_json(self) -> JsonObject:
        """All fields."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**values, "excluded": sorted(self.excluded)}


_WORDS = {
    "mode": ("plan", "apply"),
    "strongerMethod": ("skip", "add"),
    "existingPhone": ("keep", "follow", "replace"),
    "deletes": ("never", "own"),
}
