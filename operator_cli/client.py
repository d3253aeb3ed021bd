"""The app's HTTP routes. The function key travels in one header, to the given address only, never in a URL."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from types import TracebackType
from typing import Any, Self

import httpx

from operator_cli.exits import ExitCode, Stop

KEY_HEADER = "x-functions-key"
JSON, PAGE = "application/json", "text/html"


@dataclass(frozen=True, slots=True)
class Answer:
    """What a route said. `document` is empty where the body is not a JSON object.

    `asked_at` is when the question reached the app, by the app's own clock; up to a second too early, never too late.
    """

    status: int
    text: str
    document: Mapping[str, Any]
    asked_at: datetime

    @property
    def is_success(self) -> bool:
        """2xx, and in the routes' own words."""
        return HTTPStatus.OK <= self.status < HTTPStatus.MULTIPLE_CHOICES and bool(self.document)

    @property
    def is_page(self) -> bool:
        """A page of this app, not of some other site that answers at the address."""
        return self.status == HTTPStatus.OK and "<title>MFA Prefill" in self.text

    @property
    def error(self) -> Mapping[str, Any]:
        """`code` and `message` of an error; empty where there is none."""
        error = self.document.get("error")
        return error if isinstance(error, dict) else {}


class Client:
    """One app. Redirects are not followed: the key is meant for this address and no other."""

    def __init__(self, url: str, key: str | None, timeout: float, transport: httpx.BaseTransport | None = None) -> None:
        self._url = url
        self._timeout = timeout
        self._http = httpx.Client(
            headers={KEY_HEADER: key} if key else {},
            timeout=timeout,
            transport=transport,
            # plain http is for loopback: a proxy from the environment would carry the key over the network in clear
            trust_env=url.startswith("https:"),
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._http.close()

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, accept: str = JSON) -> Answer:
        """One request to `/api/{path}`, with a JSON body where there is one. Raises Stop where nobody answers."""
        try:
            headers = {"Accept": accept}
            response = self._http.request(method, f"{self._url}/api/{path}", json=body, headers=headers)
        except httpx.TimeoutException as error:
            text = f"no answer from {self._url} within {self._timeout:g} s; give it longer with --timeout"
            raise Stop(ExitCode.UNREACHABLE, text) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            problem = str(error) or type(error).__name__
            text = f"cannot reach {self._url} ({problem}); is --url right and the app running?"
            raise Stop(ExitCode.UNREACHABLE, text) from error
        return Answer(response.status_code, response.text, _document(response), _asked_at(response))


def _document(response: httpx.Response) -> Mapping[str, Any]:
    try:
        document = json.loads(response.text)
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _asked_at(response: httpx.Response) -> datetime:
    """The Date header is the app's clock when it answered, cut to the second; clocks of two machines may differ."""
    try:
        answered = parsedate_to_datetime(response.headers.get("Date", ""))
    except ValueError:
        answered = datetime.now(UTC)
    aware = answered if answered.tzinfo else answered.replace(tzinfo=UTC)
    return aware - response.elapsed - timedelta(milliseconds=1)
