"""From what a check saw to its verdicts. Pure."""

from dataclasses import dataclass

from dev.verify_tenant.check import Check, Expectation, Trace, Verdict
from dev.verify_tenant.exchange import NO_ANSWER, Answer
from dev.verify_tenant.identity import Identity

UNTOLD = frozenset({NO_ANSWER, 401, 403, 408, 429, 500, 502, 503, 504})
"""Statuses that say something about the moment or the caller, not about what was asked."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The verdict on one assumption. `detail`: what was seen instead, or why it was not tried."""

    assumption: str
    verdict: Verdict
    assumed: str
    detail: str = ""


def judge(check: Check, trace: Trace, identity: Identity) -> tuple[Finding, ...]:
    """The verdicts of a check that was asked, whole or in part."""
    return tuple(_judge(expectation, trace, identity) for expectation in check.expectations)


def not_tried(check: Check, reason: str) -> tuple[Finding, ...]:
    """The verdicts of a check that was not asked at all."""
    return tuple(
        Finding(expectation.assumption, Verdict.NOT_TRIED, expectation.words, reason)
        for expectation in check.expectations
    )


def _judge(expectation: Expectation, trace: Trace, identity: Identity) -> Finding:
    def finding(verdict: Verdict, detail: str = "") -> Finding:
        return Finding(expectation.assumption, verdict, expectation.words, detail)

    reason = _obstacle(expectation, trace, identity)
    if reason:
        return finding(Verdict.NOT_TRIED, reason)
    holds = expectation.holds(trace)
    if holds is None:
        return finding(Verdict.NOT_TRIED, trace.failure or expectation.unclear)
    seen = ", ".join(f"{label}: {summary(trace[label])}" for label in expectation.on)
    return finding(Verdict.AS_ASSUMED if holds else Verdict.DIFFERENT, seen)


def _obstacle(expectation: Expectation, trace: Trace, identity: Identity) -> str:
    """Why the answers say nothing about the assumption; empty when they do."""
    if expectation.app_only and not identity.app_only:
        return "only an application's token tells; this one is a person's"
    missing = [label for label in expectation.on if label not in trace.answers]
    if missing:
        return trace.failure or f"not asked: {', '.join(missing)}"
    for label in expectation.on:
        answer = trace[label]
        if answer.status in UNTOLD - expectation.conclusive and not _tells(answer, identity):
            return f"{label}: {summary(answer)}"
    return ""


def _tells(answer: Answer, identity: Identity) -> bool:
    """Whether a 403 is an answer: an application that holds the permission is refused by a rule, not by its grants.

    A person may hold the permission and still lack the directory role, so for a person it tells nothing.
    """
    return answer.status == 403 and identity.app_only and identity.known


def summary(answer: Answer) -> str:
    """Status and code, which quote no data."""
    if answer.status == NO_ANSWER:
        return "no answer"
    return f"{answer.status} {answer.code}".strip()
