"""Who may come: the numbers that directories hold, and the people who have them."""

import random
import uuid
from dataclasses import dataclass, field
from typing import Any

from dev.demo.people import people as demo_people
from dev.demo.person import DOMAIN, Person

GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
NO_NUMBER = "noNumber"

type Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Source:
    """What HR enters, and what it means: a number (E.164), or the reason why it is none."""

    text: str | None
    region: str | None
    country: str | None
    number: str | None
    reason: str = ""

    def as_properties(self) -> Json:
        """For creating or editing a person."""
        return {"mobilePhone": self.text, "usageLocation": self.region, "country": self.country}

    @property
    def key(self) -> tuple[str | None, ...]:
        """What the directory holds of it."""
        return (self.text, self.region, self.country)


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A person as created. `own_match`: has registered the very number that HR holds."""

    id: str
    number: int
    source: Source
    own_match: bool = False
    properties: Json = field(default_factory=dict)
    authentication: Json = field(default_factory=dict)

    def as_user(self) -> Json:
        """As the simulator takes it."""
        name = f"chaos-{self.number:05}"
        user: Json = {"id": self.id, "displayName": name, "userPrincipalName": f"{name}@{DOMAIN}"}
        user |= self.source.as_properties()
        return {**user, **self.properties, "authentication": self.authentication}


def _from_demo(person: Person) -> Source:
    reasons = sorted(person.expected.reasons - {"noMethod"})
    region, country = person.properties.get("usageLocation"), person.properties.get("country")
    return Source(person.held, region, country, person.expected.phone, reasons[0] if reasons else "")


def _plain(person: Person) -> bool:
    """Whether nothing but the directory's text matters for how this person ends."""
    special = person.trouble or person.later or person.authentication or set(person.properties) - _OF_A_SOURCE
    return not special and person.expected.outcome != "skipped"


_OF_A_SOURCE = {"usageLocation", "country"}
_GERMAN = tuple(Source(f"0171 392{last:04}", "DE", None, f"+49171392{last:04}") for last in range(50, 100))
"""More numbers reserved for fiction than the demo has people."""

SOURCES = (*dict.fromkeys(_from_demo(person) for person in demo_people() if _plain(person)), *_GERMAN)
GOOD = tuple(source for source in SOURCES if source.number)
USELESS = tuple(source for source in SOURCES if not source.number)
_BY_KEY = {source.key: source for source in SOURCES}


def source_of(user: Json) -> Source:
    """What the directory's text of a person means. KeyError: nobody has entered this."""
    return _BY_KEY[user.get("mobilePhone"), user.get("usageLocation"), user.get("country")]


def any_source(dice: random.Random) -> Source:
    """Mostly good ones."""
    return dice.choice(GOOD) if dice.random() < 0.78 else dice.choice(USELESS)


def own_number(dice: random.Random) -> str:
    """A number that a person registers and that no directory holds."""
    return f"+1 61255501{dice.randrange(100):02}"


def newcomer(number: int, dice: random.Random) -> Newcomer:
    """Most people are plain; some are whom policy leaves alone, some have registered something before."""
    identifier, source = str(uuid.UUID(int=dice.getrandbits(128), version=4)), any_source(dice)
    kind = dice.choices([kind for kind, _ in _KINDS], [weight for _, weight in _KINDS])[0]
    if kind == "same":
        same = dice.choice(_GERMAN)
        spelled = f"+49 {(same.number or '').removeprefix('+49')}"
        return Newcomer(identifier, number, same, own_match=True, authentication={"mobile": spelled})
    return Newcomer(identifier, number, source, properties=_class(kind), authentication=_registered(kind, dice))


def _class(kind: str) -> Json:
    classes: dict[str, Json] = {"guest": {"userType": "Guest"}, "disabled": {"accountEnabled": False}}
    return classes.get(kind, {})


def _registered(kind: str, dice: random.Random) -> Json:
    match kind:
        case "own":
            return {"mobile": own_number(dice)}
        case "method":
            return {"methods": [any_method(dice)]}
        case "enforced":
            return {"perUserMfaState": "enforced"}
        case _:
            return {}


_KINDS = (("plain", 78), ("guest", 3), ("disabled", 4), ("own", 4), ("same", 4), ("method", 5), ("enforced", 2))


def any_method(dice: random.Random) -> str:
    """Something better than a phone."""
    return dice.choice(("fido2", "microsoftAuthenticator", "windowsHelloForBusiness"))
