"""The phone numbers of a run. No subscriber has them, and this tool never causes a text or a call to them.

Mobile and landline: ranges that the German regulator reserves for films and books, notice 148/2021,
https://www.bundesnetzagentur.de/DE/Fachthemen/Telekommunikation/Nummerierung/start.html ("Drama Numbers"): mobile
(0)171 39200 00 to 99, Berlin (0)30 23125 000 to 999. Premium: (0)909 8790 000 to 999, reserved by Ofcom for drama,
https://www.ofcom.org.uk/phones-and-broadband/phone-numbers/numbers-for-drama.

Why German ones: libphonenumber, and perhaps Entra, takes them for valid mobile numbers. Ofcom's mobile range
(07700 900xxx) and the North American 555-01xx count there as invalid, or as landlines.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Number:
    """A fictitious number; `name` stands for its digits in everything that is shown or written."""

    name: str
    code: str
    national: str

    @property
    def spaced(self) -> str:
        """As Microsoft documents it: `+CC NNN`."""
        return f"+{self.code} {self.national}"

    @property
    def unspaced(self) -> str:
        """E.164."""
        return f"+{self.code}{self.national}"

    @property
    def with_zero(self) -> str:
        """With the zero that is only dialled at home."""
        return f"+{self.code} 0{self.national}"

    @property
    def at_home(self) -> str:
        """Without a country code."""
        return f"0{self.national}"


MOBILE = Number("mobile", "49", "1713920012")
OTHER_MOBILE = Number("other-mobile", "49", "1713920034")
THIRD_MOBILE = Number("third-mobile", "49", "1713920056")
LANDLINE = Number("landline", "49", "3023125123")
PREMIUM = Number("premium", "44", "9098790123")

NUMBERS = (MOBILE, OTHER_MOBILE, THIRD_MOBILE, LANDLINE, PREMIUM)
