"""The demo: a dataset that says what it expects, and three runs of the whole thing as somebody would start it."""

import asyncio
import os
import re
import signal
import sys
from collections import Counter
from pathlib import Path

import httpx
import pytest

from dev.demo.app_client import read_word
from dev.demo.masking import mask_number, mask_spelling
from dev.demo.onboarding import waves
from dev.demo.people import people
from dev.demo.person import Trouble
from dev.demo.roll import Roll
from dev.demo.summary import OUTCOMES, REASONS, Verdict
from shared.models import Outcome, Reason

ROOT = Path(__file__).resolve().parent.parent.parent
PATIENCE_SECONDS = 150.0
ENDED_WELL = "Everyone ended as expected."

KINDS = (
    "international",
    "national",
    "trunk zero in brackets",
    "00 instead of +",
    "full-width digits",
    "no-break spaces",
    "landline",
    "with an extension",
    "premium rate",
    "two numbers",
    "letters",
    "not a number",
    "empty",
    "national, no region",
    "guest",
    "disabled",
    "has the same number",
    "has a number of their own",
    "has Authenticator",
    "has a security key (FIDO2)",
    "MFA enforced, no method",
    "shares a number",
    "SMS sign-in, number taken",
    "gets a phone later",
    "HR corrects the number",
    "disabled later",
    "deleted later",
)


# --- the dataset ------------------------------------------------------------------------------------------------------


def test_there_are_people_of_every_kind() -> None:
    assert len(people()) >= 60
    assert set(KINDS) <= {person.kind for person in people()}
    assert set(Trouble) <= {person.trouble for person in people()}


def test_the_directories_are_of_many_countries() -> None:
    regions = {person.properties.get("usageLocation") for person in people()}
    assert {"NL", "GB", "DE", "FR", "US", "IT", "NO", "DK", None} <= regions


def test_every_expectation_uses_the_words_of_the_product_and_the_demo_explains_them() -> None:
    for person in people():
        for expected in (person.expected, *([person.later.expected] if person.later else [])):
            assert expected.outcome in set(Outcome)
            assert expected.reasons <= set(Reason)
            assert expected.outcome in OUTCOMES
            assert expected.reasons <= set(REASONS)
            assert expected.phone is None or re.fullmatch(r"\+[1-9][0-9]{6,14}", expected.phone)


def test_nobody_is_expected_to_be_locked_out() -> None:
    """MFA by our hand only with a method; who was enforced before, or removed the phone afterwards, is no exception."""
    for person in people():
        if person.expected.state == "enforced" and person.expected.outcome == "done":
            assert person.expected.phone or person.authentication.get("methods"), person


def test_names_are_made_up_and_unique() -> None:
    names = Counter(person.principal_name for person in people())
    assert max(names.values()) == 1
    assert all(
        name.endswith("contoso.example") and person.name.startswith("Person ")
        for name, person in zip(names, people(), strict=True)
    )


def test_everyone_comes_in_exactly_one_wave_and_the_holder_of_a_number_before_the_other() -> None:
    for seed in range(20):
        plan = waves(people(), seed)
        order = [person.number for wave in plan for person in wave]
        kinds = [person.kind for wave in plan for person in wave]
        assert sorted(order) == [person.number for person in people()]
        assert kinds.index("SMS sign-in, has the number") < kinds.index("SMS sign-in, number taken")
    assert waves(people(), 1) == waves(people(), 1)


# --- what is shown ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("+49 (0)171 3920004", "+•• (•)••• •••••04"),
        ("\u00a0+49\u00a0171\u00a03920007\u200e", "⍽+••⍽•••⍽•••••07"),
        ("n/a", "n/a"),
        ("0123", "••••"),
        (None, "(nothing)"),
        (" ", "(blank)"),
        ("06\x1b[31m 12345678", "••[••m ••••••78"),
    ],
)
def test_a_directory_field_is_masked_but_keeps_its_shape(text: str | None, shown: str) -> None:
    assert mask_spelling(text) == shown


def test_a_registered_number_is_masked() -> None:
    assert mask_number("+49 1713920001") == "+49 ••••••01"
    assert mask_number(None) == "-"


def test_a_later_look_with_nothing_to_do_does_not_unsay_what_was_done() -> None:
    ledger = {"outcome": "noop", "reasons": [], "cause": "notification"}
    intent = {"phase": "intent", "cause": "retry"}
    assert read_word({"ledger": ledger, "history": [intent]}).outcome == "done"
    assert read_word({"ledger": ledger, "history": []}).outcome == "noop"
    removed = {**ledger, "reasons": ["removedByHuman"]}
    assert read_word({"ledger": removed, "history": [intent]}).outcome == "noop"


def test_the_verdict_is_bad_while_anybody_is_missing() -> None:
    verdict = Verdict(Roll.of(people()), (), {}, {}, 0, timed_out=False, logs=Path())
    assert not verdict.good
    assert len(verdict.unexpected) == len(people())


# --- the whole thing --------------------------------------------------------------------------------------------------


def _start_arguments(*flags: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "dev.demo", "--quick", *flags)


def _environment() -> dict[str, str]:
    """Without what would compile everything anew at each start; with a setting that must not disturb."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "CI": "true", "PREFILL_ALLOWED_REGIONS": "not a region"}


async def _start(*flags: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *_start_arguments(*flags),
        cwd=ROOT,
        env=_environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def _run(*flags: str) -> str:
    """Everything a run printed; it must end well."""
    demo = await _start(*flags)
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            printed, _ = await demo.communicate()
    finally:
        await _end(demo)
    text = printed.decode()
    assert demo.returncode == 0, text
    assert text.rstrip().endswith(ENDED_WELL), text
    assert "found no violations" in text
    return text


async def _end(demo: asyncio.subprocess.Process) -> None:
    if demo.returncode is None:
        demo.terminate()
        await demo.communicate()


async def _gone(url: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            await client.get(url)
        except httpx.ConnectError:
            return True
    return False


async def test_a_run_with_a_killed_host_ends_as_expected() -> None:
    text = await _run("--kill-host")
    assert "The Functions host has died (SIGKILL)" in text
    assert "started again: 1 time(s)" in text


async def test_a_run_without_notifications_is_saved_by_the_sweep() -> None:
    text = await _run("--drop-notifications")
    assert " 0 delivered" in text
    assert f"Found only by the sweep: {len(people())} of {len(people())} people." in text


async def test_a_plain_run_ends_as_expected_with_lines_that_a_file_can_hold() -> None:
    text = await _run("--people", "30", "--seed", "7")
    assert "all 30 generated people" in text
    assert not re.search(r"[\x00-\x08\x0b-\x1f\x7f]", text), "control characters"
    assert max(len(line) for line in text.splitlines() if "•" in line) <= 120
    assert not re.search(r"[0-9]{6,}", _told(text)), "numbers are masked"


def _told(text: str) -> str:
    """Without what may hold digits: addresses and ids."""
    return re.sub(r"http\S+|[0-9a-f]{8}-[0-9a-f-]{27}", "", text)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_signal_ends_everything_in_order(number: signal.Signals) -> None:
    demo = await _start()
    assert demo.stdout is not None
    printed = ""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            while "MFA enforced" not in printed:
                printed += (await demo.stdout.readline()).decode()
            demo.send_signal(number)
            rest, _ = await demo.communicate()
    finally:
        await _end(demo)
    assert demo.returncode == 128 + number, printed + rest.decode()
    assert "Traceback" not in rest.decode()
    urls = set(re.findall(r"http://127\.0\.0\.1:\d+", printed))
    assert len(urls) == 2
    assert all([await _gone(url) for url in urls])
