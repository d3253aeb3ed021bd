"""The app as an operator sees it: the reasons it gives, its report, its timers."""

from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import httpx

TIMEOUT_SECONDS = 20.0


@dataclass(frozen=True, slots=True)
class Word:
    """What the app says of one person: outcome, reasons, and the causes of its looks."""

    outcome: str
    reasons: frozenset[str]
    causes: frozenset[str]

    @property
    def why(self) -> str:
        """The reasons in one line, the consequence last."""
        return " ".join(sorted(self.reasons, key=lambda reason: (reason == "noMethod", reason)))


class AppClient:
    """The routes with the function key. The app may be dead or restarting at any moment: then the answer is None."""

    def __init__(self, url: str, key: str) -> None:
        self.url = url
        self._client = httpx.AsyncClient(base_url=url, headers={"x-functions-key": key}, timeout=TIMEOUT_SECONDS)

    async def close(self) -> None:
        """Let go of its connections."""
        await self._client.aclose()

    async def fire(self, timer: str) -> bool:
        """Run a timer function now, as the Azure portal would; whether the host took it."""
        answer = await self._ask("POST", f"/admin/functions/{timer}", {"input": ""})
        return answer is not None and answer.status_code == HTTPStatus.ACCEPTED

    async def word(self, user_id: str) -> Word | None:
        """GET /api/users/{id}: None where the app knows nothing yet or cannot be asked."""
        explained = await self._document(f"/api/users/{user_id}")
        return read_word(explained) if explained and explained["ledger"] else None

    async def reconcile(self, user_id: str) -> bool:
        """Ask for a look at somebody now; whether the app took it."""
        answer = await self._ask("POST", f"/api/users/{user_id}/reconcile")
        return answer is not None and answer.status_code == HTTPStatus.ACCEPTED

    async def report(self) -> dict[str, Any] | None:
        """GET /api/report."""
        return await self._document("/api/report")

    async def _document(self, path: str) -> dict[str, Any] | None:
        answer = await self._ask("GET", path)
        if answer is None or answer.status_code != HTTPStatus.OK:
            return None
        document: dict[str, Any] = answer.json()
        return document

    async def _ask(self, method: str, path: str, body: dict[str, Any] | None = None) -> httpx.Response | None:
        try:
            return await self._client.request(method, path, json=body)
        except httpx.TransportError:
            return None


def read_word(explained: dict[str, Any]) -> Word:
    """The ledger's outcome. A later look that finds nothing left to do says `noop`; what was done before counts."""
    ledger, history = explained["ledger"], explained["history"]
    outcome = ledger["outcome"]
    if outcome == "noop" and any(row["phase"] == "intent" for row in history) and not _gave_back(ledger):
        outcome = "done"
    causes = frozenset(row["cause"] for row in history) | {ledger["cause"]}
    return Word(outcome, frozenset(ledger["reasons"]), causes - {None})


def _gave_back(ledger: dict[str, Any]) -> bool:
    """Whether somebody has undone meanwhile what was done."""
    return bool({"removedByHuman", "userManaged"} & set(ledger["reasons"]))
