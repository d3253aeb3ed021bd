"""Messages on the wire, to the function, and from output bindings."""

import json
from datetime import UTC, datetime

import pytest

from dev.host import queue_messages
from dev.host.protos import TypedData
from dev.host.queue_messages import ReceivedMessage, UndecodableMessageError

MESSAGE = ReceivedMessage(
    id="m1",
    pop_receipt="r1",
    text="",
    dequeue_count=2,
    inserted_on=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    expires_on=None,
    next_visible_on=datetime(2026, 1, 2, 3, 14, 5, tzinfo=UTC),
)


@pytest.mark.parametrize(
    ("output", "messages"),
    [
        (TypedData(bytes=b'{"a":1}'), [b'{"a":1}']),
        (TypedData(bytes=b"\xff\x00"), [b"\xff\x00"]),
        (TypedData(string="plain"), [b"plain"]),
        (TypedData(string='{"a":1,"b":[]}'), [b'{\n  "a": 1,\n  "b": []\n}']),
        (TypedData(string='{"é":"ü"}'), ['{\n  "é": "ü"\n}'.encode()]),
        (TypedData(string=' [{"a":1}, "x", 3, true] '), [b'{\n  "a": 1\n}', b"x", b"3", b"True"]),
        (TypedData(string="[]"), []),
        (TypedData(json='["{\\"a\\":1}", "two"]'), [b'{"a":1}', b"two"]),  # list[str]: each element as it is
        (TypedData(json='{"id":null,"body":"x"}'), [b'{\n  "id": null,\n  "body": "x"\n}']),  # a QueueMessage
        (TypedData(string="{not closed"), [b"{not closed"]),
    ],
)
def test_output_becomes_messages(output: TypedData, messages: list[bytes]) -> None:
    assert queue_messages.output_bodies(output) == messages


@pytest.mark.parametrize("text", ['{"a":1}\n{"b":2}', "{a}", "[1,]"])
def test_what_only_looks_like_json_fails(text: str) -> None:
    with pytest.raises(ValueError, match="line"):
        queue_messages.output_bodies(TypedData(string=text))


@pytest.mark.parametrize(
    ("text", "as_base64", "body"),
    [
        ("aGk=", True, b"hi"),
        ("aG\nk =", True, b"hi"),
        ("", True, b""),
        ("aGk=", False, b"aGk="),
        ("é", False, "é".encode()),
    ],
)
def test_decode(text: str, as_base64: bool, body: bytes) -> None:
    assert queue_messages.decode(text, as_base64=as_base64) == body


@pytest.mark.parametrize("text", ["{}", "aGk", "aGk-", "not base64", "é"])
def test_undecodable(text: str) -> None:
    with pytest.raises(UndecodableMessageError):
        queue_messages.decode(text, as_base64=True)


@pytest.mark.parametrize("as_base64", [True, False])
def test_encode_and_decode_are_inverse(as_base64: bool) -> None:
    body = "grüße {}".encode()
    assert queue_messages.decode(queue_messages.encode(body, as_base64=as_base64), as_base64=as_base64) == body


@pytest.mark.parametrize(
    ("queue", "poison"),
    [("work", "work-poison"), ("work-poison", None), ("a" * 56, "a" * 56 + "-poison"), ("a" * 57, None)],
)
def test_poison_queue_name(queue: str, poison: str | None) -> None:
    assert queue_messages.poison_queue_name(queue) == poison


def metadata(body: str) -> dict[str, tuple[str | None, object]]:
    found = queue_messages.trigger_metadata(MESSAGE, body)
    return {name: (data.kind, data.__dict__[str(data.kind)]) for name, data in found.items()}


def test_trigger_metadata() -> None:
    assert metadata("hello") == {
        "QueueTrigger": ("string", "hello"),
        "DequeueCount": ("json", "2"),
        "Id": ("string", "m1"),
        "PopReceipt": ("string", "r1"),
        "InsertionTime": ("json", '"2026-01-02T03:04:05+00:00"'),
        "NextVisibleTime": ("json", '"2026-01-02T03:14:05+00:00"'),
    }


def test_json_properties_are_merged_in_and_win() -> None:
    body = json.dumps(
        {"id": "mine", "dequeuecount": 9, "o": {"x": 1}, "flag": True, "none": None, "list": [1], "s": "t"}
    )
    found = metadata(body)
    assert found["Id"] == ("string", "mine")
    assert found["DequeueCount"] == ("string", "9")
    assert found["o"] == ("json", '{"x": 1}')
    assert found["flag"] == ("string", "True")
    assert found["s"] == ("string", "t")
    assert found.keys().isdisjoint({"none", "list", "id", "dequeuecount"})


@pytest.mark.parametrize("body", ["{broken", "[1]", '"text"', ""])
def test_no_properties_where_the_body_is_no_json_object(body: str) -> None:
    assert metadata(body).keys() == metadata("hello").keys()
