"""What Graph answered, and which kind of failure an answer is."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Any

from shared.errors import Failure, NotFound, Permanent, Transient
from shared.models import Reason

GRANT = "grant the app's identity the permission that docs/permissions.md names for this call, then replay"
REPORT = "Graph refuses this request as it is: read the user's history, mend the user's data, then replay"

_CODE = re.compile(r"(?!.*[0-9]{5})[A-Za-z][A-Za-z0-9_.\-]{0,63}")
"""Codes are words. What could be a number is none."""


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

    def failure(self, now: Callable[[], datetime]) -> Failure:
        """Of which kind an answer is that is not ok.

        https://learn.microsoft.com/graph/errors and https://learn.microsoft.com/graph/throttling
        """
        detail = f"{self.status} {self.code}".strip()
        delay = retry_after(self.headers, now)
        if self.status == HTTPStatus.NOT_FOUND:
            return NotFound(detail)
        if self.status == HTTPStatus.TOO_MANY_REQUESTS:
            return Transient(Reason.THROTTLED, detail, delay)
        if self.status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            return Permanent(Reason.NOT_ALLOWED, detail, GRANT)
        passing = (
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.CONFLICT,
            HTTPStatus.LOCKED,
            HTTPStatus.FAILED_DEPENDENCY,
        )
        if self.status in passing or self.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            return Transient(Reason.GRAPH_UNAVAILABLE, detail, delay)
        if self.status < HTTPStatus.BAD_REQUEST:
            # a 2xx that is not what the contract says, or a redirect: no token ever follows one
            return Transient(Reason.GRAPH_UNAVAILABLE, f"{detail} with an unexpected body")
        return Permanent(Reason.GRAPH_REFUSED, detail, REPORT)

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


def retry_after(headers: Mapping[str, str], now: Callable[[], datetime]) -> timedelta | None:
    """Seconds or an HTTP date, as RFC 9110 allows; None where Graph gave none."""
    text = headers.get("retry-after", "").strip()
    if re.fullmatch(r"[0-9]{1,7}", text):
        return timedelta(seconds=int(text))
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    return max(moment - now(), timedelta(0)) if moment.tzinfo else None
