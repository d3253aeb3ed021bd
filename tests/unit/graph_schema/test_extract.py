"""The committed files are what Microsoft's packages and reference say, and nothing is asked for in vain."""

import json
from importlib import import_module
from typing import Any

import pytest

from dev.graph_schema.addresses import ADDRESSES, METHOD_COLLECTIONS, TYPES
from dev.graph_schema.documented import (
    COMBINED_PERMISSIONS,
    DOCUMENTED_ENUMS,
    DOCUMENTED_TYPES,
    SENT_ANYWAY,
    UNLISTED_PERMISSIONS,
)
from dev.graph_schema.extract import FOLDER, SOURCES, as_text, described, permissions, read_reference
from dev.graph_schema.generated import snake
from dev.graph_schema.schema import Schema
from tests.reference_data import PERMISSIONS, needs_reference


def committed(name: str) -> str:
    return (FOLDER / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("version", SOURCES)
def test_the_committed_schema_is_that_of_the_installed_sdk(version: str) -> None:
    """After an update of an SDK: `make schema`."""
    assert committed(f"{version}.json") == as_text(described(version))


@needs_reference
def test_the_committed_permissions_are_those_of_the_reference() -> None:
    """After a new reference: `python -m dev.graph_schema.extract --permissions FILE`."""
    assert committed("permissions.json") == as_text(permissions(read_reference(PERMISSIONS)))


def test_every_wanted_address_exists_in_some_version() -> None:
    known = set[str]().union(*(json.loads(committed(f"{version}.json"))["addresses"] for version in SOURCES))
    assert known == set(ADDRESSES)


def test_every_wanted_type_exists_in_some_version() -> None:
    known = {name.lower() for version in SOURCES for name in Schema.of(version).type_names}
    assert {name.split(".")[-1].lower() for name in TYPES} <= known


def test_every_call_has_its_permissions_from_one_place() -> None:
    calls = {f"{method} {address}" for address, methods in ADDRESSES.items() for method in methods}
    listed = set(json.loads(committed("permissions.json")))
    assert listed | set(UNLISTED_PERMISSIONS) == calls
    assert not listed & set(UNLISTED_PERMISSIONS)


def test_what_is_demanded_together_is_listed_one_by_one_in_the_reference() -> None:
    listed = json.loads(committed("permissions.json"))
    for call, (sets, source) in COMBINED_PERMISSIONS.items():
        assert frozenset[str]().union(*sets) <= set(listed[call])
        assert source.startswith("https://")


MODELS = [
    ("msgraph", "user", "User"),
    ("msgraph", "phone_authentication_method", "PhoneAuthenticationMethod"),
    ("msgraph", "subscription", "Subscription"),
    ("msgraph", "unified_role_eligibility_schedule", "UnifiedRoleEligibilitySchedule"),
    ("msgraph_beta", "hardware_oath_authentication_method", "HardwareOathAuthenticationMethod"),
    ("msgraph_beta", "sign_in_preferences", "SignInPreferences"),
    ("msgraph_beta", "strong_authentication_requirements", "StrongAuthenticationRequirements"),
]
"""Package, file, class: the models that bodies and answers are made of."""


@pytest.mark.parametrize(("package", "file", "name"), MODELS)
def test_the_files_say_what_the_models_themselves_say(package: str, file: str, name: str) -> None:
    """The syntax tree against the running code."""
    model: Any = getattr(import_module(f"{package}.generated.models.{file}"), name)
    schema = Schema.beta() if package == "msgraph_beta" else Schema.v1()
    declared = set(schema.type(name[0].lower() + name[1:]).properties)
    assert declared == set(model().get_field_deserializers()) - {"@odata.type"}


def test_enum_words_are_those_of_the_running_code() -> None:
    from msgraph.generated.models.authentication_phone_type import AuthenticationPhoneType

    assert set(Schema.v1().enum("authenticationPhoneType")) == {str(word.value) for word in AuthenticationPhoneType}


def test_hardware_tokens_requirements_and_preferences_are_beta_only() -> None:
    own = "/users/{id}/authentication"
    for name in ("requirements", "signInPreferences", "hardwareOathMethods/{id}"):
        assert Schema.v1().address(f"{own}/{name}") is None
        assert Schema.beta().address(f"{own}/{name}") is not None
    assert "hardwareOathAuthenticationMethod" not in Schema.v1().type_names
    assert "hardwareOathAuthenticationMethod" in Schema.beta().derived("authenticationMethod")


def test_what_is_documented_by_hand_is_in_no_model_and_has_a_source() -> None:
    for version in SOURCES:
        raw = json.loads(committed(f"{version}.json"))
        assert not set(DOCUMENTED_TYPES) & set(raw["types"])
        assert not set(DOCUMENTED_ENUMS) & set(raw["enums"])
        for item in SENT_ANYWAY:
            known = item.type in Schema.of(version).type_names
            assert not (known and Schema.of(version).is_declared(item.type, item.name)), item
    sources = [value.source for value in DOCUMENTED_TYPES.values()] + [item.source for item in SENT_ANYWAY]
    sources += [source for _, source in UNLISTED_PERMISSIONS.values()]
    assert all(source.startswith("https://") for source in sources)


@pytest.mark.parametrize(
    ("name", "file"),
    [
        ("phoneMethods", "phone_methods"),
        ("fido2Methods", "fido2_methods"),
        ("ODataErrors", "o_data_errors"),
        ("SmsAuthenticationMethodConfiguration", "sms_authentication_method_configuration"),
    ],
)
def test_names_become_file_names_as_the_generator_writes_them(name: str, file: str) -> None:
    assert snake(name) == file


def test_collections_of_methods_are_the_navigation_of_authentication() -> None:
    """So that a new kind of method in an SDK does not go unnoticed."""
    known = {name for version in SOURCES for name in Schema.of(version).type("authentication").properties}
    lists = {name for name in known if name.endswith("Methods")}
    assert lists - set(METHOD_COLLECTIONS) == {
        "passwordMethods",
        "passwordlessMicrosoftAuthenticatorMethods",
        "phoneMethods",
        "resourceAccountKeyAuthenticationMethods",
    }
