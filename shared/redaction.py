"""What could be a phone number, and a text without it. Pure.

The last line of defence, behind code that shows no number in the first place: whatever is logged, raised or answered
passes here, ours or a library's. In doubt a text is a number. What an operator needs stays readable: object ids,
moments with their milliseconds, hexadecimal ids, durations, addresses of machines, and whatever has fewer than seven
digits.

A text is read through its escapes (``%2B``, ``\\u002b``, ``\\xa0``, ``&nbsp;``) and alphabets: digits are digits in
any script. The time it takes grows with the length of the text and with nothing else: every repetition below is either
bounded or gives nothing back (``++``, ``*+``).
"""

import re
import unicodedata
from itertools import pairwise

STAND_IN = "[number]"

_LEAST_DIGITS = 7
_LEAST_DIGITS_AFTER_PLUS = 6
_MOST_TURNS_OF_A_NUMBER = 2


def redact(text: str) -> str:
    """The text with every possible phone number replaced. Never raises; a second time changes nothing."""
    view, ends = _through_escapes(text)
    kept, pieces = 0, []
    for match in _TOKEN.finditer(view):
        if _is_number(match):
            start, end = (ends[match.start()], ends[match.end()]) if ends else match.span()
            pieces += [text[kept:start], STAND_IN]
            kept = end
    return "".join([*pieces, text[kept:]]) if pieces else text


# --- what an operator needs -------------------------------------------------------------------------------------------

_ALONE, _ENDS = r"(?<![0-9A-Za-z])", r"(?![0-9A-Za-z])"
_GUID = rf"{_ALONE}[0-9A-Fa-f]{{8}}-(?:[0-9A-Fa-f]{{4}}-){{3}}[0-9A-Fa-f]{{12}}{_ENDS}"
_DATE = r"(?:19|20)[0-9]{2}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_TIME = r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.,][0-9]{1,9})?)?(?:Z|[+-][0-2][0-9]:?[0-5][0-9])?"
_MOMENT = rf"(?<![0-9]){_DATE}[T ]{_TIME}(?![0-9])"
_HEX = rf"{_ALONE}(?:0x[0-9A-Fa-f]{{4,16}}|(?P<hex>[0-9A-Fa-f]{{12,}}+)){_ENDS}"
_DAY = rf"(?<![0-9]){_DATE}(?![-./]?[0-9])"
_MILLISECONDS = rf"{_ALONE}1[0-9]{{12}}{_ENDS}"
"""Of the years 2001 to 2033. No country's number without plus has this form: +1 has eleven digits."""

_DURATION = rf"{_ALONE}(?<!\.)[0-9]{{1,6}}\.[0-9]{{1,12}} ?(?:ms|s|sec|seconds|%){_ENDS}"
_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9]{2}|[1-9]?[0-9])"
_DANISH = r"[0-9]{2,3}\.[0-9]{2,3}\.[0-9]{2}\.[0-9]{2}(?![0-9:])"
"""Four groups that are how some countries write numbers: an address only with a port behind it or a scheme before."""
_ADDRESS = rf"(?<![0-9.])(?:(?<=://)|(?!{_DANISH})){_OCTET}(?:\.{_OCTET}){{3}}(?::[0-9]{{1,5}})?(?![0-9]|\.[0-9])"

# --- what could be a number -------------------------------------------------------------------------------------------

_BETWEEN = r"[ \t\r\n\-./()\[\]_~+]{1,6}+"
_HEX_AHEAD = rf"{_ALONE}(?=[0-9]*+[A-Fa-f])[0-9A-Fa-f]{{12,}}+{_ENDS}"
_CERTAIN = rf"{_GUID}|{_MOMENT}|{_HEX_AHEAD}"
_LIKELY = rf"{_CERTAIN}|{_DAY}|{_MILLISECONDS}|{_DURATION}|{_ADDRESS}"
_WITH_PLUS = rf"\+(?:{_BETWEEN})?[0-9]++(?:{_BETWEEN}(?!{_CERTAIN})[0-9]++)*+"
_WITHOUT_PLUS = rf"[0-9]++(?:{_BETWEEN}(?!{_LIKELY})[0-9]++)*+"
_KEPT = rf"{_GUID}|{_MOMENT}|{_MILLISECONDS}|{_HEX}|{_DAY}|{_DURATION}|{_ADDRESS}"
_TOKEN = re.compile(rf"(?P<plus>{_WITH_PLUS})|(?:{_KEPT})|(?P<plain>{_WITHOUT_PLUS})")


def _is_number(match: re.Match[str]) -> bool:
    if match["hex"]:
        return not _is_hex_id(match["hex"])
    least = _LEAST_DIGITS_AFTER_PLUS if match["plus"] else _LEAST_DIGITS
    found = match["plus"] or match["plain"]
    return found is not None and sum(map(str.isdigit, found)) >= least


def _is_hex_id(text: str) -> bool:
    """Letters and digits take turns in it, so that it is no number with a word of the letters A to F around it."""
    turns = sum(one.isdigit() != other.isdigit() for one, other in pairwise(text))
    return turns > _MOST_TURNS_OF_A_NUMBER or not any(map(str.isdigit, text))


# --- reading through escapes and alphabets ----------------------------------------------------------------------------

_ESCAPE = r"""
    (?P<bytes>(?:%(?:25){0,3}|\\{1,8}x)[CDcd][0-9A-Fa-f](?:%(?:25){0,3}|\\{1,8}x)[89ABab][0-9A-Fa-f]
      |(?:%(?:25){0,3}|\\{1,8}x)[Ee][0-9A-Fa-f](?:(?:%(?:25){0,3}|\\{1,8}x)[89ABab][0-9A-Fa-f]){2}
      |%(?:25){0,3}[2-7][0-9A-Fa-f])
    |\\{1,8}(?:u(?P<unicode>[0-9A-Fa-f]{4})|x(?P<latin>[0-9A-Fa-f]{2})|(?P<blank>[tnr](?![a-z])))
    |&(?:amp;){0,3}(?:\#(?P<decimal>[0-9]{2,6});|\#[xX](?P<hexadecimal>[0-9A-Fa-f]{2,5});|(?P<entity>nbsp|plus);)
    |(?P<foreign>[^\x00-\x7f])
"""
_UNITS = re.compile(_ESCAPE, re.VERBOSE)
_BYTE = re.compile(r"(?:%(?:25){0,3}|\\{1,8}x)([0-9A-Fa-f]{2})")
_ENTITIES = {"nbsp": " ", "plus": "+"}
_DASHES = frozenset("\u2212\u30fc")
_BY_CATEGORY = {"Pd": "-", "Ps": "(", "Pe": ")", "Zs": " ", "Zl": " ", "Zp": " ", "Cf": "~"}


def _through_escapes(text: str) -> tuple[str, list[int]]:
    """The text on a plain keyboard, one character for each escape, and where each of them begins in `text`.

    No places where nothing needed reading: both are the same then.
    """
    pieces: list[str] = []
    starts: list[int] = []
    done = 0
    for unit in _UNITS.finditer(text):
        pieces += [text[done : unit.start()], _plain(_meant(unit))]
        starts += [*range(done, unit.start()), unit.start()]
        done = unit.end()
    if not pieces:
        return text, []
    return "".join([*pieces, text[done:]]), [*starts, *range(done, len(text) + 1)]


def _meant(unit: re.Match[str]) -> str:
    """The one character that an escape stands for."""
    if unit["bytes"]:
        return bytes.fromhex("".join(_BYTE.findall(unit["bytes"]))).decode("utf-8", "replace")[0]
    if unit["entity"] or unit["blank"]:
        return _ENTITIES.get(unit["entity"], " ")
    if unit["foreign"]:
        return unit["foreign"]
    hexadecimal = unit["unicode"] or unit["latin"] or unit["hexadecimal"]
    return chr(int(hexadecimal, 16) if hexadecimal else int(unit["decimal"]))


def _plain(char: str) -> str:
    """A digit of any script as 0 to 9, a dash as -, a bracket as (, a blank as a blank; what is invisible as ~."""
    digit = unicodedata.digit(char, None)
    if digit is not None:
        return str(digit)
    if char in _DASHES:
        return "-"
    category = unicodedata.category(char)
    return _BY_CATEGORY.get(category, unicodedata.normalize("NFKC", char)[0])
