"""The report: everything that was seen, without secrets, numbers, ids and names. Pure but for its file."""

import hashlib
import json
import platform
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from importlib.metadata import version
from pathlib import Path

from dev.graph_simulator.assumptions import ASSUMPTIONS
from dev.verify_tenant.bench import Tenant
from dev.verify_tenant.check import Check, Trace, Verdict
from dev.verify_tenant.cleanup import Leftover
from dev.verify_tenant.exchange import Json
from dev.verify_tenant.identity import Identity
from dev.verify_tenant.judgement import Finding
from dev.verify_tenant.masking import Names, masked_exchange, masked_text
from dev.verify_tenant.options import Options

FORMAT = 1
PACKAGES = ("azure-identity", "httpx")


@dataclass(frozen=True, slots=True)
class Outcome:
    """One check of a run: what was seen, and the verdicts."""

    check: Check
    trace: Trace
    findings: tuple[Finding, ...]
    seconds: float = 0.0


@dataclass(slots=True)
class Report:
    """A run, as far as it came."""

    started: datetime
    outcomes: list[Outcome] = field(default_factory=list)
    leftovers: tuple[Leftover, ...] = ()
    seconds: float = 0.0
    ended: str = "complete"
    """`complete`, or what ended it early."""

    @property
    def verdicts(self) -> dict[str, Finding]:
        """By assumption."""
        return {finding.assumption: finding for outcome in self.outcomes for finding in outcome.findings}

    def of(self, verdict: Verdict) -> tuple[str, ...]:
        """The assumptions that came out so."""
        return tuple(name for name, finding in self.verdicts.items() if finding.verdict is verdict)


def tenant_hash(tenant_id: str) -> str:
    """A name for a tenant that does not give its id away: two reports of one tenant carry the same."""
    return hashlib.sha256(f"mfa-prefill-verify-tenant:{tenant_id.lower()}".encode()).hexdigest()[:16]


def as_json(report: Report, tenant: Tenant, identity: Identity, options: Options, names: Names) -> Json:
    """The report as it is written."""
    named: Json = {"id": tenant.id} if options.name_tenant else {}
    counts = Counter(str(finding.verdict) for finding in report.verdicts.values())
    return {
        "format": FORMAT,
        "tool": _versions(),
        "tenant": {"hash": tenant_hash(tenant.id), **named},
        "identity": "application" if identity.app_only else "person",
        "permissions": sorted(identity.permissions),
        "options": _options(options),
        "started": report.started.isoformat(timespec="seconds"),
        "seconds": round(report.seconds, 1),
        "ended": report.ended,
        "counts": dict(counts),
        "assumptions": {name: _finding(finding, names) for name, finding in sorted(report.verdicts.items())},
        "unchecked": {item.id: item.unchecked for item in ASSUMPTIONS if item.check is None},
        "checks": [_outcome(outcome, names) for outcome in report.outcomes],
        "leftBehind": [masked_text(f"{item.what}: {item.why}", names) for item in report.leftovers],
    }


def _versions() -> Json:
    return {"python": platform.python_version(), **{package: version(package) for package in PACKAGES}}


def _options(options: Options) -> Json:
    """Which options were given; never their values, which name people and places."""
    given = ("guest", "oath_user", "restricted_unit", "notification_url", "provoke_throttling", "bare_credential")
    return {
        "credential": options.credential,
        "only": list(options.only),
        "patience": options.patience,
        **{name: options.has(name) for name in given},
    }


def _finding(finding: Finding, names: Names) -> Json:
    return {
        "verdict": str(finding.verdict),
        "assumed": finding.assumed,
        "seen": masked_text(finding.detail, names),
    }


def _outcome(outcome: Outcome, names: Names) -> Json:
    trace = outcome.trace
    return {
        "id": outcome.check.id,
        "title": outcome.check.title,
        "settles": list(outcome.check.settles),
        "seconds": round(outcome.seconds, 1),
        "verdicts": {finding.assumption: _finding(finding, names) for finding in outcome.findings},
        "measures": trace.measures,
        "facts": trace.facts,
        "exchanges": [masked_exchange(exchange, names) for exchange in trace.exchanges],
    }


def write(path: Path, report: Json) -> None:
    """Write the report to its file."""
    path.write_text(json.dumps(report, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
