"""A write goes to what the run created, or it is not sent."""

import pytest

from dev.verify_tenant.exchange import Json, Request
from dev.verify_tenant.guard import NotOurs, Ours, refuse_foreign

OURS, THEIRS = "aaaaaaaa-0000-4000-8000-000000000001", "bbbbbbbb-0000-4000-8000-000000000002"
SUBSCRIPTION, MADE_UP = "cccccccc-0000-4000-8000-000000000003", "dddddddd-0000-4000-8000-000000000004"
NAME = "mfa-prefill-verify-abcd1234@contoso.example"
RUN = "feedfacefeedface"
PHONE = "3179e48a-750b-4051-897c-87b9720928f7"


def ours() -> Ours:
    known = Ours(announced_names={NAME}, announced_guest="me@fabrikam.example", run=RUN)
    known.own_user(OURS)
    known.own_subscription(SUBSCRIPTION)
    known.make_up(MADE_UP)
    return known


def batch(*parts: Json) -> Json:
    return {"requests": [{"id": str(number), **part} for number, part in enumerate(parts)]}


URL = f"https://me.example/hook?run={RUN}"

ALLOWED: tuple[tuple[str, str, Json | None], ...] = (
    ("GET", f"/users/{THEIRS}/authentication/phoneMethods", None),
    ("GET", "/organization", None),
    ("POST", "/users", {"userPrincipalName": NAME}),
    ("PATCH", f"/users/{OURS}", {"usageLocation": "AT"}),
    ("DELETE", f"/users/{OURS}", None),
    ("PATCH", f"/users/{OURS.upper()}", {"usageLocation": "AT"}),
    ("POST", f"/users/{OURS}/authentication/phoneMethods", {}),
    ("DELETE", f"/users/{OURS}/authentication/phoneMethods/{PHONE}", None),
    ("PATCH", f"/users/{OURS}/authentication/requirements", {}),
    ("POST", f"/users/{OURS}/checkMemberGroups", {"groupIds": []}),
    ("DELETE", f"/directory/deletedItems/{OURS}", None),
    ("POST", f"/directory/deletedItems/{OURS}/restore", None),
    ("POST", "/subscriptions", {"notificationUrl": URL}),
    ("PATCH", f"/subscriptions/{SUBSCRIPTION}", {}),
    ("DELETE", f"/subscriptions/{MADE_UP}", None),
    ("POST", f"/subscriptions/{SUBSCRIPTION}/reauthorize", None),
    ("POST", "/invitations", {"invitedUserEmailAddress": "me@fabrikam.example"}),
    ("POST", "/$batch", batch({"method": "GET", "url": f"/users/{THEIRS}"})),
    ("POST", "/$batch", batch({"method": "PATCH", "url": f"users/{OURS}", "body": {}})),
)

REFUSED: tuple[tuple[str, str, Json | None], ...] = (
    ("PATCH", f"/users/{THEIRS}", {"usageLocation": "AT"}),
    ("DELETE", f"/users/{THEIRS}", None),
    ("DELETE", f"/users/{MADE_UP}", None),
    ("DELETE", "/users/anna@contoso.example", None),
    ("DELETE", f"/users/{NAME}", None),
    ("DELETE", f"/users('{THEIRS}')", None),
    ("POST", f"/users/{THEIRS}/authentication/phoneMethods", {}),
    ("PATCH", f"/users/{THEIRS}/authentication/requirements", {}),
    ("POST", f"/users/{OURS}/../{THEIRS}/authentication/phoneMethods", {}),
    ("POST", f"/users/{OURS}%2F..%2F{THEIRS}/authentication/phoneMethods", {}),
    ("DELETE", f"/users/{OURS}/authentication/phoneMethods/..", None),
    ("DELETE", f"/users/{OURS}/authentication/phoneMethods/%2E%2E", None),
    ("POST", f"/users/{OURS}/manager/$ref", {}),
    ("POST", f"/users/{OURS}/authentication/phoneMethods/{PHONE}/enableSmsSignIn", None),
    ("POST", "/users", {"userPrincipalName": "anna@contoso.example"}),
    ("POST", "/users", {"userPrincipalName": "mfa-prefill-verify-other@contoso.example"}),
    ("POST", "/users", {}),
    ("POST", "/users", None),
    ("POST", f"/groups/{OURS}/members/$ref", {}),
    ("PATCH", "/policies/authenticationMethodsPolicy", {}),
    ("POST", "/roleManagement/directory/roleAssignments", {"principalId": OURS}),
    ("DELETE", f"/directory/deletedItems/{THEIRS}", None),
    ("POST", f"/directory/deletedItems/{THEIRS}/restore", None),
    ("POST", "/subscriptions", {"notificationUrl": "https://other.example/hook"}),
    ("POST", "/subscriptions", None),
    ("PATCH", f"/subscriptions/{THEIRS}", {}),
    ("DELETE", f"/subscriptions/{OURS}", None),
    ("POST", "/invitations", {"invitedUserEmailAddress": "other@fabrikam.example"}),
    ("POST", "/invitations", {}),
    ("POST", "/$batch", batch({"method": "GET", "url": "/x"}, {"method": "DELETE", "url": f"/users/{THEIRS}"})),
    ("POST", "/$batch", batch({"method": "patch", "url": f"users/{THEIRS}", "body": {}})),
    ("POST", "/$batch", batch({"method": "POST", "url": "/$batch", "body": batch({"method": "DELETE", "url": "/x"})})),
    ("POST", "/$batch", {"requests": "everything"}),
    ("POST", "/$batch", None),
    ("PUT", "/", None),
)


@pytest.mark.parametrize(("method", "path", "body"), ALLOWED)
def test_reads_and_writes_to_what_is_ours_pass(method: str, path: str, body: Json | None) -> None:
    refuse_foreign(Request(method, path, body), ours())


@pytest.mark.parametrize(("method", "path", "body"), REFUSED)
def test_a_write_to_anything_else_is_refused(method: str, path: str, body: Json | None) -> None:
    with pytest.raises(NotOurs):
        refuse_foreign(Request(method, path, body), ours())


@pytest.mark.parametrize(
    ("method", "path", "body"), [case for case in ALLOWED if case[0] != "GET" and "GET" not in str(case[2])]
)
def test_a_run_that_created_nothing_may_write_nothing(method: str, path: str, body: Json | None) -> None:
    with pytest.raises(NotOurs):
        refuse_foreign(Request(method, path, body), Ours())


def test_an_announced_name_without_the_prefix_creates_nothing() -> None:
    careless = Ours(announced_names={"anna@contoso.example"})
    with pytest.raises(NotOurs):
        refuse_foreign(Request("POST", "/users", {"userPrincipalName": "anna@contoso.example"}), careless)


def test_the_refusal_does_not_repeat_what_was_to_be_written() -> None:
    with pytest.raises(NotOurs) as refused:
        refuse_foreign(Request("PATCH", f"/users/{THEIRS}", {"mobilePhone": "+49 1713920012"}), ours())
    assert "1713920012" not in str(refused.value)
    assert THEIRS not in str(refused.value)
