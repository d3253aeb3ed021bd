"""What is a number and what is not, row by row.

The first tables are the measured vectors of the design papers (expectations-threats-invariants.md 1.3 and
peers.md 6). The 07700 900xxx numbers of peers.md are Ofcom's for drama: nobody can own one and libphonenumber
calls them invalid, so they are refused; the rows run with 07400 123456, too.
"""

import phonenumbers as lib
import pytest

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

NOBODY = RegionHints()


def read(text: str, region: str | None = None, allowed: str = "") -> PhoneNumber | Refused:
    return read_number(text, RegionHints(usage_location=region), frozenset(allowed.split()))


def number(text: str, region: str | None = None, allowed: str = "") -> PhoneNumber:
    result = read(text, region, allowed)
    assert isinstance(result, PhoneNumber), result
    return result


def reason(text: str, region: str | None = None, allowed: str = "") -> Refusal:
    result = read(text, region, allowed)
    assert isinstance(result, Refused), result
    return result.reason


ACCEPTED = [
    # expectations-threats-invariants.md 1.3
    ("(206) 555-0100", "US", "+1 2065550100"),
    ("+44 (0)7911 123456", None, "+44 7911123456"),
    ("+4407911123456", None, "+44 7911123456"),
    ("07911 123456", "GB", "+44 7911123456"),
    ("0044 7911 123456", "GB", "+44 7911123456"),
    ("447911123456", "GB", "+44 7911123456"),
    ("3911234567", "IT", "+39 3911234567"),
    ("47161746", "NO", "+47 47161746"),
    ("+54 11 15 6673 9093", None, "+54 91166739093"),
    ("+54 9 11 6673 9093", None, "+54 91166739093"),
    ("+387 061 899 941", None, "+387 61899941"),
    ("+387 61 899 941", None, "+387 61899941"),
    ("Mobile: +1 2065550100", None, "+1 2065550100"),
    # peers.md 6
    ("+49 170 1234567", None, "+49 1701234567"),
    ("+447400123456", None, "+44 7400123456"),
    ("+33612345678", None, "+33 612345678"),
    ("0612345678", "NL", "+31 612345678"),
    ("0612345678", "FR", "+33 612345678"),
    ("06 12 34 56 78", "FR", "+33 612345678"),
    ("+14155552671", None, "+1 4155552671"),
    ("+31 (0)6 12345678", None, "+31 612345678"),
    ("07400 123456", "GB", "+44 7400123456"),
    ("004520123456", "NL", "+45 20123456"),
    ("004520123456", "DK", "+45 20123456"),
    # characters that people paste
    ("+44\u00a07911\u00a0123456", None, "+44 7911123456"),
    ("+44 7911\u2011123456", None, "+44 7911123456"),
    ("+44 7911\u2212123456", None, "+44 7911123456"),
    ("+44 7911\u30fc123456", None, "+44 7911123456"),
    ("+44\u20097911\u202f123456", None, "+44 7911123456"),
    ("+44\t7911 123456", None, "+44 7911123456"),
    ("\uff0b\uff14\uff147911123456", None, "+44 7911123456"),
    ("+44\uff08\uff10\uff097911\uff0f123456", None, "+44 7911123456"),
    ("+44 [0] 7911 123456", None, "+44 7911123456"),
    ("+٤٤٧٩١١١٢٣٤٥٦", None, "+44 7911123456"),
    ("٠١٠٠١٢٣٤٥٦٧", "EG", "+20 1001234567"),
    ("\u200b+44\u200d79\ufeff11\u00ad123456", None, "+44 7911123456"),
    ("\u202a+44 7911 123456\u202c\u200f", None, "+44 7911123456"),
    ("  +44 7911 123456\r\n", None, "+44 7911123456"),
    # ways to write it
    ("+44.7911.123456", None, "+44 7911123456"),
    ("+ 44 7911 123456", None, "+44 7911123456"),
    ("+(44) 7911 123456", None, "+44 7911123456"),
    ("(+44) 7911 123456", None, "+44 7911123456"),
    ("'+447911123456", None, "+44 7911123456"),
    ("<+447911123456>", None, "+44 7911123456"),
    ('"+447911123456";', None, "+44 7911123456"),
    ("tel:+44-7911-123456", None, "+44 7911123456"),
    ("M 07911 123456", "GB", "+44 7911123456"),
    ("Téléphone portable: 06 12 34 56 78", "FR", "+33 612345678"),
    ("HANDY(privat)=0170/1234567", "DE", "+49 1701234567"),
    ("Work | mobile - +44 7911 123456", None, "+44 7911123456"),
    ("+41 79 123 45 67 (privat)", None, "+41 791234567"),
    ("+41 79 123 45 67 [Privat] ", None, "+41 791234567"),
    ("011 44 7911 123456", "US", "+44 7911123456"),
    # a slash is a separator where nothing before it is a number yet
    ("0170/1234567", "DE", "+49 1701234567"),
    ("0049170/1234567", "DE", "+49 1701234567"),
    ("0475/12/34/56", "BE", "+32 475123456"),
    ("06-12-34-56-78", "FR", "+33 612345678"),
    ("0664-123-45-67", "AT", "+43 6641234567"),  # 0664-123-45 would be a number, but nobody writes so
    ("\U0001f4f1 +31 612345678.", None, "+31 612345678"),
]


@pytest.mark.parametrize(("text", "region", "wanted"), ACCEPTED)
def test_accepted(text: str, region: str | None, wanted: str) -> None:
    result = number(text, region)
    assert result.graph_format == wanted
    assert result.canonical == wanted.replace(" ", "")


REFUSED = [
    # expectations-threats-invariants.md 1.3
    ("2065550100", None, Refusal.NEEDS_REGION),
    ("00447911123456", None, Refusal.NEEDS_REGION),
    ("7911123456", "US", Refusal.BAD_NUMBER),
    ("+52 1 55 1234 5678", None, Refusal.BAD_NUMBER),
    ("+39 06 1234 5678", None, Refusal.NOT_MOBILE),
    ("+1 206 555 0100 ext. 123", None, Refusal.NOT_MOBILE),
    ("+1 206 555 0100;ext=123", None, Refusal.NOT_MOBILE),
    ("+1 206 555 0100x123", None, Refusal.NOT_MOBILE),
    ("+44 20 7946 0000", None, Refusal.NOT_MOBILE),
    ("+44 900 123 4567", None, Refusal.NOT_MOBILE),
    ("+1 900 555 0100", None, Refusal.NOT_MOBILE),
    ("+979 123456789", None, Refusal.NOT_MOBILE),
    ("+882 16 12345678", None, Refusal.NOT_MOBILE),
    ("+1 2065550100 / +1 2065550101", None, Refusal.AMBIGUOUS),
    ("n/a", None, Refusal.BAD_NUMBER),
    # peers.md 6: "region, or refused"
    ("(555) 123-4567", "US", Refusal.BAD_NUMBER),
    ("(555) 123-4567", None, Refusal.NEEDS_REGION),
    ("0612345678", None, Refusal.NEEDS_REGION),
    ("004520123456", None, Refusal.NEEDS_REGION),
    ("004520123456", "US", Refusal.BAD_NUMBER),
    ("07700 900123", None, Refusal.NEEDS_REGION),
    ("07700 900123", "GB", Refusal.BAD_NUMBER),
    ("+447700900123", None, Refusal.BAD_NUMBER),
    # satellites are mobile, and the playground of toll fraud
    ("+881 612345678", None, Refusal.NOT_MOBILE),
    ("+870 301234567", None, Refusal.NOT_MOBILE),
    # letters are never digits
    ("1-800-FLOWERS", "US", Refusal.BAD_NUMBER),
    ("+1 206 555 CALL", None, Refusal.BAD_NUMBER),
    ("+43 664 1234 FLOW", None, Refusal.BAD_NUMBER),
    ("+43 664 1234 MOBILE", None, Refusal.BAD_NUMBER),
    ("+49 170 12O34567", None, Refusal.BAD_NUMBER),
    ("+1 206x5550100", None, Refusal.BAD_NUMBER),
    ("+31 6 1234567²8", None, Refusal.BAD_NUMBER),
    # words that may say whose number it is not
    ("Fax: +1 2065550100", None, Refusal.BAD_NUMBER),
    ("Assistant +1 2065550100", None, Refusal.BAD_NUMBER),
    ("old mobile +1 2065550100", None, Refusal.BAD_NUMBER),
    ("+1 2065550100 (wife)", None, Refusal.BAD_NUMBER),
    ("0170 1234567 (m8)", "DE", Refusal.BAD_NUMBER),
    ("0791234567 privat", "CH", Refusal.BAD_NUMBER),
    # no number in any region
    ("-", None, Refusal.BAD_NUMBER),
    ("1", None, Refusal.BAD_NUMBER),
    ("Room 1234", None, Refusal.BAD_NUMBER),
    ("+999 12345678", None, Refusal.BAD_NUMBER),
    ("++447911123456", None, Refusal.BAD_NUMBER),
    ("+44 +7911123456", None, Refusal.BAD_NUMBER),
    ("*31#+31612345678", None, Refusal.BAD_NUMBER),
    ("+31612345678?", None, Refusal.BAD_NUMBER),
    ("+31612345678 #", None, Refusal.BAD_NUMBER),
    ("+31 6\n12345678", None, Refusal.BAD_NUMBER),
    ("² +31612345678", None, Refusal.BAD_NUMBER),
    ("+31612345678 *", None, Refusal.BAD_NUMBER),
    ("+31612345678+", None, Refusal.BAD_NUMBER),
    ("+31612345678_", None, Refusal.BAD_NUMBER),
    ("+31612345678 01/02/2020", None, Refusal.BAD_NUMBER),
    # an extension, whatever it is called
    ("+31 6 12345678 #123", None, Refusal.NOT_MOBILE),
    ("+31 6 12345678,,123", None, Refusal.NOT_MOBILE),
    ("+1 206 555 0100 ext. 123456", None, Refusal.NOT_MOBILE),
    ("206-555-0100 x 5", "US", Refusal.NOT_MOBILE),
    ("206-555-0100 x 5", None, Refusal.NEEDS_REGION),
    ("+1 555 123 4567 x 5", None, Refusal.BAD_NUMBER),
    # two numbers
    ("+1 2065550100; +1 2065550101", None, Refusal.AMBIGUOUS),
    ("+1 2065550100;2065550101", None, Refusal.AMBIGUOUS),
    ("+1 2065550100, +1 2065550101", None, Refusal.AMBIGUOUS),
    ("+1 2065550100,2065550101", None, Refusal.AMBIGUOUS),
    ("+1 2065550100 & +1 2065550101", None, Refusal.AMBIGUOUS),
    ("+1 2065550100+1 2065550101", None, Refusal.AMBIGUOUS),
    ("+1 2065550100\n+1 2065550101", None, Refusal.AMBIGUOUS),
    ("+1 2065550100\u2028+1 2065550101", None, Refusal.AMBIGUOUS),
    ("07911 123456 or 07911 123457", "GB", Refusal.AMBIGUOUS),
    ("07911123456 07911123457", "GB", Refusal.AMBIGUOUS),
    ("0170 1234567 und 0171 1234567", "DE", Refusal.AMBIGUOUS),
    ("06-12345678 / 06-87654321", "NL", Refusal.AMBIGUOUS),
    ("2065550100 or 2065550101", None, Refusal.AMBIGUOUS),
    ("555-0100 or 555-0101", None, Refusal.AMBIGUOUS),
    ("555 0100 or 555 0101", None, Refusal.AMBIGUOUS),
    ("55(5) 0.100 or 55(5) 0.101", None, Refusal.AMBIGUOUS),
    # one long number, or two that differ at the end
    ("0170 1234567/8", "DE", Refusal.AMBIGUOUS),
    ("0170 1234567/68", "DE", Refusal.AMBIGUOUS),
    ("0170 1234567-8", "DE", Refusal.AMBIGUOUS),
    ("0170 1234567 - 8", "DE", Refusal.AMBIGUOUS),
    ("0170 1234567 (8)", "DE", Refusal.AMBIGUOUS),
    ("206 555 0100/0101", "US", Refusal.AMBIGUOUS),
]


@pytest.mark.parametrize(("text", "region", "wanted"), REFUSED)
def test_refused(text: str, region: str | None, wanted: Refusal) -> None:
    assert reason(text, region) is wanted


@pytest.mark.parametrize("line_break", "\n\r\v\f\x1c\x1d\x1e\x85\u2028\u2029")
def test_a_number_stands_on_one_line(line_break: str) -> None:
    assert reason(f"+31 6{line_break}12345678") is Refusal.BAD_NUMBER


def test_the_reason_words_are_the_contracts() -> None:
    assert [str(word) for word in Refusal] == [
        "badNumber",
        "notMobile",
        "regionNotAllowed",
        "needsRegion",
        "ambiguous",
    ]


def test_national_number_keeps_the_italian_zero() -> None:
    # no Italian mobile has one, a landline registered by hand does
    assert canonical("+39 06 1234 5678") == "+390612345678"
    # Gabon's mobiles used to, Ivory Coast's do
    assert number("+225 01 23 45 67 89").national == "0123456789"
    assert number("+225 01 23 45 67 89").canonical == "+2250123456789"


# --- the type of the number ---------------------------------------------------------------------------------

TYPES = {
    value: name
    for name, value in vars(lib.PhoneNumberType).items()
    if isinstance(value, int) and not name.startswith("_")
}
SMS_CAPABLE = {lib.PhoneNumberType.MOBILE, lib.PhoneNumberType.FIXED_LINE_OR_MOBILE}


def examples(kind: int) -> list[tuple[str, str]]:
    found = ((region, lib.example_number_for_type(region, kind)) for region in sorted(lib.SUPPORTED_REGIONS))
    return [(region, lib.format_number(one, lib.PhoneNumberFormat.E164)) for region, one in found if one]


def test_every_region_but_tristan_da_cunha_has_a_mobile_example() -> None:
    assert lib.SUPPORTED_REGIONS - {region for region, _ in examples(lib.PhoneNumberType.MOBILE)} == {"TA"}


@pytest.mark.parametrize(("region", "text"), examples(lib.PhoneNumberType.MOBILE))
def test_every_regions_mobile_is_accepted(region: str, text: str) -> None:
    result = number(text)
    assert result.canonical == text == canonical(text)
    assert result.country_code == lib.country_code_for_region(region)
    assert number(text, allowed=region) == result  # its own region admits it, shared plan or not
    national = lib.format_number(lib.parse(text), lib.PhoneNumberFormat.NATIONAL)
    assert number(national, region).canonical == text


REFUSED_TYPES = sorted(set(TYPES) - SMS_CAPABLE - {lib.PhoneNumberType.UNKNOWN})


@pytest.mark.parametrize("kind", REFUSED_TYPES, ids=[TYPES[kind] for kind in REFUSED_TYPES])
def test_every_regions_examples_of_a_type_without_sms_are_refused(kind: int) -> None:
    texts = [text for _, text in examples(kind) if lib.number_type(lib.parse(text)) not in SMS_CAPABLE]
    assert texts
    assert {reason(text) for text in texts} == {Refusal.NOT_MOBILE}


@pytest.mark.parametrize("code", sorted(lib.COUNTRY_CODES_FOR_NON_GEO_REGIONS))
def test_numbers_of_no_country_are_refused(code: int) -> None:
    example = lib.example_number_for_non_geo_entity(code)
    assert example is not None
    text = lib.format_number(example, lib.PhoneNumberFormat.E164)
    assert reason(text) is Refusal.NOT_MOBILE


# --- region hints -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage_location", "country", "setting", "wanted", "read_as"),
    [
        ("NL", "BE", "FR", "+31612345678", "usageLocation"),
        ("NL", "NL", "FR", "+31612345678", "usageLocation"),
        (None, "FR", "NL", "+33612345678", "country"),
        (None, None, "NL", "+31612345678", "setting"),
        ("", " fr ", "NL", "+33612345678", "country"),
        ("nl", None, None, "+31612345678", "usageLocation"),
        ("XX", "FR", "NL", "+33612345678", "country"),
        ("UK", "FR", "NL", "+33612345678", "country"),
        (None, "Netherlands", "FR", "+33612345678", "setting"),
        (None, "The Netherlands", "FR", "+33612345678", "setting"),
        (None, "NLD", "FR", "+33612345678", "setting"),
        (None, "001", "FR", "+33612345678", "setting"),
        (None, "ß", "FR", "+33612345678", "setting"),  # upper case: SS, South Sudan
        ("xy", "Frankreich", "nl", "+31612345678", "setting"),
    ],
)
def test_the_first_usable_hint_decides(
    usage_location: str | None, country: str | None, setting: str | None, wanted: str, read_as: str
) -> None:
    result = read_number("0612345678", RegionHints(usage_location, country, setting))
    assert isinstance(result, PhoneNumber)
    assert (result.canonical, result.read_as) == (wanted, read_as)


def test_no_usable_hint_is_no_guess() -> None:
    assert RegionHints("XX", "Netherlands", "").usable() == ()
    assert RegionHints("XX", "Netherlands", "").first_usable() is None
    result = read_number("0612345678", RegionHints("XX", "Netherlands", ""))
    assert result == Refused(Refusal.NEEDS_REGION, "••••••••78")


def test_the_setting_is_a_hint_only_without_others() -> None:
    assert RegionHints("gb", " us ", "DE").usable() == (("GB", "usageLocation"), ("US", "country"))
    assert RegionHints("XX", "us", "DE").usable() == (("US", "country"),)
    assert RegionHints(None, "", "DE").usable() == (("DE", "setting"),)


def test_two_hints_that_make_two_mobiles_are_ambiguous() -> None:
    for hints in (RegionHints("NL", "FR"), RegionHints("FR", "NL"), RegionHints("nl", "fr", "NL")):
        assert read_number("0612345678", hints) == Refused(Refusal.AMBIGUOUS, "••••••••78")


def test_later_hints_are_not_tried_until_one_fits() -> None:
    result = read_number("07911 123456", RegionHints("US", "GB", "GB"))
    assert isinstance(result, Refused)
    assert result.reason is Refusal.BAD_NUMBER


@pytest.mark.parametrize(
    ("text", "region", "read_as"),
    [
        ("+44 7911 123456", None, "international"),
        ("+44 7911 123456", "US", "international"),
        ("0044 7911 123456", "DE", "international"),
        ("447911123456", "GB", "usageLocation"),
        ("07911 123456", "GB", "usageLocation"),
    ],
)
def test_says_where_the_country_came_from(text: str, region: str | None, read_as: str) -> None:
    assert number(text, region).read_as == read_as


def test_a_number_with_its_country_ignores_the_hints() -> None:
    assert number("+31 6 12345678", "US").region == "NL"
    assert number("+44 7911 123456", "GB").region == "GG"  # libphonenumber's word; never compare it to a hint


# --- allowed regions ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("+31612345678", ""),
        ("+31612345678", "NL"),
        ("+31612345678", "BE NL"),
        ("+447911123456", "GB"),  # GG
        ("+447911123456", "GG"),
        ("+447797712345", "GB"),  # JE
        ("+447624123456", "GB"),  # IM
        ("+447924123456", "IM"),  # valid in GB and IM
        ("+447400123456", "GB"),
        ("+12065550100", "US"),
        ("+18762101234", "JM"),
        ("+393123456789", "VA"),
        ("+4741234567", "SJ"),
    ],
)
def test_allowed(text: str, allowed: str) -> None:
    assert number(text, allowed=allowed).canonical == text


@pytest.mark.parametrize(
    ("text", "allowed"),
    [
        ("+31612345678", "BE"),
        ("+447400123456", "GG"),
        ("+447400123456", "JE IM"),
        ("+447911123456", "JE"),
        ("+447797712345", "US"),
        ("+18762101234", "US"),  # Jamaica
        ("+12684641234", "US CA"),  # Antigua
        ("+17872345678", "US"),  # Puerto Rico
        ("+15062345678", "US"),  # Canada
        ("+12065550100", "CA"),
        ("+77710009998", "RU"),  # Kazakhstan
        ("+12065550100", "XX"),
    ],
)
def test_not_allowed(text: str, allowed: str) -> None:
    assert reason(text, allowed=allowed) is Refusal.REGION_NOT_ALLOWED


def test_a_landline_is_called_a_landline_wherever_it_is() -> None:
    assert reason("+44 20 7946 0000", allowed="NL") is Refusal.NOT_MOBILE


# --- comparing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("registered", "wanted"),
    [
        ("+31 612345678", "+31612345678"),
        ("+31612345678", "+31612345678"),
        (" +31 (0)6-1234 5678 ", "+31612345678"),
        ("+44 07911123456", "+447911123456"),
        ("+1 2065550100x123", "+12065550100x123"),
        ("+1 2065550100 X123", "+12065550100x123"),
        ("+447700900123", "+447700900123"),  # not valid, still a spelling
        ("+44 7700 900123", "+447700900123"),
        ("+44 7700900123x9", "+447700900123x9"),
        ("+999 12-34", "+9991234"),
        ("2065550100", "2065550100"),
        ("+1 XXXXXXXX00", "+1 XXXXXXXX00"),
        ("+1 206 555 CALL", "+1 206 555 CALL"),
        (" text ", "text"),
        ("", None),
        ("  \u200b ", None),
        (None, None),
    ],
)
def test_canonical(registered: str | None, wanted: str | None) -> None:
    assert canonical(registered) == wanted


@pytest.mark.parametrize(
    ("a", "b", "same"),
    [
        ("+31 612345678", "+31612345678", True),
        ("+31 612345678", "+31612345679", False),
        ("+1 2065550100", "+1 2065550100x1", False),
        ("", "", False),
        (None, None, False),
        (None, "+31612345678", False),
        ("+31612345678", None, False),
    ],
)
def test_same_number(a: str | None, b: str | None, same: bool) -> None:
    assert same_number(a, b) is same


def test_last_digits_are_never_enough() -> None:
    assert not same_number("+31612345678", "+33612345678")


# --- what shows ---------------------------------------------------------------------------------------------


def test_a_number_shows_its_country_code_and_two_digits() -> None:
    result = number("+31 6 12345678")
    assert result.masked == str(result) == f"{result}" == "+31 ••••••78"
    assert repr(result) == "<PhoneNumber +31 ••••••78>"


def test_a_refusal_shows_no_more() -> None:
    assert read("+44 20 7946 0123") == Refused(Refusal.NOT_MOBILE, "+44 •• •••• ••23")
    assert repr(read("+44 20 7946 0123")) == (
        "Refused(reason=<Refusal.NOT_MOBILE: 'notMobile'>, masked='+44 •• •••• ••23')"
    )


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("07911 123456 or 07911 123457", "••••• •••••• or ••••• ••••57"),
        ("+1 206 555 0100 ext. 123", "+1 ••• ••• •••• ext. •23"),
        ("+387 61 899 941", "+387 •• ••• •41"),
        ("(+44) 7911 123456", "(+44) •••• ••••56"),
        ("+999 12345678", "+••• ••••••78"),  # not a country code
        ("+1+2+3+4+5+6+7+8", "+1+•+•+•+•+•+7+8"),  # only the first
        ("2+31 612345678", "•+•• •••••••78"),  # not behind another digit
        ("++31 612345678", "++•• •••••••78"),
        ("31612345678", "•••••••••78"),
        ("12345", "•••••"),  # too few to show two of them
        ("123456", "••••56"),
        ("+12345", "+1••••"),
        ("+31", "+31"),
        ("+٣١ ٦١٢٣٤٥٦٧٨", "+31 •••••••78"),
        ("1-800-FLOWERS", "•-•••-*******"),
        ("1-800-MOBILE", "•-•••-******"),
        ("Mobile (Jane): +1 2065550100", "Mobile (****): +1 ••••••••00"),
        ("FAX +1 2065550100", "FAX +1 ••••••••00"),
        ("n/a", "n/a"),
        ("zero six", "**** ***"),
        ("½ ² ⚀ é _", "* * * * _"),
        ("a\nb\u2028c\x00", "a * **"),
        ("=cmd|'x", "=***|'x"),
        ("+31\u200b612345678", "+31•••••••78"),
        ("", ""),
    ],
)
def test_mask(text: str, wanted: str) -> None:
    assert mask(text) == wanted


def test_a_long_text_is_cut() -> None:
    assert mask("-" * 1000) == "-" * 60
    assert mask("1" * 60 + "2") == "•" * 58 + "11"


def test_a_very_long_text_is_refused_unread() -> None:
    padded = "+31612345678".rjust(250)
    assert number(padded).canonical == "+31612345678"
    assert read(" " + padded) == Refused(Refusal.BAD_NUMBER, "+31••••••67")  # the end lies beyond the limit
