"""A run: recognise the tenant, ask, judge; then, whatever happened, clean up."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from dev.verify_tenant.bench import Bench, Tenant
from dev.verify_tenant.check import Check, NotTried, Trace
from dev.verify_tenant.checks import BEFORE, CHECKS, CREATION
from dev.verify_tenant.cleanup import Cleaner
from dev.verify_tenant.exchange import Request
from dev.verify_tenant.graph import Session
from dev.verify_tenant.guard import NotOurs
from dev.verify_tenant.identity import Identity
from dev.verify_tenant.judgement import Finding, judge, not_tried, summary
from dev.verify_tenant.masking import Names
from dev.verify_tenant.options import Options
from dev.verify_tenant.report import Outcome, Report
from dev.verify_tenant.screen import Screen
from dev.verify_tenant.webhook import Webhook

CLEANUP_SECONDS = 60.0
NO_TIME = "no time left: give more with --budget-minutes, or less with --only"


class NothingTried(Exception):
    """The run cannot begin; the text says why and what to do. Nothing was written."""


@dataclass(slots=True)
class Run:
    """Everything that belongs to one run."""

    options: Options
    session: Session
    identity: Identity
    screen: Screen
    names: Names
    tenant: Tenant = field(default_factory=Tenant)
    webhook: Webhook | None = None
    bare: Session | None = None
    checks: tuple[Check, ...] = CHECKS
    report: Report = field(default_factory=lambda: Report(datetime.now(UTC)))
    started: float = field(default_factory=time.monotonic)

    @property
    def elapsed(self) -> float:
        """Seconds since the run began."""
        return time.monotonic() - self.started

    @property
    def budget(self) -> float:
        """Seconds that asking may take; cleaning up comes on top."""
        return self.options.budget_minutes * 60

    async def recognise(self) -> None:
        """Learn the tenant's id, name and domains, which are then masked wherever they appear. Raises NothingTried."""
        answer = await self.session.send(Request("GET", "/organization?$select=id,displayName,verifiedDomains"))
        found = answer.values[0] if answer.values else {}
        domains = [item for item in found.get("verifiedDomains") or [] if isinstance(item, dict)]
        self.tenant.id = str(found.get("id", ""))
        self.tenant.display_name = str(found.get("displayName", ""))
        self.tenant.domains = _candidates(domains)
        if not answer.ok or not self.tenant.id or not self.tenant.domains:
            raise NothingTried(f"the tenant could not be read: GET /organization answered {summary(answer)}")
        self.names.call(self.tenant.id, "tenant")
        for domain in domains:
            self.names.hide(str(domain.get("name", "")), "domain")
        self.names.hide(self.tenant.display_name, "tenant name")

    async def ask(self) -> None:
        """Ask every check, in order, as far as time goes."""
        for number, item in enumerate(self.checks, 1):
            self.screen.begin(number, len(self.checks), item, self.elapsed, self.budget)
            began, trace = time.monotonic(), Trace()
            reason = self._obstacle(item)
            findings = not_tried(item, reason) if reason else await self._ask_one(item, trace)
            self.screen.exchanges(trace)
            self.screen.findings(findings)
            self.report.outcomes.append(Outcome(item, trace, findings, time.monotonic() - began))

    def _obstacle(self, item: Check) -> str:
        """Why a check is not asked; empty when it is."""
        if item.option and not self.options.has(item.option):
            return f"needs --{item.option.replace('_', '-')}"
        if not self.tenant.user_id and item not in (*BEFORE, CREATION):
            return "there is no user"
        lacking = self.identity.lacks(item.needs)
        if lacking:
            return f"the token lacks {', '.join(lacking)}"
        return NO_TIME if self.elapsed > self.budget else ""

    async def _ask_one(self, item: Check, trace: Trace) -> tuple[Finding, ...]:
        bench = Bench(self.session, self.tenant, self.identity, self.options, trace, self.webhook, self.bare)
        bench.instruct = self.screen.say
        try:
            async with asyncio.timeout(max(1.0, self.budget - self.elapsed)):
                await item.ask(bench)
        except (NotTried, NotOurs) as obstacle:
            trace.failure = str(obstacle)
        except TimeoutError:
            trace.failure = NO_TIME
        self._name_what_is_ours()
        return judge(item, trace, self.identity)

    def _name_what_is_ours(self) -> None:
        if self.tenant.user_id:
            self.names.call(self.tenant.user_id, "user")
        for identifier in self.session.ours.subscriptions - self.names.known.keys():
            self.names.call(identifier, f"subscription-{len(self.session.ours.subscriptions)}")

    async def finish(self) -> None:
        """Clean up, and note what is left."""
        self.screen.say("\nCleaning up …")
        cleaner = Cleaner(self.session, self.tenant, CLEANUP_SECONDS, self.options.poll_seconds)
        self.report.leftovers = await cleaner.clean()
        self.report.seconds = self.elapsed
        self.screen.leftovers(self.report.leftovers)


def _candidates(domains: list[dict[str, Any]]) -> tuple[str, ...]:
    """The default domain, then the initial one: a password cannot be set in a domain that is federated."""
    marks = ("isDefault", "isInitial")
    named = [str(domain.get("name")) for mark in marks for domain in domains if domain.get(mark) is True]
    return tuple(dict.fromkeys(named))


async def through(run: Run, stoppable: Callable[[asyncio.Task[None]], None]) -> BaseException | None:
    """Ask, then clean up in any case; what ended the asking early, if anything did.

    `stoppable` gets the task that may be cancelled: the cleanup is not a part of it.
    """
    asking = asyncio.create_task(run.ask())
    stoppable(asking)
    try:
        await asyncio.wait({asking})
    except asyncio.CancelledError:
        asking.cancel()
        await asyncio.wait({asking})
    error = asyncio.CancelledError() if asking.cancelled() else asking.exception()
    if error is not None:
        run.report.ended = "interrupted" if asking.cancelled() else type(error).__name__
    await run.finish()
    return error
