"""Graph's JSON read into values: what is missing or of the wrong type reads as "not told"."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.graph.readings import (
    MOBILE_METHOD_ID,
    USER_PROPERTIES,
    read_methods,
    read_phones,
    read_preference,
    read_state,
    read_user,
)
from shared.models import DirectoryUser, MfaState, RegisteredPhone, SignInPreference
from tests.builders import ALICE, LANDLINE, MOBILE, OTHER_MOBILE

FULL: dict[str, Any] = {
    "@odata.context": "https://graph.microsoft.com/v1.0/$metadata#users/$entity",
    "id": ALICE,
    "accountEnabled": True,
    "userType": "Member",
    "userPrincipalName": "alice@contoso.example",
    "mobilePhone": MOBILE,
    "businessPhones": [LANDLINE],
    "usageLocation": "NL",
    "country": "Netherlands",
    "onPremisesSyncEnabled": True,
    "onPremisesExtensionAttributes": {"extensionAttribute1": OTHER_MOBILE, "extensionAttribute2": None},
    "isManagementRestricted": True,
    "identityParentId": "aaaaaaaa-0000-4000-8000-00000000000a",
}
NOT_TOLD = DirectoryUser(ALICE)


def test_a_user_is_read() -> None:
    assert read_user(ALICE, FULL) == DirectoryUser(
        id=ALICE,
        account_enabled=True,
        user_type="Member",
        user_principal_name="alice@contoso.example",
        mobile_phone=MOBILE,
        business_phones=(LANDLINE,),
        usage_location="NL",
        country="Netherlands",
        is_agent=True,
        is_management_restricted=True,
        on_premises_sync_enabled=True,
        extension_attributes={"extensionAttribute1": OTHER_MOBILE},
    )


def test_every_property_that_is_read_is_selected() -> None:
    assert set(USER_PROPERTIES) == set(FULL) - {"@odata.context"}


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="nothing told"),
        pytest.param(dict.fromkeys(USER_PROPERTIES), id="all null"),
        pytest.param(dict.fromkeys(USER_PROPERTIES, 7), id="all numbers"),
        pytest.param({name: [7] for name in USER_PROPERTIES}, id="all lists of numbers"),
        pytest.param(dict.fromkeys(USER_PROPERTIES, ""), id="all empty"),
        pytest.param({"businessPhones": {"0": MOBILE}, "onPremisesExtensionAttributes": [MOBILE]}, id="swapped kinds"),
    ],
)
def test_what_is_not_told_is_none(body: Mapping[str, Any]) -> None:
    told = read_user(ALICE, body)
    assert replace(told, is_management_restricted=False) == NOT_TOLD
    null = body.get("isManagementRestricted") is None
    assert told.is_management_restricted is (False if null else None), "null is no; nonsense is unknown"


@pytest.mark.parametrize("value", ["true", "True", 1, 0, None, []], ids=repr)
def test_only_a_boolean_is_one(value: object) -> None:
    person = read_user(ALICE, {"accountEnabled": value, "onPremisesSyncEnabled": value})
    assert (person.account_enabled, person.on_premises_sync_enabled) == (None, None)


def test_false_is_told() -> None:
    person = read_user(ALICE, {"accountEnabled": False, "onPremisesSyncEnabled": False})
    assert (person.account_enabled, person.on_premises_sync_enabled) == (False, False)


@pytest.mark.parametrize(
    ("items", "phones"),
    [
        pytest.param([], (), id="none"),
        pytest.param(
            [
                {"id": "3179e48a-750b-4051-897c-87b9720928f7", "phoneType": "mobile", "phoneNumber": MOBILE},
                {"id": "e37fc753-ff3b-4958-9484-eaa9425c82bc", "phoneType": "office", "phoneNumber": LANDLINE},
            ],
            (RegisteredPhone("mobile", MOBILE), RegisteredPhone("office", LANDLINE)),
            id="two",
        ),
        pytest.param([{"phoneType": "mobile"}], (), id="no number"),
        pytest.param([{"phoneType": "mobile", "phoneNumber": None}], (), id="null"),
        pytest.param([{"phoneType": "mobile", "phoneNumber": ""}], (), id="empty"),
        pytest.param([{"phoneType": "mobile", "phoneNumber": 31612345678}], (), id="a number"),
        pytest.param([None, 7, "x", []], (), id="no objects"),
    ],
)
def test_phones(items: list[Any], phones: tuple[RegisteredPhone, ...]) -> None:
    assert read_phones(items) == phones


@pytest.mark.parametrize("kind", [None, "unknownFutureValue", 7], ids=repr)
@pytest.mark.parametrize("spelling", [MOBILE_METHOD_ID, MOBILE_METHOD_ID.upper()])
def test_n12_the_fixed_id_says_which_phone_is_the_mobile(kind: object, spelling: str) -> None:
    """https://learn.microsoft.com/graph/api/resources/phoneauthenticationmethod"""
    assert read_phones([{"id": spelling, "phoneType": kind, "phoneNumber": MOBILE}]) == (
        RegisteredPhone("mobile", MOBILE),
    )


@pytest.mark.parametrize("kind", [None, 7, []], ids=repr)
def test_a_phone_of_no_known_type_is_not_the_mobile(kind: object) -> None:
    phones = read_phones([{"phoneType": kind, "phoneNumber": MOBILE}])
    assert [phone.type == "mobile" for phone in phones] == [False]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("#microsoft.graph.passwordAuthenticationMethod", "password"),
        ("#microsoft.graph.phoneAuthenticationMethod", "phone"),
        ("#microsoft.graph.emailAuthenticationMethod", "email"),
        ("#microsoft.graph.temporaryAccessPassAuthenticationMethod", "temporaryAccessPass"),
        ("#microsoft.graph.qrCodePinAuthenticationMethod", "qrCodePin"),
        ("#microsoft.graph.fido2AuthenticationMethod", "fido2"),
        ("#microsoft.graph.microsoftAuthenticatorAuthenticationMethod", "microsoftAuthenticator"),
        ("#microsoft.graph.softwareOathAuthenticationMethod", "softwareOath"),
        ("#microsoft.graph.hardwareOathAuthenticationMethod", "hardwareOath"),
        ("#microsoft.graph.windowsHelloForBusinessAuthenticationMethod", "windowsHelloForBusiness"),
        ("#microsoft.graph.platformCredentialAuthenticationMethod", "platformCredential"),
    ],
)
def test_kinds_of_method_read_as_the_decision_names_them(kind: str, name: str) -> None:
    assert read_methods([{"@odata.type": kind, "id": "1"}]) == {name}


def test_methods_are_a_set_of_kinds() -> None:
    fido = {"@odata.type": "#microsoft.graph.fido2AuthenticationMethod"}
    assert read_methods([]) == frozenset()
    assert read_methods([fido, fido]) == {"fido2"}


@pytest.mark.parametrize("item", [{}, None, 7, {"@odata.type": None}, {"@odata.type": ["x"]}], ids=repr)
def test_a_method_that_does_not_say_its_kind_is_of_no_known_kind(item: object) -> None:
    """It counts as stronger, as every kind does that the decision does not name."""
    assert not read_methods([item]) & {"password", "phone", "email", "temporaryAccessPass", "qrCodePin"}
    assert len(read_methods([item])) == 1


@pytest.mark.parametrize("state", MfaState)
def test_a_known_mfa_state_is_read(state: MfaState) -> None:
    assert read_state({"perUserMfaState": state.value}) is state


@pytest.mark.parametrize(
    "body",
    [
        pytest.param({}, id="not told"),
        pytest.param({"perUserMfaState": None}, id="null"),
        pytest.param({"perUserMfaState": ""}, id="empty"),
        pytest.param({"perUserMfaState": "Enabled"}, id="another case"),
        pytest.param({"perUserMfaState": "unknownFutureValue"}, id="of tomorrow"),
        pytest.param({"perUserMfaState": True}, id="true"),
        pytest.param({"perUserMfaState": ["enabled"]}, id="a list"),
        pytest.param({"perUserMfaState": {"state": "enabled"}}, id="an object"),
    ],
)
def test_any_other_mfa_state_is_unknown(body: Mapping[str, Any]) -> None:
    assert read_state(body) is None


@pytest.mark.parametrize(
    ("body", "preference"),
    [
        pytest.param(
            {
                "isSystemPreferredAuthenticationMethodEnabled": True,
                "userPreferredMethodForSecondaryAuthentication": "sms",
                "systemPreferredAuthenticationMethod": "Fido2",
            },
            SignInPreference("sms", True),
            id="as documented",
        ),
        pytest.param({}, SignInPreference(None, False), id="not told"),
        pytest.param(
            {
                "isSystemPreferredAuthenticationMethodEnabled": False,
                "userPreferredMethodForSecondaryAuthentication": None,
            },
            SignInPreference(None, False),
            id="none set",
        ),
        pytest.param(
            {
                "isSystemPreferredAuthenticationMethodEnabled": "false",
                "userPreferredMethodForSecondaryAuthentication": 7,
            },
            SignInPreference(None, False),
            id="wrong types",
        ),
    ],
)
def test_preferences(body: Mapping[str, Any], preference: SignInPreference) -> None:
    assert read_preference(body) == preference


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
NAMES = st.sampled_from(
    [
        *USER_PROPERTIES,
        "perUserMfaState",
        "phoneType",
        "phoneNumber",
        "@odata.type",
        "isSystemPreferredAuthenticationMethodEnabled",
        "userPreferredMethodForSecondaryAuthentication",
    ]
)
BODIES = st.dictionaries(NAMES, JSON, max_size=6)


@given(BODIES, st.lists(BODIES | JSON, max_size=3))
def test_no_json_raises(body: dict[str, Any], items: list[Any]) -> None:
    read_user(ALICE, body)
    read_preference(body)
    read_phones(items)
    read_methods(items)
    read_state(body)


def test_a6_an_agents_user_is_told_by_its_type_or_its_parent() -> None:
    """https://learn.microsoft.com/entra/agent-id/agent-users"""
    assert read_user(ALICE, {"@odata.type": "#microsoft.graph.agentUser"}).is_agent
    assert read_user(ALICE, {"@odata.type": "#Microsoft.Graph.AgentUser"}).is_agent
    assert read_user(ALICE, {"identityParentId": "aaaaaaaa-0000-4000-8000-00000000000a"}).is_agent
    assert not read_user(ALICE, {"@odata.type": "#microsoft.graph.user", "identityParentId": None}).is_agent
