"""Keyed hashes: what the product remembers instead of numbers and secrets."""

import pytest

from shared.fingerprint import Keys
from tests.builders import ALICE, KEYS, PREVIOUS_SECRET, SECRET, object_ids

BOB = object_ids(1)[0]
NUMBER = "+31612345678"
ROTATED = Keys("the secret after the next rotation, say so", SECRET)
STRANGER = Keys("a secret of somebody else, quite as long")


def test_the_client_state_fits_into_graphs_field() -> None:
    assert len(KEYS.client_state()) == 64
    assert KEYS.client_state().isalnum()


@pytest.mark.parametrize(
    ("given", "accepted"),
    [
        pytest.param(KEYS.client_state(), True, id="current"),
        pytest.param(Keys(PREVIOUS_SECRET).client_state(), True, id="previous"),
        pytest.param(STRANGER.client_state(), False, id="of another secret"),
        pytest.param(KEYS.client_state()[:-1], False, id="a character short"),
        pytest.param(KEYS.client_state() + "0", False, id="a character long"),
        pytest.param(KEYS.client_state().upper(), False, id="another case"),
        pytest.param(KEYS.client_state_fingerprint(), False, id="its fingerprint"),
        pytest.param(SECRET, False, id="the secret itself"),
        pytest.param("", False, id="nothing"),
        pytest.param("é" * 64, False, id="not ASCII"),
        pytest.param("\ud800" * 64, False, id="not even Unicode"),
    ],
)
def test_which_client_states_are_ours(given: str, accepted: bool) -> None:
    assert KEYS.accepts_client_state(given) is accepted


@pytest.mark.parametrize("no_previous", [None, ""])
def test_without_a_previous_secret_only_the_current_one_counts(no_previous: str | None) -> None:
    keys = Keys(SECRET, no_previous)
    assert keys.accepts_client_state(keys.client_state())
    assert not keys.accepts_client_state(Keys(PREVIOUS_SECRET).client_state())
    assert not keys.accepts_client_state(Keys("").client_state())


def test_the_client_state_fingerprint_changes_with_the_secret() -> None:
    assert KEYS.client_state_fingerprint() == Keys(SECRET).client_state_fingerprint()
    assert KEYS.client_state_fingerprint() != ROTATED.client_state_fingerprint()


def test_equal_numbers_of_two_people_do_not_look_equal() -> None:
    assert KEYS.phone(ALICE, NUMBER) == Keys(SECRET).phone(ALICE, NUMBER)
    assert KEYS.phone(ALICE, NUMBER) != KEYS.phone(BOB, NUMBER)


@pytest.mark.parametrize(
    ("fingerprint", "known"),
    [
        pytest.param(KEYS.phone(ALICE, NUMBER), True, id="current"),
        pytest.param(Keys(PREVIOUS_SECRET).phone(ALICE, NUMBER), True, id="previous"),
        pytest.param(STRANGER.phone(ALICE, NUMBER), False, id="of another secret"),
        pytest.param(KEYS.phone(ALICE, NUMBER + "9"), False, id="of another number"),
        pytest.param(KEYS.phone(BOB, NUMBER), False, id="of another person"),
        pytest.param("", False, id="empty"),
        pytest.param(None, False, id="never written"),
    ],
)
def test_which_fingerprints_are_of_this_number(fingerprint: str | None, known: bool) -> None:
    assert KEYS.is_phone(fingerprint, ALICE, NUMBER) is known


def test_what_is_written_after_a_rotation_carries_the_new_secret() -> None:
    assert ROTATED.is_phone(KEYS.phone(ALICE, NUMBER), ALICE, NUMBER)
    assert ROTATED.phone(ALICE, NUMBER) != KEYS.phone(ALICE, NUMBER)


def test_labels_keep_the_derived_values_apart() -> None:
    derived = {KEYS.client_state(), KEYS.client_state_fingerprint(), KEYS.phone("", ""), KEYS.phone(ALICE, NUMBER)}
    assert len(derived) == 4


def test_no_secret_shows() -> None:
    assert not any(secret in f"{KEYS} {KEYS!r}" for secret in (SECRET, PREVIOUS_SECRET))


def test_what_an_earlier_version_kept_is_still_known() -> None:
    """These lie in tables and at Graph: a derivation that changes makes every phone look like somebody else's."""
    assert (KEYS.client_state(), KEYS.client_state_fingerprint(), KEYS.phone(ALICE, NUMBER)) == (
        "c67eb6ba1c7157c77e45b8fc20c72998d8cc3f4489522a24c689a050751d1e98",
        "d8e8512a9daf03c06762a9ce234f08c1268f0f73993dc9f66cecbec91807a412",
        "5652c1dd57bcddd16df80c10f8ecbab0580795952e356eb2a0e3eb82e6bc8f27",
    )
