"""Whom a run may be about, as the route reads it."""

import json

import pytest

from shared.operator_door import BadRequest
from shared.run_routes import MOST_NAMED, _users
from tests.builders import ALICE, object_ids


@pytest.mark.parametrize("body", [b"", b"  \n", b"{}", b" {} "])
def test_no_users_are_everybody(body: bytes) -> None:
    assert _users(body) is None


def test_named_users_are_read_once_and_in_lower_case() -> None:
    assert _users(json.dumps({"users": [ALICE.upper(), ALICE]}).encode()) == (ALICE,)
    most = object_ids(MOST_NAMED)
    assert _users(json.dumps({"users": most}).encode()) == most


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(b"{", id="not JSON"),
        pytest.param(b"\xff", id="not UTF-8"),
        pytest.param(b"[" * 100_000, id="deep"),
        pytest.param(b"[]", id="a list"),
        pytest.param(b"null", id="null"),
        pytest.param(b'{"users": null}', id="null is not everybody"),
        pytest.param(b'{"users": []}', id="nobody"),
        pytest.param(json.dumps({"user": [ALICE]}).encode(), id="misspelt"),
        pytest.param(json.dumps({"users": [ALICE], "mode": "apply"}).encode(), id="and something else"),
        pytest.param(json.dumps({"users": ALICE}).encode(), id="text"),
        pytest.param(json.dumps({"users": [ALICE, 7]}).encode(), id="a number"),
        pytest.param(json.dumps({"users": [ALICE, "+31 612345678"]}).encode(), id="a phone number"),
        pytest.param(json.dumps({"users": object_ids(MOST_NAMED + 1)}).encode(), id="one too many"),
    ],
)
def test_whatever_else_is_refused_and_not_repeated(body: bytes) -> None:
    with pytest.raises(BadRequest) as caught:
        _users(body)
    assert caught.value.code == "badUsers"
    assert "612345678" not in str(caught.value)
