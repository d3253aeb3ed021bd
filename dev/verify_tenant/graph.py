"""Requests to Graph over httpx: one at a time, held to the guard, every answer as a value."""

import asyncio
import json
import re
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx

from dev.verify_tenant.exchange import NO_ANSWER, Answer, Request
from dev.verify_tenant.guard import READS, Ours, refuse_foreign

type TokenSource = Callable[[], Awaitable[str]]
"""A token for Graph, fresh enough for the next request."""

ANSWER_SECONDS = 65.0
"""Authentication-method calls end after 60 seconds on Graph's side."""
PATIENT_TRIES = 4
LONGEST_WAIT_SECONDS = 60.0
USUAL_WAIT_SECONDS = 10.0
PASSING = frozenset({NO_ANSWER, 502, 503, 504})


class Session:
    """Sends what the guard lets through. Waits where Graph throttles, and repeats reads that failed in passing."""

    def __init__(self, http: httpx.AsyncClient, graph_url: str, token: TokenSource, ours: Ours) -> None:
        self._http = http
        self.graph_url = graph_url
        self._token = token
        self.ours = ours
        self.throttled: list[tuple[Request, Answer]] = []
        """Every 429 of the run, with what was asked."""

    async def send(self, request: Request, *, authorization: str | None = None, patient: bool = True) -> Answer:
        """The answer to one request.

        `authorization` replaces the token's header; an empty one sends none. `patient`: a 429 is waited for, as long
        as Graph asked, and a read that failed in passing is repeated. Raises NotOurs.
        """
        refuse_foreign(request, self.ours)
        for attempt in range(1, PATIENT_TRIES + 1):
            answer = await self._once(request, authorization)
            if answer.status == 429:
                self.throttled.append((request, answer))
            wait = _wait(request, answer) if patient and attempt < PATIENT_TRIES else None
            if wait is None:
                break
            await asyncio.sleep(wait)
        self._note_creation(request, answer)
        return answer

    async def _once(self, request: Request, authorization: str | None) -> Answer:
        headers = {"Accept": "application/json", **request.headers}
        bearer = f"Bearer {await self._token()}" if authorization is None else authorization
        if bearer:
            headers["Authorization"] = bearer
        content = None if request.body is None else json.dumps(request.body).encode()
        if content is not None:
            headers["Content-Type"] = "application/json"
        url = f"{self.graph_url}/{request.version}{request.path}"
        started = time.monotonic()
        try:
            response = await self._http.request(
                request.method, url, content=content, headers=headers, timeout=ANSWER_SECONDS
            )
        except httpx.HTTPError:
            return Answer(NO_ANSWER, seconds=time.monotonic() - started)
        lowered = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, lowered, _parsed(response.content), time.monotonic() - started)

    def _note_creation(self, request: Request, answer: Answer) -> None:
        """What Graph says it made belongs to this run from that moment on."""
        made, name = answer.field("id"), (request.body or {}).get("userPrincipalName")
        if request.path == "/users" and (answer.ok or 400 <= answer.status < 500):
            self.ours.settled_names.add(str(name))
        if request.method != "POST" or answer.status != 201 or not isinstance(made, str):
            return
        if request.path == "/users":
            self.ours.own_user(made)
        elif request.path == "/subscriptions":
            self.ours.own_subscription(made)


def _wait(request: Request, answer: Answer) -> float | None:
    """Seconds before the request may be sent again; None: its answer stands."""
    if answer.status == 429:
        return min(retry_after(answer) or USUAL_WAIT_SECONDS, LONGEST_WAIT_SECONDS)
    if answer.status in PASSING and request.method in READS:
        return 1.0
    return None


def retry_after(answer: Answer) -> float | None:
    """The seconds of a Retry-After header, decimals included; None where it holds no number."""
    text = answer.header("retry-after").strip()
    return float(text) if re.fullmatch(r"[0-9]{1,6}(\.[0-9]{1,6})?", text) else None


def _parsed(content: bytes) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError):
        return None
