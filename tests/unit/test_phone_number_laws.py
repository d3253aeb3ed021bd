"""What holds for every text and every number."""

import re

import phonenumbers as lib
from hypothesis import example, given
from hypothesis import strategies as st

from shared.phone_number import (
    PhoneNumber,
    Refusal,
    Refused,
    RegionHints,
    canonical,
    mask,
    read_number,
    same_number,
)

EXAMPLES = {
    region: lib.example_number_for_type(region, lib.PhoneNumberType.MOBILE)
    for region in sorted(lib.SUPPORTED_REGIONS - {"TA"})
}
REGIONS = st.sampled_from(sorted(EXAMPLES))
HINT = st.none() | st.sampled_from(["GB", "us", "DE", "Netherlands", "XX"]) | st.text(max_size=4)
HINTS = st.builds(RegionHints, HINT, HINT, HINT)
NUMBERISH = st.text(st.sampled_from("0123456789+() -/.,;x\n\u00a0\uff0b\u0664ABo#*&٤"), max_size=60)
TEXT = st.text(max_size=300) | NUMBERISH
SEPARATORS = st.sampled_from(["", " ", "-", ".", "\u00a0", "\u2011", "\u200b", "\u202f", "  "])
FULLWIDTH = str.maketrans("0123456789+", "\uff10\uff11\uff12\uff13\uff14\uff15\uff16\uff17\uff18\uff19\uff0b")
ARABIC = str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")
ALPHABETS = st.sampled_from([{}, FULLWIDTH, ARABIC])


@st.composite
def mobiles(draw: st.DrawFn) -> tuple[str, lib.PhoneNumber]:
    """A region and a valid mobile of it: an example with other last digits where they are valid, too."""
    region = draw(REGIONS)
    start = EXAMPLES[region]
    assert start is not None
    text = lib.format_number(start, lib.PhoneNumberFormat.E164)
    other = lib.parse(text[:-3] + draw(st.text("0123456789", min_size=3, max_size=3)))
    kind = lib.number_type(other)
    fits = lib.is_valid_number_for_region(other, region) and kind == lib.number_type(start)
    return region, other if fits else start


@given(TEXT, HINTS, st.frozensets(st.sampled_from(["GB", "US", "xx", ""])))
@example("1" * 251, RegionHints(), frozenset())
@example("\ud800+31612345678", RegionHints(), frozenset())
@example("+31 6 " + "(" * 200 + "12345678", RegionHints(), frozenset())
@example("1/" * 125, RegionHints("GB"), frozenset())
def test_no_text_raises(text: str, hints: RegionHints, allowed: frozenset[str]) -> None:
    result = read_number(text, hints, allowed)
    if isinstance(result, PhoneNumber):
        assert lib.is_valid_number(lib.parse(result.canonical))
        assert canonical(result.graph_format) == result.canonical


def shown_digits(shown: str) -> str:
    """The digits that show, without a leading country code."""
    return re.sub(r"\D", "", re.sub(r"^[^\d+]*\+\d{1,3}", "", shown))


@given(TEXT)
@example("+12")
@example("+1+2+0+6+5+5+5")
@example("123456" * 50)
def test_a_mask_shows_two_digits_and_no_unknown_word(text: str) -> None:
    shown = mask(text)
    assert len(shown_digits(shown)) <= 2
    assert len(shown) <= 60
    _, _, behind_the_first_digit = re.sub(r"\d", "•", shown).partition("•")
    assert all(len(word) <= 3 for word in re.findall(r"[^\W\d_]+", behind_the_first_digit))


@given(mobiles(), st.sampled_from([frozenset[str](), frozenset({"TA"})]))
def test_no_repr_shows_the_number(mobile: tuple[str, lib.PhoneNumber], allowed: frozenset[str]) -> None:
    national = lib.national_significant_number(mobile[1])
    result = read_number(f"+{mobile[1].country_code}{national}", RegionHints(), allowed)
    assert isinstance(result, Refused if allowed else PhoneNumber)
    for shown in (repr(result), str(result), f"{result}", mask(national), mask(f"x{national}")):
        assert len(shown_digits(shown)) <= 2
        assert not re.search(r"\d{4}", shown)


@given(TEXT)
@example("+49 0 0170 1234567")
@example("+1 2065550100 x1")
def test_canonicalisation_is_idempotent(text: str) -> None:
    once = canonical(text)
    assert canonical(once) == once
    assert same_number(text, once) is (once is not None)


@given(mobiles(), st.data())
def test_all_spellings_of_a_number_are_one_number(mobile: tuple[str, lib.PhoneNumber], data: st.DataObject) -> None:
    region, raw = mobile
    country, national = raw.country_code, lib.national_significant_number(raw)
    spelled = "".join(digit + data.draw(SEPARATORS) for digit in national[:-2]) + national[-2:]
    at_home = lib.format_number(raw, lib.PhoneNumberFormat.NATIONAL)
    trunk = re.sub(r"\D", "", at_home) == f"0{national}"  # Colombia's 0 means something else
    ordinary = [
        f"+{country}{national}",
        f"  (+{country}) {national}\n",
        f"Mobile: +{country} {national}",
        lib.format_number(raw, lib.PhoneNumberFormat.INTERNATIONAL),
        at_home,
        *([f"+{country} (0){national}", f"+{country} (0) {national}"] if trunk else []),
    ]
    divided = [
        f"+{country} {spelled}",
        f"  (+{country}) {spelled}\n",
        f"Mobile: +{country} {spelled}",
        *([f"+{country} (0){spelled}", f"+{country} (0) {spelled}"] if trunk else []),
    ]
    for text in (*ordinary, *divided):
        written = text.translate(data.draw(ALPHABETS))
        result = read_number(written, RegionHints(region))
        if text in divided and may_be_longer(region) and isinstance(result, Refused):
            # the last group may have been appended, or be a decimal's tail: tests/unit/test_phone_number_plans.py
            assert result.reason in {Refusal.AMBIGUOUS, Refusal.BAD_NUMBER}, (region, written, result)
            continue
        assert isinstance(result, PhoneNumber), (region, written, result)
        assert result.canonical == f"+{country}{national}"
        assert same_number(result.graph_format, result.canonical)
    abroad = "GB" if country != 44 else "DE"
    result = read_number(f"00{country} {national}", RegionHints(abroad))
    assert isinstance(result, PhoneNumber)
    assert (result.canonical, result.read_as) == (f"+{country}{national}", "international")


def may_be_longer(region: str) -> bool:
    """Whether mobiles of the region have more than one length, so that digits more may make another one."""
    plan = lib.PhoneMetadata.metadata_for_region(region)
    assert plan is not None
    assert plan.mobile is not None
    return len(plan.mobile.possible_length) > 1


@given(mobiles(), mobiles(), st.sampled_from([" / ", ";", ", ", " or ", " & ", "\n", " und ", "+", "  "]))
def test_two_numbers_are_never_one(
    one: tuple[str, lib.PhoneNumber], other: tuple[str, lib.PhoneNumber], between: str
) -> None:
    a, b = (lib.format_number(raw, lib.PhoneNumberFormat.E164) for _, raw in (one, other))
    assert not isinstance(read_number(f"{a}{between}{b}", RegionHints()), PhoneNumber)


@given(mobiles(), st.integers(0, 20), st.sampled_from("ABCabcOoxXlé²"))
def test_a_letter_inside_is_never_a_digit(mobile: tuple[str, lib.PhoneNumber], place: int, letter: str) -> None:
    national = lib.national_significant_number(mobile[1])
    at = 1 + place % (len(national) - 1)
    text = f"+{mobile[1].country_code} {national[:at]}{letter}{national[at:]}"
    assert not isinstance(read_number(text, RegionHints(mobile[0])), PhoneNumber)


@given(mobiles(), REGIONS)
def test_allowed_regions_admit_their_own_numbers_only(mobile: tuple[str, lib.PhoneNumber], region: str) -> None:
    text = lib.format_number(mobile[1], lib.PhoneNumberFormat.E164)
    admitted = isinstance(read_number(text, RegionHints(), frozenset({region})), PhoneNumber)
    crown = region == "GB" and lib.region_code_for_number(mobile[1]) in {"GG", "JE", "IM"}
    assert admitted is (crown or lib.is_valid_number_for_region(mobile[1], region))
