"""Two kinds of failure, as values and as exceptions. Floor 0.

    Failure
     ├─ Transient   passes by itself; says when to try again
     └─ Permanent   stays until a person acts; says what that person must do
    PrefillError
     ├─ GraphFailed        a Graph call that has no per-user answer (lists, delta, subscriptions) failed
     ├─ DeltaExpired       the delta token is of no use any more; start over
     ├─ AlreadySubscribed  409: a subscription for this resource and changeType exists
     ├─ UnreadableMessage  a queue message that is not ours to understand
     ├─ Conflict           somebody else wrote the row since we read it
     ├─ RunRefused         what is asked of a run does not fit where it stands
     └─ SettingsError      every mistake in the application settings, with the way to mend each

Whatever is neither escapes to the Functions host, which retries it and finally puts the message into the poison queue.
"""

from dataclasses import dataclass
from datetime import timedelta

from shared.models import Reason


@dataclass(frozen=True, slots=True)
class Transient:
    """Try again. `delay` is what Graph asked for (Retry-After), None when it is ours to choose."""

    reason: Reason
    detail: str
    delay: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Permanent:
    """Trying again is useless until a person has done what `advice` says."""

    reason: Reason
    detail: str
    advice: str


@dataclass(frozen=True, slots=True)
class NotFound:
    """Graph knows no such object: too new to have reached this replica, or gone. The error does not tell which."""

    detail: str


Failure = Transient | Permanent | NotFound


class PrefillError(Exception):
    """The root of this product's exceptions. Messages carry ids and codes, never a phone number or a secret."""


class GraphFailed(PrefillError):
    """A Graph call failed; `failure` says of which kind."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.detail)
        self.failure = failure


class DeltaExpired(PrefillError):
    """https://learn.microsoft.com/graph/delta-query-overview: 410 Gone, or 40x such as syncStateNotFound."""


class AlreadySubscribed(PrefillError):
    """`subscription_id` is the one Graph named, None when it named none."""

    def __init__(self, subscription_id: str | None) -> None:
        super().__init__("a subscription for users/updated exists already")
        self.subscription_id = subscription_id


class UnreadableMessage(PrefillError):
    """`problem` says what is wrong; `users` are the object ids that could still be found in it."""

    def __init__(self, problem: str, users: tuple[str, ...] = ()) -> None:
        super().__init__(problem)
        self.problem = problem
        self.users = users


class Conflict(PrefillError):
    """A conditional write (ETag) failed because the row changed."""


class RunRefused(PrefillError):
    """`code` for machines, the text for an operator."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(frozen=True, slots=True)
class Mistake:
    """One wrong setting: which, what is wrong, how to mend it."""

    setting: str
    problem: str
    fix: str


class SettingsError(PrefillError):
    """All mistakes in the application settings, found in one go."""

    def __init__(self, mistakes: tuple[Mistake, ...]) -> None:
        lines = [f"{mistake.setting}: {mistake.problem}. {mistake.fix}" for mistake in mistakes]
        super().__init__("the application settings need mending:\n  " + "\n  ".join(lines))
        self.mistakes = mistakes
