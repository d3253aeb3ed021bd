"""What is shown holds the shape and the codes, and no number, id, name, address, token or secret."""

import json
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dev.verify_tenant.exchange import Answer, Exchange, Json, Request
from dev.verify_tenant.masking import Names, masked_answer, masked_exchange, masked_request, masked_text, masked_value
from dev.verify_tenant.numbers import MOBILE, NUMBERS, Number

USER, OTHER = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"


def names() -> Names:
    known = Names(hosts=frozenset({"graph.microsoft.com"}))
    known.call(USER, "user")
    known.hide("contoso.onmicrosoft.com", "domain")
    known.hide("Contoso Ltd", "tenant name")
    return known


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+49 1713920012", "+49 <mobile>"),
        ("+491713920012", "+49<mobile>"),
        ("+49 01713920012", "+49 0<mobile>"),
        ("01713920012", "0<mobile>"),
        ("+1 206-555-0123 was refused", "<number> was refused"),
        ("call (0171) 39 20 077 now", "call <number> now"),
        ("+XX XXXXXXXX12", "+XX XXXXXXXX12"),
        (f"/v1.0/users/{USER}/authentication", "/v1.0/users/<user>/authentication"),
        (f"/users/{USER.upper()}", "/users/<user>"),
        (
            f"Resource '{OTHER}' does not exist, nor does '{OTHER.upper()}'.",
            "Resource '<id-2>' does not exist, nor does '<id-2>'.",
        ),
        ("/phoneMethods/3179e48a-750b-4051-897c-87b9720928f7", "/phoneMethods/<mobile-method>"),
        ("mfa-prefill-verify-a@contoso.onmicrosoft.com exists", "<name>@<domain> exists"),
        ("the domain CONTOSO.onmicrosoft.com of contoso ltd", "the domain <domain> of <tenant name>"),
        ("https://graph.microsoft.com/v1.0/users/delta?$deltatoken=abc.def", None),
        ("https://me.devtunnels.ms/hook", "https://<host>/hook"),
        ("eyJ0eXAiOiJKV1QiLCJhbGciOiJub25lIn0abcdefghij1", "<opaque>"),
        (
            "userPreferredMethodForSecondaryAuthentication is bad",
            "userPreferredMethodForSecondaryAuthentication is bad",
        ),
        ("Subscription expiration can only be 41760 minutes", "Subscription expiration can only be 41760 minutes"),
        ("2026-11-28T10:00:00.1234567Z", "2026-11-28T10:00:00.1234567Z"),
        ("at 2026-11-28 10:00:00 number 4915112345678", "at 2026-11-28 10:00:00 number <number>"),
    ],
)
def test_texts(text: str, shown: str | None) -> None:
    if shown is None:
        shown = "https://graph.microsoft.com/v1.0/users/delta?$deltatoken=<token>"
    assert masked_text(text, names()) == shown


SPELLINGS = st.sampled_from(
    ["{code} {national}", "+{code} {national}", "+{code}{national}", "00{code}{national}", "{x}"]
)


@given(st.sampled_from(NUMBERS), SPELLINGS, st.text(alphabet=string.ascii_letters + " .,:'\"", max_size=12))
def test_no_number_of_a_run_survives_in_any_spelling(number: Number, spelling: str, around: str) -> None:
    text = spelling.format(code=number.code, national=number.national, x=number.with_zero)
    assert number.national not in masked_text(f"{around} {text} {around}", names())


@given(st.from_regex(r"\+?[1-9][0-9]{0,2}[ -]?[0-9]{3}[ /-]?[0-9]{3,7}", fullmatch=True))
def test_no_other_number_survives(number: str) -> None:
    digits = re.sub(r"\D", "", number)
    shown = masked_text(f"The number {number} is not valid.", names())
    assert digits not in re.sub(r"\D", "", shown) or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", number)


@given(st.uuids())
def test_no_id_survives(identifier: object) -> None:
    assert str(identifier) not in masked_text(f"/users/{identifier}/x?y='{str(identifier).upper()}'", names()).lower()


SECRETS: Json = {
    "userPrincipalName": "mfa-prefill-verify-a@contoso.onmicrosoft.com",
    "displayName": "Anna of Contoso Ltd",
    "passwordProfile": {"password": "correct horse battery staple", "forceChangePasswordNextSignIn": True},
    "clientState": "a-secret-of-ours",
    "notificationUrl": "https://me.devtunnels.ms/hook?run=feedface",
    "serialNumber": "1234-5678",
    "phoneType": "mobile",
}


def test_only_values_under_known_names_are_shown() -> None:
    assert masked_value(SECRETS, names()) == {
        "userPrincipalName": "<text of 44>",
        "displayName": "<text of 19>",
        "passwordProfile": {"password": "<text of 28>", "forceChangePasswordNextSignIn": True},
        "clientState": "<text of 16>",
        "notificationUrl": "<text of 42>",
        "serialNumber": "<text of 9>",
        "phoneType": "mobile",
    }


def test_an_exchange_keeps_status_code_and_shape() -> None:
    request = Request("POST", f"/users/{USER}/authentication/phoneMethods", {"phoneNumber": MOBILE.spaced})
    error = {"error": {"code": "badRequest", "message": f"{MOBILE.spaced} is taken", "innerError": {"date": "x"}}}
    headers = {
        "authorization": "Bearer x",
        "retry-after": "7",
        "request-id": OTHER,
        "x-ms-throttle-scope": f"T/{OTHER}",
    }
    shown = masked_exchange(Exchange("second", request, Answer(400, headers, error, 0.123)), names())
    assert shown["answer"] == {
        "status": 400,
        "seconds": 0.12,
        "headers": {"retry-after": "7", "x-ms-throttle-scope": "T/<id-2>"},
        "body": {
            "error": {"code": "badRequest", "message": "+49 <mobile> is taken", "innerError": {"date": "<text of 1>"}}
        },
    }
    assert shown["request"]["path"] == "/v1.0/users/<user>/authentication/phoneMethods"
    assert shown["request"]["body"] == {"phoneNumber": "+49 <mobile>"}


def test_values_and_headers_of_the_caller_are_not_shown() -> None:
    request = Request("GET", "/users", headers={"Authorization": "Bearer secret-token"})
    assert "secret-token" not in json.dumps(masked_request(request, names()))
    assert "secret-token" not in repr(request)
    answer = Answer(200, {"set-cookie": "secret-cookie"}, {"value": [{"mail": "anna@contoso.example"}]})
    assert not {"secret-cookie", "anna@contoso.example"} & set(json.dumps(masked_answer(answer, names())).split('"'))


def test_reprs_hold_no_body() -> None:
    request = Request("POST", "/users", SECRETS)
    exchange = Exchange("", request, Answer(201, {"a": "b"}, SECRETS))
    assert "staple" not in repr(request) + repr(exchange)
