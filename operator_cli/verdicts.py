"""What an answer means for the exit code: fine, no, or not to be had."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from operator_cli.client import Answer
from operator_cli.exits import ExitCode, Stop

_WHAT_TO_DO = {
    "refused": "mend the number in the directory, then reconcile again",
    "parked": "see its advice in: mfa-prefill parked",
    "gone": "the directory knows no such user",
}
"""Outcomes that are a "no" to whoever waited for a user."""


def refusal(answer: Answer) -> Stop:
    """Why an answer that is no success ends the command."""
    status, error = answer.status, answer.error
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        text = f"not allowed ({status}): give a function key of this app with --key or MFA_PREFILL_KEY"
        return Stop(ExitCode.UNREACHABLE, text)
    if error and status < HTTPStatus.INTERNAL_SERVER_ERROR and status != HTTPStatus.TOO_MANY_REQUESTS:
        return Stop(ExitCode.NO, f"{error.get('message')} ({error.get('code')})")
    if error:
        more = "; name the settings with: mfa-prefill health" if error.get("code") == "settings" else ""
        text = f"the app cannot answer now ({status} {error.get('code')}): {error.get('message')}{more}"
        return Stop(ExitCode.UNREACHABLE, text)
    if status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        text = f"the app failed ({status}): try again, then look at its exceptions in Application Insights"
        return Stop(ExitCode.UNREACHABLE, text)
    return Stop(ExitCode.UNREACHABLE, f"unexpected answer ({status}): is --url the address of this app?")


def health(document: Mapping[str, Any]) -> Stop | None:
    """Unhealthy is a no."""
    if document.get("status") == "healthy":
        return None
    wrong = ", ".join(str(name) for name in document.get("wrong", ()))
    advice = f"mend these settings: {wrong}" if wrong else _health_advice(document)
    return Stop(ExitCode.NO, f"unhealthy; {advice}")


def _health_advice(document: Mapping[str, Any]) -> str:
    if document.get("storage") == "unreachable":
        return "the app cannot reach its storage account: check AzureWebJobsStorage and its roles"
    if document.get("writes") == "tripped" and document.get("subscription") in {"live", "none"}:
        return "too many users changed within an hour: see mfa-prefill report, then mfa-prefill resume"
    if document.get("reading") == "unreadable" and document.get("subscription") in {"live", "none"}:
        return "roles or groups cannot be read, so nobody is written to: see reading in mfa-prefill report"
    if document.get("sweep") == "late" and document.get("subscription") in {"live", "none"}:
        return "no sweep for a day: look at the function's exceptions in Application Insights"
    if document.get("subscription") == "degraded":
        return "Graph does not renew the subscription: run mfa-prefill subscription"
    return "notifications are being lost: run mfa-prefill subscription ensure"


def subscription(document: Mapping[str, Any]) -> Stop | None:
    """Anything but a live subscription is a no."""
    state = document.get("state")
    if state == "live":
        return None
    if state == "degraded":
        text = "Graph does not renew the subscription, which still delivers; docs/operations.md#a-renewal-that-fails"
        return Stop(ExitCode.NO, text)
    return Stop(ExitCode.NO, f"the subscription is not live ({state}); run mfa-prefill subscription ensure")


def replayed(document: Mapping[str, Any]) -> Stop | None:
    """A replay that looks at nobody is a no."""
    if document.get("queued"):
        return None
    return Stop(ExitCode.NO, "nothing was tried again; see what is parked with: mfa-prefill parked")


def doctor(document: Mapping[str, Any]) -> Stop | None:
    """A check that failed is a no."""
    failed = [str(check.get("check")) for check in document.get("checks", ()) if check.get("state") == "failed"]
    return Stop(ExitCode.NO, f"failed: {', '.join(failed)}") if failed else None


def look(explanation: Mapping[str, Any]) -> Stop | None:
    """A user who ended refused, parked or gone is a no."""
    ledger = explanation.get("ledger") or {}
    outcome = ledger.get("outcome")
    if outcome not in _WHAT_TO_DO:
        return None
    reasons = " ".join(ledger.get("reasons", ()))
    return Stop(ExitCode.NO, f"{explanation.get('id')}: {outcome} ({reasons}); {_WHAT_TO_DO[outcome]}")


def run(document: Mapping[str, Any]) -> Stop | None:
    """A run that is over with failures is a no."""
    failures = document.get("failures")
    if document.get("state") not in {"planned", "applied"} or not failures:
        return None
    return Stop(ExitCode.NO, f"{failures} failed; their reasons: mfa-prefill backfill show {document.get('id')}")


def stopped(document: Mapping[str, Any]) -> Stop | None:
    """Whoever waited for the end of a run and saw it cancelled has not got what was asked for."""
    state = document.get("state")
    return Stop(ExitCode.NO, f"the run was {state}") if state in {"cancelled", "superseded"} else None
