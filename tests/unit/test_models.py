"""The words of the product and the values that travel."""

from datetime import datetime, timedelta

import pytest

from shared.memory import Claim
from shared.models import MfaState, Observation, RegisteredPhone, object_id
from tests.builders import ALICE, LANDLINE, MOBILE, NOW, OTHER_MOBILE, memory, observation, user

OBJECT_IDS = [
    pytest.param(ALICE, ALICE, id="as it is"),
    pytest.param(ALICE.upper(), ALICE, id="upper case is lowered"),
    pytest.param(f"{{{ALICE}}}", None, id="in braces"),
    pytest.param(f" {ALICE}", None, id="with a blank"),
    pytest.param(f"{ALICE}\n", None, id="with a line end"),
    pytest.param(ALICE.replace("-", ""), None, id="without dashes"),
    pytest.param(ALICE[:-1], None, id="a digit short"),
    pytest.param(f"{ALICE}0", None, id="a digit long"),
    pytest.param(f"{ALICE[:-1]}g", None, id="not hexadecimal"),
    pytest.param(f"{ALICE[:-1]}\uff11", None, id="a full-width digit"),
    pytest.param(f"../{ALICE}", None, id="a path"),
    pytest.param(f"{ALICE}/../x", None, id="a longer path"),
    pytest.param(f"{ALICE}%2f", None, id="an escaped path"),
    pytest.param("alice@contoso.example", None, id="a user principal name"),
    pytest.param("", None, id="nothing"),
    pytest.param(None, None, id="null"),
    pytest.param(42, None, id="a number"),
    pytest.param([ALICE], None, id="a list"),
]


@pytest.mark.parametrize(("given", "read"), OBJECT_IDS)
def test_what_is_an_object_id(given: object, read: str | None) -> None:
    assert object_id(given) == read


@pytest.mark.parametrize(
    ("state", "satisfied"),
    [
        ("disabled", {"disabled"}),
        ("enabled", {"disabled", "enabled"}),
        ("enforced", {"disabled", "enabled", "enforced"}),
    ],
)
def test_a_stronger_state_satisfies_a_weaker_target(state: str, satisfied: set[str]) -> None:
    assert {target.value for target in MfaState if MfaState(state).satisfies(target)} == satisfied


@pytest.mark.parametrize(
    ("seen", "mobile"),
    [
        pytest.param(observation(), None, id="no phone"),
        pytest.param(observation(mobile=MOBILE), MOBILE, id="a mobile"),
        pytest.param(observation(other_phones=(RegisteredPhone("office", LANDLINE),)), None, id="only an office phone"),
        pytest.param(
            observation(other_phones=(RegisteredPhone("alternateMobile", OTHER_MOBILE),)),
            None,
            id="only an alternate mobile, which gets no SMS",
        ),
        pytest.param(
            observation(mobile=MOBILE, other_phones=(RegisteredPhone("alternateMobile", OTHER_MOBILE),)),
            MOBILE,
            id="the mobile among others",
        ),
    ],
)
def test_which_phone_is_the_mobile(seen: Observation, mobile: str | None) -> None:
    assert seen.mobile == mobile


def test_no_number_shows_in_what_graph_told() -> None:
    person = user(business_phones=(LANDLINE,), extension_attributes={"extensionAttribute1": OTHER_MOBILE})
    shown = repr(observation(person, mobile=MOBILE))
    assert "a11ce" in shown
    assert not any(number[4:] in shown for number in (MOBILE, LANDLINE, OTHER_MOBILE))


@pytest.mark.parametrize(
    ("until", "holds"),
    [
        pytest.param(NOW + timedelta(seconds=1), True, id="for a second more"),
        pytest.param(NOW, False, id="just over"),
        pytest.param(NOW - timedelta(days=1), False, id="long over"),
    ],
)
def test_how_long_a_claim_holds(until: datetime, holds: bool) -> None:
    assert Claim("a look", until).holds(NOW) is holds


def test_what_is_remembered_shows_no_fingerprint_and_compares_without_its_version() -> None:
    known = memory(MOBILE)
    assert known.fingerprint is not None
    assert known.fingerprint not in repr(known)
    assert memory(MOBILE, version="1") == memory(MOBILE, version="2")
