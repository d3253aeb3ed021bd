"""What Graph posts to us: every answer, and what lies in the queue when it is given."""

import json
import logging
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from shared import intake
from shared.coalescing import RENEWALS, Coalescer
from shared.fingerprint import Keys
from shared.intake import Answer, handshake, take_lifecycle
from shared.messages import Chore, Message, decode, decode_chore, encode_chore
from shared.models import Cause
from shared.notifications import Expected
from tests.builders import (
    ALICE,
    KEYS,
    PREVIOUS_SECRET,
    RECEIVED,
    SECRET,
    SUBSCRIPTION,
    TENANT,
    change_item,
    expected,
    lifecycle_item,
    message,
    object_ids,
    sent_lifecycle_item,
)
from tests.unit.test_notifications import NO_COLLECTIONS

Take = Callable[[bytes, Expected, int], Answer]


def take_changes(content: bytes, wanted: Expected, received: int) -> Answer:
    """On an instance that has been told of nobody yet."""
    return intake.take_changes(content, wanted, received, Coalescer())


BOTH = pytest.mark.parametrize("take", [take_changes, take_lifecycle])
BOB, CAROL = object_ids(2)
MOST_BYTES = 262_144
TOO_LARGE = Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "at most 256 KiB")
NO_COLLECTION = ("the body is not JSON", "the body is not an object with a list named value")


def body(*items: object) -> bytes:
    return json.dumps({"value": items}).encode()


def changes(*items: object) -> tuple[HTTPStatus, list[Message]]:
    answer = take_changes(body(*items), expected(), RECEIVED)
    return answer.status, [decode(text) for text in answer.messages]


def lifecycle(*items: object) -> tuple[HTTPStatus, list[Chore]]:
    answer = take_lifecycle(body(*items), expected(), RECEIVED)
    return answer.status, [decode_chore(text)[0] for text in answer.chores]


# --- handshake -------------------------------------------------------------------------------------------------------

TOKENS = [
    pytest.param("Validation: Testing client application reachability for subscription Request-Id: 7e", id="real"),
    pytest.param("a b", id="a blank, sent as a plus"),
    pytest.param("a+b", id="a plus"),
    pytest.param("100%", id="a percent sign"),
    pytest.param("%3Cscript%3E", id="still escaped"),
    pytest.param("\"quoted\" & 'quoted'", id="quotes"),
    pytest.param("naïve ☎", id="beyond ASCII"),
    pytest.param("x" * 2048, id="2,048 characters"),
]


@pytest.mark.parametrize("token", TOKENS)
def test_a_validation_token_is_answered_unaltered_and_alone(token: str) -> None:
    assert handshake(token) == Answer(HTTPStatus.OK, token, (), handshake=True)


@pytest.mark.parametrize(
    "token",
    [
        pytest.param("<script>alert(1)</script>", id="a script"),
        pytest.param("a<b", id="an opening bracket"),
        pytest.param("a>b", id="a closing bracket"),
        pytest.param("a\r\nSet-Cookie: b", id="a header"),
        pytest.param("a\x00b", id="a null"),
        pytest.param("a\x1fb", id="a control character"),
        pytest.param("a\x7fb", id="a delete character"),
        pytest.param("x" * 2049, id="2,049 characters"),
        pytest.param("x" * 10_240, id="10 kB"),
    ],
)
def test_what_is_no_validation_token_is_refused_and_not_echoed(token: str) -> None:
    answer = handshake(token)
    assert answer == Answer(HTTPStatus.BAD_REQUEST, "that is not a validation token")


def test_an_empty_validation_token_is_echoed_as_nothing() -> None:
    assert handshake("").text == ""


# --- bodies ----------------------------------------------------------------------------------------------------------


@BOTH
@pytest.mark.parametrize("content", NO_COLLECTIONS)
def test_a_body_that_is_no_collection_is_a_bad_request(take: Take, content: bytes) -> None:
    answer = take(content, expected(), RECEIVED)
    assert answer == Answer(HTTPStatus.BAD_REQUEST, answer.text)
    assert answer.text in NO_COLLECTION


@BOTH
@pytest.mark.parametrize(
    ("size", "answer"),
    [
        pytest.param(MOST_BYTES, Answer(HTTPStatus.ACCEPTED), id="256 KiB"),
        pytest.param(MOST_BYTES + 1, TOO_LARGE, id="a byte more"),
        pytest.param(1_000_000, TOO_LARGE, id="1 MB"),
    ],
)
def test_a_body_may_have_256_kib(take: Take, size: int, answer: Answer) -> None:
    assert take(body().ljust(size), expected(), RECEIVED) == answer


@BOTH
@pytest.mark.parametrize("item", [{}, 1, None, "x", []], ids=repr)
def test_ten_thousand_items_of_nonsense_are_accepted_and_dropped(take: Take, item: object) -> None:
    assert take(body(*[item] * 10_000), expected(), RECEIVED) == Answer(HTTPStatus.ACCEPTED)


def test_ten_thousand_real_notifications_are_too_large() -> None:
    assert changes(*[change_item()] * 10_000) == (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, [])


@pytest.mark.parametrize(
    ("content", "taken"),
    [
        pytest.param(f'{{"value": [1], "value": [{json.dumps(change_item())}]}}', True, id="the last value counts"),
        pytest.param(f'{{"value": [{json.dumps(change_item())}], "value": []}}', False, id="an empty last value"),
        pytest.param(
            f'{{"value": [{json.dumps(change_item())[:-1]}, "clientState": "wrong"}}]}}',
            False,
            id="the last clientState counts",
        ),
    ],
)
def test_duplicate_keys_are_read_one_way(content: str, taken: bool) -> None:
    answer = take_changes(content.encode(), expected(), RECEIVED)
    assert (answer.status, bool(answer.messages)) == (HTTPStatus.ACCEPTED, taken)


# --- change notifications --------------------------------------------------------------------------------------------


def test_an_accepted_notification_becomes_a_message_of_ids_alone() -> None:
    assert changes(change_item()) == (HTTPStatus.ACCEPTED, [message(ALICE, cause=Cause.NOTIFICATION)])


def test_nothing_to_tell_is_accepted() -> None:
    assert take_changes(body(), expected(), RECEIVED) == Answer(HTTPStatus.ACCEPTED)


def test_good_items_among_bad_ones_are_queued() -> None:
    items: tuple[object, ...] = (
        None,
        change_item(ALICE),
        change_item(clientState="wrong"),
        change_item(tenantId=SUBSCRIPTION),
        change_item(resource="groups/1"),
        change_item(resourceData={"id": "../../admin"}),
        lifecycle_item(),
        change_item(BOB),
        [[[]]],
        change_item(CAROL),
    )
    assert changes(*items) == (HTTPStatus.ACCEPTED, [message(ALICE, BOB, CAROL)])


@pytest.mark.parametrize(
    ("item", "chores"),
    [
        pytest.param(sent_lifecycle_item(), [Chore.RENEW], id="reauthorizationRequired"),
        pytest.param(sent_lifecycle_item("subscriptionRemoved"), [Chore.ENSURE], id="subscriptionRemoved"),
        pytest.param(sent_lifecycle_item("missed"), [Chore.SWEEP], id="missed"),
        pytest.param(sent_lifecycle_item(organizationId=BOB), [], id="of another tenant"),
    ],
)
def test_c_a_lifecycle_notification_as_graph_sends_it_has_its_follow_up(
    item: dict[str, Any], chores: list[Chore]
) -> None:
    answer = take_lifecycle(body(item), expected(subscription_id=SUBSCRIPTION), RECEIVED)
    assert (answer.status, [decode_chore(text)[0] for text in answer.chores]) == (HTTPStatus.ACCEPTED, chores)


@BOTH
@pytest.mark.parametrize("subscription", ["NA", "na", "", None])
def test_the_validation_item_of_event_hubs_is_accepted_and_ignored(take: Take, subscription: object) -> None:
    """https://learn.microsoft.com/graph/change-notifications-delivery-event-hubs"""
    item = change_item() | {
        "subscriptionId": subscription,
        "changeType": "Validation: Testing client application reachability for subscription Request-Id: 7e9a1c52",
        "resource": "NA",
        "resourceData": None,
    }
    assert take(body(item), expected(), RECEIVED) == Answer(HTTPStatus.ACCEPTED)


def test_many_notifications_of_one_user_are_one_look() -> None:
    assert changes(*[change_item(), change_item(ALICE.upper())] * 5) == (HTTPStatus.ACCEPTED, [message(ALICE)])


@pytest.mark.parametrize(("users", "sizes"), [(1, [1]), (20, [20]), (21, [20, 1]), (41, [20, 20, 1]), (400, [20] * 20)])
def test_twenty_users_share_a_message(users: int, sizes: list[int]) -> None:
    status, messages = changes(*map(change_item, object_ids(users)))
    assert (status, [len(one.users) for one in messages]) == (HTTPStatus.ACCEPTED, sizes)
    assert [user for one in messages for user in one.users] == list(object_ids(users))


@BOTH
@pytest.mark.parametrize(
    ("keys", "accepted"),
    [
        pytest.param(Keys(SECRET), True, id="current secret"),
        pytest.param(Keys(PREVIOUS_SECRET), True, id="previous secret"),
        pytest.param(Keys("the secret before the previous secret"), False, id="an older secret"),
    ],
)
def test_the_previous_secret_is_still_accepted(take: Take, keys: Keys, accepted: bool) -> None:
    item = change_item(clientState=keys.client_state()) | lifecycle_item(clientState=keys.client_state())
    answer = take(body(item), expected(), RECEIVED)
    assert (answer.status, bool(answer.messages + answer.chores)) == (HTTPStatus.ACCEPTED, accepted)


@pytest.mark.parametrize(
    ("items", "strangers"),
    [
        pytest.param([], False, id="nothing"),
        pytest.param([change_item() | lifecycle_item()], False, id="ours"),
        pytest.param([change_item(clientState="x", subscriptionId=BOB)], False, id="not even our clientState"),
        pytest.param([change_item() | lifecycle_item(subscriptionId=BOB)], True, id="another subscription"),
        pytest.param([7, lifecycle_item(subscriptionId=BOB), change_item()], True, id="another one among ours"),
    ],
)
@BOTH
def test_an_item_of_another_subscription_is_reported(take: Take, items: list[object], strangers: bool) -> None:
    """It may be ours after all: another instance may have made it a moment ago."""
    answer = take(body(*items), expected(subscription_id=SUBSCRIPTION), RECEIVED)
    assert (answer.status, answer.strangers) == (HTTPStatus.ACCEPTED, strangers)


def test_repeats_within_moments_become_one_later_look() -> None:
    coalescer = Coalescer(window=5_000)
    tell = [intake.take_changes(body(change_item()), expected(), RECEIVED + moment, coalescer) for moment in range(3)]
    assert [list(map(decode, answer.messages)) for answer in tell] == [
        [message(ALICE)],
        [message(ALICE, received=RECEIVED + 5_000)],
        [],
    ]


def test_in_a_flood_one_sweep_is_asked_for_and_nobody_is_named() -> None:
    coalescer = Coalescer(flood=2)
    items = [change_item(user) for user in object_ids(3)]
    first, second = (intake.take_changes(body(*items), expected(), RECEIVED, coalescer) for _ in range(2))
    assert [decode_chore(text)[0] for text in first.chores] == [Chore.SWEEP]
    assert (first.status, first.messages, second) == (HTTPStatus.ACCEPTED, (), Answer(HTTPStatus.ACCEPTED))


def test_a_stranger_sees_no_difference_between_accepted_and_dropped() -> None:
    ours, theirs = (take_changes(body(i), expected(), 0) for i in (change_item(), change_item(clientState="x")))
    assert (ours.status, ours.text) == (theirs.status, theirs.text)


def test_dropped_items_are_counted_by_reason_and_not_quoted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        changes(change_item(clientState="guess"), change_item(clientState="guess"), None, change_item())
    (record,) = caplog.records
    assert record.getMessage().startswith("notifications dropped: {'clientState': 2, 'shape': 1}")
    assert record.__dict__["action"] == "notifications_dropped"


def test_when_nothing_is_dropped_nothing_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        changes(change_item())
        lifecycle(lifecycle_item())
    assert not caplog.records


# --- lifecycle notifications -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("event", "chore"),
    [
        ("reauthorizationRequired", Chore.RENEW),
        ("subscriptionRemoved", Chore.ENSURE),
        ("missed", Chore.SWEEP),
    ],
)
def test_each_lifecycle_event_has_its_follow_up(event: str, chore: Chore) -> None:
    answer = take_lifecycle(body(lifecycle_item(event)), expected(), RECEIVED)
    assert answer == Answer(HTTPStatus.ACCEPTED, chores=(encode_chore(chore, RECEIVED),))


@pytest.mark.parametrize(
    ("items", "chores"),
    [
        pytest.param([], [], id="none"),
        pytest.param([lifecycle_item("exploded")], [], id="unknown event"),
        pytest.param([change_item()], [], id="a change notification"),
        pytest.param([lifecycle_item("missed", clientState="x")], [], id="wrong clientState"),
        pytest.param([lifecycle_item("missed")] * 3, [Chore.SWEEP], id="the same event thrice"),
        pytest.param(
            [lifecycle_item("missed"), lifecycle_item("reauthorizationRequired"), lifecycle_item("missed")],
            [Chore.SWEEP, Chore.RENEW],
            id="a batch of different events",
        ),
        pytest.param(
            [7, lifecycle_item("exploded"), lifecycle_item("subscriptionRemoved")],
            [Chore.ENSURE],
            id="a good event among bad ones",
        ),
    ],
)
def test_which_chores_follow(items: list[object], chores: list[Chore]) -> None:
    assert lifecycle(*items) == (HTTPStatus.ACCEPTED, chores)


def test_dropped_lifecycle_items_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO):
        lifecycle(lifecycle_item("exploded"), lifecycle_item("missed"))
    (record,) = caplog.records
    assert record.getMessage().startswith("notifications dropped: {'event': 1}")


# --- anything at all -------------------------------------------------------------------------------------------------

NAMES = sorted({"value", "id", "@odata.type", *change_item(), *lifecycle_item()})
VALUES = ["missed", KEYS.client_state(), TENANT, SUBSCRIPTION, ALICE, f"Users/{ALICE}", "\ud800"]
WORDS = st.sampled_from([*NAMES, *VALUES])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=8), inner, max_size=8),
    max_leaves=16,
)
ANSWERS = {HTTPStatus.ACCEPTED, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}


def answer_well(content: bytes) -> None:
    for take in (take_changes, take_lifecycle):
        answer = take(content, expected(), RECEIVED)
        assert answer.status in ANSWERS
        assert not (answer.messages or answer.chores) or answer.status is HTTPStatus.ACCEPTED


@given(st.binary(max_size=200))
@example(b"\xef\xbb\xbf{}")
def test_any_bytes_are_answered(content: bytes) -> None:
    answer_well(content)


@given(JSON)
def test_any_json_is_answered(value: object) -> None:
    answer_well(json.dumps(value).encode())


@given(st.lists(JSON, max_size=3), st.sampled_from(sorted(change_item() | lifecycle_item())), JSON)
def test_any_value_in_any_property_is_answered(items: list[Any], name: str, value: object) -> None:
    answer_well(body(*items, change_item(**{name: value}), lifecycle_item(**{name: value})))


@given(st.sampled_from(["id", "@odata.type", "@odata.id", "organizationId"]), JSON)
def test_any_value_in_the_resource_data_is_answered(name: str, value: object) -> None:
    answer_well(body(change_item(resourceData={"id": ALICE, name: value})))


@pytest.mark.parametrize(
    ("ends", "asked"),
    [
        pytest.param("2026-11-25T09:59:00.0000000Z", [Chore.RENEW], id="in less than three days"),
        pytest.param("2026-11-24T01:00:00+00:00", [Chore.RENEW], id="tomorrow"),
        pytest.param("2026-11-25T10:01:00Z", [], id="in three days"),
        pytest.param("2026-12-17T12:48:43.7825578+00:00", [], id="in weeks"),
        pytest.param("2026-11-24T01:00:00", [], id="nobody knows in which time zone"),
        pytest.param("soon", [], id="no moment"),
        pytest.param(None, [], id="not said"),
        pytest.param(5, [], id="a number"),
    ],
)
def test_a_notification_of_a_subscription_near_its_end_asks_for_a_renewal(ends: object, asked: list[Chore]) -> None:
    item = change_item(subscriptionExpirationDateTime=ends)
    answer = intake.take_changes(body(item), expected(), RECEIVED, Coalescer())
    assert (answer.status, [decode_chore(text)[0] for text in answer.chores]) == (HTTPStatus.ACCEPTED, asked)


def test_one_instance_asks_for_a_renewal_once_in_a_while() -> None:
    coalescer, item = Coalescer(), change_item(subscriptionExpirationDateTime="2026-11-24T01:00:00Z")
    moments = (0, 1_000, RENEWALS - 1, RENEWALS)
    tell = [intake.take_changes(body(item), expected(), RECEIVED + moment, coalescer) for moment in moments]
    assert [len(answer.chores) for answer in tell] == [1, 0, 0, 1]


def test_a_stranger_cannot_make_us_renew() -> None:
    item = change_item(subscriptionExpirationDateTime="2026-11-24T01:00:00Z", clientState="guess")
    assert intake.take_changes(body(item), expected(), RECEIVED, Coalescer()).chores == ()
