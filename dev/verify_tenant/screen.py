"""What the person sees while it runs. Everything that comes from Graph is masked first."""

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TextIO

from dev.verify_tenant.check import Check, Trace, Verdict
from dev.verify_tenant.cleanup import Leftover
from dev.verify_tenant.judgement import Finding
from dev.verify_tenant.masking import Names, masked_answer, masked_request, masked_text

BODY_CHARACTERS = 400


def clock(seconds: float) -> str:
    """Minutes and seconds."""
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"


@dataclass(slots=True)
class Screen:
    """Prints lines."""

    names: Names
    out: TextIO = field(default_factory=lambda: sys.stdout)

    def say(self, text: str = "") -> None:
        """One line, as it is: for the person's own eyes."""
        print(text, file=self.out, flush=True)

    def begin(self, number: int, total: int, check: Check, elapsed: float, budget: float) -> None:
        """The progress line of a check."""
        self.say(f"\n[{number}/{total}] {clock(elapsed)} of {clock(budget)}  {check.id}: {check.title}")

    def exchanges(self, trace: Trace) -> None:
        """What was asked and answered; preparations are in the report only."""
        for exchange in trace.exchanges:
            if exchange.label:
                asked = masked_request(exchange.request, self.names)
                answer = masked_answer(exchange.answer, self.names)
                body = f" {_compact(asked['body'])}" if asked["body"] is not None else ""
                self.say(f"  {exchange.label}: {asked['method']} {asked['path']}{body}")
                code = f" {exchange.answer.code}" if exchange.answer.code else ""
                self.say(f"    {answer['status'] or 'no answer'}{code} {_compact(answer['body'])}".rstrip())
        for name, value in trace.measures.items():
            self.say(f"  {name}: {value:g}")

    def findings(self, findings: Sequence[Finding]) -> None:
        """The verdicts of a check."""
        for finding in findings:
            self.say(f"  {finding.assumption}: {_words(finding, self.names)}")

    def leftovers(self, leftovers: Sequence[Leftover]) -> None:
        """What is still there, unmasked: the person must be able to remove it."""
        if not leftovers:
            self.say("\nEverything that this run created is deleted.")
        for leftover in leftovers:
            self.say(f"\nLEFT BEHIND: {leftover.what} ({leftover.why}). Remove it with:")
            for command in leftover.commands:
                self.say(f"  {command}")


def _words(finding: Finding, names: Names) -> str:
    detail = masked_text(finding.detail, names)
    if finding.verdict is Verdict.DIFFERENT:
        return f"DIFFERENT. Assumed {finding.assumed}; seen {detail}"
    if finding.verdict is Verdict.NOT_TRIED:
        return f"not tried ({detail})"
    return f"as assumed ({finding.assumed})"


def _compact(body: object) -> str:
    if body is None:
        return ""
    text = json.dumps(body, ensure_ascii=False)
    return text if len(text) <= BODY_CHARACTERS else text[:BODY_CHARACTERS] + "…"
