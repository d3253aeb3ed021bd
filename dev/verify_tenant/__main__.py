"""`python -m dev.verify_tenant --credential interactive`: see docs/verify-tenant.md. Without arguments: its usage."""

import asyncio
import contextlib
import logging
import secrets
import signal
import sys
import traceback
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import httpx
from azure.core.exceptions import AzureError

from dev.verify_tenant.check import Verdict
from dev.verify_tenant.checks import CHECKS, chosen
from dev.verify_tenant.credentials import new_credential, scopes_for, token_source
from dev.verify_tenant.graph import Session, TokenSource
from dev.verify_tenant.guard import Ours
from dev.verify_tenant.identity import read_identity
from dev.verify_tenant.masking import Names
from dev.verify_tenant.options import Options, read_options, usage
from dev.verify_tenant.permissions import SETUP
from dev.verify_tenant.report import as_json, write
from dev.verify_tenant.runner import NothingTried, Run, through
from dev.verify_tenant.screen import Screen
from dev.verify_tenant.webhook import Webhook, listening

ALL_FINE, DIFFERENT, USAGE, STOPPED, LEFT_BEHIND = 0, 1, 2, 3, 4


def wanted_permissions(options: Options) -> tuple[str, ...]:
    """What a person's sign-in asks for: the least for the set-up and for each check that these options allow."""
    checks = [item for item in chosen(options.only) if not item.option or options.has(item.option)]
    needs = [*SETUP, *(need for item in checks for need in item.needs)]
    return tuple(sorted({need.least for need in needs}))


def main(arguments: list[str]) -> int:
    """Run, and return the exit code."""
    if not arguments:
        print(usage())
        return ALL_FINE
    options = read_options(arguments)
    unknown = sorted(set(options.only) - {item.id for item in CHECKS})
    if unknown:
        print(f"--only: there is no check {', '.join(unknown)}; docs/verify-tenant.md lists them", file=sys.stderr)
        return USAGE
    logging.getLogger("azure").addHandler(logging.NullHandler())  # what went wrong is said once, below
    try:
        return asyncio.run(_main(options))
    except (NothingTried, AzureError, OSError) as problem:
        print(f"Nothing was tried: {_in_words(problem)}", file=sys.stderr)
        return STOPPED


def _in_words(problem: Exception) -> str:
    """Of azure-identity's errors the first line: the rest repeats every credential that was tried."""
    return str(problem).strip().partition("\n")[0] or type(problem).__name__


async def _main(options: Options) -> int:
    names = Names(hosts=frozenset({urlsplit(options.graph_url).netloc}))
    screen = Screen(names)
    credential = new_credential(options.credential, options.tenant_id)
    wanted = wanted_permissions(options)
    source = token_source(credential, scopes_for(options.credential, options.graph_url, wanted))
    identity = read_identity(await source())
    lacking = identity.lacks(SETUP)
    if lacking:
        raise NothingTried(f"the token lacks {', '.join(lacking)}")
    ours = Ours(run=secrets.token_hex(8), announced_guest=options.guest)
    async with httpx.AsyncClient(follow_redirects=False) as http, _endpoint(options, ours) as webhook:
        session = Session(http, options.graph_url, source, ours)
        bare = Session(http, options.graph_url, _bare_source(options), ours) if options.bare_credential else None
        run = Run(options, session, identity, screen, names, webhook=webhook, bare=bare, checks=chosen(options.only))
        await run.recognise()
        await _confirm(run)
        error = await through(run, Stopper(screen))
    return _end(run, error)


@contextlib.asynccontextmanager
async def _endpoint(options: Options, ours: Ours) -> AsyncIterator[Webhook | None]:
    if not options.notification_url:
        yield None
        return
    webhook = Webhook(options.notification_url, secrets.token_hex(16), ours.run)
    async with listening(webhook, options.listen_port):
        yield webhook


def _bare_source(options: Options) -> TokenSource:
    credential = new_credential(options.bare_credential, options.tenant_id)
    return token_source(credential, scopes_for(options.bare_credential, options.graph_url, ("User.Read",)))


async def _confirm(run: Run) -> None:
    """Name the tenant, and ask before anything is written. Raises NothingTried."""
    tenant, who = run.tenant, "an application" if run.identity.app_only else "a person"
    run.screen.say(f"Tenant: {tenant.display_name} ({tenant.domain}), id {tenant.id}; signed in as {who}.")
    run.screen.say(
        "One user will be created in it, changed many times, and deleted for good. No other user is changed."
    )
    if run.options.yes:
        return
    if not sys.stdin.isatty():
        raise NothingTried("there is no terminal to ask on: give --yes")
    typed = await asyncio.to_thread(input, f"To go on, type the domain {tenant.domain}: ")
    if typed.strip().lower() != tenant.domain.lower():
        raise NothingTried("the domain was not typed")


class Stopper:
    """Ends the asking on Ctrl-C and SIGTERM, once; the cleanup that follows is not interrupted."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen

    def __call__(self, asking: asyncio.Task[None]) -> None:
        """Watch the signals for this task."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            with contextlib.suppress(NotImplementedError):  # Windows: asyncio.run cancels the main task instead
                loop.add_signal_handler(number, self._stop, asking)

    def _stop(self, asking: asyncio.Task[None]) -> None:
        if asking.done():
            self._screen.say("Still cleaning up; please wait.")
        else:
            self._screen.say("\nStopping: what was created is removed first.")
            asking.cancel()


def _end(run: Run, error: BaseException | None) -> int:
    write(run.options.report, as_json(run.report, run.tenant, run.identity, run.options, run.names))
    different = run.report.of(Verdict.DIFFERENT)
    counts = {verdict: len(run.report.of(verdict)) for verdict in Verdict}
    run.screen.say("\n" + ", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    for name in different:
        run.screen.say(f"  different: {name}")
    run.screen.say(f"Report: {run.options.report} (no secrets; attach it to an issue, see docs/verify-tenant.md)")
    if error is not None and not isinstance(error, asyncio.CancelledError):
        traceback.print_exception(error)
    if run.report.leftovers:
        return LEFT_BEHIND
    if error is not None or not run.tenant.user_id:
        return STOPPED
    return DIFFERENT if different else ALL_FINE


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
