"""Any story at all: whatever people, HR, administrators, Graph and the platform do, in any order, no promise breaks.

Hypothesis makes up the stories. After every step all promises are checked; when a story ends, the weather clears, and
everybody must end up where the decision wants them, with nothing left over and nothing done twice.

    STORIES=thorough .venv/bin/python -m pytest -n0 tests/stories      (500 stories; without it fewer)
"""

import asyncio
import itertools
import logging
import os
from collections.abc import Coroutine
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from dev.graph_simulator.people import KINDS
from shared.models import DefaultMethod, MfaState
from shared.policy import ExistingPhone, Mode, Policy, StrongerMethod
from tests.stories import acts
from tests.stories.process import Gate, Line, Loop
from tests.stories.promises import Promises
from tests.stories.rest import ends_well
from tests.stories.stores import Waiting
from tests.stories.world import BOARD, EVERYBODY, GROUPS, PILOT, Rulebook, World

CHECKS = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much]
settings.register_profile(
    "stories", max_examples=100, stateful_step_count=20, deadline=None, print_blob=True, suppress_health_check=CHECKS
)
settings.register_profile("thorough", settings.get_profile("stories"), max_examples=500)

MOST_PEOPLE = 4
NUMBERS = ("+46 701740605", "+46 701740606", "+1 2125550111")
"""Few, so that a person's own number and the directory's are often the same."""
SPELLINGS = ("+46 70 174 06 05", "070-174 06 05", "+46701740606", "(212) 555-0111", "+1 212 555 0111", "n/a", "", None)
TEXTS = st.sampled_from(SPELLINGS)
SHORT_SPANS = st.sampled_from([timedelta(seconds=s) for s in (1, 5, 20, 50, 300, 3600)])
SPANS = SHORT_SPANS | st.sampled_from([timedelta(hours=25), timedelta(hours=200)])

HOLDS = st.sampled_from([timedelta(0), timedelta(0), timedelta(hours=24), timedelta(days=10)])
ANY_POLICY = st.builds(
    Policy,
    mode=st.sampled_from([Mode.APPLY] * 7 + [Mode.PLAN]),
    phone_sources=st.sampled_from([("mobilePhone",), ("mobilePhone", "businessPhones")]),
    default_region=st.sampled_from([None, "SE"]),
    existing_phone=st.sampled_from([ExistingPhone.FOLLOW] * 3 + list(ExistingPhone)),
    change_hold=HOLDS,
    stronger_method=st.sampled_from(StrongerMethod),
    mfa_state=st.sampled_from([MfaState.ENABLED, MfaState.ENABLED, MfaState.ENFORCED, None]),
    default_method=st.sampled_from([None, None, DefaultMethod.SMS]),
    include_groups=st.sampled_from([frozenset[str](), frozenset([EVERYBODY]), frozenset([EVERYBODY, PILOT])]),
    exclude_groups=st.sampled_from([frozenset[str](), frozenset([BOARD])]),
    include_guests=st.booleans(),
    exclude_privileged=st.booleans(),
    require_synced=st.sampled_from([False] * 5 + [True]),
)
USUAL_POLICY = st.builds(Policy, mode=st.just(Mode.APPLY), change_hold=HOLDS, default_region=st.just("SE"))
LIMITS = st.sampled_from([1_000] * 4 + [2])
RULEBOOKS = st.builds(Rulebook, USUAL_POLICY, LIMITS) | st.builds(Rulebook, USUAL_POLICY | ANY_POLICY, LIMITS)
USUAL = [KINDS.index(kind) for kind in ("international", "international", "national", "ownNumber")]
KIND = st.sampled_from(USUAL * 12 + list(range(len(KINDS))))
WHO = st.sampled_from([0, 0, 0, 1, 1, 2, 3])

EDITS = st.one_of(
    TEXTS.map(lambda text: {"mobilePhone": text}),
    TEXTS.map(lambda text: {"businessPhones": [text] if text else []}),
    st.sampled_from(["SE", "US", None]).map(lambda region: {"usageLocation": region}),
    st.sampled_from([True, True, False]).map(lambda enabled: {"accountEnabled": enabled}),
    st.sampled_from(["Member", "Member", "Guest"]).map(lambda kind: {"userType": kind}),
    st.sampled_from([True, None]).map(lambda synced: {"onPremisesSyncEnabled": synced}),
)
PEOPLE_ACT = st.one_of(
    st.builds(acts.HrEdits, WHO, EDITS),
    st.builds(acts.HrEdits, WHO, TEXTS.map(lambda text: {"mobilePhone": text})),
    st.builds(acts.ChangesPhone, WHO, st.sampled_from(NUMBERS)),
    st.builds(acts.ChangesPhone, WHO, st.sampled_from(NUMBERS)),
    st.builds(acts.ChangesPhone, WHO, st.none()),
    st.builds(acts.ChangesMethods, WHO, st.sampled_from(["microsoftAuthenticator", "windowsHelloForBusiness", None])),
    st.builds(acts.SetsMfaState, WHO, st.sampled_from(["disabled", "enabled", "enforced"])),
    st.builds(acts.Regroups, WHO, st.just(frozenset([EVERYBODY])) | st.frozensets(st.sampled_from(GROUPS))),
    st.builds(acts.GetsRole, WHO, st.sampled_from(["active", "eligible", "", "", ""])),
    st.builds(acts.LeavesOrReturns, WHO, st.sampled_from([False] * 5 + [True])),
)
PORTS = ("NotedLedger", "NotedAudit", "NotedControl", "FakeParking", "MemoryQueue")
SURPRISES = st.one_of(
    st.just(acts.Dies()),
    st.builds(acts.StorageFails, st.frozensets(st.sampled_from(PORTS), min_size=1), st.booleans()),
    st.just(acts.OperatorPauses()),
    PEOPLE_ACT,
)

PLACES = ("", "phoneMethods", "requirements", "/users/[^/]+$", "roleAssignments", "checkMemberGroups", "delta")
EFFECTS: tuple[dict[str, Any], ...] = (
    {"status": 429, "retry_after": 20},
    {"status": 429},
    {"status": 503},
    {"status": 503, "html": True},
    {"status": 403},
    {"error_after_commit": 504},
    {"error_after_commit": 409},
    {"hang": True},
    {"delay_seconds": 12},
    {"cut_after_commit": True},
)
FAULTS = st.fixed_dictionaries(
    {
        "match": st.fixed_dictionaries(
            {"path_regex": st.sampled_from(PLACES), "method": st.sampled_from(["", "", "GET", "POST", "PATCH"])}
        ),
        "effect": st.sampled_from(EFFECTS),
        "times": st.sampled_from([1, 3, None]),
        "probability": st.sampled_from([1.0, 0.5]),
    }
)
STORMS = st.lists(FAULTS, max_size=2)
LAG = st.sampled_from([0, 0, 0, 20])
CHANGES = st.lists(PEOPLE_ACT, max_size=2)


@dataclass(frozen=True)
class Delivery:
    """Which messages, to which processes in turn; what happens at which of their I/O calls, and how long these take."""

    which: list[int]
    to: tuple[int, ...]
    moments: dict[int, acts.Act]
    seconds: list[float]


DELIVERIES = st.builds(
    Delivery,
    which=st.lists(st.integers(0, 7), min_size=1, max_size=4),
    to=st.sampled_from([(0,), (0, 1)]),
    moments=st.dictionaries(st.integers(1, 60), SURPRISES, max_size=2),
    seconds=st.lists(st.sampled_from([0.0, 0.01, 0.02, 0.3]), min_size=1, max_size=6),
)
WHICH = st.lists(st.integers(0, 7), min_size=1, max_size=4)


class Stories(RuleBasedStateMachine):
    """One story. `lab` is set by the test."""

    lab: "Lab"

    def __init__(self) -> None:
        super().__init__()
        self.sound = False

    # --- who is there, and what the operator wants ---

    @initialize(
        rulebook=RULEBOOKS, kinds=st.lists(KIND, min_size=1, max_size=2), settled=st.sampled_from([True, True, False])
    )
    def opens(self, rulebook: Rulebook, kinds: list[int], settled: bool) -> None:
        self.world = World(self.lab.loop.begin(), self.lab.lines, rulebook)
        self.promises = Promises(self.world)
        for seed, kind in enumerate(kinds):
            self.world.hire(kind, seed, existing=True)
        self.sound = True
        if settled:
            self.life_goes_on([], timedelta(minutes=5))

    def do(self, work: Coroutine[Any, Any, None]) -> None:
        """Runs what the app does; whatever escapes from it ends the story there."""
        self.sound = False
        self.lab.run(work)
        self.sound = True

    @precondition(lambda self: len(self.world.people) < MOST_PEOPLE)
    @rule(kind=KIND, seed=st.integers(0, 3), existing=st.booleans(), sms=st.booleans())
    def hires(self, kind: int, seed: int, existing: bool, sms: bool) -> None:
        self.world.hire(kind, seed, existing, **({"smsSignIn": True} if sms else {}))

    @rule(rulebook=RULEBOOKS | st.none())
    def changes_settings_or_restarts(self, rulebook: Rulebook | None) -> None:
        self.world.change_rules(rulebook or self.world.rulebook)

    @rule(by=SHORT_SPANS)
    def operator_pauses_for_a_while(self, by: timedelta) -> None:
        acts.OperatorPauses()(self.world, Gate())
        self.life_goes_on([], by)
        self.operator_resumes()

    @rule()
    def operator_resumes(self) -> None:
        """After a pause, or after the breaker tripped."""
        self.lab.run(self.world.resume())

    @rule(who=WHO)
    def operator_clears_a_tombstone(self, who: int) -> None:
        self.do(self.world.clear(self.world.person(who).id))

    # --- what people, Graph and the platform do ---

    @rule(changes=CHANGES)
    def somebody_acts(self, changes: list[acts.Act]) -> None:
        for act in changes:
            act(self.world, Gate())
            self.world.advance(timedelta(seconds=3))

    @rule(faults=STORMS, lag=LAG, user_lag=LAG)
    def weather_changes(self, faults: list[dict[str, Any]], lag: int, user_lag: int) -> None:
        self.world.calm()
        self.world.storm(faults, read_lag_seconds=lag, user_read_lag_seconds=user_lag)

    @rule(by=SPANS)
    def time_passes(self, by: timedelta) -> None:
        self.world.advance(by)

    @rule(changes=CHANGES, by=SPANS)
    def life_goes_on(self, changes: list[acts.Act], by: timedelta) -> None:
        """Nothing is lost, and everything is worked on in time."""
        self.somebody_acts(changes)
        self.world.notify(itertools.repeat(1))
        self.do(self.world.live_through(by))

    @precondition(lambda self: self.world.tenant.outbox.waiting)
    @rule(copies=st.lists(st.integers(0, 2), min_size=1, max_size=4), instance=st.integers(0, 1))
    def graph_notifies(self, copies: list[int], instance: int) -> None:
        self.world.notify(itertools.cycle(copies), instance)

    @rule(which=WHICH)
    def queue_duplicates(self, which: list[int]) -> None:
        for item in self._picked(which):
            self.world.queue.put(item.text)

    @rule(changes=CHANGES, delivery=DELIVERIES)
    def delivers(self, changes: list[acts.Act], delivery: Delivery) -> None:
        """Some messages at once, to one process or to two; meanwhile all kinds of things happen."""
        self.somebody_acts(changes)
        items = self._picked(delivery.which)
        self._expect(delivery)
        self.do(self.world.deliver(items, delivery.to))

    @rule(faults=STORMS, lag=LAG, changes=CHANGES, delivery=DELIVERIES)
    def delivers_in_a_squall(
        self, faults: list[dict[str, Any]], lag: int, changes: list[acts.Act], delivery: Delivery
    ) -> None:
        self.world.storm(faults, read_lag_seconds=lag)
        self.delivers(changes, delivery)
        self.world.calm()

    @rule(delivery=DELIVERIES)
    def sweeps(self, delivery: Delivery) -> None:
        self._expect(replace(delivery, moments={moment // 4 + 1: act for moment, act in delivery.moments.items()}))
        self.do(self.world.sweep(delivery.to))

    def _picked(self, which: list[int]) -> list[Waiting]:
        """Some of the messages that are due; a new one where there is none."""
        self.world.notify(itertools.repeat(1))
        if not self.world.queue.due():
            self.world.ask(self.world.person(which[0]).id)
        due = self.world.queue.due()
        return [due[number] for number in dict.fromkeys(number % len(due) for number in which)]

    def _expect(self, delivery: Delivery) -> None:
        """Surprises come in the way of the first process."""
        gates = [instance.gate for instance in self.world.instances]
        surprises = {moment: partial(act, self.world, gates[0]) for moment, act in delivery.moments.items()}
        gates[0].expect(surprises, itertools.cycle(delivery.seconds))
        gates[1].expect({}, itertools.cycle(delivery.seconds[::-1]))

    # --- what must hold ---

    @invariant()
    def no_promise_is_broken(self) -> None:
        self.sound = False
        self.promises.check()
        self.sound = True

    def teardown(self) -> None:
        if self.sound:
            self.lab.run(ends_well(self.world, self.promises))


class Lab:
    """What all stories share: an event loop and two Graph clients."""

    def __init__(self, runner: asyncio.Runner) -> None:
        self._runner = runner
        loop = runner.get_loop()
        assert isinstance(loop, Loop)
        self.loop = loop
        self.lines = (Line(), Line())

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        self._runner.run(_alone(work))


async def _alone(work: Coroutine[Any, Any, None]) -> None:
    """Leaves nothing running behind, whatever happens."""
    try:
        await work
    finally:
        mine = asyncio.current_task()
        left = [task for task in asyncio.all_tasks() if task is not mine]
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)


def test_no_story_breaks_a_promise(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.CRITICAL, "mfa_prefill")
    profile = settings.get_profile("thorough" if os.environ.get("STORIES") == "thorough" else "stories")
    with asyncio.Runner(loop_factory=Loop) as runner:
        Stories.lab = Lab(runner)
        try:
            run_state_machine_as_test(Stories, settings=profile)
        finally:
            for line in Stories.lab.lines:
                runner.run(line.client.close())
