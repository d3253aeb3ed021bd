"""T16: one phone number goes through everything that can happen, and then is looked for wherever anything is kept.

The app runs in the real worker library with one bug planted in it, so that exceptions and log lines with the number
arise inside functions. The local host writes its log as another process would: what the app does to log records does
not help it, so what an exception says on its way out counts.

Left out on purpose: the answer to a handshake, for Graph wants its token back as it was, whatever is in it; and the
host's own line about which address was called, for what a caller writes into a URL is the platform's to log.
"""

import asyncio
import base64
import contextlib
import json
import re
import unicodedata
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, unquote

import httpx
import pytest
from aiohttp import web
from azure.data.tables.aio import TableServiceClient
from azure.storage.queue.aio import QueueClient, QueueServiceClient

from dev.azurite.launcher import Azurite, running_azurite
from dev.graph_simulator.launcher import SimulatorProcess
from dev.graph_simulator.server import create_app
from dev.graph_simulator.tenant import Tenant
from dev.host.launcher import ROOT, running_host
from tests.e2e.chain import TENANT, Chain, settings, until, wire

NATIONAL = "2065550142"
LEAK = 5  # of its digits in a row; a mask shows two
SPELLINGS = (
    "+12065550142",
    "+1 2065550142",
    "+1 206 555 0142",
    "+1 (206) 555-0142",
    "1-206-555-0142",
    "206.555.0142",
    "tel:+1-206-555-0142",
    "\uff0b\uff11 \uff12\uff10\uff16 \uff15\uff15\uff15 \uff10\uff11\uff14\uff12",
    "+\u0661 \u0662\u0660\u0666 \u0665\u0665\u0665 \u0660\u0661\u0664\u0662",
    "+1\u00a0206\u2011555\u20110142",
    "%2B1%20206%20555%200142",
    "\\u002b12065550142",
)
ALL = " ; ".join(SPELLINGS)

BUG = '''
"""The app as it is, and a bug: deciding on some users fails with their number on the lips."""

import logging
from pathlib import Path

from shared import decision

_decide = decision.decide


def decide(seen, *more):
    if seen.user.user_principal_name.startswith("bug"):
        number = seen.user.mobile_phone
        logging.getLogger("httpx").warning("<- 200 %s", number, extra={"body": number})
        try:
            int(number)
        except ValueError as error:
            logging.getLogger("azure.functions").exception("a library's log line")
            raise RuntimeError(f"cannot decide on {number}") from error
    return _decide(seen, *more)


decision.decide = decide
exec(compile(Path(r"APP").read_text(), r"APP", "exec"), globals())
'''


# --- the search -------------------------------------------------------------------------------------------------------

_NO_NUMBERS = re.compile(
    r"""
    [0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}
    |(?:19|20)\d\d-\d\d-\d\d[T ]\d\d(?::|%3A)\d\d(?:(?::|%3A)\d\d(?:[.,]\d+)?)?
    |\b(?=\w*[a-f])(?=(?:[a-f]*\d+[a-f]+){2})[0-9a-f]{12,}\b   # digits and letters by turns
    |\b1\d{12}\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BETWEEN = re.compile(r"(?<=\d)[^\w\n,:;'\"{}<>=&%\\]{1,4}(?=\d)")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{16,}={0,2}")


def leaks(text: str) -> set[str]:
    """What of the number can be read in a text, by whoever undoes escapes, alphabets, base64 and separators."""
    return {found for reading in readings(text) for found in digits_found(reading)}


def readings(text: str) -> Iterator[str]:
    for plain in (text, *decoded(text)):
        unescaped = re.sub(r"\\+[ux]([0-9a-fA-F]{4}|[0-9a-fA-F]{2})", lambda unit: chr(int(unit[1], 16)), plain)
        yield from {plain, unescaped, unquote(plain), unquote(unquote(unescaped))}


def decoded(text: str) -> Iterator[str]:
    for token in set(_BASE64.findall(text)):
        with contextlib.suppress(ValueError):
            yield base64.b64decode(token + "=" * (-len(token) % 4), validate=False).decode()


def digits_found(text: str) -> set[str]:
    in_ascii = "".join(str(unicodedata.decimal(char)) if char.isdecimal() else char for char in text)
    visible = "".join(char for char in in_ascii if unicodedata.category(char) != "Cf")
    joined = _BETWEEN.sub("", _NO_NUMBERS.sub(" id ", visible))
    parts = (NATIONAL[start : start + LEAK] for start in range(len(NATIONAL) - LEAK + 1))
    return {part for part in parts if part in joined}


# --- the sinks --------------------------------------------------------------------------------------------------------


@dataclass
class Watched:
    """The chain, with all that was ever answered by the app and asked of Graph."""

    chain: Chain
    azurite: Azurite
    folder: Path
    answers: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    async def tell(self, method: str, path: str, **more: Any) -> httpx.Response:
        """An operator's call; the answer is noted with its headers."""
        answer = await self.chain.ask(method, path, **more)
        self.answers.append(f"{answer.status_code} {dict(answer.headers)} {answer.text}")
        return answer

    async def sinks(self) -> dict[str, str]:
        """Everything that is kept or was sent, by name."""
        lines = self.chain.host.output().splitlines()
        log = "\n".join(line for line in lines if not _ADDRESS_CALLED.search(line))
        found = {"log": log, "answers": "\n".join(self.answers), "asked": "\n".join(self.asked)}
        files = (path for path in self.folder.rglob("*") if path.is_file() and path.suffix != ".pyc")
        found |= {f"file {path.name}": path.read_text(errors="replace") for path in files if path.name not in PLANTED}
        return found | await tables(self.azurite) | await queues(self.azurite)


_ADDRESS_CALLED = re.compile(r" host\.invocation: Executing '\w+' \((?:GET|POST) ")
PLANTED = ("function_app.py", "host.json", "host.log")


async def tables(azurite: Azurite) -> dict[str, str]:
    async with TableServiceClient.from_connection_string(azurite.connection_string) as service:
        return {
            f"table {table.name}": "\n".join(
                [str(dict(row)) async for row in service.get_table_client(table.name).list_entities()]
            )
            async for table in service.list_tables()
        }


async def queues(azurite: Azurite) -> dict[str, str]:
    found = {}
    async with QueueServiceClient.from_connection_string(azurite.connection_string) as service:
        async for queue in service.list_queues():
            async with QueueClient.from_connection_string(azurite.connection_string, queue.name) as client:
                found[f"queue {queue.name}"] = "\n".join(m.content for m in await client.peek_messages(32))
    return found


def noting(asked: list[str]) -> Any:
    """Middleware of the simulator: what Graph sees of us, but for the bodies that are there to carry the number."""

    @web.middleware
    async def note(request: web.Request, handler: Any) -> web.StreamResponse:
        if not request.path.startswith("/sim/"):
            body = await request.read()
            asked.append(f"{request.method} {request.raw_path} {dict(request.headers)} {without_phones(body)}")
        return cast("web.StreamResponse", await handler(request))

    return note


def without_phones(body: bytes) -> str:
    whole = json.loads(body) if body else {}
    for part in whole.get("requests", []):
        if part["method"] in ("POST", "PATCH") and "/phoneMethods" in part["url"]:
            part["body"].pop("phoneNumber")
    return json.dumps(whole, ensure_ascii=False)


@contextlib.asynccontextmanager
async def watched(folder: Path) -> AsyncIterator[Watched]:
    app_folder = folder / "app"
    app_folder.mkdir()
    (app_folder / "function_app.py").write_text(BUG.replace("APP", str(ROOT / "function_app.py")))
    host_json = json.loads((ROOT / "host.json").read_text())
    host_json["extensions"]["queues"]["visibilityTimeout"] = "00:00:01"
    (app_folder / "host.json").write_text(json.dumps(host_json))
    (folder / "host").mkdir()
    asked: list[str] = []
    simulator = create_app(Tenant(TENANT, 0))
    simulator.middlewares.append(noting(asked))
    runner = web.AppRunner(simulator, access_log=None, shutdown_timeout=0.2)
    async with contextlib.AsyncExitStack() as stack:
        azurite = await stack.enter_async_context(running_azurite())
        stack.push_async_callback(runner.cleanup)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        graph = cast("SimulatorProcess", Graph(f"http://127.0.0.1:{runner.addresses[0][1]}"))
        flags = ("--receive-visibility", "2", "--verbose")
        host = await stack.enter_async_context(
            running_host(env=settings(azurite, graph), cwd=app_folder, folder=folder / "host", flags=flags)
        )
        http = await stack.enter_async_context(httpx.AsyncClient(timeout=60))
        yield Watched(Chain(azurite, graph, host, http), azurite, folder, asked=asked)


@dataclass(frozen=True)
class Graph:
    """The simulator in this process."""

    url: str


# --- what happens to the number ---------------------------------------------------------------------------------------


async def set_and_refused(watch: Watched) -> None:
    """Success in several spellings; two numbers in a field; no number at all but for a word."""
    chain = watch.chain
    good = [await chain.person(mobilePhone=text, usageLocation="US") for text in SPELLINGS[:6]]
    for text in (f"{SPELLINGS[2]} / +1 206 555 0143", f"{SPELLINGS[0]} ask for Jo", "; ".join(SPELLINGS[1:4])):
        await chain.ends(await chain.person(mobilePhone=text, usageLocation="US"), "refused")
    unplaced = await chain.person(mobilePhone=SPELLINGS[5], usageLocation=None)
    await chain.ends(unplaced, "refused", "needsRegion")
    other = await chain.person(mobilePhone=SPELLINGS[0], usageLocation="US", authentication={"mobile": "+1 2065550199"})
    await chain.ends(other, "noop", "differs")
    for user in good:
        await chain.is_set(user, "+1 2065550142")


async def echoed_by_graph(watch: Watched) -> None:
    """Errors that quote the number, of a write and of the whole batch; 409 and an answer lost after the write too."""
    error = {"error": {"code": f"Invalid.{NATIONAL}", "message": f"phoneNumber {ALL} is not valid", "target": ALL}}
    chain = watch.chain
    users = [await chain.person(mobilePhone=None, usageLocation="US") for _ in range(4)]
    for user in users:
        await chain.ends(user, "noop", "noNumber")
    writes = [
        {
            "match": {"method": "POST", "path_regex": "phoneMethods", "user": user},
            "effect": {"status": status, "body": error},
            "scope": "inner",
        }
        for user, status in zip(users, (400, 500, 409, 403), strict=True)
    ]
    batches = [
        {"match": {"path_regex": r"\$batch"}, "effect": {"status": status, "body": error}, "times": 2, "scope": "outer"}
        for status in (400, 500)
    ]
    subscription = {"match": {"path_regex": "subscriptions"}, "effect": {"status": 400, "body": error}, "times": 2}
    await chain.sim("PUT", "faults", {"rules": [*writes, *batches, subscription]})
    await watch.tell("GET", "api/subscription")
    await watch.tell("POST", "api/subscription")
    for user in users:
        await chain.sim("PATCH", f"users/{user}", {"mobilePhone": SPELLINGS[1]})
        await watch.tell("GET", f"api/users/{user}")
        await watch.tell("POST", f"api/users/{user}/reconcile")
    for user in users:
        await chain.ends(user, "retry")
    await chain.sim("DELETE", "faults")


async def raised_in_a_function(watch: Watched) -> None:
    """A bug's exception, five times from the queue and then poison, and once from an operator's route."""
    buggy = await watch.chain.person(mobilePhone="; ".join(SPELLINGS[1:4]), userPrincipalName="bug@contoso.example")

    async def parked() -> bool:
        return buggy in str((await watch.tell("GET", "api/report")).json()["parked"])

    await until(parked)
    assert (await watch.tell("GET", f"api/users/{buggy}")).status_code == 500


async def sent_to_the_queues(watch: Watched) -> None:
    """Messages that nobody sends, with the number in them."""
    user = "aaaaaaaa-0000-4000-8000-00000000beef"
    message = {"version": 1, "users": [user], "cause": "manual", "run": None, "received": 1}
    texts = [
        ALL,
        "{" + ALL,
        base64.b64encode(ALL.encode()).decode(),
        wire(message | {"version": 99, "phone": ALL}),
        wire(message | {"users": [NATIONAL]}),
        wire(message | {"run": ALL, "cause": ALL}),
        wire({"version": 1, "chore": ALL, "received": 1}),
    ]
    names = ("user-reconcile", "user-reconcile-poison", "prefill-chores")
    for name in names:
        async with watch.chain.queue(name) as queue:
            for text in texts:
                await queue.send_message(text)

    async def gone() -> bool:
        left = await queues(watch.azurite)
        return not any(left[f"queue {name}"] for name in names)

    await until(gone)


async def asked_by_operators(watch: Watched) -> None:
    """The number where a user's id belongs, and every other route."""
    for text in SPELLINGS:
        user = quote(text, safe="")
        for method, path in (("GET", ""), ("POST", "/reconcile"), ("POST", "/clear")):
            assert (await watch.tell(method, f"api/users/{user}{path}")).status_code in (400, 404)
        for method, path in (("GET", ""), ("POST", "/apply"), ("POST", "/cancel")):
            assert (await watch.tell(method, f"api/runs/{user}{path}")).status_code == 404
    for path in ("report", "health", "subscription"):
        await watch.tell("GET", f"api/{path}", params={"q": NATIONAL})
    for path in ("pause", "resume", "subscription", "notifications", "lifecycle", "runs"):
        for body in (ALL, json.dumps({"value": [{"id": ALL, "clientState": NATIONAL}], "reason": NATIONAL})):
            await watch.tell("POST", f"api/{path}", content=body.encode())
    await watch.tell("POST", "api/resume")
    echoed = await watch.chain.post("notifications", params={"validationToken": f"token {SPELLINGS[0]}"})
    assert SPELLINGS[0] in echoed.text  # the contract; see above


SCENES = (set_and_refused, echoed_by_graph, sent_to_the_queues, asked_by_operators, raised_in_a_function)


async def test_T16_the_canary_number_is_found_in_no_sink(tmp_path: Path) -> None:  # noqa: N802
    async with watched(tmp_path) as watch:
        answer = await watch.tell("POST", "api/subscription")
        assert answer.status_code == 200, answer.text
        for scene in SCENES:
            await scene(watch)
        await watch.tell("GET", "api/report")
        for user in re.findall(r"[0-9a-f-]{36}", (await watch.tell("GET", "api/report")).text):
            await watch.tell("GET", f"api/users/{user}")
        await asyncio.sleep(1)
        sinks = await watch.sinks()
        assert {"log", "answers", "asked", "table users", "table audit", "table parked"} <= sinks.keys()
        assert all(sinks[name] for name in ("log", "answers", "asked", "table users", "table audit", "table parked"))
        assert "cannot decide on [number]" in sinks["log"]
        assert {name: (found, where(sinks[name], found)) for name in sinks if (found := leaks(sinks[name]))} == {}


def where(text: str, found: set[str]) -> list[str]:
    """Lines to look at when something was found."""
    return [line[:2000] for line in text.splitlines() if leaks(line) & found][:5]


# --- the search bites -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("spelling", [*SPELLINGS, "206 555", "5550142", "0142 and 65550"])
@pytest.mark.parametrize(
    "form",
    [
        "12:00:01 INFO    httpx: body {}",
        "{{'masked': '{}', 'at': '2026-07-30T12:34:56.123456+00:00'}}",
        "aaaaaaaa-0000-4000-8000-000000000001{}\n",
    ],
)
def test_the_search_finds_it_in_any_spelling(spelling: str, form: str) -> None:
    text = form.format(spelling)
    assert leaks(text)
    assert leaks(json.dumps(text))
    assert leaks(quote(text))
    assert leaks(base64.b64encode(text.encode()).decode())


def test_the_search_finds_nothing_else() -> None:
    assert (
        leaks("+1 ••• ••• ••42 aaaaaaaa-2065-4550-8142-206555014255 2026-07-30T12:06:55.501420+00:00 7071 20, 655")
        == set()
    )


async def test_the_search_finds_it_in_every_kind_of_sink(tmp_path: Path) -> None:
    (tmp_path / "host").mkdir()
    (tmp_path / "host" / "timers.json").write_text(SPELLINGS[2])
    async with running_azurite() as azurite:
        text = azurite.connection_string
        async with TableServiceClient.from_connection_string(text) as service:
            table = await service.create_table("audit")
            await table.create_entity({"PartitionKey": "a", "RowKey": "b", "detail": f"refused {SPELLINGS[3]}"})
        async with QueueClient.from_connection_string(text, "user-reconcile-poison") as queue:
            await queue.create_queue()
            await queue.send_message(wire({"phone": SPELLINGS[0]}))

        class Host:
            url = "http://127.0.0.1"

            def output(self) -> str:
                return f"12:00:01 ERROR x: {SPELLINGS[7]}"

        chain = Chain(azurite, cast("Any", None), cast("Any", Host()), cast("Any", None))
        watch = Watched(chain, azurite, tmp_path, answers=[f"400 no user {SPELLINGS[10]}"], asked=[ask_with_number()])
        sinks = await watch.sinks()
    assert {name for name in sinks if leaks(sinks[name])} == set(sinks)
    assert set(sinks) == {"log", "answers", "asked", "file timers.json", "table audit", "queue user-reconcile-poison"}


def ask_with_number() -> str:
    """A batch whose number is in an address and not in the body of a phone's write."""
    parts = [
        {"id": "1", "method": "POST", "url": "/users/x/authentication/phoneMethods", "body": {"phoneNumber": ALL}},
        {"id": "2", "method": "GET", "url": f"/users?$filter=mobilePhone eq '{SPELLINGS[0]}'"},
    ]
    told = without_phones(json.dumps({"requests": parts}).encode())
    assert not leaks(without_phones(json.dumps({"requests": parts[:1]}).encode()))
    return told
