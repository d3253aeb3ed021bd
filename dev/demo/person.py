"""One person of the simulated tenant: what HR enters, what goes wrong, what comes later, how it must end."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from dev.demo.expectation import Expectation

DOMAIN = "contoso.example"


class Trouble(StrEnum):
    """What goes wrong around a person; the value is said aloud."""

    LATE = "takes 5 s to replicate, until then Graph answers 404"
    STORM = "comes while Graph throttles the app with 429"
    UNAVAILABLE = "Graph answers 503 when the app reads"
    REFUSED_ONCE = "Graph answers 500 when the phone is written"
    PHONE_ANSWER_LOST = "the phone is written, but Graph answers 504"
    STATE_ANSWER_LOST = "the MFA state is written, but Graph answers 503"
    CUT = "the phone is written, then the connection breaks"


class Deed(StrEnum):
    """Who does what later."""

    HR_EDITS = "edit"
    HR_DELETES = "delete"
    REMOVES_PHONE = "remove phone"
    REGISTERS_PHONE = "register phone"


@dataclass(frozen=True, slots=True)
class Later:
    """Something that happens once the app is through with a person, and the end after that."""

    words: str
    deed: Deed
    expected: Expectation
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def in_delta(self) -> bool:
        """Whether a sweep can find it: delta tells of users, not of their authentication methods."""
        return self.deed in (Deed.HR_EDITS, Deed.HR_DELETES)


@dataclass(frozen=True, slots=True)
class Person:
    """`expected` is the end, or, for whom there is something `later`, the state before that. `early`: before others."""

    kind: str
    held: str | None
    expected: Expectation
    properties: Mapping[str, Any] = field(default_factory=dict)
    authentication: Mapping[str, Any] = field(default_factory=dict)
    trouble: Trouble | None = None
    later: Later | None = None
    early: bool = False
    number: int = 0

    @property
    def name(self) -> str:
        """A name that nobody has."""
        return f"Person {self.number:02}"

    @property
    def principal_name(self) -> str:
        """The sign-in name; guests bring their own."""
        return str(self.properties.get("userPrincipalName") or f"person-{self.number:02}@{DOMAIN}")

    @property
    def finally_held(self) -> str | None:
        """What the directory holds in the end."""
        return self.later.values.get("mobilePhone", self.held) if self.later else self.held

    def as_user(self) -> dict[str, Any]:
        """The person as the simulator takes it."""
        user = {"displayName": self.name, "userPrincipalName": self.principal_name, "mobilePhone": self.held}
        user |= dict(self.properties)
        return {**user, "kind": self.kind, "authentication": dict(self.authentication)}
