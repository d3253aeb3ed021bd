"""The deployed app's routes for operators, called with its function key."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

REQUEST_SECONDS = 60
PAUSE = 15.0
STARTING = (404, 502, 503, 504)
"""What a front end answers while the code behind it is being started. The app's own errors carry a body of ours."""


class Unreachable(Exception):
    """The app did not answer; the text says how."""


@dataclass(frozen=True)
class Answer:
    """A status, and what was said in JSON (None where it was something else)."""

    status: int
    body: Any

    @property
    def error(self) -> dict[str, str]:
        """The app's own error; empty where it is none."""
        found = self.body.get("error") if isinstance(self.body, dict) else None
        return dict(found) if isinstance(found, dict) else {}


class App:
    """A deployed function app."""

    def __init__(self, url: str, key: str) -> None:
        parts = urlsplit(url)
        if parts.scheme != "https" and parts.hostname not in ("127.0.0.1", "localhost"):
            raise Unreachable(f"{url} is not https: the function key would be readable on its way")
        self.url = url.rstrip("/")
        self._key = key

    def call(self, method: str, path: str) -> Answer:
        """One call. Raises Unreachable."""
        headers = {"x-functions-key": self._key}
        request = urllib.request.Request(f"{self.url}{path}", method=method, headers=headers)  # noqa: S310 (see __init__)
        try:
            with urllib.request.urlopen(request, timeout=REQUEST_SECONDS) as response:  # noqa: S310
                return Answer(response.status, _json(response.read()))
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, _json(error.read()))
        except OSError as error:  # URLError, refused, reset, timed out
            raise Unreachable(f"{self.url} does not answer: {error}") from None

    def call_when_started(self, method: str, path: str, tries: int = 20) -> Answer:
        """The same, for as long as code that was just deployed may take to start. Raises Unreachable."""
        for left in range(tries - 1, -1, -1):
            try:
                answer = self.call(method, path)
            except Unreachable:
                if not left:
                    raise
            else:
                if not left or answer.status not in STARTING or answer.error:
                    return answer
            time.sleep(PAUSE)
        raise Unreachable(f"{self.url} was not asked")


def _json(content: bytes) -> Any:
    try:
        return json.loads(content)
    except ValueError:
        return None
