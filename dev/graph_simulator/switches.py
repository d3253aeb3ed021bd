"""Named switches of the simulated tenant: how late, how lossy, how strict. Set through /sim/faults."""

from dataclasses import asdict, dataclass, fields, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class Switches:
    """All switches with their defaults. Seconds are real seconds unless a name says otherwise."""

    # replication and reading one's own writes
    replication_seconds: float = 0.3
    skeleton_seconds: float = 0.3
    read_lag_seconds: float = 0.0
    user_read_lag_seconds: float = 0.0
    # notifications
    drop_notifications: float = 0.0
    duplicate_notifications: float = 0.0
    delay_notifications: tuple[float, float] = (0.0, 0.1)
    reorder: bool = False
    creation_notifications: int = 3
    notify_authentication_writes: bool = True
    notification_batch_size: int = 50
    retry_scale: float = 0.02
    first_timeout_seconds: float = 3.0
    retry_timeout_seconds: float = 10.0
    handshake_timeout_seconds: float = 10.0
    endpoint_states: bool = False
    stall_without_reauthorization: bool = False
    documented_lifecycle: bool = False
    # delta
    delta_page_size: int = 25
    empty_delta_pages: bool = False
    replay_delta: bool = False
    removed_in_first_round: bool = True
    expired_delta: str = ""
    expired_delta_style: str = "410"
    # batch and lists
    batch_shuffle: bool = True
    hide_subscriptions_in_list: bool = False
    subscription_page_size: int = 20
    subscription_denied_as_401: bool = False
    # strictness
    strict_phone_format: bool = False
    lenient_audience: bool = False
    restricted_units_refuse: bool = True
    shown_phone_type: str = ""
    masked_numbers: bool = False
    # throttling: [requests, seconds]; zero requests = no limit
    write_quota: tuple[float, float] = (0, 150)
    resource_unit_quota: tuple[float, float] = (0, 10)
    method_quota: tuple[float, float] = (0, 10)
    role_quota: tuple[float, float] = (0, 10)
    throttle_retry_after: bool = True
    decimal_retry_after: bool = False

    def changed(self, values: dict[str, Any]) -> "Switches":
        """A copy with `values` applied; unknown names and wrong kinds raise ValueError."""
        known = {field.name for field in fields(self)}
        unknown = sorted(set(values) - known)
        if unknown:
            raise ValueError(f"unknown switches {unknown}; known are {sorted(known)}")
        fitting: dict[str, Any] = {name: _fitting(name, getattr(self, name), given) for name, given in values.items()}
        return replace(self, **fitting)

    def as_json(self) -> dict[str, Any]:
        """All switches by name."""
        return asdict(self)


def _fitting(name: str, example: object, value: object) -> object:
    if isinstance(example, bool):
        if isinstance(value, bool):
            return value
    elif isinstance(example, tuple):
        return _pair(name, value)
    elif isinstance(example, str):
        if value is None or isinstance(value, str):
            return value or ""
    elif isinstance(value, int | float) and not isinstance(value, bool):
        return type(example)(value)  # type: ignore[call-arg]
    raise ValueError(f"switch {name}: {value!r} does not fit, the default is {example!r}")


def _pair(name: str, value: object) -> tuple[float, float]:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return (float(value), float(value))
    if isinstance(value, list | tuple):
        match tuple(value):
            case (int() | float() as first, int() | float() as second):
                return (float(first), float(second))
            case _:
                pass
    raise ValueError(f"switch {name}: give one number or a list of two, not {value!r}")
