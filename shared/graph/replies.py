"""What Graph answered, and which kind of failure an answer is."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from enum import Enum
from http import HTTPStatus
from typing import Any

from shared.errors import Failure, NotFound, Permanent, Transient
from shared.models import Reason

GRANT = "grant the app's identity the permission that docs/permissions.md names for this call, then replay"
REPORT = "Graph refuses this request as it is: read the user's history, mend the user's data, then replay"

GRANT_SUBSCRIPTION = (
    "grant the app's identity User.Read.All (docs/permissions.md), then run: mfa-prefill subscription ensure"
)
REPORT_SUBSCRIPTION = (
    "Graph refuses the subscription as it is: check PREFILL_PUBLIC_URL, then run: mfa-prefill subscription ensure; "
    "docs/operations.md#subscription-near-its-end"
)
GRANT_TENANT = (
    "grant the app's identity the permission that docs/permissions.md names for this call; it is tried again by itself"
)
REPORT_TENANT = (
    "Graph refuses this request, which is about no single user: run mfa-prefill doctor; it is tried again by itself"
)

_CODE = re.compile(r"(?!.*[0-9]{5})[A-Za-z][A-Za-z0-9_.\-]{0,63}")
"""Codes are words. What could be a number is none."""


class About(Enum):
    """What a call is about. It decides what a refusal asks of a person, and what a 404 means.

    Each value is the advice for 401 and 403, and the one for every other refusal.
    """

    USER = (GRANT, REPORT)
    SUBSCRIPTION = (GRANT_SUBSCRIPTION, REPORT_SUBSCRIPTION)
    TENANT = (GRANT_TENANT, REPORT_TENANT)

    def __init__(self, grant: str, report: str) -> None:
        self.grant = grant
        self.report = report


_PASSING = (
    HTTPStatus.NOT_FOUND,
    HTTPStatus.REQUEST_TIMEOUT,
    HTTPStatus.CONFLICT,
    HTTPStatus.LOCKED,
    HTTPStatus.FAILED_DEPENDENCY,
)
"""4xx answers that may be different the next time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, of a request or of a part of a batch. The body is never shown: it may echo a number."""

    status: int
    headers: Mapping[str, str]
    body: Any = field(repr=False, default=None)

    @property
    def ok(self) -> bool:
        """2xx."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES

    @property
    def request_id(self) -> str | None:
        """Graph's name for the request; Microsoft support asks for it, Entra's audit log carries it."""
        return self.headers.get("request-id")

    @property
    def used(self) -> float | None:
        """How much of its limit Graph says is used; it only says so from 0.8 on, and 1 is the limit.

        https://learn.microsoft.com/graph/throttling-limits#identity-and-access-service-limits
        """
        text = self.headers.get("x-ms-throttle-limit-percentage", "")
        return float(text) if re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text) else None

    def failure(self, now: Callable[[], datetime], about: About = About.USER) -> Failure:
        """Return of which kind an answer is that is not ok.

        A 404 is NotFound only where the call is about a user; a collection or the tenant cannot be missing.

        https://learn.microsoft.com/graph/errors and https://learn.microsoft.com/graph/throttling
        """
        detail = f"{self.status} {self.code}".strip()
        delay = retry_after(self.headers, now)
        if self.status == HTTPStatus.NOT_FOUND and about is About.USER:
            return NotFound(detail)
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return Transient(Reason.THROTTLED, detail, delay)
        if self.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return Permanent(Reason.NOT_ALLOWED, detail, about.grant)
        if self.status in _PASSING or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Transient(Reason.GRAPH_UNAVAILABLE, detail, delay)
        if self.status < HTTPStatus.BAD_REQUEST:
            # a 2xx that is not what the contract says, or a redirect: no token ever follows one
            return Transient(Reason.GRAPH_UNAVAILABLE, f"{detail} with an unexpected body")
        return Permanent(Reason.GRAPH_REFUSED, detail, about.report)

    @property
    def code(self) -> str:
        """Graph's error code; empty where there is none. Codes are words, messages may quote data: only codes leave."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        code = error.get("code") if isinstance(error, dict) else None
        return code if isinstance(code, str) and _CODE.fullmatch(code) else ""

    @property
    def message(self) -> str:
        """Graph's error message, for the keeper, which finds a subscription id in it. Never logged."""
        error = self.body.get("error") if isinstance(self.body, dict) else None
        message = error.get("message") if isinstance(error, dict) else None
        return message if isinstance(message, str) else ""


def parsed(content: bytes) -> Any:
    """The JSON of a body; None where it is none (an HTML page of some gateway, say)."""
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None


_SECONDS = re.compile(r"([0-9]{1,7})(?:\.([0-9]{1,20}))?")
"""RFC 9110 allows whole seconds; Graph has sent fractions. https://github.com/microsoftgraph/microsoft-graph-docs/issues/3877"""


def retry_after(headers: Mapping[str, str], now: Callable[[], datetime]) -> timedelta | None:
    """Return Retry-After (seconds or an HTTP date) as a wait, fractions rounded up; None where Graph gave none."""
    text = headers.get("retry-after", "").strip()
    seconds = _SECONDS.fullmatch(text)
    if seconds:
        return timedelta(seconds=int(seconds[1]) + bool((seconds[2] or "").strip("0")))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(moment - now(), timedelta(0)) if moment.tzinfo else None
