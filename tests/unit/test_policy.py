"""The policy as one value, and the fingerprint that audit rows carry."""

import re
from dataclasses import fields
from datetime import timedelta
from typing import Any

import pytest

from shared.models import DefaultMethod, MfaState
from shared.policy import ExistingPhone, Mode, Policy, StrongerMethod
from shared.regions import SUPPORTED_REGIONS

OTHER_VALUES: dict[str, Any] = {
    "mode": Mode.APPLY,
    "phone_sources": ("businessPhones", "mobilePhone"),
    "default_region": "NL",
    "allowed_regions": frozenset({"NL"}),
    "existing_phone": ExistingPhone.KEEP,
    "change_hold": timedelta(0),
    "stronger_method": StrongerMethod.ADD,
    "mfa_state": None,
    "default_method": DefaultMethod.SMS,
    "include_groups": frozenset({"a"}),
    "exclude_groups": frozenset({"a"}),
    "include_guests": True,
    "exclude_privileged": False,
    "require_synced": True,
}


def test_the_defaults_are_those_of_the_contract() -> None:
    assert Policy() == Policy(
        mode=Mode.PLAN,
        phone_sources=("mobilePhone",),
        default_region=None,
        allowed_regions=frozenset(),
        existing_phone=ExistingPhone.FOLLOW,
        change_hold=timedelta(hours=24),
        stronger_method=StrongerMethod.SKIP,
        mfa_state=MfaState.ENABLED,
        default_method=None,
        include_groups=frozenset(),
        exclude_groups=frozenset(),
        include_guests=False,
        exclude_privileged=True,
        require_synced=False,
    )


def test_the_table_names_every_field() -> None:
    assert set(OTHER_VALUES) == {field.name for field in fields(Policy)}


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_every_field_changes_the_fingerprint(name: str) -> None:
    assert Policy(**{name: OTHER_VALUES[name]}).fingerprint() != Policy().fingerprint()


def test_each_single_change_has_a_fingerprint_of_its_own() -> None:
    fingerprints = {Policy(**{name: value}).fingerprint() for name, value in OTHER_VALUES.items()}
    assert len(fingerprints) == len(OTHER_VALUES)


def test_the_order_of_a_set_does_not_change_the_fingerprint() -> None:
    forwards, backwards = frozenset(sorted(SUPPORTED_REGIONS)), frozenset(sorted(SUPPORTED_REGIONS, reverse=True))
    assert list(forwards) != list(backwards)
    assert Policy(allowed_regions=forwards).fingerprint() == Policy(allowed_regions=backwards).fingerprint()


def test_the_order_of_the_sources_changes_the_fingerprint() -> None:
    sources = ("mobilePhone", "businessPhones")
    assert Policy(phone_sources=sources).fingerprint() != Policy(phone_sources=sources[::-1]).fingerprint()


def test_a_fingerprint_is_twelve_hexadecimal_digits() -> None:
    assert re.fullmatch(r"[0-9a-f]{12}", Policy().fingerprint())
