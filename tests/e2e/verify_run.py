"""A run of dev.verify_tenant against a simulator, in one event loop."""

import contextlib
import io
import json
import secrets
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

import httpx

from dev.graph_simulator.auth import make_token
from dev.graph_simulator.launcher import serving_simulator
from dev.graph_simulator.population import make_user
from dev.graph_simulator.tenant import Tenant
from dev.verify_tenant.__main__ import wanted_permissions
from dev.verify_tenant.check import Check, Verdict
from dev.verify_tenant.checks import chosen
from dev.verify_tenant.graph import Session
from dev.verify_tenant.guard import Ours
from dev.verify_tenant.identity import read_identity
from dev.verify_tenant.judgement import Finding
from dev.verify_tenant.masking import Names
from dev.verify_tenant.options import Options
from dev.verify_tenant.report import as_json
from dev.verify_tenant.runner import Run, through
from dev.verify_tenant.screen import Screen
from dev.verify_tenant.webhook import Webhook, listening

APP, BARE_APP = "11111111-aaaa-4aaa-8aaa-111111111111", "22222222-bbbb-4bbb-8bbb-222222222222"
NOWHERE = "http://127.0.0.1:9/"
"""The discard port: nothing answers there."""

QUICK = Options(credential="default", yes=True, patience=4.0, unreachable_url=NOWHERE)


@dataclass(frozen=True)
class Verified:
    """What a run came to."""

    run: Run
    error: BaseException | None
    simulator: Tenant
    screen: str

    @property
    def different(self) -> set[str]:
        return set(self.run.report.of(Verdict.DIFFERENT))

    @property
    def not_tried(self) -> set[str]:
        return set(self.run.report.of(Verdict.NOT_TRIED))

    @property
    def left(self) -> list[str]:
        """Users of the run that are not deleted for good."""
        names = [
            user for user in self.simulator.users.values() if user.principal_name.startswith("mfa-prefill-verify-")
        ]
        return [user.principal_name for user in names if user.life != "deleted"]

    @property
    def report(self) -> dict[str, Any]:
        run = self.run
        written = json.dumps(as_json(run.report, run.tenant, run.identity, run.options, run.names), ensure_ascii=False)
        return dict(json.loads(written))

    def finding(self, assumption: str) -> Finding:
        return self.run.report.verdicts[assumption]


def a_tenant(flips: Iterable[str] = ()) -> Tenant:
    """A simulated tenant with two users, so that there are pages, and with some assumptions turned round."""
    tenant = Tenant()
    tenant.flipped = frozenset(flips)
    for _ in range(2):
        make_user(tenant, {"existing": True})
    return tenant


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


def token_of(url: str, tenant: Tenant, roles: Iterable[str], app: str = APP) -> str:
    return make_token(app, roles, audience=url, tenant_id=tenant.id, expires=time.time() + 3600)


async def verified(
    tenant: Tenant,
    options: Options = QUICK,
    *,
    hook: bool = True,
    checks: tuple[Check, ...] | None = None,
    before: Callable[[Run], None] = lambda run: None,
) -> Verified:
    """Run the checks against `tenant`, as an application with what the options call for."""
    port = free_port()
    async with serving_simulator(tenant) as served, httpx.AsyncClient() as http:
        url = f"http://127.0.0.1:{port}/hook" if hook else ""
        options = replace(options, graph_url=served.url, notification_url=url, listen_port=port)
        ours = Ours(run=secrets.token_hex(8), announced_guest=options.guest)
        token = token_of(served.url, tenant, set(wanted_permissions(options)))
        names = Names(hosts=frozenset({urlsplit(served.url).netloc}))
        screen = Screen(names, io.StringIO())
        session = Session(http, served.url, _always(token), ours)
        bare = Session(http, served.url, _always(token_of(served.url, tenant, (), BARE_APP)), ours)
        webhook = Webhook(url, secrets.token_hex(16), ours.run) if hook else None
        run = Run(
            options,
            session,
            read_identity(token),
            screen,
            names,
            webhook=webhook,
            bare=bare,
            checks=checks or chosen(options.only),
        )
        await run.recognise()
        before(run)
        async with _listening(webhook, port):
            error = await through(run, lambda asking: None)
        return Verified(run, error, tenant, str(getattr(screen.out, "getvalue")()))  # noqa: B009


def _always(token: str) -> Callable[[], Any]:
    async def source() -> str:
        return token

    return source


@contextlib.asynccontextmanager
async def _listening(webhook: Webhook | None, port: int) -> AsyncIterator[None]:
    if webhook is None:
        yield
        return
    async with listening(webhook, port):
        yield
