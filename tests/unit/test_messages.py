"""What lies in our queues: written to the letter of the contract, read with suspicion."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import UnreadableMessage
from shared.messages import Chore, Message, decode, decode_chore, encode, encode_chore, in_messages
from shared.models import Cause
from tests.builders import ALICE, RECEIVED, message, object_ids

BOB = object_ids(1)[0]
GOOD: dict[str, Any] = {
    "version": 1,
    "users": [ALICE, BOB],
    "cause": "notification",
    "run": None,
    "received": RECEIVED,
    "attempt": 1,
}


def base64_of(content: bytes) -> str:
    return base64.b64encode(content).decode()


def written(**changes: Any) -> str:
    return base64_of(json.dumps(GOOD | changes).encode())


def without(name: str) -> str:
    return json.dumps({key: value for key, value in GOOD.items() if key != name})


# --- writing ---------------------------------------------------------------------------------------------------------


def test_on_the_wire_is_base64_of_exactly_the_fields_of_the_contract() -> None:
    text = encode(Message((ALICE, BOB), Cause.BACKFILL, 1763830000123, "run-7", 3))
    assert base64.b64decode(text, validate=True).decode() == (
        f'{{"version":1,"users":["{ALICE}","{BOB}"],"cause":"backfill","run":"run-7","received":1763830000123,"attempt":3}}'
    )


def test_a_message_without_a_run_says_so() -> None:
    assert json.loads(base64.b64decode(encode(message())))["run"] is None


def test_the_fullest_message_fits_into_a_queue_message() -> None:
    assert len(encode(message(*object_ids(20), run="x" * 64))) < 48 * 1024


MESSAGES = st.builds(
    Message,
    st.lists(st.uuids().map(str), min_size=1, max_size=20, unique=True).map(tuple),
    st.sampled_from(Cause),
    st.integers(0, 2**53),
    st.none() | st.text(max_size=40),
    st.integers(1, 1_000_000),
)


@given(MESSAGES)
def test_what_was_written_reads_the_same(sent: Message) -> None:
    assert decode(encode(sent)) == sent
    assert decode(base64.b64decode(encode(sent)).decode()) == sent


@pytest.mark.parametrize(
    ("users", "sizes"),
    [(0, []), (1, [1]), (19, [19]), (20, [20]), (21, [20, 1]), (40, [20, 20]), (41, [20, 20, 1])],
)
def test_a_message_holds_twenty_users(users: int, sizes: list[int]) -> None:
    made = list(in_messages(object_ids(users), Cause.SWEEP, RECEIVED, "run-1"))
    assert [len(one.users) for one in made] == sizes
    assert [user for one in made for user in one.users] == list(object_ids(users))
    assert all(one == Message(one.users, Cause.SWEEP, RECEIVED, "run-1", 1) for one in made)


def test_every_user_goes_into_the_messages_once() -> None:
    assert [one.users for one in in_messages([ALICE, BOB, ALICE], Cause.SWEEP, 0)] == [(ALICE, BOB)]


# --- reading what is good --------------------------------------------------------------------------------------------

READABLE = [
    pytest.param(written(), message(ALICE, BOB), id="base64"),
    pytest.param(json.dumps(GOOD), message(ALICE, BOB), id="plain JSON"),
    pytest.param("\r\n  " + json.dumps(GOOD, indent=2), message(ALICE, BOB), id="plain JSON, spread out"),
    pytest.param(without("run"), message(ALICE, BOB), id="no run"),
    pytest.param(without("attempt"), message(ALICE, BOB), id="no attempt"),
    pytest.param(written(more="to come"), message(ALICE, BOB), id="a field of tomorrow"),
    pytest.param(written(users=[ALICE.upper(), BOB]), message(ALICE, BOB), id="upper-case ids are lowered"),
    pytest.param(written(users=[ALICE, ALICE.upper(), BOB]), message(ALICE, BOB), id="duplicate users collapse"),
    pytest.param(written(users=[BOB]), message(BOB), id="one user"),
    pytest.param(written(users=list(object_ids(20))), message(*object_ids(20)), id="twenty users"),
    pytest.param(written(run="run-1"), message(ALICE, BOB, run="run-1"), id="a run"),
    pytest.param(written(received=0), message(ALICE, BOB, received=0), id="the earliest moment"),
    pytest.param(written(received=2**53), message(ALICE, BOB, received=2**53), id="the latest moment"),
    pytest.param(written(attempt=1_000_000), message(ALICE, BOB, attempt=1_000_000), id="the last attempt"),
    *(pytest.param(written(cause=cause.value), message(ALICE, BOB, cause=cause), id=cause) for cause in Cause),
]


@pytest.mark.parametrize(("text", "read"), READABLE)
def test_what_is_read(text: str, read: Message) -> None:
    assert decode(text) == read


# --- reading what is bad ---------------------------------------------------------------------------------------------

IDS = (ALICE, BOB)
LATIN_1 = json.dumps(GOOD | {"run": "é"}, ensure_ascii=False).encode("latin-1")
UNREADABLE = [
    pytest.param("", "not JSON", (), id="empty"),
    pytest.param(" \n", "neither base64 nor JSON", (), id="blank"),
    pytest.param("hello!", "neither base64 nor JSON", (), id="not base64"),
    pytest.param(f"look at {ALICE}, please", "neither base64 nor JSON", (ALICE,), id="not base64, with an id"),
    pytest.param("é" * 8, "neither base64 nor JSON", (), id="not ASCII"),
    pytest.param("\ud800", "neither base64 nor JSON", (), id="not Unicode"),
    pytest.param("{" + ALICE, "not JSON", (ALICE,), id="not JSON"),
    pytest.param(base64_of(b"hello"), "not JSON", (), id="base64, not JSON"),
    pytest.param(base64_of(f"<{ALICE.upper()}> <{BOB}>".encode()), "not JSON", IDS, id="base64, not JSON, with ids"),
    pytest.param(base64_of(json.dumps(GOOD).encode())[:-8], "not JSON", IDS, id="cut off"),
    pytest.param(base64_of(b"\xff\xfe"), "neither base64 nor JSON", (), id="not UTF-8"),
    pytest.param(base64_of(LATIN_1), "neither base64 nor JSON", IDS, id="not UTF-8, with ids"),
    pytest.param(base64_of(json.dumps(GOOD).encode("utf-8-sig")), "not JSON", IDS, id="a byte order mark"),
    pytest.param(base64_of(json.dumps([ALICE]).encode()), "not a JSON object", (ALICE,), id="a list in base64"),
    pytest.param(json.dumps([ALICE]), "neither base64 nor JSON", (ALICE,), id="a plain list"),
    pytest.param(base64_of(f'"{ALICE}"'.encode()), "not a JSON object", (ALICE,), id="a text"),
    pytest.param(base64_of(b"null"), "not a JSON object", (), id="null"),
    pytest.param(base64_of(b"[" * 100_000), "not JSON", (), id="deep lists"),
    pytest.param('{"a":' * 100_000, "not JSON", (), id="deep objects"),
    pytest.param(f'{{"users": ["{ALICE}"], "x": {"9" * 5000}}}', "not JSON", (ALICE,), id="a number of 5,000 digits"),
    pytest.param("{}", "version is not 1", (), id="an empty object"),
    pytest.param(written(version=99), "version is not 1", IDS, id="version 99"),
    pytest.param(written(version=0), "version is not 1", IDS, id="version 0"),
    pytest.param(written(version=True), "version is not 1", IDS, id="version true"),
    pytest.param(written(version="1"), "version is not 1", IDS, id="version as text"),
    pytest.param(written(version=[]), "version is not 1", IDS, id="version as list"),
    pytest.param(without("version"), "version is not 1", IDS, id="no version"),
    pytest.param(written(users=[]), "users is not a list of 1 to 20", (), id="0 users"),
    pytest.param(
        written(users=list(object_ids(21))), "users is not a list of 1 to 20", object_ids(21), id="21 users, all found"
    ),
    pytest.param(written(users=ALICE), "users is not a list of 1 to 20", (ALICE,), id="users as text"),
    pytest.param(written(users={ALICE: 1}), "users is not a list of 1 to 20", (ALICE,), id="users as object"),
    pytest.param(without("users"), "users is not a list of 1 to 20", (), id="no users"),
    pytest.param(written(users=[ALICE, "bob"]), "a user is not an object id", (ALICE,), id="a name among ids"),
    pytest.param(written(users=[ALICE, None]), "a user is not an object id", (ALICE,), id="null among ids"),
    pytest.param(written(users=[[ALICE]]), "a user is not an object id", (ALICE,), id="a list among ids"),
    pytest.param(written(users=[f"../{ALICE}"]), "a user is not an object id", (ALICE,), id="a path"),
    pytest.param(written(cause="boredom"), "cause is not known", IDS, id="an unknown cause"),
    pytest.param(written(cause="Notification"), "cause is not known", IDS, id="a cause in another case"),
    pytest.param(written(cause=None), "cause is not known", IDS, id="null as cause"),
    pytest.param(written(cause=["sweep"]), "cause is not known", IDS, id="a list as cause"),
    pytest.param(without("cause"), "cause is not known", IDS, id="no cause"),
    pytest.param(written(received=-1), "received is not epoch milliseconds", IDS, id="received before 1970"),
    pytest.param(written(received=1.5), "received is not epoch milliseconds", IDS, id="received as fraction"),
    pytest.param(written(received=True), "received is not epoch milliseconds", IDS, id="received true"),
    pytest.param(written(received="1"), "received is not epoch milliseconds", IDS, id="received as text"),
    pytest.param(written(received=2**53 + 1), "received is not epoch milliseconds", IDS, id="received huge"),
    pytest.param(written(received=float("inf")), "received is not epoch milliseconds", IDS, id="received infinite"),
    pytest.param(without("received"), "received is not epoch milliseconds", IDS, id="no received"),
    pytest.param(written(attempt=0), "attempt is not a count from 1", IDS, id="attempt 0"),
    pytest.param(written(attempt=1_000_001), "attempt is not a count from 1", IDS, id="attempt huge"),
    pytest.param(written(attempt=True), "attempt is not a count from 1", IDS, id="attempt true"),
    pytest.param(written(attempt=1.0), "attempt is not a count from 1", IDS, id="attempt as fraction"),
    pytest.param(written(attempt=None), "attempt is not a count from 1", IDS, id="attempt null"),
    pytest.param(written(run=7), "run is not text", IDS, id="run as number"),
    pytest.param(written(run=["run-1"]), "run is not text", IDS, id="run as list"),
]


@pytest.mark.parametrize(("text", "problem", "found"), UNREADABLE)
def test_what_is_unreadable_says_why_and_gives_up_the_ids_it_holds(
    text: str, problem: str, found: tuple[str, ...]
) -> None:
    with pytest.raises(UnreadableMessage) as caught:
        decode(text)
    assert (caught.value.problem, caught.value.users) == (problem, found)


def test_an_error_never_quotes_the_message() -> None:
    with pytest.raises(UnreadableMessage) as caught:
        decode(written(version=99, phone="+31 612345678"))
    assert str(caught.value) == "version is not 1"


def read_or_refused(text: str) -> Message | None:
    try:
        return decode(text)
    except UnreadableMessage:
        return None


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.sampled_from([ALICE, "sweep"]),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.text(max_size=80) | st.binary(max_size=80).map(base64_of) | JSON.map(json.dumps))
def test_no_text_does_anything_but_read_or_refuse(text: str) -> None:
    read_or_refused(text)


@given(st.sampled_from(sorted(GOOD)), JSON)
def test_no_field_does_anything_but_read_or_refuse(name: str, value: object) -> None:
    read = read_or_refused(written(**{name: value}))
    assert read is None or decode(encode(read)) == read


@pytest.mark.parametrize("depth", [9_900, *range(9_960, 10_040)])
def test_nesting_of_every_depth_is_read_or_refused(depth: int) -> None:
    """Reading and writing JSON give up at different depths; what was read is written again to look for ids."""
    assert read_or_refused(f'{{"version": 99, "x": {"[" * depth}{"]" * depth}}}') is None


# --- chores ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("chore", Chore)
def test_a_chore_reads_as_it_was_written(chore: Chore) -> None:
    text = encode_chore(chore, RECEIVED)
    body = json.loads(base64.b64decode(text, validate=True))
    assert body == {"version": 1, "chore": chore.value, "received": RECEIVED, "attempt": 1}
    assert decode_chore(text) == (chore, RECEIVED, 1)


@pytest.mark.parametrize("received", [None, -1, 1.5, True, "1", [], 2**53 + 1], ids=repr)
def test_a_chore_without_a_moment_may_be_begun_at_once(received: object) -> None:
    assert decode_chore(json.dumps({"version": 1, "chore": "sweep", "received": received})) == (Chore.SWEEP, 0, 1)
    assert decode_chore('{"version": 1, "chore": "sweep"}') == (Chore.SWEEP, 0, 1)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("", id="empty"),
        pytest.param("hello!", id="not base64"),
        pytest.param(base64_of(b"[]"), id="a list"),
        pytest.param("{}", id="an empty object"),
        pytest.param('{"version": 99, "chore": "sweep"}', id="version 99"),
        pytest.param('{"version": true, "chore": "sweep"}', id="version true"),
        pytest.param('{"chore": "sweep"}', id="no version"),
        pytest.param('{"version": 1}', id="no chore"),
        pytest.param('{"version": 1, "chore": "dishes"}', id="an unknown chore"),
        pytest.param('{"version": 1, "chore": null}', id="null"),
        pytest.param('{"version": 1, "chore": ["sweep"]}', id="a list of chores"),
        pytest.param('{"version": 1, "chore": {}}', id="an object"),
        pytest.param(written(), id="a message about users"),
    ],
)
def test_what_is_no_chore_is_unreadable(text: str) -> None:
    with pytest.raises(UnreadableMessage):
        decode_chore(text)


def test_an_unknown_chore_is_named_as_such() -> None:
    with pytest.raises(UnreadableMessage) as caught:
        decode_chore('{"version": 1, "chore": "dishes"}')
    assert caught.value.problem == "not a chore of version 1"
