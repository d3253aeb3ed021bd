"""The simulated tenant: some sixty people with the numbers that real directories hold, each with the end expected.

Numbers are reserved for fiction where the country has such a range that counts as valid (Germany 0171 39200xx, Sweden
070-17406xx, Australia 0491 570 xxx, North America 555-01xx); all others are libphonenumber's own examples.
"""

from dataclasses import replace
from typing import Any

from dev.demo.expectation import Expectation, expect, filled, refused
from dev.demo.person import Deed, Later, Person, Trouble

OWN_NUMBER = "+49 1713920090"
"""What a person registered without asking HR."""


def people() -> tuple[Person, ...]:
    """Everyone, numbered."""
    everyone = (*_spellings(), *_unusable(), *_untouched(), *_registered(), *_shared(), *_later(), *_troubled())
    return tuple(replace(person, number=number) for number, person in enumerate(everyone, start=1))


def _german(last: int) -> str:
    """A German mobile number reserved for fiction, E.164."""
    return f"+49171392{last:04}"


def _full_width(text: str) -> str:
    """Digits as an East Asian keyboard types them."""
    return "".join(chr(ord(char) + 0xFEE0) if char.isdecimal() else char for char in text)


def _in(region: str | None, **more: Any) -> dict[str, Any]:
    return {"usageLocation": region, **more}


def _spelled(kind: str, region: str | None, held: str, phone: str, **more: Any) -> Person:
    return Person(kind, held, filled(phone), _in(region, **more))


def _spellings() -> tuple[Person, ...]:
    """One good number each, written in every way."""
    return (
        _spelled("international", "DE", "+49 171 3920001", _german(1)),
        _spelled("international, no spaces", "DE", "+491713920002", _german(2)),
        _spelled("international, dots", "CA", "+1.416.555.0123", "+14165550123"),
        _spelled("trunk zero in brackets", "DE", "+49 (0)171 3920004", _german(4)),
        _spelled("trunk zero in brackets", "GB", "+44 (0)7400 123456", "+447400123456"),
        _spelled("00 instead of +", "DE", "0049 171/3920005", _german(5)),
        _spelled("011 instead of +", "US", "011 49 171 3920006", _german(6)),
        _spelled("abroad, with country code", "NL", "+46 70 174 06 05", "+46701740605"),
        _spelled("national", "NL", "06 12345678", "+31612345678"),
        _spelled("national, pairs", "FR", "06 12 34 56 78", "+33612345678"),
        _spelled("national, brackets", "US", "(212) 555-0123", "+12125550123"),
        _spelled("national, dashes", "SE", "070-174 06 06", "+46701740606"),
        _spelled("national, no trunk zero", "IT", "312 345 6789", "+393123456789"),
        _spelled("national, no trunk zero", "NO", "406 12 345", "+4740612345"),
        _spelled("national, no trunk zero", "DK", "32 12 34 56", "+4532123456"),
        _spelled("national", "AU", "0491 570 006", "+61491570006"),
        _spelled("full-width digits", "JP", _full_width("090-1234-5678"), "+819012345678"),
        _spelled("no-break spaces", "DE", "+49\u00a0171\u00a03920007\u200e", _german(7)),
        _spelled("with a label", "DE", " Mobile: 0171 3920008 ", _german(8)),
        _spelled("region from country only", None, "0171 3920009", _german(9), country="DE"),
    )


def _refused(kind: str, region: str | None, held: str, reason: str) -> Person:
    return Person(kind, held, refused(reason), _in(region))


def _unusable() -> tuple[Person, ...]:
    """Nothing that could be written, and why."""
    nothing = expect("noop", "noNumber", "noMethod")
    return (
        _refused("landline", "GB", "020 7946 0123", "notMobile"),
        _refused("landline", "DE", "+49 30 23125123", "notMobile"),
        _refused("premium rate", "NL", "0900 123456", "notMobile"),
        _refused("with an extension", "DE", "+49 171 3920010 ext. 12", "notMobile"),
        _refused("two numbers", "DE", "01713920011/01713920012", "ambiguous"),
        _refused("two last digits", "DE", "0171 3920013/14", "ambiguous"),
        _refused("somebody else's", "DE", "0171 3920015 (wife)", "badNumber"),
        _refused("letters", "US", "1-800-FLOWERS", "badNumber"),
        _refused("not a number", "DE", "n/a", "badNumber"),
        _refused("too short", "NL", "06 1234", "badNumber"),
        _refused("for films, never given out", "GB", "07700 900123", "badNumber"),
        _refused("national, no region", None, "0171 3920016", "needsRegion"),
        _refused("00 instead of +, no region", None, "0049 171 3920017", "needsRegion"),
        Person("empty", None, nothing, _in("DE")),
        Person("blank", " ", nothing, _in("DE")),
        Person("only a business phone", None, nothing, _in("DE", businessPhones=["+49 171 3920018"])),
    )


def _untouched() -> tuple[Person, ...]:
    """People whom policy leaves alone whatever the directory holds."""
    old_guest = {"userType": None, "userPrincipalName": "person_fabrikam.example#EXT#@contoso.example"}
    return (
        Person("guest", "+49 171 3920019", expect("skipped", "guest"), _in("DE", userType="Guest")),
        Person("guest, no user type", "+49 171 3920020", expect("skipped", "guest"), _in("DE", **old_guest)),
        Person("disabled", "+49 171 3920021", expect("skipped", "disabled"), _in("DE", accountEnabled=False)),
    )


def _with(kind: str, held: str, expected: Expectation, **authentication: Any) -> Person:
    return Person(kind, held, expected, _in("DE"), authentication)


def _registered() -> tuple[Person, ...]:
    """People who have registered something before."""
    own = OWN_NUMBER.replace(" ", "")
    hello = expect("noop", "strongerMethod", "noMethod")
    stronger = expect("done", "strongerMethod", state="enforced")
    same, enforced = "+49 1713920022", {"perUserMfaState": "enforced"}
    landline = expect("refused", "notMobile", phone=own, state="enforced")
    return (
        _with("has the same number", "0171 3920022", filled(_german(22)), mobile=same),
        _with(
            "has the same, and MFA",
            "0171 3920022",
            expect("noop", phone=_german(22), state="enforced"),
            mobile=same,
            **enforced,
        ),
        _with("has a number of their own", "0171 3920023", filled(own, "differs"), mobile=OWN_NUMBER),
        _with("own number, HR a landline", "030 23125124", landline, mobile=OWN_NUMBER),
        _with("has Authenticator", "0171 3920024", stronger, methods=["microsoftAuthenticator"]),
        _with("has a security key (FIDO2)", "0171 3920025", stronger, methods=["fido2"]),
        _with("has Windows Hello only", "0171 3920026", hello, methods=["windowsHelloForBusiness"]),
        _with("MFA enforced, no method", "0171 3920027", filled(_german(27)), **enforced),
    )


def _shared() -> tuple[Person, ...]:
    """One number, two people; with SMS sign-in Graph answers 409 and yet saves the second."""
    holder: dict[str, Any] = {"mobile": "+49 1713920029", "smsSignIn": True}
    taken = Person("SMS sign-in, number taken", "0171 3920029", filled(_german(29)), _in("DE"), {"smsSignIn": True})
    return (
        _spelled("shares a number", "DE", "0171 3920028", _german(28)),
        _spelled("shares a number", "DE", "+49 171 3920028", _german(28)),
        Person("SMS sign-in, has the number", "0171 3920029", filled(_german(29)), _in("DE"), holder, early=True),
        taken,
    )


def _changes(kind: str, held: str | None, first: Expectation, later: Later, **properties: Any) -> Person:
    return Person(kind, held, first, _in("DE", **properties), later=later)


def _edits(words: str, expected: Expectation, **values: Any) -> Later:
    return Later(words, Deed.HR_EDITS, expected, values)


def _later() -> tuple[Person, ...]:
    """People to whom something happens after the app has looked at them."""
    return (*_hr_acts(), *_people_act())


def _hr_acts() -> tuple[Person, ...]:
    left = expect("skipped", "disabled", phone=_german(36), state="enforced")
    gone = expect("retry", "notFoundYet", phone=_german(37), state="enforced")
    held = expect("held", "changeHeld", phone=_german(34), state="enforced")
    return (
        _changes(
            "gets a phone later",
            None,
            expect("noop", "noNumber", "noMethod"),
            _edits("HR enters the phone", filled(_german(30)), mobilePhone="0171 3920030"),
        ),
        _changes(
            "HR corrects the number",
            "see badge",
            refused("badNumber"),
            _edits("HR corrects the number", filled(_german(31)), mobilePhone="0171 3920031"),
        ),
        _changes(
            "region comes with licence",
            "0171 3920032",
            refused("needsRegion"),
            _edits("HR assigns a licence and thereby a region", filled(_german(32)), usageLocation="DE"),
            usageLocation=None,
        ),
        _changes(
            "enabled on the first day",
            "0171 3920033",
            expect("skipped", "disabled"),
            _edits("the account is enabled on the first day", filled(_german(33)), accountEnabled=True),
            accountEnabled=False,
        ),
        _changes(
            "HR changes the number",
            "0171 3920034",
            filled(_german(34)),
            _edits("HR enters another number", held, mobilePhone="0171 3920035"),
        ),
        _changes(
            "disabled later",
            "0171 3920036",
            filled(_german(36)),
            _edits("the account is disabled", left, accountEnabled=False),
        ),
        _changes(
            "deleted later",
            "0171 3920037",
            filled(_german(37)),
            Later("HR deletes the account", Deed.HR_DELETES, gone),
        ),
    )


def _people_act() -> tuple[Person, ...]:
    removed = expect("noop", "removedByHuman", "noMethod", state="enforced")
    own = expect("noop", "userManaged", phone=OWN_NUMBER.replace(" ", ""), state="enforced")
    number = {"number": OWN_NUMBER}
    return (
        _changes(
            "removes the phone",
            "0171 3920038",
            filled(_german(38)),
            Later("the person removes the phone", Deed.REMOVES_PHONE, removed),
        ),
        _changes(
            "registers another phone",
            "0171 3920039",
            filled(_german(39)),
            Later("the person registers another phone", Deed.REGISTERS_PHONE, own, number),
        ),
    )


def _in_trouble(trouble: Trouble, last: int) -> Person:
    kinds = {
        Trouble.LATE: "replicates late",
        Trouble.STORM: "comes while throttled (429)",
        Trouble.UNAVAILABLE: "503 on reading",
        Trouble.REFUSED_ONCE: "500 on the phone",
        Trouble.PHONE_ANSWER_LOST: "504 though phone written",
        Trouble.STATE_ANSWER_LOST: "503 though MFA written",
        Trouble.CUT: "connection cut after write",
    }
    return Person(kinds[trouble], f"0171 392{last:04}", filled(_german(last)), _in("DE"), trouble=trouble)


def _troubled() -> tuple[Person, ...]:
    """People with a good number around whom Graph has a bad day."""
    storm = (_in_trouble(Trouble.STORM, last) for last in range(40, 44))
    others = (trouble for trouble in Trouble if trouble is not Trouble.STORM)
    return (*storm, *(_in_trouble(trouble, last) for last, trouble in enumerate(others, start=44)))
