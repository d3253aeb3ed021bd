"""The endurance proof, its parts and a short run of it. The long one is `make chaos`."""

import asyncio
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from dev.chaos.audit import check_audit
from dev.chaos.cast import GOOD, SOURCES, USELESS, Newcomer, Source, source_of
from dev.chaos.history import History, not_shown, read_journal
from dev.chaos.judge import Truth, complaints
from dev.chaos.options import Options
from dev.chaos.phases import CALM, KINDS, plan_phases
from dev.chaos.script import Deed, write_script
from dev.chaos.storage import Row
from dev.host.launcher import ROOT
from shared.models import Outcome, Reason

SHORT = ("--people", "60", "--seconds", "25", "--kill-every", "2", "--kill-for", "14", "--seed", "3")
PATIENCE_SECONDS = 180.0
SOURCE = Source("0171 3920050", "DE", None, "+491713920050")
OWN = "+1 6125550101"


# --- the plan ---------------------------------------------------------------------------------------------------------


def test_the_seed_decides_everything_that_happens() -> None:
    options = Options(people=200, seconds=60, seed=5)
    assert write_script(options) == write_script(options)
    assert write_script(options) != write_script(replace(options, seed=6))
    assert plan_phases(options) == plan_phases(options)


def test_everybody_is_created_once_and_everything_else_comes_later() -> None:
    script = write_script(Options(people=1000, seconds=60))
    created = [event.person.id for event in script if event.deed is Deed.CREATE]
    assert len(created) == len(set(created)) == 1000
    seen: set[str] = set()
    for event in script:
        assert (event.person.id not in seen) == (event.deed is Deed.CREATE)
        seen.add(event.person.id)
    assert {event.deed for event in script} == set(Deed)


@pytest.mark.parametrize("seconds", [50.0, 180.0, 600.0])
def test_every_kind_of_fault_gets_its_turn_and_calm_phases_exist(seconds: float) -> None:
    kinds = {phase.kind.name for phase in plan_phases(Options(seconds=seconds))}
    assert kinds == {CALM.name, *(kind.name for kind in KINDS)}


def test_every_text_of_a_directory_has_one_meaning() -> None:
    assert len({source.key for source in SOURCES}) == len(SOURCES)
    assert all(source_of(source.as_properties()) == source for source in SOURCES)
    assert len(GOOD) > 60
    assert {source.reason for source in USELESS} <= set(Reason)


# --- the judge --------------------------------------------------------------------------------------------------------


def truth(
    outcome: str = "noop", *reasons: str, mobile: str | None = None, state: str = "enforced", **changed: Any
) -> Truth:
    """Somebody with a good number in the directory."""
    history = changed.pop("history", History(0.0))
    authentication = {"mobile": mobile, "methodKinds": changed.pop("methods", []), "perUserMfaState": state}
    user = {
        "life": "active",
        "accountEnabled": True,
        "userType": "Member",
        "roles": [],
        "authentication": authentication,
    }
    row = Row(outcome, frozenset(reasons), None, changed.pop("kept", {}))
    return Truth(Newcomer("id", 1, SOURCE), user | SOURCE.as_properties() | changed, history, row)


OURS, THEIRS = History(0.0, "app", app_wrote_phone=True), History(0.0, "human")
REMOVED = History(0.0, "human", app_wrote_phone=True, human_removed=True)
UNSEEN = {"acceptedWhat": "addPhone", "acceptedAt": "2026-11-22T10:00:00+00:00"}

GOOD_ENDS = (
    truth("noop", mobile="+49 1713920050"),
    truth("done", mobile="+49 1713920050"),
    truth("noop", "differs", mobile=OWN, history=THEIRS),
    truth("noop", "removedByHuman", "noMethod", history=REMOVED),
    truth("noop", "removedByHuman", "noMethod", history=REMOVED, state="disabled"),
    truth("retry", "notConfirmed", history=REMOVED, state="disabled", kept=UNSEEN),
    truth("skipped", "disabled", accountEnabled=False, state="disabled"),
    truth("skipped", "guest", userType="Guest"),
    truth("skipped", "privileged", roles=["admin"]),
    truth("retry", "notFoundYet", life="softDeleted"),
    truth("gone", "gone", life="deleted"),
    truth("noop", "strongerMethod", methods=["fido2"]),
    truth("noop", "strongerMethod", "noMethod", methods=["windowsHelloForBusiness"], state="disabled"),
    truth("noop", "noNumber", "noMethod", state="disabled", mobilePhone=None),
    truth("refused", "badNumber", "noMethod", state="disabled", mobilePhone="n/a"),
)
BAD_ENDS = (
    truth("noop", "noMethod", state="disabled"),
    truth("noop", mobile="+49 1713920050", state="disabled"),
    truth("noop", "userManaged", mobile="+49 1713920051", history=OURS),
    truth("noop", "removedByHuman", "noMethod", history=History(0.0, "human", human_removed=True)),
    truth("noop", "removedByHuman", history=REMOVED),
    truth("retry", "graphUnavailable", mobile="+49 1713920050"),
    truth("retry", "notConfirmed", history=REMOVED, state="disabled"),
    truth("retry", "notConfirmed", history=OURS, state="disabled", kept=UNSEEN),
    truth("parked", "poison", mobile="+49 1713920050"),
    truth("noop", "differs", mobile="+49 1713920050"),
    truth("noop", "strongerMethod", methods=["fido2"], state="disabled"),
    replace(truth("skipped", "privileged", roles=["a"], history=History(0.0, last_write_at=200.0)), admin_since=100.0),
    replace(truth("noop", mobile="+49 1713920050"), row=None),
)


@pytest.mark.parametrize("ended", GOOD_ENDS)
def test_a_good_end_is_taken_for_good(ended: Truth) -> None:
    assert complaints(ended) == []


@pytest.mark.parametrize("ended", BAD_ENDS)
def test_a_bad_end_is_found(ended: Truth) -> None:
    assert complaints(ended)


def test_the_judge_uses_the_words_of_the_product() -> None:
    assert {ended.row.outcome for ended in GOOD_ENDS if ended.row} <= set(Outcome)
    assert {reason for ended in GOOD_ENDS if ended.row for reason in ended.row.reasons} <= set(Reason)


def snapshot(mobile: str | None) -> dict[str, Any]:
    phones = [("mobile", mobile)] if mobile else []
    rest = {"enabled": True, "life": "active", "user_type": "Member", "sources": [], "regions": [], "methods": []}
    return {"phones": phones, "mfa_state": "disabled", **rest}


def entry(actor: str, operation: str, before: str | None, after: str | None, at: float) -> dict[str, Any]:
    shown = snapshot(after) if actor == "read" else None
    states = {"before": snapshot(before), "after": snapshot(after)} if not shown else {"before": None, "after": None}
    return {"user": "id", "actor": actor, "operation": operation, "epoch": at, "shown": shown, **states}


def test_the_history_knows_whose_the_number_is() -> None:
    entries = [
        entry("human", "user.equipped", None, None, 1.0),
        entry("app", "phone.create", None, OWN, 3.5),
        entry("human", "phone.delete", OWN, None, 5.0),
    ]
    history = read_journal(entries)["id"]
    assert (history.phone_seconds, history.app_wrote_phone, history.human_removed) == (2.5, True, True)
    assert (history.last_hand, history.last_act) == ("human", "human")


def test_what_graph_never_showed_is_named() -> None:
    reads = [entry("read", kind, None, None, 2.0) for kind in ("read.user", "read.methods", "read.requirements")]
    acted = entry("human", "phone.put", None, OWN, 3.0)
    stale, fresh = entry("read", "read.phones", None, None, 4.0), entry("read", "read.phones", None, OWN, 5.0)
    assert not_shown([*reads, acted, stale]) == ("phones",)
    assert not_shown([*reads, acted, fresh]) == ()


def test_an_intent_without_outcome_and_one_with_two_are_found() -> None:
    def row(look: str, phase: str, cause: str = "notification") -> dict[str, str]:
        return {"PartitionKey": "user", "look": look, "phase": phase, "cause": cause}

    fine = [row("1", "intent", "sweep"), row("1", "outcome")]
    assert check_audit(fine).problems == []
    assert check_audit(fine).by_sweep == {"user"}
    assert len(check_audit([*fine, row("2", "intent")]).problems) == 1
    assert len(check_audit([*fine, row("1", "outcome")]).problems) == 1


# --- the whole thing --------------------------------------------------------------------------------------------------


async def test_a_short_run_ends_with_everybody_as_they_must_be(tmp_path: Path) -> None:
    report = tmp_path / "report.json"
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    run = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "dev.chaos", *SHORT, "--report", str(report)),
        cwd=ROOT,
        env={**kept, "CI": "true"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            printed, _ = await run.communicate()
    finally:
        if run.returncode is None:
            run.terminate()
            await run.communicate()
    assert run.returncode == 0, printed.decode()
    figures = json.loads(report.read_text())
    assert figures["problems"] == []
    assert figures["people"] == 60
    assert figures["hosts"]["kill -9"] >= 4
