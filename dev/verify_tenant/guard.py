"""The one rule that no check can get round: a write goes to what this run created, or it is not sent. Pure.

Reads may go anywhere. Every write must match one of the shapes below, with an id that this run was given by Graph (or
made up itself, where the question is what an unknown id answers).
"""

import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from dev.verify_tenant.exchange import Request

USER_PREFIX = "mfa-prefill-verify-"
"""What the name of every throw-away user begins with."""

READS = frozenset({"GET", "HEAD"})


class NotOurs(Exception):
    """A write to something that this run did not create. It was not sent."""


@dataclass(slots=True)
class Ours:
    """What this run created, or is about to create. Ids in lower case."""

    users: set[str] = field(default_factory=set)
    subscriptions: set[str] = field(default_factory=set)
    made_up: set[str] = field(default_factory=set)
    announced_names: set[str] = field(default_factory=set)
    """userPrincipalNames of users to be created: known before the request, so that a lost answer loses no user."""
    settled_names: set[str] = field(default_factory=set)
    """Of those the ones about which Graph has answered whether they were created."""
    announced_guest: str = ""
    """The mail address that --guest named."""
    run: str = ""
    """What every notification URL of this run carries, so that its subscriptions can be recognised."""

    def own_user(self, identifier: str) -> None:
        """A user that Graph says it made for us."""
        self.users.add(identifier.lower())

    def own_subscription(self, identifier: str) -> None:
        """A subscription that Graph says it made for us."""
        self.subscriptions.add(identifier.lower())

    def make_up(self, identifier: str) -> str:
        """An id that exists nowhere, and may be asked for in every way."""
        self.made_up.add(identifier.lower())
        return identifier


_USER_ADDRESS = re.compile(r"/users/([^/]+)(?:/authentication/[A-Za-z]+(?:/[^/]+)?|/checkMemberGroups)?")
_DELETED = re.compile(r"/directory/deletedItems/([^/]+)(?:/restore)?")
_SUBSCRIPTION = re.compile(r"/subscriptions/([^/]+)(?:/reauthorize)?")


def refuse_foreign(request: Request, ours: Ours) -> None:
    """Raise NotOurs for a write to anything that is not in `ours`."""
    if request.method in READS:
        return
    if not _is_ours(request.method, request.path, request.body, ours):
        raise NotOurs(f"{request.method} to something that this run did not create was not sent")


def _is_ours(method: str, path: str, body: Any, ours: Ours) -> bool:
    plain = unquote(path.partition("?")[0])
    if ".." in plain or "//" in plain or "\\" in plain:
        return False
    if method == "POST" and plain in _CREATIONS:
        return _CREATIONS[plain](body, ours)
    for pattern, owned in (
        (_USER_ADDRESS, ours.users),
        (_DELETED, ours.users),
        (_SUBSCRIPTION, ours.subscriptions | ours.made_up),
    ):
        found = pattern.fullmatch(plain)
        if found:
            return found[1].lower() in owned
    return False


def _creates_our_user(body: Any, ours: Ours) -> bool:
    name = body.get("userPrincipalName") if isinstance(body, dict) else None
    return isinstance(name, str) and name.startswith(USER_PREFIX) and name in ours.announced_names


def _invites_our_guest(body: Any, ours: Ours) -> bool:
    mail = body.get("invitedUserEmailAddress") if isinstance(body, dict) else None
    return bool(ours.announced_guest) and mail == ours.announced_guest


def _subscribes(body: Any, ours: Ours) -> bool:
    url = body.get("notificationUrl") if isinstance(body, dict) else None
    return bool(ours.run) and isinstance(url, str) and ours.run in url


def _is_our_batch(body: Any, ours: Ours) -> bool:
    """Every part of a batch is held to the same rule."""
    parts = body.get("requests") if isinstance(body, dict) else None
    if not isinstance(parts, list):
        return False
    return all(isinstance(part, dict) and _is_our_part(part, ours) for part in parts)


def _is_our_part(part: dict[str, Any], ours: Ours) -> bool:
    method, url = str(part.get("method", "")).upper(), str(part.get("url", ""))
    return method in READS or _is_ours(method, "/" + url.lstrip("/"), part.get("body"), ours)


_CREATIONS = {
    "/users": _creates_our_user,
    "/invitations": _invites_our_guest,
    "/subscriptions": _subscribes,
    "/$batch": _is_our_batch,
}
