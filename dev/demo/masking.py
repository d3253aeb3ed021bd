"""Numbers as the demo shows them. The app never shows one, and neither does this."""

import unicodedata

BULLET = "•"
SHOWN_DIGITS = 2
LOOKS_LIKE = {"\u00a0": "⍽", "\u202f": "⍽"}
"""No-break spaces cannot be told from others on a screen."""


def mask_spelling(text: str | None) -> str:
    """What a directory field holds: its shape stays, of its digits only the last two."""
    if text is None:
        return "(nothing)"
    if not text.strip():
        return "(blank)"
    digits = [at for at, char in enumerate(text) if char.isdecimal()]
    kept = set(digits[-SHOWN_DIGITS:]) if len(digits) > 2 * SHOWN_DIGITS else set()
    return "".join(_shown(char, kept=at in kept) for at, char in enumerate(text))


def _shown(char: str, *, kept: bool) -> str:
    if char.isdecimal():
        return char if kept else BULLET
    if char in LOOKS_LIKE:
        return LOOKS_LIKE[char]
    return "" if unicodedata.category(char).startswith("C") else char


def mask_number(number: str | None) -> str:
    """A registered number, `+CC NNN` as Graph returns it: the country and the last two digits."""
    if number is None:
        return "-"
    country, _, rest = number.rpartition(" ")
    return f"{country} {BULLET * 6}{rest[-SHOWN_DIGITS:]}".strip()
