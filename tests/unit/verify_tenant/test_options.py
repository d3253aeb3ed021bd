"""The command line, and who asks."""

from pathlib import Path

import pytest
from azure.core.credentials import AccessToken

from dev.verify_tenant.__main__ import main
from dev.verify_tenant.credentials import FRESH_SECONDS, GRAPH_TOOLS, KINDS, new_credential, scopes_for, token_source
from dev.verify_tenant.options import Options, read_options, usage

GRAPH = "https://graph.microsoft.com"


def test_without_arguments_it_says_how_to_use_it(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 0
    told = capsys.readouterr().out
    assert told.strip() == usage().strip()
    assert "--credential interactive" in told
    assert "docs/verify-tenant.md" in told


def test_the_defaults_ask_before_writing_and_name_nobody() -> None:
    options = read_options(["--credential", "interactive"])
    assert options == Options(credential="interactive")
    assert (options.yes, options.name_tenant, options.provoke_throttling) == (False, False, False)
    assert options.graph_url == GRAPH
    assert options.budget_minutes <= 15


def test_everything_can_be_chosen(tmp_path: Path) -> None:
    given = ["--credential", "client-secret", "--bare-credential", "azure-cli", "--yes", "--name-tenant"]
    given += [
        "--report",
        str(tmp_path / "r.json"),
        "--guest",
        "me@fabrikam.example",
        "--oath-user",
        "x",
        "--restricted-unit",
    ]
    given += ["--notification-url", "https://me.example/hook", "--listen-port", "9", "--provoke-throttling"]
    given += [
        "--budget-minutes",
        "3",
        "--patience",
        "60",
        "--only",
        "guest,restore",
        "--graph-url",
        "http://127.0.0.1:9001/",
    ]
    options = read_options(given)
    assert options.only == ("guest", "restore")
    assert options.graph_url == "http://127.0.0.1:9001"
    assert (options.poll_seconds, options.quiet_seconds) == (1.0, 10.0)
    names = ("guest", "oath_user", "restricted_unit", "notification_url", "provoke_throttling", "bare_credential")
    assert all(options.has(name) for name in names)


@pytest.mark.parametrize(
    "arguments",
    [
        ["--credential", "password"],
        ["--yes"],
        ["--credential", "default", "--guest", "not-an-address"],
        ["--credential", "default", "--notification-url", "ftp://x"],
        ["--credential", "default", "--notification-url", "https://me.example/hook?code=secret"],
    ],
)
def test_wrong_usage_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(arguments)
    assert ended.value.code == 2
    assert capsys.readouterr().err


def test_a_check_that_does_not_exist_is_wrong_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--credential", "default", "--only", "phone-second,no-such-check"]) == 2
    assert "no-such-check" in capsys.readouterr().err


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_credential_is_one_of_azure_identity(kind: str) -> None:
    assert type(new_credential(kind, None)).__module__.startswith("azure.identity")


def test_a_person_is_asked_for_each_permission_and_an_application_for_what_it_has() -> None:
    assert scopes_for("interactive", GRAPH, ("User.Read.All", "X")) == (f"{GRAPH}/User.Read.All", f"{GRAPH}/X")
    assert scopes_for("device-code", GRAPH, ("X",)) == (f"{GRAPH}/X",)
    for kind in ("client-secret", "azure-cli", "default"):
        assert scopes_for(kind, GRAPH, ("X",)) == (f"{GRAPH}/.default",)
    assert GRAPH_TOOLS == "14d82eec-204b-4c2f-b7e8-296a70dab67e"


class Minting:
    """A credential whose tokens last `lasts` seconds from `now`."""

    def __init__(self, now: float, lasts: int) -> None:
        self.made = 0
        self._ends = int(now) + lasts

    def get_token(self, *scopes: str) -> AccessToken:
        self.made += 1
        return AccessToken(f"token-{self.made}-for-{'+'.join(scopes)}", self._ends)


@pytest.mark.parametrize(("lasts", "made"), [(FRESH_SECONDS + 600, 1), (FRESH_SECONDS - 60, 3)])
async def test_a_token_is_kept_while_it_is_fresh(lasts: int, made: int) -> None:
    credential = Minting(1_000_000.0, lasts)
    source = token_source(credential, ("a", "b"), lambda: 1_000_000.0)
    assert [await source() for _ in range(3)][-1] == f"token-{made}-for-a+b"
    assert credential.made == made
