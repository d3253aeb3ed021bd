"""The number format of phone methods: `+{country code} {number}[x{extension}]`.

https://learn.microsoft.com/entra/identity/authentication/concept-authentication-phone-options
"""

import re

import phonenumbers

from dev.graph_simulator.errors import GraphError, bad_request

_SPACED = re.compile(r"\+(?P<code>[1-9][0-9]{0,2}) (?P<number>[0-9]{4,14})(?:x(?P<extension>[0-9]{1,10}))?")
_UNSPACED = re.compile(r"\+(?P<all>[1-9][0-9]{6,14})(?:x(?P<extension>[0-9]{1,10}))?")
LONGEST_E164 = 15


def stored_form(text: object, phone_type: str, *, strict: bool) -> str:
    """The number as Graph stores and returns it; anything else is refused with 400.

    A number without the space is accepted and returned with it ([assume: unspaced-number-accepted]).
    What kind of line it is makes no difference ([assume: any-line-type]).
    """
    if not isinstance(text, str):
        raise _refused()
    found = _SPACED.fullmatch(text) or (None if strict else _UNSPACED.fullmatch(text))
    if found is None:
        raise _refused()
    if found["extension"] and phone_type != "office":
        raise bad_request("Extensions are supported for office phones only.")  # [assume: phone-format-400]
    code, number = _split(found)
    return f"+{code} {number}" + (f"x{found['extension']}" if found["extension"] else "")


def _split(found: re.Match[str]) -> tuple[str, str]:
    groups = found.groupdict()
    if "code" in groups:
        code, number = groups["code"], groups["number"]
    else:
        code = _country_code(groups["all"])
        number = groups["all"][len(code) :]
    if not code or int(code) not in phonenumbers.COUNTRY_CODE_TO_REGION_CODE or len(code + number) > LONGEST_E164:
        raise _refused()
    return code, number


def _country_code(digits: str) -> str:
    known = phonenumbers.COUNTRY_CODE_TO_REGION_CODE
    return next((digits[:size] for size in (1, 2, 3) if int(digits[:size]) in known), "")


def _refused() -> GraphError:
    """[assume: phone-format-400]"""
    return bad_request("The phone number is not valid. Use the format +{country code} {number}x{extension}.")
