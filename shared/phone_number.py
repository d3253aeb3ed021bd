"""Read, compare and mask phone numbers. No other module parses one.

libphonenumber (``phonenumberslite``) is the authority on numbers; this module decides which texts may reach it,
and whether its reading is the only one.

- A text becomes a number only if it is one plain run of digits and separators, with at most a known label around
  it. Extensions, letters and second numbers are examined only to choose the reason of the refusal.
- libphonenumber reads what a person *dials*: it removes exit codes, carrier codes and trunk prefixes and joins what
  separators divide. A directory holds what a person or a tool *wrote*, so a text that also reads as another valid
  number is refused as ambiguous.

No I/O, no clock, no environment, no logging. No repr, str or exception of this module contains a number.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import phonenumbers as lib

from shared.regions import SUPPORTED_REGIONS

MAX_LENGTH = 250
"""Longer texts are refused unread; libphonenumber has the same limit (``_MAX_INPUT_STRING_LENGTH``)."""

type RegionSource = Literal["international", "usageLocation", "country", "setting"]


class Refusal(StrEnum):
    """The reason words of decision rule 5: why a text cannot become an authentication phone."""

    BAD_NUMBER = "badNumber"
    NOT_MOBILE = "notMobile"
    REGION_NOT_ALLOWED = "regionNotAllowed"
    NEEDS_REGION = "needsRegion"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True, repr=False)
class PhoneNumber:
    """A valid number that can receive an SMS."""

    country_code: int
    national: str
    """National significant number, including the leading zero of Italian numbers."""
    region: str
    """The region the number belongs to. It may differ from the hint: some British mobiles are placed in GG."""
    read_as: RegionSource
    """The source of the country code: the number itself (``+CC``, ``00CC``) or the hint that was used."""

    @property
    def canonical(self) -> str:
        """The number in E.164, the form that is compared and fingerprinted: ``+447911123456``."""
        return f"+{self.country_code}{self.national}"

    @property
    def graph_format(self) -> str:
        """The form Graph requires: ``+44 7911123456``, one space after the country code.

        https://learn.microsoft.com/en-us/graph/api/resources/phoneauthenticationmethod
        """
        return f"+{self.country_code} {self.national}"

    @property
    def masked(self) -> str:
        """The only form that is shown or stored: ``+44 ••••••56``, six bullets for every length."""
        return f"+{self.country_code} ••••••{self.national[-2:]}"

    def __str__(self) -> str:
        return self.masked

    def __repr__(self) -> str:
        return f"<PhoneNumber {self.masked}>"


@dataclass(frozen=True, slots=True)
class Refused:
    """A text that is not one usable number: the reason, and the masked text for HR."""

    reason: Refusal
    masked: str


type Hint = tuple[str, RegionSource]


@dataclass(frozen=True, slots=True)
class RegionHints:
    """The regions that a number without country code may belong to, most trusted first."""

    usage_location: str | None = None
    country: str | None = None
    setting: str | None = None

    def usable(self) -> tuple[Hint, ...]:
        """Return the user's own hints that libphonenumber knows, or else the setting.

        ``country`` is free text in the directory ("Netherlands", "nl"): alpha-2 codes in any case are used, names
        are skipped. https://learn.microsoft.com/en-us/graph/api/resources/user
        """
        own: tuple[tuple[str | None, RegionSource], ...] = (
            (self.usage_location, "usageLocation"),
            (self.country, "country"),
        )
        return _known(own) or _known(((self.setting, "setting"),))

    def first_usable(self) -> Hint | None:
        """Return the hint that decides: the number is read there or nowhere.

        Trying the next hint because the number is not valid under the first would be guessing: for most texts
        some region can be found in which they are a valid number. The next hint can only contradict.
        """
        return next(iter(self.usable()), None)


def read_number(text: str, hints: RegionHints, allowed_regions: frozenset[str] = frozenset()) -> PhoneNumber | Refused:
    """Return the one SMS-capable number that a directory field holds, or the reason why there is none.

    ``text`` is the attribute's value (the caller handles empty ones as ``noNumber``). ``allowed_regions`` are
    upper-case alpha-2 codes; empty means every region.
    """
    if len(text) > MAX_LENGTH:
        return Refused(Refusal.BAD_NUMBER, mask(text))
    result = _read(_clean(text), hints, allowed_regions)
    return Refused(result, mask(text)) if isinstance(result, Refusal) else result


def canonical(registered: str | None) -> str | None:
    """Return a number that Graph returned in the form used for comparison: E.164, an extension kept as ``x123``.

    Graph answers ``+31 612345678`` for a number sent without the space, so raw texts must never be compared. A
    number that is not valid loses only its separators. A text that does not look like ``+CC NNN[xEXT]`` is
    returned without outer blanks and equals only itself.
    """
    text = _clean(registered or "")
    match = _REGISTERED.fullmatch(text)
    if not match:
        return text or None
    number = _valid(match["number"], None)
    digits = _e164(number) if number else _digits(match["number"])
    return "+" + digits.removeprefix("+") + (match["extension"] or "").lower()


def same_number(a: str | None, b: str | None) -> bool:
    """Return whether two spellings are the same number. A missing number equals nothing."""
    return canonical(a) is not None and canonical(a) == canonical(b)


def mask(text: str) -> str:
    """Return the shape of a text that may hold a number, so that HR recognises the mistake but not the number.

    Kept: separators, a leading country code, the last two digits (if at least four others are hidden), and
    known words ("Mobile", "or", "ext"). Other digits become ``•``. Other letters become ``*``: they may stand for
    digits (1-800-FLOWERS) or be a name. Long texts are cut.
    """
    shown = _clean(text[:MAX_LENGTH])[:_MASK_LENGTH]
    digits = [at for at, char in enumerate(shown) if char.isdecimal()]
    code = _country_code_length(shown)
    hidden = digits[code:-2] if len(digits) - code >= _MASK_MIN_DIGITS else digits[code:]
    kept = set(digits) - set(hidden) | _telling_letters(shown, digits[0] if digits else len(shown))
    return "".join(char if at in kept else _masked_char(char) for at, char in enumerate(shown))


# --- which texts are plain numbers ----------------------------------------------------------------------------

_LABEL_WORDS = """
    cell cellphone cellular cellulare celular gsm handy m mob mobiel mobil mobile mobilnummer mobiltelefon
    movil móvil natel number nummer numero número personal phone portable privat private t tel telefon
    telefono telefoon telephone teléfono téléphone work
"""
"""Words that mean the user's own phone. Any other word ("Fax", "Assistant", "wife", "old") may mean that it is not."""

_LABELS = frozenset(_LABEL_WORDS.split())

_BEFORE = r"(?P<before>[^\d+]*)"
_NUMBER = r"(?P<number>\+?[\d ().\-/]*\d)"
_AFTER = r"[^\w+#*?]*(?:\((?P<after>[^\W\d_]+)\))?"
_WRITTEN = re.compile(_BEFORE + _NUMBER + _AFTER)
"""One number. A label may precede it or follow in brackets; behind the digits, bare letters may stand for digits."""

_REGISTERED = re.compile(r"(?P<number>\+[\d ().-]*\d) *(?P<extension>[xX]\d+)?")
_MAYBE_SECOND = re.compile(r"[/(]|-(?=\s*\d$)")
_GROUP = re.compile(r"\d+")
_DECIMAL = re.compile(r"(?P<whole>.*\d)[^\d.]*\.[^\d]*(?P<zeros>0+)")
_UNDIVIDED = re.compile(r"\+?\d+")
_COMMA_DECIMAL = re.compile(r"\d\s*,\s*0+\D*$")
_THOUSANDS = re.compile(r"(?<!\d)\d{1,3}(?:,\d{3}){2,}(?!\d)")
_RUN = re.compile(r"\d[\d ().-]*")
_WORD = re.compile(r"[^\W\d_]+")
_SHORT_ENDING = 2  # an extension, a second last digit
_LONG_GROUP = 5  # longer ones are not groups, but a number that was not divided
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
    """Return the text with ASCII digits, dashes, brackets and blanks, and without invisible characters."""
    return "".join(map(_plain_char, text)).strip()


def _plain_char(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    if char in _MORE_DASHES:
        return "-"
    if char.isalnum():
        return char  # NFKC would make digits of ² and ①
    if char.isspace():
        return "\n" if char in _BREAKS else " "
    return _AS_ASCII.get(unicodedata.category(char), unicodedata.normalize("NFKC", char))


def _digits(text: str) -> str:
    return "".join(char for char in text if char.isdecimal())


def _region(hint: str | None) -> str | None:
    """Return the hint as a known region. ASCII only: ``"ß".upper()`` is South Sudan."""
    region = hint.strip().upper() if hint and hint.isascii() else None
    return region if region in SUPPORTED_REGIONS else None


def _known(hints: Iterable[tuple[str | None, RegionSource]]) -> tuple[Hint, ...]:
    return tuple((region, source) for hint, source in hints if (region := _region(hint)))


def _bare(text: str) -> str | None:
    """Return the number without its label, or None if the text is not one plain number."""
    match = _WRITTEN.fullmatch(text)
    if not match:
        return None
    words = _WORD.findall(f"{match['before']} {match['after'] or ''}")
    return match["number"] if all(word.casefold() in _LABELS for word in words) else None


# --- what libphonenumber says -------------------------------------------------------------------------------

_SMS_CAPABLE = frozenset({lib.PhoneNumberType.MOBILE, lib.PhoneNumberType.FIXED_LINE_OR_MOBILE})
"""North American numbers do not distinguish mobile from landline, so the mixed type counts."""

_CARRIED = frozenset({lib.CountryCodeSource.FROM_NUMBER_WITH_PLUS_SIGN, lib.CountryCodeSource.FROM_NUMBER_WITH_IDD})

_CROWN_DEPENDENCIES = frozenset({"GG", "IM", "JE"})


def _read(text: str, hints: RegionHints, allowed_regions: frozenset[str]) -> PhoneNumber | Refusal:
    region, source = hints.first_usable() or (None, "international")
    bare = _bare(text)
    if bare is None:
        return _why_not(text, None, region)
    damage = _damage(bare, region)
    if damage:
        return damage
    number = _valid(bare, region)
    if number is None:
        return _why_not(text, bare, region)
    place = _place(number)
    objection = _objection(bare, number, [region for region, _ in hints.usable()], allowed_regions)
    return objection or PhoneNumber(
        country_code=lib.country_code_for_region(place),
        national=lib.national_significant_number(number),
        region=place,
        read_as="international" if number.country_code_source in _CARRIED else source,
    )


def _damage(bare: str, region: str | None) -> Refusal | None:
    """Return the reason to refuse a text whose separators change its meaning, even where its digits are valid."""
    if _is_decimal(bare, region):
        return Refusal.BAD_NUMBER
    return Refusal.AMBIGUOUS if _has_second_ending(bare, region) else None


def _objection(
    bare: str, number: lib.PhoneNumber, regions: list[str], allowed_regions: frozenset[str]
) -> Refusal | None:
    """Return the reason to refuse a valid number, or None."""
    if _has_other_reading(bare, number, regions):
        return Refusal.AMBIGUOUS
    if not _is_mobile(number):
        return Refusal.NOT_MOBILE
    return None if _is_allowed(number, allowed_regions) else Refusal.REGION_NOT_ALLOWED


def _parse(text: str, region: str | None) -> lib.PhoneNumber | None:
    try:
        return lib.parse(text, region, keep_raw_input=True)
    except lib.NumberParseException:
        return None


def _valid(text: str, region: str | None) -> lib.PhoneNumber | None:
    """Return the number if its range is in use. The right length is not enough: the country may be wrong."""
    number = _parse(text, region)
    return number if number and lib.is_valid_number(number) else None


def _mobile(text: str, region: str | None) -> lib.PhoneNumber | None:
    number = _valid(text, region)
    return number if number and _is_mobile(number) else None


def _is_mobile(number: lib.PhoneNumber) -> bool:
    """Return whether a valid number gets SMS and belongs to a country: +881, +882 … are where toll fraud lives.

    https://learn.microsoft.com/en-us/entra/identity/authentication/concept-mfa-telephony-fraud
    """
    return _place(number) in SUPPORTED_REGIONS and lib.number_type(number) in _SMS_CAPABLE


def _place(number: lib.PhoneNumber) -> str:
    return lib.region_code_for_number(number) or ""


def _e164(number: lib.PhoneNumber) -> str:
    return lib.format_number(number, lib.PhoneNumberFormat.E164)


def _is_other(number: lib.PhoneNumber | None, than: lib.PhoneNumber) -> bool:
    return number is not None and _e164(number) != _e164(than)


def _is_allowed(number: lib.PhoneNumber, allowed_regions: frozenset[str]) -> bool:
    """Return whether the number belongs to an allowed region.

    Some regions share every number (IT and VA, NO and SJ, AU and CX): such a number belongs to each of them.
    The Crown dependencies have ranges of their own in the British plan, and people in Britain carry such
    numbers: GB admits them (not the other way round). +1 has no such exception: US admits neither Canada nor
    Puerto Rico nor the Caribbean, whose costly numbers look like any area code; list those regions to admit them.
    """
    if not allowed_regions:
        return True
    if "GB" in allowed_regions and _place(number) in _CROWN_DEPENDENCIES:
        return True
    return any(lib.is_valid_number_for_region(number, region) for region in allowed_regions)


# --- whether another reading exists -------------------------------------------------------------------------


def _is_decimal(bare: str, region: str | None) -> bool:
    """Return whether a dot and zeros at the end are the tail of a decimal: ``1701234567.0``, as spreadsheets write.

    Where mobiles have no fixed length, the tail would make another valid number. Certain signs: a single zero
    behind the dot, or no other separator. Two zeros behind separated groups are a pair of digits (06.12.34.56.00)
    unless a number is complete without them.
    """
    match = _DECIMAL.fullmatch(bare)
    if not match:
        return False
    whole, zeros = match["whole"], match["zeros"]
    undivided = _UNDIVIDED.fullmatch(whole)
    if zeros == "0" or (undivided and len(whole) >= _MIN_DIGITS):
        return True
    return bool(undivided or zeros == "00") and _valid(whole, region) is not None


def _has_second_ending(bare: str, region: str | None) -> bool:
    """Return whether a slash, bracket or dash follows a complete number.

    ``0170 1234567/8`` is one long German number, or two that differ in the last digit.
    """
    return any(_valid(bare[: mark.start()], region) for mark in _MAYBE_SECOND.finditer(bare))


def _has_other_reading(bare: str, number: lib.PhoneNumber, regions: list[str]) -> bool:
    """Return whether the text can also mean another number than the one libphonenumber reads in the first region."""
    return (
        _has_appended_group(bare, next(iter(regions), None))
        or _has_doubtful_prefix(bare, number)
        or _may_lack_its_plus(bare, number)
        or _may_have_an_extra_plus(bare, number, regions)
        or _is_contradicted(bare, number, regions)
    )


def _has_appended_group(bare: str, region: str | None) -> bool:
    """Return whether a mobile is complete before a group of digits that does not continue its grouping.

    ``0664 1234567 12`` is one long Austrian number, or a number and an extension.
    """
    groups = list(_GROUP.finditer(bare))
    return any(_is_appended(bare, groups, at, region) for at in range(1, len(groups)))


def _is_appended(bare: str, groups: list[re.Match[str]], at: int, region: str | None) -> bool:
    """Return whether the digits from group ``at`` on may have been appended to a complete mobile.

    What stands before them, the head, is a mobile. It is not complete in two cases. It is not longer than the
    plan's example number, and the group continues its grouping: not shorter than the group before, and behind the
    same separator (0664 123 45 67). Or it is shorter than the example, not written as one block, and three digits
    or more follow (0664 1234 567).
    """
    before, group = groups[at - 1], groups[at]
    head = _mobile(bare[: before.end()], region)
    if head is None:
        return False
    separator = bare[before.end() : group.start()]
    previous = bare[groups[at - 2].end() : before.start()]  # nothing before the first group
    rest = len(_digits(bare[group.start() :]))
    missing = _missing_digits(head)
    continues = len(group[0]) >= len(before[0]) and separator.strip() == previous.strip()
    is_beginning = rest > _SHORT_ENDING and len(before[0]) <= _LONG_GROUP
    return not (continues and missing >= 0) and not (is_beginning and missing > 0)


def _missing_digits(number: lib.PhoneNumber) -> int:
    """Return how many digits shorter than its plan's example the number is; less than 0: longer."""
    example = lib.example_number_for_type(_place(number), lib.PhoneNumberType.MOBILE)
    return len(_e164(example)) - len(_e164(number)) if example else 0


def _has_doubtful_prefix(bare: str, number: lib.PhoneNumber) -> bool:
    """Return whether an exit code or carrier code was removed from digits that also read without it.

    People everywhere write 00 for the plus. Where the exit code is another one (001, 008, 009 …), libphonenumber
    takes the first digit of the country code for a part of it: https://github.com/google/libphonenumber/issues/1870
    Exit codes without 00 (0, 011, 99 …) and carrier codes are also how numbers of other plans begin.
    """
    digits = _digits(bare)
    if digits.startswith("00"):
        code = "0011" if digits.startswith("0011") else "00"  # no number begins with +11; Australia dials 0011
        return _is_other(_mobile("+" + digits.removeprefix(code), None), number)
    is_dialled = number.country_code_source == lib.CountryCodeSource.FROM_NUMBER_WITH_IDD
    if is_dialled and not digits.startswith("0"):
        return _mobile("+" + digits, None) is not None
    return (is_dialled or _has_carrier(number)) and any(_national_mobile(bare, region) for region in SUPPORTED_REGIONS)


def _national_mobile(text: str, region: str) -> lib.PhoneNumber | None:
    """Return the mobile that the text is without exit code and carrier code."""
    number = _mobile(text, region)
    is_national = number and not _has_carrier(number) and number.country_code_source not in _CARRIED
    return number if is_national else None


def _has_carrier(number: lib.PhoneNumber) -> bool:
    return bool(number.preferred_domestic_carrier_code)


def _may_lack_its_plus(bare: str, number: lib.PhoneNumber) -> bool:
    """Return whether a number that gets no SMS becomes a mobile with a plus in front: a country code without it.

    German landlines begin with 49, too, so 491701234567 is read as one:
    https://github.com/google/libphonenumber/blob/master/FAQ.md
    """
    return not _is_mobile(number) and _mobile("+" + _digits(bare), None) is not None


def _may_have_an_extra_plus(bare: str, number: lib.PhoneNumber, regions: list[str]) -> bool:
    """Return whether a tool may have put the plus in front of a national number: ``+6592345678`` with the hint US.

    The number is not in doubt if it belongs to a hinted region, or if a separator sets off its country code and
    the national number would be grouped otherwise: +65 9234 5678 is no spelling of (659) 234-5678.
    """
    if not bare.startswith("+") or number.country_code in [lib.country_code_for_region(region) for region in regions]:
        return False
    digits = _digits(bare)
    nationals = [other for region in regions if (other := _national_mobile(digits, region))]
    return any(not _is_set_off(bare, number, other) for other in nationals)


def _is_set_off(bare: str, number: lib.PhoneNumber, national: lib.PhoneNumber) -> bool:
    texts = (bare, lib.format_number(national, lib.PhoneNumberFormat.NATIONAL))
    written, at_home = (str(_GROUP.findall(text)[0]) for text in texts)
    return written == str(number.country_code) != at_home.lstrip("0")


def _is_contradicted(bare: str, number: lib.PhoneNumber, regions: list[str]) -> bool:
    """Return whether another hint makes another mobile of the text.

    usageLocation is a licence attribute, often inherited from the tenant; country is the person's:
    https://github.com/MicrosoftDocs/azure-docs/issues/22310
    """
    others = [other for region in regions[1:] if (other := _mobile(bare, region)) and _is_other(other, number)]
    return any(not _has_doubtful_prefix(bare, other) for other in others)


# --- why a text was refused ---------------------------------------------------------------------------------


def _why_not(text: str, bare: str | None, region: str | None) -> Refusal:
    """Return the reason that helps HR most, for a text that is not one plain valid number."""
    if _holds_two_numbers(text, region):
        return Refusal.AMBIGUOUS
    if _COMMA_DECIMAL.search(text) or _THOUSANDS.search(text):
        return Refusal.BAD_NUMBER  # for libphonenumber, an extension follows the comma
    if region is None and "+" not in text:
        return _without_region(text, bare)
    number = _parse(text, region)
    has_extension = number is not None and number.extension and lib.is_valid_number(number)
    return Refusal.NOT_MOBILE if has_extension else Refusal.BAD_NUMBER


def _without_region(text: str, bare: str | None) -> Refusal:
    """Tell a number that only lacks its region from a text that is no number anywhere ("n/a", "Room 1234")."""
    number = _parse(text, _ANY_REGION)
    return Refusal.NEEDS_REGION if number and (bare or number.extension) else Refusal.BAD_NUMBER


def _holds_two_numbers(text: str, region: str | None) -> bool:
    """Return whether there are two valid numbers, or two runs of digits that are each long enough to be one."""
    if sum(1 for _ in lib.PhoneNumberMatcher(text, region)) > 1:
        return True
    return sum(1 for run in _RUN.findall(text) if len(_digits(run)) >= _MIN_DIGITS) > 1


# --- what may be shown --------------------------------------------------------------------------------------


def _country_code_length(text: str) -> int:
    """Return how many of the first digits are a country code: directly behind a plus, before any other digit."""
    match = re.match(r"[^\d+]*\+(\d{1,3})", text)
    starts = (match[1][:length] for length in range(1, len(match[1]) + 1)) if match else ()
    return next((len(start) for start in starts if int(start) in lib.COUNTRY_CODE_TO_REGION_CODE), 0)


def _telling_letters(text: str, first_digit: int) -> set[int]:
    """Return the positions of words that may be shown. Behind the first digit, MOBILE may mean 662453."""
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
