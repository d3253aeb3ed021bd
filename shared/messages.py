"""The codecs of what lies in our queues. Floor 2.

Messages carry object ids and a cause, never a phone number. They travel as base64 of JSON: that is what Azure's tools
expect, what the host's output binding passes on byte for byte (it re-serialises text that looks like JSON), and what
keeps message properties from being mistaken for trigger metadata. Plain JSON is read as well.
"""

import base64
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from shared.errors import UnreadableMessage
from shared.models import OBJECT_ID, Cause, object_id

VERSION = 1
MOST_USERS = 20
"""A JSON batch holds 20 requests; a message never needs more users than that."""

USER_QUEUE = "user-reconcile"
POISON_QUEUE = "user-reconcile-poison"
CHORE_QUEUE = "prefill-chores"


class Chore(StrEnum):
    """Work that is not about one user, asked for by a lifecycle notification or by another function."""

    RENEW = "renew"
    ENSURE = "ensure"
    SWEEP = "sweep"
    RUN = "run"


@dataclass(frozen=True, slots=True)
class Message:
    """Look at these users. `received` is epoch milliseconds: a look begun after it has answered this message."""

    users: tuple[str, ...]
    cause: Cause
    received: int
    run: str | None = None
    attempt: int = 1


def encode(message: Message) -> str:
    """The text that lies in `user-reconcile`."""
    return _encode(
        {
            "version": VERSION,
            "users": list(message.users),
            "cause": message.cause.value,
            "run": message.run,
            "received": message.received,
            "attempt": message.attempt,
        }
    )


def decode(text: str) -> Message:
    """The message that `text` is. Raises UnreadableMessage, with the ids it could still find."""
    body = _decode(text)
    problem = _problem(body)
    if problem:
        raise UnreadableMessage(problem, _ids_in(json.dumps(body)))
    users = tuple(dict.fromkeys(str(user).lower() for user in body["users"]))
    return Message(users, Cause(body["cause"]), body["received"], body.get("run"), body.get("attempt", 1))


def in_messages(users: Sequence[str], cause: Cause, received: int, run: str | None = None) -> Iterator[Message]:
    """Messages of at most 20 users each, every user once, in order."""
    unique = tuple(dict.fromkeys(users))
    for start in range(0, len(unique), MOST_USERS):
        yield Message(unique[start : start + MOST_USERS], cause, received, run)


def encode_chore(chore: Chore, received: int, attempt: int = 1) -> str:
    """The text that lies in `prefill-chores`."""
    return _encode({"version": VERSION, "chore": chore.value, "received": received, "attempt": attempt})


def decode_chore(text: str) -> tuple[Chore, int, int]:
    """The chore, the moment (epoch milliseconds) before which it must not begin, and which attempt (from 1) this is.

    Raises UnreadableMessage.
    """
    body = _decode(text)
    version, chore, received = body.get("version"), body.get("chore"), body.get("received", 0)
    attempt = body.get("attempt", 1)
    if version != VERSION or version is True or not isinstance(chore, str) or chore not in set(Chore):
        raise UnreadableMessage("not a chore of version 1")
    return Chore(chore), received if _is_count(received, 0, 2**53) else 0, attempt if _is_count(attempt, 1, 99) else 1


def _encode(body: dict[str, Any]) -> str:
    return base64.b64encode(json.dumps(body, separators=(",", ":")).encode()).decode()


def _decode(text: str) -> dict[str, Any]:
    plain = text if text.lstrip().startswith("{") else _from_base64(text)
    try:
        body = json.loads(plain)
    except (ValueError, RecursionError) as error:
        raise UnreadableMessage("not JSON", _ids_in(plain)) from error
    if not isinstance(body, dict):
        raise UnreadableMessage("not a JSON object", _ids_in(plain))
    return body


def _from_base64(text: str) -> str:
    try:
        raw = base64.b64decode(text, validate=True)
    except ValueError as error:
        raise UnreadableMessage("neither base64 nor JSON", _ids_in(text)) from error
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise UnreadableMessage("neither base64 nor JSON", _ids_in(raw.decode("utf-8", "replace"))) from error


def _problem(body: dict[str, Any]) -> str | None:
    """What is wrong with a message's fields; None when nothing is."""
    users, run = body.get("users"), body.get("run")
    checks = {
        f"version is not {VERSION}": body.get("version") == VERSION and body.get("version") is not True,
        f"users is not a list of 1 to {MOST_USERS}": isinstance(users, list) and 1 <= len(users) <= MOST_USERS,
        "a user is not an object id": isinstance(users, list) and all(object_id(user) for user in users),
        "cause is not known": isinstance(body.get("cause"), str) and body["cause"] in set(Cause),
        "received is not epoch milliseconds": _is_count(body.get("received"), 0, 2**53),
        "attempt is not a count from 1": _is_count(body.get("attempt", 1), 1, 1_000_000),
        "run is not text": run is None or isinstance(run, str),
    }
    return next((problem for problem, fine in checks.items() if not fine), None)


def _is_count(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _ids_in(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(OBJECT_ID.findall(text.lower())))
