"""What a phone number is. The only file that knows.

libphonenumber (``phonenumberslite``) is the authority on numbers; this file decides what may be handed to it.
**The way in is narrow, the reasons are generous:** a text becomes a number only if it is one plain run of
digits and separators, with at most a known label around it. Everything clever (extensions, letters, second
numbers) is looked at only to tell HR *why* the text was refused, never to write it.

No I/O, no clock, no environment, no logging. No repr, str or exception of this file holds a number.
"""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import phonenumbers as lib

from shared.regions import SUPPORTED_REGIONS

MAX_LENGTH = 250
"""Longer texts are no phone numbers; libphonenumber draws the same line (``_MAX_INPUT_STRING_LENGTH``)."""

type RegionSource = Literal["international", "usageLocation", "country", "setting"]


class Refusal(StrEnum):
    """Why a text cannot become an authentication phone: the reason words of decision rule 5."""

    BAD_NUMBER = "badNumber"
    NOT_MOBILE = "notMobile"
    REGION_NOT_ALLOWED = "regionNotAllowed"
    NEEDS_REGION = "needsRegion"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """One valid number that can receive an SMS."""

    country_code: int
    national: str
    """National significant number, with the zero that Italian numbers keep."""
    region: str
    """Where the number belongs. It may differ from the hint: some British mobiles are placed in GG."""
    read_as: RegionSource
    """Where the country came from: the number itself (``+CC``, ``00CC``) or the hint that was used."""

    @property
    def canonical(self) -> str:
        """E.164, the spelling that is compared and fingerprinted: ``+447911123456``."""
        return f"+{self.country_code}{self.national}"

    @property
    def graph_format(self) -> str:
        """The spelling Graph asks for: ``+44 7911123456``, one space after the country code.

        https://learn.microsoft.com/en-us/graph/api/resources/phoneauthenticationmethod
        """
        return f"+{self.country_code} {self.national}"

    @property
    def masked(self) -> str:
        """The only spelling that is shown or kept: ``+44 ••••••56``, six bullets whatever the length."""
        return f"+{self.country_code} ••••••{self.national[-2:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"<PhoneNumber {self.masked}>"


@dataclass(frozen=True, slots=True)
class Refused:
    """A text that is not one usable number: why, and what HR may see of it."""

    reason: Refusal
    masked: str


@dataclass(frozen=True, slots=True)
class RegionHints:
    """Where a number without country code may belong, in the order in which the hints are believed."""

    usage_location: str | None = None
    country: str | None = None
    setting: str | None = None

    def first_usable(self) -> tuple[str, RegionSource] | None:
        """The first hint that is a region libphonenumber knows; the later ones are then not looked at.

        Trying the next hint because the number is not valid under the first would be guessing: for most texts
        some region can be found in which they are somebody's number. ``country`` is free text in the
        directory ("Netherlands", "nl"): alpha-2 in any case counts, names are skipped.
        https://learn.microsoft.com/en-us/graph/api/resources/user
        """
        hints: tuple[tuple[str | None, RegionSource], ...] = (
            (self.usage_location, "usageLocation"),
            (self.country, "country"),
            (self.setting, "setting"),
        )
        for hint, source in hints:
            region = _region(hint)
            if region:
                return region, source
        return None


def read_number(text: str, hints: RegionHints, allowed_regions: frozenset[str] = frozenset()) -> PhoneNumber | Refused:
    """Read the one SMS-capable number that a directory field holds, or say why there is none.

    ``text`` is what the directory holds (empty fields are the caller's ``noNumber``). ``allowed_regions`` are
    upper-case alpha-2 codes; empty means every region.
    """
    if len(text) > MAX_LENGTH:
        return Refused(Refusal.BAD_NUMBER, mask(text))
    result = _read(_clean(text), hints.first_usable(), allowed_regions)
    return Refused(result, mask(text)) if isinstance(result, Refusal) else result


def canonical(registered: str | None) -> str | None:
    """How a number that Graph returned is spelled for comparison: E.164, an extension kept as ``x123``.

    Graph answers ``+31 612345678`` for a number sent without the space: raw texts must never be compared. A
    number that is not valid loses its separators only. What does not look like ``+CC NNN[xEXT]`` stays as it
    is, without outer blanks; it equals nothing but itself.
    """
    text = _clean(registered or "")
    match = _REGISTERED.fullmatch(text)
    if not match:
        return text or None
    number = _valid(match["number"], None)
    digits = lib.format_number(number, lib.PhoneNumberFormat.E164) if number else _digits(match["number"])
    return "+" + digits.removeprefix("+") + (match["extension"] or "").lower()


def same_number(a: str | None, b: str | None) -> bool:
    """Whether two spellings are one number. Nothing is the same as no number."""
    return canonical(a) is not None and canonical(a) == canonical(b)


def mask(text: str) -> str:
    """Show the shape of a text that may hold a number, so that HR recognises the mistake but not the number.

    Kept: separators, a leading country code, the last two digits (if at least four others are hidden), and
    known words ("Mobile", "or", "ext"). Other digits become ``•``. Other letters become ``*``: they may be
    digits in disguise (1-800-FLOWERS) or somebody's name. Long texts are cut.
    """
    shown = _clean(text[:MAX_LENGTH])[:_MASK_LENGTH]
    digits = [at for at, char in enumerate(shown) if char.isdecimal()]
    code = _country_code_length(shown)
    hidden = digits[code:-2] if len(digits) - code >= _MASK_MIN_DIGITS else digits[code:]
    kept = set(digits) - set(hidden) | _telling_letters(shown, digits[0] if digits else len(shown))
    return "".join(char if at in kept else _masked_char(char) for at, char in enumerate(shown))


# --- how a text may be written ------------------------------------------------------------------------------

_LABEL_WORDS = """
    cell cellphone cellular cellulare celular gsm handy m mob mobiel mobil mobile mobilnummer mobiltelefon
    movil móvil natel number nummer numero número personal phone portable privat private t tel telefon
    telefono telefoon telephone teléfono téléphone work
"""
"""Words that say "my phone". Any other ("Fax", "Assistant", "wife", "old") may say that it is not."""

_LABELS = frozenset(_LABEL_WORDS.split())

_BEFORE = r"(?P<before>[^\d+]*)"
_NUMBER = r"(?P<number>\+?[\d ().\-/]*\d)"
_AFTER = r"[^\w+#*?]*(?:\((?P<after>[^\W\d_]+)\))?"
_WRITTEN = re.compile(_BEFORE + _NUMBER + _AFTER)
"""One number. A label may stand before it, or in brackets after it: bare letters may be digits there."""

_REGISTERED = re.compile(r"(?P<number>\+[\d ().-]*\d) *(?P<extension>[xX]\d+)?")
_MAYBE_SECOND = re.compile(r"[/(]|-(?=\s*\d$)")
_RUN = re.compile(r"\d[\d ().-]*")
_WORD = re.compile(r"[^\W\d_]+")
_MIN_DIGITS = 7  # fewer digits are no second number, rather an extension or a room
_ANY_REGION = "US"  # to ask "is it a number at all?", never to write

_MASK_LENGTH = 60
_MASK_MIN_DIGITS = 6
_JOINING_WORDS = frozenset({"and", "et", "ext", "or", "ou", "und", "x"})
_TELLING_WORDS = _LABELS | _JOINING_WORDS | {"a", "fax", "home", "n", "none", "office", "old", "unknown"}

_BREAKS = frozenset("\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
_MORE_DASHES = frozenset("\u2212\u30fc")  # minus, Japanese long vowel mark: libphonenumber takes both for dashes
_AS_ASCII = {"Pd": "-", "Ps": "(", "Pe": ")", "Cf": ""}


def _clean(text: str) -> str:
    """The same text on a plain keyboard: ASCII digits, dashes, brackets and blanks, nothing invisible."""
    return "".join(map(_plain_char, text)).strip()


def _plain_char(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char in _MORE_DASHES:
        return "-"
    if char.isalnum():
        return char  # so that ² and ① do not become digits
    if char.isspace():
        return "\n" if char in _BREAKS else " "
    return _AS_ASCII.get(unicodedata.category(char), unicodedata.normalize("NFKC", char))


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())


def _region(hint: str | None) -> str | None:
    """The hint as a known region. ASCII only: ``"ß".upper()`` is South Sudan."""
    region = hint.strip().upper() if hint and hint.isascii() else None
    return region if region in SUPPORTED_REGIONS else None


def _bare(text: str) -> str | None:
    """The number without its label, or None if the text is not one plain number."""
    match = _WRITTEN.fullmatch(text)
    if not match:
        return None
    words = _WORD.findall(f"{match['before']} {match['after'] or ''}")
    return match["number"] if all(word.casefold() in _LABELS for word in words) else None


# --- what libphonenumber says -------------------------------------------------------------------------------

_SMS_CAPABLE = frozenset({lib.PhoneNumberType.MOBILE, lib.PhoneNumberType.FIXED_LINE_OR_MOBILE})
"""North American numbers do not tell mobile from landline, so the mixed type counts."""

_CARRIED = frozenset({lib.CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN, lib.CountryCodeSource.FROM_NUMBER_WITH_IDD})

_CROWN_DEPENDENCIES = frozenset({"GG", "IM", "JE"})


def _read(text: str, hint: tuple[str, RegionSource] | None, allowed_regions: frozenset[str]) -> PhoneNumber | Refusal:
    region, source = hint or (None, "international")
    bare = _bare(text)
    if bare and _has_two_readings(bare, region):
        return Refusal.AMBIGUOUS
    number = _valid(bare, region) if bare else None
    if number is None:
        return _why_not(text, bare, region)
    place = lib.region_code_for_number(number)
    if place is None or not _can_get_sms(number, place):
        return Refusal.NOT_MOBILE
    if not _is_allowed(number, place, allowed_regions):
        return Refusal.REGION_NOT_ALLOWED
    return PhoneNumber(
        country_code=lib.country_code_for_region(place),
        national=lib.national_significant_number(number),
        region=place,
        read_as="international" if number.country_code_source in _CARRIED else source,
    )


def _parse(text: str, region: str | None) -> lib.PhoneNumber | None:
    try:
        return lib.parse(text, region, keep_raw_input=True)
    except lib.NumberParseException:
        return None


def _valid(text: str, region: str | None) -> lib.PhoneNumber | None:
    """The number, if such numbers are given out. The right length is not enough: the country may be wrong."""
    number = _parse(text, region)
    return number if number and lib.is_valid_number(number) else None


def _has_two_readings(bare: str, region: str | None) -> bool:
    """``0170 1234567/8`` is one long German number, or two that differ in the last digit: no guess."""
    return any(_valid(bare[: mark.start()], region) for mark in _MAYBE_SECOND.finditer(bare))


def _can_get_sms(number: lib.PhoneNumber, place: str) -> bool:
    """Mobile, and of a country: satellite and other shared codes (+881, +882 …) are where toll fraud lives.

    https://learn.microsoft.com/en-us/entra/identity/authentication/concept-mfa-telephony-fraud
    """
    return place != lib.REGION_CODE_FOR_NON_GEO_ENTITY and lib.number_type(number) in _SMS_CAPABLE


def _is_allowed(number: lib.PhoneNumber, place: str, allowed_regions: frozenset[str]) -> bool:
    """Whether the number belongs to an allowed region.

    Some regions share every number (IT and VA, NO and SJ, AU and CX): such a number belongs to each of them.
    The Crown dependencies have ranges of their own in the British plan, and people in Britain carry such
    numbers: GB admits them (not the other way round). +1 gets no such kindness: US admits neither Canada nor
    Puerto Rico nor the Caribbean, whose costly numbers look like any area code; who wants them names them.
    """
    if not allowed_regions:
        return True
    if "GB" in allowed_regions and place in _CROWN_DEPENDENCIES:
        return True
    return any(lib.is_valid_number_for_region(number, region) for region in allowed_regions)


# --- why a text was refused ---------------------------------------------------------------------------------


def _why_not(text: str, bare: str | None, region: str | None) -> Refusal:
    """The word that helps HR most, for a text that is not one plain valid number."""
    if _holds_two_numbers(text, region):
        return Refusal.AMBIGUOUS
    if region is None and "+" not in text:
        return _without_region(text, bare)
    number = _parse(text, region)
    has_extension = number is not None and number.extension and lib.is_valid_number(number)
    return Refusal.NOT_MOBILE if has_extension else Refusal.BAD_NUMBER


def _without_region(text: str, bare: str | None) -> Refusal:
    """A number that only lacks its region, or no number in any region ("n/a", "Room 1234")."""
    number = _parse(text, _ANY_REGION)
    return Refusal.NEEDS_REGION if number and (bare or number.extension) else Refusal.BAD_NUMBER


def _holds_two_numbers(text: str, region: str | None) -> bool:
    """Two valid numbers, or two runs of digits that are each long enough to be one."""
    if sum(1 for _ in lib.PhoneNumberMatcher(text, region)) > 1:
        return True
    return sum(1 for run in _RUN.findall(text) if len(_digits(run)) >= _MIN_DIGITS) > 1


# --- what may be shown --------------------------------------------------------------------------------------


def _country_code_length(text: str) -> int:
    """How many of the text's first digits are a country code: right behind a plus, before any other digit."""
    match = re.match(r"[^\d+]*\+(\d{1,3})", text)
    starts = (match[1][:length] for length in range(1, len(match[1]) + 1)) if match else ()
    return next((len(start) for start in starts if int(start) in lib.COUNTRY_CODE_TO_REGION_CODE), 0)


def _telling_letters(text: str, first_digit: int) -> set[int]:
    """Where words stand that may be shown. Behind the first digit only joining ones: MOBILE may be 662453."""
    return {at for word in _telling_words(text, first_digit) for at in range(word.start(), word.end())}


def _telling_words(text: str, first_digit: int) -> Iterator[re.Match[str]]:
    for word in _WORD.finditer(text):
        known = _TELLING_WORDS if word.start() < first_digit else _JOINING_WORDS
        if word[0].casefold() in known:
            yield word


def _masked_char(char: str) -> str:
    if char.isdecimal():
        return "•"
    if char.isspace():
        return " "
    return char if char.isascii() and char.isprintable() and not char.isalnum() else "*"
