"""What holds for the mobiles of every region, in every spelling: the laws behind ``test_phone_number_spellings.py``.

Each law runs over every region's example number and over generated numbers of each length that its plan allows. How
many were tried is printed at the end of the run (``tests/conftest.py``).
"""

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Protocol

import phonenumbers as lib
import pytest

from shared.phone_number import PhoneNumber, Refusal, RegionHints, read_number
from shared.regions import SUPPORTED_REGIONS

MOBILE, LANDLINE = lib.PhoneNumberType.MOBILE, lib.PhoneNumberType.FIXED_LINE
SMS_CAPABLE = {MOBILE, lib.PhoneNumberType.FIXED_LINE_OR_MOBILE}
REGIONS = sorted(SUPPORTED_REGIONS)
PER_LENGTH = 2
TRIES = 60

BAD, AMBIGUOUS, NOT_MOBILE, NEEDS_REGION = (
    Refusal.BAD_NUMBER,
    Refusal.AMBIGUOUS,
    Refusal.NOT_MOBILE,
    Refusal.NEEDS_REGION,
)


class Count(Protocol):
    """Counts tries by what was tried."""

    def __call__(self, what: str, number: int = 1) -> None: ...


def plan_of(region: str) -> lib.PhoneMetadata:
    plan = lib.PhoneMetadata.metadata_for_region(region)
    assert plan is not None
    return plan


def lengths_in(plan: lib.PhoneMetadata) -> tuple[int, ...]:
    """Return how many digits mobiles have."""
    assert plan.mobile is not None
    assert plan.general_desc is not None
    return tuple(plan.mobile.possible_length or plan.general_desc.possible_length)


def exit_code_of(region: str) -> str:
    return str(plan_of(region).international_prefix)


def example_of(region: str, kind: int) -> lib.PhoneNumber:
    example = lib.example_number_for_type(region, kind)
    assert example is not None, region
    return example


@dataclass(frozen=True)
class Mobile:
    region: str
    code: int
    nsn: str
    """National significant number."""

    @property
    def e164(self) -> str:
        return f"+{self.code}{self.nsn}"

    @property
    def has_lengths(self) -> bool:
        """Whether mobiles of its region have more than one length."""
        return len(lengths_in(plan_of(self.region))) > 1

    @cached_property
    def trunk(self) -> str:
        return plan_of(self.region).national_prefix or ""

    def formatted(self, form: int) -> str:
        return lib.format_number(lib.parse(self.e164), form)

    @cached_property
    def national(self) -> str:
        return self.formatted(lib.PhoneNumberFormat.NATIONAL)

    @cached_property
    def international(self) -> str:
        return self.formatted(lib.PhoneNumberFormat.INTERNATIONAL)

    @cached_property
    def spellings(self) -> list[str]:
        """Return spellings that its own region reads as this number."""
        texts = (
            self.e164,
            f"+{self.code} {self.nsn}",
            self.international,
            self.international.replace(" ", ".").replace("-", "."),
            self.national,
            re.sub(r"\D", "", self.national),
            self.nsn,
            f"{self.code}{self.nsn}",
            f"00{self.code}{self.nsn}",
        )
        return [text for text in texts if read(text, self.region) == self.e164]


def is_number(result: str | Refusal) -> bool:
    return not isinstance(result, Refusal)


def read(text: str, usage_location: str | None = None, country: str | None = None) -> str | Refusal:
    result = read_number(text, RegionHints(usage_location, country))
    return result.canonical if isinstance(result, PhoneNumber) else result.reason


def _generated(region: str) -> Iterator[Mobile]:
    """Yield a few valid mobiles of each length, spread over the ranges; the same ones in every run."""
    plan = plan_of(region)
    assert plan.mobile is not None
    pattern = re.compile(str(plan.mobile.national_number_pattern))
    area = lib.national_significant_number(example_of(region, MOBILE))[:3]
    rng = random.Random(region)  # noqa: S311
    for length in lengths_in(plan):
        heads = [f"{head:03}" for head in range(1000)] + [area] * TRIES
        texts = (head + "".join(rng.choices("0123456789", k=length - len(head))) for head in heads)
        fitting = [text for text in texts if pattern.fullmatch(text)]
        rng.shuffle(fitting)
        mobiles = (Mobile(region, lib.country_code_for_region(region), text) for text in fitting)
        found = [mobile for mobile in mobiles if _is_mobile(mobile)]
        yield from found[:PER_LENGTH]


def _is_mobile(mobile: Mobile) -> bool:
    number = lib.parse(mobile.e164)
    return (
        bool(lib.is_valid_number_for_region(number, mobile.region))
        and lib.number_type(number) in SMS_CAPABLE
        and lib.national_significant_number(number) == mobile.nsn
    )


@cache
def mobiles() -> tuple[Mobile, ...]:
    found: list[Mobile] = []
    for region in REGIONS:
        example = lib.example_number_for_type(region, MOBILE)
        if example:
            nsn = lib.national_significant_number(example)
            found += [Mobile(region, lib.country_code_for_region(region), nsn)]
            found += _generated(region)
    return tuple(dict.fromkeys(found))


@cache
def one_of_each() -> tuple[Mobile, ...]:
    return tuple({mobile.region: mobile for mobile in mobiles()}.values())


def pairs(step: int) -> Iterator[tuple[str, Mobile]]:
    """Yield every step-th pair of a region and a mobile, so that each region and each mobile has its share."""
    for at, region in enumerate(REGIONS):
        for mobile in one_of_each()[at % step :: step]:
            yield region, mobile


@pytest.fixture
def count(record_property: Callable[[str, object], None]) -> Count:
    """Return what counts the tries of a law, for the end of the run."""
    tried: dict[str, int] = {}
    record_property("numbers", tried)

    def add(what: str, number: int = 1) -> None:
        tried[what] = tried.get(what, 0) + number

    return add


def test_every_region_has_mobiles_to_try(count: Count) -> None:
    regions = {mobile.region for mobile in mobiles()}
    assert SUPPORTED_REGIONS - regions == {"TA"}
    assert len(regions) >= 240
    assert len(mobiles()) >= 700
    for mobile in mobiles():
        count("mobiles")
        assert read(mobile.e164) == mobile.e164
        assert len(mobile.spellings) >= 5
    count("regions", len(regions))


# --- a decimal's tail -----------------------------------------------------------------------------------------

TAILS = (".0", ".00", ",0", ",00", ". 0", " .0", ", 0", " ,0", " . 00", "\uff0e\uff10")


def test_a_decimal_is_no_number(count: Count) -> None:
    for mobile in mobiles():
        for text in mobile.spellings:
            for tail in TAILS:
                count("decimals")
                assert read(text + tail, mobile.region) in {BAD, AMBIGUOUS}, (mobile.region, text + tail)


def test_a_decimal_of_any_length_is_no_number(count: Count) -> None:
    for mobile in mobiles():
        for text in (mobile.e164, mobile.nsn, f"{mobile.code}{mobile.nsn}"):
            for zeros in (3, 4, 6, 8):
                for mark in ".,":
                    count("decimals")
                    result = read(text + mark + "0" * zeros, mobile.region)
                    assert result in {BAD, AMBIGUOUS}, (mobile.region, text, mark, zeros)


def test_a_decimal_needs_no_region_to_be_one(count: Count) -> None:
    for mobile in mobiles():
        count("decimals")
        assert read(mobile.nsn.zfill(7) + ".0") is BAD
        assert read(mobile.nsn.zfill(7) + ",0") is BAD


def test_scientific_notation_and_thousands_with_commas_are_no_numbers(count: Count) -> None:
    for mobile in mobiles():
        digits = f"{mobile.code}{mobile.nsn}"
        power = len(digits) - 1
        texts = [f"{digits[0]}{mark}{digits[1:cut]}E+{power}" for mark in ".," for cut in (6, len(digits))]
        for text in (*texts, f"{digits[0]}.{digits[1:]}e{power}", f"{int(digits):,}", f"{int(digits):,}.00"):
            count("spreadsheet spellings")
            assert read(text, mobile.region) is BAD, (mobile.region, text)


def test_spreadsheet_quotes_take_nothing_away(count: Count) -> None:
    for mobile in mobiles():
        for text in (f"'{mobile.e164}", f"={mobile.e164}", f'="{mobile.e164}"', f"'{mobile.nsn}", f'="{mobile.nsn}"'):
            count("spreadsheet spellings")
            assert read(text, mobile.region) == mobile.e164, (mobile.region, text)


# --- a group or an extension behind the number ----------------------------------------------------------------

GROUPS = (" 1", " 12", "-1", "-12", " - 12", ".1", ".12", " 0", " 00", "/12", " (1)", "(12)")
EXTENSIONS = (" ext 1", "#1", "x1", " x 12", " ext. 123", ",,1", ";ext=12")


def test_a_an_appended_group_is_never_a_part_of_the_number(count: Count) -> None:
    for mobile in mobiles():
        for text in mobile.spellings if mobile.has_lengths else mobile.spellings[:3]:
            for group in GROUPS:
                count("appended groups")
                result = read(text + group, mobile.region)
                assert result in {BAD, AMBIGUOUS, NOT_MOBILE}, (mobile.region, text + group, result)


def test_a_longer_mobile_is_refused_as_ambiguous(count: Count) -> None:
    for mobile in mobiles():
        for text in (mobile.e164, f"+{mobile.code} {mobile.nsn}", mobile.international):
            for group in (" 1", " 12", "-12", ".12"):
                longer = lib.parse(text + group) if len(text + group) < 20 else lib.PhoneNumber()
                is_mobile = lib.is_valid_number(longer) and lib.number_type(longer) in SMS_CAPABLE
                if is_mobile and mobile.region not in NESTED:
                    count("appended groups")
                    assert read(text + group, mobile.region) is AMBIGUOUS, (mobile.region, text + group)


def test_longer_groups_behind_an_undivided_number_are_no_part_of_it(count: Count) -> None:
    """Except behind numbers so short that they look like the beginning of an ordinary one."""
    for mobile in mobiles():
        example = example_of(mobile.region, MOBILE)
        if len(mobile.e164) >= len(lib.format_number(example, lib.PhoneNumberFormat.E164)):
            for text in (mobile.e164, f"+{mobile.code} {mobile.nsn}"):
                for group in (" 123", "-123", ".123", " 1234", "-1234", " 12 34", " 1 2 3"):
                    count("appended groups")
                    assert isinstance(read(text + group, mobile.region), Refusal), (mobile.region, text + group)


def test_an_extension_is_no_mobile(count: Count) -> None:
    for mobile in one_of_each():
        for text in (mobile.e164, mobile.international, mobile.national):
            for extension in EXTENSIONS:
                count("extensions")
                assert read(text + extension, mobile.region) is NOT_MOBILE, (mobile.region, text + extension)


# Plans whose numbers begin like shorter ones that are complete, too: every beginning of a Tokelauan number is one; in
# Andorra, the Gambia and South Africa libphonenumber knows numbers of 5 to 7 digits beside those of 9.
NESTED = {"AD", "GM", "TK", "ZA"}


def _grouped(mobile: Mobile) -> Iterator[str]:
    """Yield ordinary groupings of a national number: behind an operator's code blocks, pairs, threes and mixtures."""
    for length in (3,) if mobile.code == 1 else (2, 3, 4):
        code, rest = mobile.nsn[:length], mobile.nsn[length:]
        yield from (f"{code}{separator}{rest}" for separator in (" ", "-", "/", ".") if len(rest) >= 4)
        shapes = {6: ["33", "222"], 7: ["34", "322", "223"], 8: ["44", "323", "2222"], 9: ["333"], 10: ["334"]}
        for shape in shapes.get(len(rest), []):
            for separator in " -.":
                yield separator.join([code, *_divided(rest, shape)])
            yield f"{code}/" + " ".join(_divided(rest, shape))
    if len(mobile.nsn) == 10 and mobile.code != 1:
        yield " ".join(_divided(mobile.nsn, "343"))


def _divided(digits: str, shape: str) -> Iterator[str]:
    rest = iter(digits)
    return ("".join(next(rest) for _ in range(int(size))) for size in shape)


def test_ordinary_groupings_are_read(count: Count) -> None:
    """Of numbers at most two digits longer than the example: of an even longer one, a pair may have been appended."""
    for mobile in mobiles():
        usual = len(lib.national_significant_number(example_of(mobile.region, MOBILE)))
        if mobile.region in NESTED or len(mobile.nsn) > usual + 2:
            continue
        for text in _grouped(mobile):
            for spelling in (mobile.trunk + text, f"+{mobile.code} {text}"):
                is_decimal = re.search(r"\.0+$", spelling)
                if is_decimal or read(re.sub("[-/. ]", "", spelling), mobile.region) != mobile.e164:
                    continue
                count("ordinary groupings")
                assert read(spelling, mobile.region) == mobile.e164, (mobile.region, spelling)


def test_the_librarys_own_formats_are_read(count: Count) -> None:
    for mobile in mobiles():
        if mobile.region == "ZA" and len(mobile.nsn) < 9:
            continue  # 083 854 21: 083 854 is one, too
        for text in (mobile.international, f"+{mobile.code} {mobile.nsn}"):
            count("ordinary groupings")
            assert read(text, mobile.region) == read(text) == mobile.e164, (mobile.region, text)
        plain = re.sub(r"\D", "", mobile.national)
        if lib.parse(plain, mobile.region) == lib.parse(mobile.e164):  # Gabon's old numbers are formatted as others
            count("ordinary groupings")
            assert read(mobile.national, mobile.region) == mobile.e164, (mobile.region, mobile.national)


# --- exit codes -----------------------------------------------------------------------------------------------


def test_b_00_is_never_another_number(count: Count) -> None:
    hints = [hint for hint in REGIONS if exit_code_of(hint) not in {"00", "011"}]
    others = [(hint, mobile) for hint in hints for mobile in mobiles()[::2]]
    for hint, mobile in (*others, *pairs(4)):
        count("numbers behind 00")
        result = read(f"00{mobile.code}{mobile.nsn}", hint)
        assert result in {mobile.e164, BAD, AMBIGUOUS}, (hint, mobile, result)


def test_00_is_the_plus_where_it_is_the_exit_code(count: Count) -> None:
    for hint in ("DE", "ZA", "CN"):
        for mobile in mobiles():
            count("numbers behind 00")
            for text in (
                f"00{mobile.code}{mobile.nsn}",
                f"00{mobile.code} {mobile.nsn}",
                f"+00{mobile.code}{mobile.nsn}",
            ):
                assert read(text, hint) == mobile.e164, (hint, text)


@pytest.mark.parametrize(
    ("hint", "code"),
    [
        ("AU", "0011"),
        ("US", "011"),
        ("JP", "010"),
        ("RU", "810"),
        ("NG", "009"),
        ("SG", "001"),
        ("HK", "001"),
        ("KR", "00700"),
        ("TW", "002"),
        ("ID", "008"),
        ("TH", "001"),
        ("BR", "0014"),
        ("CO", "009"),
    ],
)
def test_a_countrys_own_exit_code_is_read(hint: str, code: str, count: Count) -> None:
    """Except where 00 for the plus makes another mobile (009 1…: India, 001 47…: America): those are refused."""
    read_right = 0
    for mobile in one_of_each():
        count("numbers behind an exit code")
        result = read(code + mobile.e164[1:], hint)
        assert result in {mobile.e164, BAD, AMBIGUOUS}, (hint, mobile)
        read_right += result == mobile.e164
    assert read_right >= 0.9 * len(one_of_each())


def test_digits_without_plus_are_never_read_with_an_exit_code(count: Count) -> None:
    """Nor are national numbers of other plans: 0687504773 is Albanian, not Samoa's exit code 0 and New Caledonia."""
    for hint in REGIONS:
        exit_code = re.compile(exit_code_of(hint))
        for mobile in mobiles():
            for text in (f"{mobile.code}{mobile.nsn}", mobile.trunk + mobile.nsn):
                if exit_code.match(text):
                    count("numbers behind an exit code")
                    result = read_number(text, RegionHints(hint))
                    is_international = isinstance(result, PhoneNumber) and result.read_as == "international"
                    assert not is_international, (hint, text, result)


@pytest.mark.parametrize("hint", ["BO", "CN", "CO", "CR", "FO", "KR", "LI", "LU"])
def test_carrier_codes_are_not_removed_from_other_plans_numbers(hint: str, count: Count) -> None:
    for mobile in mobiles():
        for text in (mobile.trunk + mobile.nsn, mobile.nsn):
            number = lib.parse(text, hint, keep_raw_input=True)
            if number.preferred_domestic_carrier_code and lib.is_valid_number(number):
                count("numbers behind a carrier code")
                assert isinstance(read(text, hint), Refusal), (hint, text)


# --- hints that contradict each other or the number -----------------------------------------------------------


def test_d_two_hints_that_make_two_mobiles_are_ambiguous(count: Count) -> None:
    for hint, mobile in pairs(12):
        one, other = read(mobile.national, mobile.region), read(mobile.national, hint)
        own_first, own_second = read(mobile.national, mobile.region, hint), read(mobile.national, hint, mobile.region)
        count("pairs of hints")
        what = (mobile, hint, one, other, own_first, own_second)
        if is_number(one) and is_number(other):
            wanted = {one} if one == other else {AMBIGUOUS}
            assert {own_first, own_second} == wanted, what
        elif other is NOT_MOBILE:
            assert (own_first, own_second) == (one, AMBIGUOUS), what
        elif other is BAD:
            assert (own_first, own_second) == (one, BAD), what
        else:
            assert (own_first in {one, AMBIGUOUS}, own_second) == (True, AMBIGUOUS), what


def test_the_setting_is_a_fallback_and_contradicts_nothing(count: Count) -> None:
    for mobile in one_of_each():
        for setting in ("US", "DE", "IN"):
            count("pairs of hints")
            with_setting = read_number(mobile.national, RegionHints(mobile.region, None, setting))
            assert with_setting == read_number(mobile.national, RegionHints(mobile.region))
            fallback = read_number(mobile.national, RegionHints(None, None, mobile.region))
            assert isinstance(fallback, PhoneNumber)
            assert fallback.read_as == "setting"


def test_e_a_plus_before_a_national_number_is_ambiguous(count: Count) -> None:
    """And an international number is read wherever it is no national number, or its country code is set off."""
    ambiguous = tried = 0
    for hint, mobile in pairs(12):
        if mobile.code == lib.country_code_for_region(hint):
            continue
        without_plus = read(mobile.e164[1:], hint)
        is_national = is_number(without_plus) and without_plus != mobile.e164
        block, divided = read(mobile.e164, hint), read(mobile.international, hint)
        tried += 1
        ambiguous += block is AMBIGUOUS
        count("international numbers under another region's hint")
        assert block is AMBIGUOUS if is_national else block == mobile.e164, (hint, mobile)
        assert divided == mobile.e164 or (divided, is_national) == (AMBIGUOUS, True), (hint, mobile)
        if block is AMBIGUOUS:
            count("of them ambiguous when not divided")
        if divided is AMBIGUOUS:
            count("of them ambiguous when divided")
    assert ambiguous <= 0.015 * tried


def test_a_plus_is_no_doubt_in_a_hinted_region(count: Count) -> None:
    for mobile in one_of_each():
        for hints in ((mobile.region, None), (mobile.region, "US"), ("US", mobile.region), ("AT", mobile.region)):
            for text in (mobile.e164, mobile.international):
                count("international numbers under their own hint")
                assert read(text, *hints) == mobile.e164, (text, hints)


# --- the reason of a refusal ----------------------------------------------------------------------------------


def test_h_a_country_code_without_plus_is_read_or_ambiguous(count: Count) -> None:
    refused = set()
    for mobile in mobiles():
        for text in (mobile.e164[1:], mobile.international[1:]):
            count("country codes without plus")
            result = read(text, mobile.region)
            assert result in {mobile.e164, AMBIGUOUS}, (mobile.region, text, result)
            refused |= {mobile.region} if result is AMBIGUOUS else set()
    assert {"DE", "ID", "XK"} <= refused <= {"AX", "DE", "FI", "ID", "XK", "ZA"}


def test_what_would_be_a_mobile_with_a_plus_is_never_called_a_landline(count: Count) -> None:
    for hint, mobile in pairs(12):
        count("country codes without plus")
        assert read(mobile.e164[1:], hint) is not NOT_MOBILE, (hint, mobile)


def test_landlines_are_called_landlines(count: Count) -> None:
    for region in REGIONS:
        example = lib.example_number_for_type(region, LANDLINE)
        if example and lib.number_type(example) == LANDLINE:
            for form in (
                lib.PhoneNumberFormat.INTERNATIONAL,
                lib.PhoneNumberFormat.E164,
                lib.PhoneNumberFormat.NATIONAL,
            ):
                count("landlines")
                assert read(lib.format_number(example, form), region) is NOT_MOBILE, region


def test_truncated_mobiles_are_bad_numbers(count: Count) -> None:
    for mobile in mobiles():
        for missing in (1, 2, 3):
            text = mobile.e164[:-missing]
            if not lib.is_possible_number_string(text, mobile.region):
                count("truncated numbers")
                assert read(text, mobile.region) is BAD, (mobile.region, text)


def test_a_national_number_needs_a_region(count: Count) -> None:
    for mobile in mobiles():
        for text in (mobile.nsn.zfill(5), mobile.e164[1:], f"00{mobile.code}{mobile.nsn}"):
            count("numbers without a region")
            assert read(text) is NEEDS_REGION, text


def test_two_numbers_are_ambiguous(count: Count) -> None:
    for mobile, other in zip(mobiles(), mobiles()[1:], strict=False):
        for joint in (" / ", "; ", ", ", " or ", " und ", "\n", " & "):
            count("pairs of numbers")
            assert read(f"{mobile.e164}{joint}{other.e164}", mobile.region) is AMBIGUOUS, (mobile, other, joint)
