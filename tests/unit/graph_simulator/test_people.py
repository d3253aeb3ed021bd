"""Made-up people: the same for the same seed, every kind there, numbers that fit their kind."""

import phonenumbers
import pytest

from dev.graph_simulator.people import KINDS, make_people

PEOPLE = make_people(400, seed=3)


def test_the_same_seed_makes_the_same_people() -> None:
    assert make_people(400, seed=3) == PEOPLE
    assert make_people(400, seed=4) != PEOPLE


def test_every_kind_occurs_first_and_names_are_made_up() -> None:
    assert tuple(person["kind"] for person in PEOPLE[: len(KINDS)]) == KINDS
    assert [person["kind"] for person in make_people(2, seed=0)] == list(KINDS[:2])
    assert PEOPLE[11]["userPrincipalName"] == "person-0012@contoso.example"
    assert make_people(1, seed=0, start=41)[0]["displayName"] == "Person 0042"


def parsed(person: dict[str, str]) -> phonenumbers.PhoneNumber:
    return phonenumbers.parse(person["mobilePhone"], person.get("usageLocation") or person.get("country"))


GOOD = (
    "international",
    "compact",
    "national",
    "nationalDashes",
    "nationalWithCountry",
    "fullWidth",
    "noBreakSpaces",
    "padded",
)
MOBILE = {phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE_OR_MOBILE}


@pytest.mark.parametrize("kind", GOOD)
def test_the_good_kinds_hold_valid_mobile_numbers(kind: str) -> None:
    numbers = [parsed(person) for person in PEOPLE if person["kind"] == kind]
    assert numbers
    assert all(phonenumbers.is_valid_number(number) for number in numbers)
    assert {phonenumbers.number_type(number) for number in numbers} <= MOBILE


@pytest.mark.parametrize(
    ("kind", "number_type"),
    [
        ("landline", phonenumbers.PhoneNumberType.FIXED_LINE),
        ("premium", phonenumbers.PhoneNumberType.PREMIUM_RATE),
    ],
)
def test_the_wrong_kinds_are_wrong_in_the_way_they_say(kind: str, number_type: int) -> None:
    numbers = [parsed(person) for person in PEOPLE if person["kind"] == kind]
    assert {phonenumbers.number_type(number) for number in numbers} == {number_type}


@pytest.mark.parametrize("kind", ["text", "tooShort", "nationalWithoutRegion", "doubleZero"])
def test_the_unreadable_kinds_cannot_be_read(kind: str) -> None:
    for person in PEOPLE:
        if person["kind"] == kind:
            try:
                assert not phonenumbers.is_valid_number(parsed(person))
            except phonenumbers.NumberParseException:
                continue
