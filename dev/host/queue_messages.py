"""What a queue message looks like on either side: on the wire, to the function, and from an output binding. No I/O."""

import base64
import binascii
import json
import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from dev.host.protos import TypedData

POISON_SUFFIX = "-poison"
MAX_QUEUE_NAME = 63


class UndecodableMessageError(ValueError):
    """The text on the queue is not base64, though host.json says it would be."""


@dataclass(frozen=True, slots=True)
class ReceivedMessage:
    """One message as it came from storage; `text` is still encoded."""

    id: str
    pop_receipt: str
    text: str
    dequeue_count: int
    inserted_on: datetime | None
    expires_on: datetime | None
    next_visible_on: datetime | None


def encode(body: bytes, *, as_base64: bool) -> str:
    """The text to put on the queue; without base64 the body must be text already."""
    return base64.b64encode(body).decode() if as_base64 else body.decode()


def decode(text: str, *, as_base64: bool) -> bytes:
    """The body of a message. Convert.FromBase64String, which the host uses, allows white space and nothing else."""
    if not as_base64:
        return text.encode()
    try:
        return base64.b64decode(re.sub(r"\s", "", text), validate=True)
    except (binascii.Error, ValueError) as error:
        raise UndecodableMessageError(str(error)) from error


def poison_queue_name(queue: str) -> str | None:
    """Where its failed messages go; a poison queue has none of its own (QueueListenerFactory.cs)."""
    name = queue + POISON_SUFFIX
    return None if queue.endswith(POISON_SUFFIX) or len(name) > MAX_QUEUE_NAME else name


def trigger_metadata(message: ReceivedMessage, body: str) -> dict[str, TypedData]:
    """What the function can read beside the body (QueueTriggerBinding.cs and the host's ToRpc).

    Top-level properties of a JSON body come last and win over the message's own in any case of letters, which is why
    a payload with an "id" hides QueueMessage.id: https://github.com/Azure/azure-functions-python-library/issues/49
    """
    metadata = {
        "QueueTrigger": TypedData(string=body),
        "DequeueCount": TypedData(json=str(message.dequeue_count)),
        "Id": TypedData(string=message.id),
        "PopReceipt": TypedData(string=message.pop_receipt),
    }
    moments = {
        "ExpirationTime": message.expires_on,
        "InsertionTime": message.inserted_on,
        "NextVisibleTime": message.next_visible_on,
    }
    metadata |= {name: TypedData(json=f'"{at.isoformat()}"') for name, at in moments.items() if at is not None}
    spelling = {name.lower(): name for name in metadata}
    for name, value in _json_properties(body).items():
        if (data := _property_data(value)) is not None:
            metadata[spelling.setdefault(name.lower(), name)] = data
    return metadata


def _json_properties(body: str) -> dict[str, Any]:
    if not body.lstrip().startswith("{"):
        return {}
    try:
        document = json.loads(body)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _property_data(value: Any) -> TypedData | None:
    if value is None or isinstance(value, list):
        return None
    return TypedData(json=json.dumps(value)) if isinstance(value, dict) else TypedData(string=_to_string(value))


def output_bodies(data: TypedData) -> list[bytes]:
    """The messages an output value becomes (FunctionBinding.cs, collector of byte[]).

    Text that looks like JSON is parsed and written again, indented, and an array becomes one message per element;
    text that only looks like it fails the invocation. https://github.com/Azure/azure-functions-host/issues/9581
    Not imitated: Newtonsoft may rewrite strings that look like dates.
    """
    value = data.__dict__[str(data.kind)]
    if data.kind == "bytes":
        return [bytes(value)]
    if data.kind == "json" or (isinstance(value, str) and _looks_like_json(value)):
        document = json.loads(value)
        return [_body(each) for each in document] if isinstance(document, list) else [_body(document)]
    return [str(value).encode()]


def _looks_like_json(text: str) -> bool:
    text = text.strip()
    return (text[:1], text[-1:]) in {("{", "}"), ("[", "]")}


def _body(element: Any) -> bytes:
    if isinstance(element, dict | list):
        # json and Newtonsoft indent alike: two spaces, ": ", empty containers on one line.
        return json.dumps(element, indent=2, ensure_ascii=False).encode()
    return _to_string(element).encode()


def _to_string(value: Any) -> str:
    """A JSON scalar as .NET's ToString writes it: True and False, nothing for null."""
    return "" if value is None else str(value)
