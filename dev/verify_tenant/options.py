"""What the person who runs it may choose."""

import argparse
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from dev.verify_tenant.credentials import KINDS

GRAPH_URL = "https://graph.microsoft.com"
REPORT = Path("verify-tenant-report.json")
BUDGET_MINUTES = 13.0
"""What asking may take; with the cleanup a run stays below a quarter of an hour."""
UNREACHABLE = "https://mfa-prefill-verify.invalid/"
"""Where no endpoint can be: https://www.rfc-editor.org/rfc/rfc2606"""


@dataclass(frozen=True, slots=True)
class Options:
    """The command line."""

    credential: str = ""
    tenant_id: str | None = None
    bare_credential: str = ""
    graph_url: str = GRAPH_URL
    yes: bool = False
    report: Path = REPORT
    name_tenant: bool = False
    guest: str = ""
    oath_user: str = ""
    restricted_unit: bool = False
    notification_url: str = ""
    listen_port: int = 8088
    provoke_throttling: bool = False
    budget_minutes: float = BUDGET_MINUTES
    patience: float = 120.0
    only: tuple[str, ...] = ()
    unreachable_url: str = UNREACHABLE

    @property
    def poll_seconds(self) -> float:
        """Between two reads while something is waited for."""
        return self.patience / 60

    @property
    def quiet_seconds(self) -> float:
        """How long nothing must happen before it counts as not happening."""
        return self.patience / 6

    def has(self, option: str) -> bool:
        """Whether an option that a check needs was given."""
        return bool(getattr(self, option))


def read_options(arguments: list[str]) -> Options:
    """From the command line; wrong usage exits with 2."""
    given = vars(_parser().parse_args(arguments))
    given["only"] = tuple(filter(None, given["only"].split(",")))
    return Options(**given)


def usage() -> str:
    """What `make verify-tenant` prints without arguments."""
    return _parser().format_help()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m dev.verify_tenant",
        description="Settles what this project assumes about Microsoft Graph, against a real tenant: one throw-away "
        "user is created, asked about, and deleted for good. Use a tenant for development. See docs/verify-tenant.md.",
        epilog='Start with: make verify-tenant ARGS="--credential interactive". Exit codes: 0 nothing is different, '
        "1 something is different from what is assumed, 2 usage, 3 not run or stopped early, "
        "4 something was left behind.",
    )
    add = parser.add_argument
    add("--credential", choices=KINDS, required=True, help="who asks; client-secret reads AZURE_* of the environment")
    add("--tenant-id", metavar="ID", help="the tenant to sign in to (interactive, device-code, azure-cli)")
    add("--bare-credential", choices=KINDS, default="", help="a second identity WITHOUT the permissions, for its 403s")
    add("--yes", action="store_true", help="do not ask before writing (for CI)")
    add("--report", type=Path, default=REPORT, metavar="FILE", help=f"where the report goes (default {REPORT})")
    add("--name-tenant", action="store_true", help="name the tenant's id in the report instead of a hash of it")
    add(
        "--guest",
        type=_mail,
        default=argparse.SUPPRESS,
        metavar="MAIL",
        help="invite this address of yours as a guest, without a mail",
    )
    add("--oath-user", default="", metavar="ID", help="a user who has a hardware token; only read")
    add("--restricted-unit", action="store_true", help="pause while you put the user into a restricted unit, and out")
    add(
        "--notification-url",
        type=_url,
        default=argparse.SUPPRESS,
        metavar="URL",
        help="public URL that reaches --listen-port here",
    )
    add("--listen-port", type=int, default=8088, metavar="PORT", help="where notifications are taken (default 8088)")
    add("--provoke-throttling", action="store_true", help="send 400 reads as fast as they are answered")
    add(
        "--budget-minutes",
        type=float,
        default=BUDGET_MINUTES,
        metavar="N",
        help=f"end asking after that (default {BUDGET_MINUTES:g})",
    )
    add("--patience", type=float, default=120.0, metavar="SECONDS", help="how long lags are waited for (default 120)")
    add("--only", default="", metavar="IDS", help="only these checks, comma-separated (the user is made all the same)")
    add("--graph-url", type=_root, default=GRAPH_URL, metavar="URL", help="another Graph, such as the simulator")
    add("--unreachable-url", type=_url, default=UNREACHABLE, metavar="URL", help=argparse.SUPPRESS)
    return parser


def _url(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise argparse.ArgumentTypeError("an absolute URL without a query")
    return text


def _root(text: str) -> str:
    return _url(text).rstrip("/")


def _mail(text: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", text):
        raise argparse.ArgumentTypeError("a mail address")
    return text
