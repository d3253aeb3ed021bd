"""Comparing phone numbers the way the oracle needs it: canonically, and against what a directory holds."""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import phonenumbers

_NOT_A_DIGIT = re.compile(r"\D")


def same_number(one: str | None, other: str | None) -> bool:
    """Whether two numbers in Graph's form are the same but for spaces."""
    return _digits(one) == _digits(other)


def _digits(number: str | None) -> str:
    return _NOT_A_DIGIT.sub("", number or "")


def written_from(number: str, sources: Iterable[str], regions: Iterable[str]) -> bool:
    """Whether `number` is what some source text says, read in one of the user's regions."""
    wanted = _parsed(number, None)
    if wanted is None:
        return False
    candidates = tuple(_regions(regions, wanted))
    return any(_says(text, wanted, candidates) for text in sources)


def _regions(given: Iterable[str], wanted: phonenumbers.PhoneNumber) -> Iterator[str | None]:
    """The regions to read a text in. A country written out in words is not judged: then the number's own counts."""
    yield None
    for region in given:
        if region.upper() in phonenumbers.SUPPORTED_REGIONS:
            yield region.upper()
        else:
            yield phonenumbers.region_code_for_number(wanted)


def _says(text: str, wanted: phonenumbers.PhoneNumber, regions: Iterable[str | None]) -> bool:
    e164 = phonenumbers.format_number(wanted, phonenumbers.PhoneNumberFormat.E164)
    for region in regions:
        found = _parsed(text, region)
        if found and phonenumbers.format_number(found, phonenumbers.PhoneNumberFormat.E164) == e164:
            return True
    return False


@lru_cache(maxsize=65_536)
def _parsed(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException:
        return None
