"""What a subscription on users may say.

https://learn.microsoft.com/graph/api/resources/subscription
"""

import re
from urllib.parse import urlsplit

from dev.graph_simulator.clock import SECONDS_PER_MINUTE, epoch_of
from dev.graph_simulator.errors import GraphError, bad_request
from dev.graph_simulator.model import Subscription

LONGEST_LIFE_MINUTES = 41_760
"""Under 29 days: https://learn.microsoft.com/graph/change-notifications-overview#subscription-lifetime"""
SHORTEST_LIFE_MINUTES = 45
"""A shorter life is raised to this."""
LONGEST_CLIENT_STATE = 128
REAUTHORIZE_BEFORE_END_SECONDS = 15 * SECONDS_PER_MINUTE
RESOURCES = re.compile(r"/?(users|groups)(/[0-9a-f-]{36}(/(members|owners))?)?", re.IGNORECASE)


def checked_types(value: object) -> tuple[str, ...]:
    """`updated`, `deleted` or both; `created` alone is refused, in a list it is accepted and never fires.

    https://github.com/microsoftgraph/microsoft-graph-docs/issues/4819 · [assume: created-in-a-list]
    """
    if value == "created" or not isinstance(value, str):
        raise _bad_type(value)
    types = tuple(word.strip() for word in value.split(","))
    if not set(types) <= {"created", "updated", "deleted"}:
        raise _bad_type(value)
    return types


def _bad_type(value: object) -> GraphError:
    return bad_request(f"Invalid 'changeType' attribute: '{value}'.", "InvalidRequest")


def checked_resource(value: object) -> str:
    """`users`, `/users`, `users/{id}` and their group counterparts; no query ([assume: filtered-resource-400])."""
    if not isinstance(value, str) or not RESOURCES.fullmatch(value):
        raise bad_request(f"Unsupported resource '{value}'.", "InvalidRequest")
    return value


def checked_url(value: object, name: str) -> str:
    """HTTPS, or HTTP on this machine because the simulator has no certificate ([assume: loopback-http])."""
    parts = urlsplit(str(value))
    loopback = parts.hostname in {"localhost", "127.0.0.1", "::1"}
    if parts.hostname and (parts.scheme == "https" or (parts.scheme == "http" and loopback)):
        return str(value)
    raise bad_request(f"The {name} must be an absolute HTTPS URL.", "InvalidRequest")


def checked_client_state(value: object) -> str | None:
    """At most 128 characters ([assume: long-client-state-400])."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > LONGEST_CLIENT_STATE:
        raise bad_request("The clientState must be a string of at most 128 characters.", "InvalidRequest")
    return value


def checked_expiry(value: object, now: float) -> float:
    """The end in epoch seconds: at most 41,760 minutes away, raised to 45 minutes where shorter."""
    try:
        end = epoch_of(str(value))
    except ValueError as problem:
        raise bad_request(
            "The expirationDateTime is not a valid date-time with an offset.", "InvalidRequest"
        ) from problem
    if end > now + LONGEST_LIFE_MINUTES * SECONDS_PER_MINUTE:
        # [assume: expiry-cap-code]
        raise bad_request(
            f"Subscription expiration can only be {LONGEST_LIFE_MINUTES} minutes in the future.", "ExtensionError"
        )
    if end <= now:
        # [assume: past-expiry-400]
        raise bad_request("Subscription expirationDateTime is in the past.", "InvalidRequest")
    return max(end, now + SHORTEST_LIFE_MINUTES * SECONDS_PER_MINUTE)


def same_combination(one: Subscription, other: Subscription) -> bool:
    """Same app, resource and change types; spelling and order do not matter ([assume: twin-normalised])."""
    return (
        one.app_id == other.app_id
        and one.resource.strip("/").casefold() == other.resource.strip("/").casefold()
        and set(one.change_types) == set(other.change_types)
    )
