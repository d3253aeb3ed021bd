"""Made-up people with the numbers real directories hold: spelled every way, wrong in every way.

Valid numbers come from ranges reserved for fiction (Germany +49 171 39200xx, Sweden +46 70 1740605 to 699, North
America 555-0100 to 0199) or are libphonenumber's own example numbers.
"""

import random
from collections.abc import Callable
from dataclasses import dataclass

import phonenumbers

from dev.graph_simulator.exchange import JsonObject

NORTH_AMERICA = ("201", "206", "212", "312", "415", "512")
FULL_WIDTH = {ord(sign): ord(sign) + 0xFEE0 for sign in "+0123456789"}
"""ASCII to full-width forms."""


@dataclass(frozen=True, slots=True)
class Number:
    """One number: region, country code, national number, and how it is dialled at home."""

    region: str
    code: str
    national: str
    trunk: str

    @property
    def international(self) -> str:
        """`+CC NNN`, as Graph wants it."""
        return f"+{self.code} {self.national}"


def mobile(dice: random.Random) -> Number:
    """A valid mobile number that belongs to nobody."""
    pick = dice.randrange(5)
    if pick == 0:
        return Number("SE", "46", f"701740{dice.randint(605, 699)}", "0")
    if pick == 1:
        return Number("US", "1", f"{dice.choice(NORTH_AMERICA)}55501{dice.randrange(100):02}", "")
    if pick == 2:
        return _example(dice.choice(("NL", "GB", "CH", "DK", "NO")), phonenumbers.PhoneNumberType.MOBILE)
    return Number("DE", "49", f"17139200{dice.randrange(100):02}", "0")


def landline(dice: random.Random) -> Number:
    """A valid number that no text message reaches."""
    if dice.random() < 0.5:
        return Number("GB", "44", f"2079460{dice.randrange(1000):03}", "0")
    return Number("DE", "49", f"3023125{dice.randrange(1000):03}", "0")


def premium(dice: random.Random) -> Number:
    """A number that costs the sender money."""
    return _example(dice.choice(("GB", "DE", "NL", "US")), phonenumbers.PhoneNumberType.PREMIUM_RATE)


def _example(region: str, kind: int) -> Number:
    number = phonenumbers.example_number_for_type(region, kind)
    if number is None:
        raise LookupError(f"libphonenumber has no example of this kind for {region}")
    code = str(number.country_code)
    trunk = "" if region in {"US", "DK", "NO"} else "0"
    return Number(region, code, phonenumbers.national_significant_number(number), trunk)


def make_people(count: int, seed: int, start: int = 0) -> list[JsonObject]:
    """`count` people as /sim/users takes them; the same ones for the same arguments.

    Every kind of person occurs once in the first `len(KINDS)` people; after that by weight.
    """
    dice = random.Random(seed)
    names = list(_KINDS)
    weights = [_KINDS[name][0] for name in names]
    kinds = [*names, *dice.choices(names, weights, k=max(0, count - len(names)))][:count]
    return [_person(kind, start + index + 1, dice) for index, kind in enumerate(kinds)]


def _person(kind: str, number: int, dice: random.Random) -> JsonObject:
    person: JsonObject = {
        "displayName": f"Person {number:04}",
        "givenName": "Person",
        "surname": f"{number:04}",
        "userPrincipalName": f"person-{number:04}@contoso.example",
        "employeeId": f"E{number:06}",
        "department": dice.choice(("Sales", "Finance", "Production", "Service")),
        "onPremisesSyncEnabled": dice.random() < 0.5 or None,
        "kind": kind,
    }
    return {**person, **_KINDS[kind][1](dice)}


def _at_home(phone: Number, text: str, **more: object) -> JsonObject:
    return {"mobilePhone": text, "usageLocation": phone.region, **more}


def _spelled(spell: Callable[[Number], str]) -> Callable[[random.Random], JsonObject]:
    def make(dice: random.Random) -> JsonObject:
        phone = mobile(dice)
        return _at_home(phone, spell(phone))

    return make


def _with_own_number(dice: random.Random) -> JsonObject:
    phone, own = mobile(dice), Number("US", "1", f"61255501{dice.randrange(100):02}", "")
    return _at_home(phone, phone.international, authentication={"mobile": own.international})


def _with_same_number(dice: random.Random) -> JsonObject:
    phone = mobile(dice)
    return _at_home(phone, phone.trunk + phone.national, authentication={"mobile": phone.international})


def _with(**more: object) -> Callable[[random.Random], JsonObject]:
    def make(dice: random.Random) -> JsonObject:
        phone = mobile(dice)
        return _at_home(phone, phone.international, **more)

    return make


def _without_region(spell: Callable[[Number], str]) -> Callable[[random.Random], JsonObject]:
    def make(dice: random.Random) -> JsonObject:
        phone = Number("DE", "49", f"17139200{dice.randrange(100):02}", "0")
        return {"mobilePhone": spell(phone), "usageLocation": None}

    return make


def _national(phone: Number) -> str:
    return phone.trunk + phone.national


def _dashed(phone: Number) -> str:
    return f"{phone.trunk}{phone.national[:3]}-{phone.national[3:]}"


def _number_of(source: Callable[[random.Random], Number]) -> Callable[[random.Random], JsonObject]:
    def make(dice: random.Random) -> JsonObject:
        phone = source(dice)
        return _at_home(phone, phone.international)

    return make


def _text(dice: random.Random) -> JsonObject:
    words = ("n/a", "ask reception", "none", "-", "see badge", "TBD")
    return {"mobilePhone": dice.choice(words), "usageLocation": "DE"}


def _country_only(dice: random.Random) -> JsonObject:
    phone = Number("DE", "49", f"17139200{dice.randrange(100):02}", "0")
    return {"mobilePhone": _national(phone), "usageLocation": None, "country": "DE"}


def _two(dice: random.Random) -> JsonObject:
    first, second = mobile(dice), mobile(dice)
    return _at_home(first, f"{first.international} / {second.international}")


def _business_only(dice: random.Random) -> JsonObject:
    phone = mobile(dice)
    return {"mobilePhone": None, "businessPhones": [phone.international], "usageLocation": phone.region}


_KINDS: dict[str, tuple[int, Callable[[random.Random], JsonObject]]] = {
    "international": (30, _spelled(lambda phone: phone.international)),
    "compact": (10, _spelled(lambda phone: f"+{phone.code}{phone.national}")),
    "national": (15, _spelled(_national)),
    "nationalDashes": (5, _spelled(_dashed)),
    "trunkZeroInBrackets": (4, _spelled(lambda phone: f"+{phone.code} ({phone.trunk or '0'}){phone.national}")),
    "doubleZero": (3, _without_region(lambda phone: f"00{phone.code} {phone.national}")),
    "nationalWithoutRegion": (3, _without_region(_national)),
    "nationalWithCountry": (3, _country_only),
    "fullWidth": (2, _spelled(lambda phone: phone.international.translate(FULL_WIDTH))),
    "noBreakSpaces": (2, _spelled(lambda phone: f"\u00a0+{phone.code}\u00a0{phone.national}\u200e")),
    "padded": (2, _spelled(lambda phone: f"  {phone.international}  ")),
    "extension": (2, _spelled(lambda phone: f"{phone.international} ext. 12")),
    "landline": (4, _number_of(landline)),
    "premium": (1, _number_of(premium)),
    "twoNumbers": (2, _two),
    "tooShort": (1, _spelled(lambda phone: phone.international[:8])),
    "text": (2, _text),
    "empty": (6, lambda dice: {"mobilePhone": dice.choice((None, "", " ")), "usageLocation": "DE"}),
    "businessOnly": (2, _business_only),
    "guest": (4, _with(userType="Guest", externalUserState="Accepted")),
    "disabled": (4, _with(accountEnabled=False)),
    "ownNumber": (5, _with_own_number),
    "sameNumber": (4, _with_same_number),
    "passkey": (3, _with(authentication={"methods": ["fido2"]})),
    "authenticator": (5, _with(authentication={"methods": ["microsoftAuthenticator"], "perUserMfaState": "enabled"})),
    "enforced": (2, _with(authentication={"perUserMfaState": "enforced"})),
}

KINDS = tuple(_KINDS)
"""All kinds of people, in the order in which the first ones are made."""
