"""The app as the command line sees it: prepared answers to expected questions, and a clock that sleeping moves on."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from typer.testing import CliRunner, Result

from operator_cli.main import app
from operator_cli.session import World

URL = "https://my-app.example"
KEY = "the-function-key"
USER = "00000000-0000-0000-0000-00000000000a"
DATE = "Mon, 23 Nov 2026 17:00:05 GMT"


def answer(status: int, body: object = None, **headers: str) -> httpx.Response:
    text = body if isinstance(body, str) else "" if body is None else json.dumps(body)
    return httpx.Response(status, text=text, headers={"Date": DATE} | headers)


def explained(outcome: str | None, looked_at: str | None, *reasons: str) -> httpx.Response:
    ledger = {"outcome": outcome, "lookedAt": looked_at, "reasons": list(reasons)} if outcome else None
    return answer(200, {"id": USER, "ledger": ledger, "history": []})


@dataclass
class FakeApp:
    """`answers[method, path]` are given in order, the last one again and again."""

    answers: Mapping[tuple[str, str], list[httpx.Response | Exception]]
    requests: list[httpx.Request] = field(default_factory=list)
    time: float = 0.0

    def handle(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        waiting = self.answers[request.method, request.url.raw_path.decode()]
        given = waiting.pop(0) if len(waiting) > 1 else waiting[0]
        if isinstance(given, Exception):
            raise given
        return httpx.Response(given.status_code, headers=given.headers, stream=httpx.ByteStream(given.content))

    def sleep(self, seconds: float) -> None:
        self.time += seconds

    def run(self, *arguments: str, environ: Mapping[str, str] | None = None) -> Result:
        world = World(httpx.MockTransport(self.handle), self.sleep, lambda: self.time)
        given = {"MFA_PREFILL_URL": URL, "MFA_PREFILL_KEY": KEY} if environ is None else dict(environ)
        return CliRunner().invoke(app, list(arguments), obj=world, env={**_NOTHING, **given})


_NOTHING: dict[str, str | None] = {
    "MFA_PREFILL_URL": None,
    "MFA_PREFILL_KEY": None,
    "FORCE_COLOR": None,
    "HTTPS_PROXY": None,
}


def fake(*given: tuple[str, Any]) -> FakeApp:
    """`fake(("GET /api/health", answer(200, {...})))`"""
    answers: defaultdict[tuple[str, str], list[httpx.Response | Exception]] = defaultdict(list)
    for route, response in given:
        method, path = route.split(" ")
        answers[method, path].append(response)
    return FakeApp(answers)
