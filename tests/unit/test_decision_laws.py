"""What holds for every user, every policy and every memory."""

import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from shared.decision import decide, usable_method
from shared.eligibility import ineligible
from shared.fingerprint import Keys
from shared.memory import Memory
from shared.models import (
    DefaultMethod,
    DirectoryUser,
    MfaState,
    Observation,
    Outcome,
    Reason,
    RegisteredPhone,
    SignInPreference,
)
from shared.phone_number import same_number
from shared.plan import Action, AddPhone, Hold, Plan, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import ExistingPhone, Mode, Policy, StrongerMethod
from shared.report import waits_for_a_person
from tests.builders import (
    ALICE,
    KEYS,
    LANDLINE,
    MOBILE,
    NOW,
    OTHER_MOBILE,
    PREVIOUS_SECRET,
    THIRD_MOBILE,
    memory,
    observation,
    policy,
    user,
)

PHONE_ACTIONS = (AddPhone, UpdatePhone)
WIRE_ORDER = ("addPhone", "updatePhone", "setDefaultMethod", "setMfaState")
MOST_ROUNDS = 4

ANYTHING = st.text(st.characters(codec=None), max_size=12)
"""Lone surrogates too: JSON can carry them."""
OUR_NUMBERS = [MOBILE, OTHER_MOBILE, THIRD_MOBILE]
NUMBERS = st.sampled_from([*OUR_NUMBERS, "+31612345678", "+31 6 87654321", "+1 2065550100"])
SOURCE = st.sampled_from(
    [*OUR_NUMBERS, *OUR_NUMBERS, "06 12345678", LANDLINE, "n/a", f"{MOBILE} / {LANDLINE}", " ", None]
)
REGIONS = st.sampled_from(["NL", "BE", "GB", "US"])
STAFF = frozenset({"staff"})
GROUPS = st.sampled_from([STAFF, STAFF | {"board"}, STAFF | {"break-glass"}, frozenset[str]()])
STRONGER = ["fido2", "microsoftAuthenticator", "softwareOath", "windowsHelloForBusiness", "of tomorrow"]
METHODS = st.frozensets(st.sampled_from(["password", "phone", "email", "qrCodePin"]), max_size=2)
ATTRIBUTES = st.sampled_from(["mobilePhone", "businessPhones", "extensionAttribute1"])


def observations(
    source: st.SearchStrategy[str | None], registered: st.SearchStrategy[str]
) -> st.SearchStrategy[Observation]:
    """Enabled, synced members: who these laws are mostly about."""
    texts = source.map(lambda text: text or "")
    office = st.builds(RegisteredPhone, st.sampled_from(["office", "alternateMobile"]), registered)
    mobile = st.builds(RegisteredPhone, st.just("mobile"), registered)
    none = st.just(frozenset[str]())
    stronger = st.one_of(none, none, st.frozensets(st.sampled_from(STRONGER), max_size=2))
    return st.builds(
        Observation,
        user=st.builds(
            DirectoryUser,
            id=st.just(ALICE),
            account_enabled=st.just(True),
            user_type=st.just("Member"),
            mobile_phone=source,
            business_phones=st.lists(texts, max_size=2).map(tuple),
            usage_location=st.none() | REGIONS,
            country=st.none() | REGIONS,
            on_premises_sync_enabled=st.just(True),
            extension_attributes=st.dictionaries(ATTRIBUTES, texts, max_size=1),
        ),
        phones=st.one_of(st.tuples(mobile), st.tuples(mobile, office), st.tuples(office), st.tuples()),
        methods=st.builds(frozenset.union, METHODS, stronger),
        mfa_state=st.sampled_from([*MfaState, MfaState.DISABLED, None]),
        preference=st.none() | st.builds(SignInPreference, st.sampled_from([None, "sms", "push"]), st.booleans()),
        groups=GROUPS,
        privileged=st.just(False),
    )


def of_any_class(
    seen: Observation, odd: dict[str, Any], groups_are_known: bool, privileged: bool | None
) -> Observation:
    groups = seen.groups if groups_are_known else None
    return replace(seen, user=replace(seen.user, **odd), groups=groups, privileged=privileged)


def oddities(text: st.SearchStrategy[str | None]) -> st.SearchStrategy[dict[str, Any]]:
    """One or two things that may keep us away from a user."""
    kinds: dict[str, st.SearchStrategy[Any]] = {
        "account_enabled": st.sampled_from([None, False]),
        "user_type": st.sampled_from([None, "", "Guest", "guest", "Robot"]) | text,
        "user_principal_name": st.just("alice#EXT#@contoso.example") | text,
        "on_premises_sync_enabled": st.sampled_from([None, False]),
        "usage_location": text,
        "country": text,
    }
    return st.lists(st.sampled_from(sorted(kinds)), max_size=2, unique=True).flatmap(
        lambda names: st.fixed_dictionaries({name: kinds[name] for name in names})
    )


NO_GROUPS = frozenset[str]()
POLICIES = st.builds(
    Policy,
    mode=st.sampled_from([Mode.APPLY, Mode.APPLY, Mode.PLAN]),
    phone_sources=st.sampled_from([("mobilePhone",), ("mobilePhone",), ("extensionAttribute1", "businessPhones")]),
    default_region=st.none() | REGIONS,
    allowed_regions=st.sampled_from([frozenset(), frozenset(), frozenset({"NL"}), frozenset({"BE"})]),
    existing_phone=st.sampled_from([ExistingPhone.FOLLOW, *ExistingPhone]),
    change_hold=st.sampled_from([timedelta(0), timedelta(0), timedelta(hours=24), timedelta(days=90)]),
    stronger_method=st.sampled_from(StrongerMethod),
    mfa_state=st.sampled_from([MfaState.ENABLED, MfaState.ENFORCED, None]),
    default_method=st.none() | st.sampled_from(DefaultMethod),
    include_groups=st.sampled_from([NO_GROUPS, NO_GROUPS, STAFF]),
    exclude_groups=st.sampled_from([NO_GROUPS, NO_GROUPS, frozenset({"break-glass"})]),
    include_guests=st.booleans(),
    exclude_privileged=st.booleans(),
    require_synced=st.booleans(),
)
SECRETS = st.sampled_from([KEYS, KEYS, Keys(PREVIOUS_SECRET), Keys("the secret of somebody else, say so")])
FINGERPRINTS = st.builds(
    lambda keys, number: keys.phone(ALICE, number.replace(" ", "")), SECRETS, st.sampled_from(OUR_NUMBERS)
)
HOLDS = st.builds(Hold, FINGERPRINTS, st.sampled_from([NOW, NOW - timedelta(hours=24), NOW - timedelta(days=365)]))
MEMORIES = st.builds(Memory, st.just(ALICE), fingerprint=st.none() | FINGERPRINTS, hold=st.none() | HOLDS)
SEEN = observations(SOURCE, NUMBERS)
ROLES = st.sampled_from([False, False, False, True, None])
ANYBODY = st.builds(of_any_class, SEEN, oddities(SOURCE), st.booleans(), ROLES)
CHAOS = st.builds(
    of_any_class, observations(st.none() | ANYTHING, ANYTHING), oddities(st.none() | ANYTHING), st.booleans(), ROLES
)


def applied(action: Action, seen: Observation) -> Observation:
    """What Graph shows after a write."""
    match action:
        case AddPhone(number) | UpdatePhone(number):
            others = tuple(phone for phone in seen.phones if phone.type != "mobile")
            mobile = RegisteredPhone("mobile", number.graph_format)
            return replace(seen, phones=(*others, mobile), methods=seen.methods | {"phone"})
        case SetDefaultMethod(method):
            system_preferred = seen.preference is not None and seen.preference.system_preferred
            return replace(seen, preference=SignInPreference(method.value, system_preferred))
        case SetMfaState(state):
            return replace(seen, mfa_state=state)


def one_round(seen: Observation, wanted: Policy, remembered: Memory) -> tuple[Plan, Observation, Memory]:
    """The shell's round: decide, apply the first action, remember what the plan adopts and holds."""
    plan = decide(seen, wanted, remembered, KEYS, NOW)
    remembered = replace(remembered, fingerprint=plan.adopt or remembered.fingerprint, hold=plan.hold)
    return plan, applied(plan.actions[0], seen) if plan.actions else seen, remembered


@given(CHAOS, POLICIES, MEMORIES)
@example(observation(mobile="\ud800"), policy(), memory(MOBILE))
@example(observation(user(mobile_phone="\ud800")), policy(), memory())
@example(observation(user(user_type="\ud800", usage_location="\ud800")), policy(), memory())
def test_deciding_never_raises(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    decide(seen, wanted, remembered, KEYS, NOW)


@given(SEEN, POLICIES, MEMORIES)
def test_nobody_is_locked_out(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    """Invariant 5: the state is set only with a usable method, or behind the phone that will be one."""
    actions = decide(seen, wanted, remembered, KEYS, NOW).actions
    for at, action in enumerate(actions):
        if isinstance(action, SetMfaState):
            assert usable_method(seen) or any(isinstance(earlier, PHONE_ACTIONS) for earlier in actions[:at])


@given(SEEN, POLICIES, MEMORIES)
def test_actions_are_in_the_order_of_the_wire(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    plan = decide(seen, wanted, remembered, KEYS, NOW)
    kinds = [WIRE_ORDER.index(action.kind) for action in plan.actions]
    assert kinds == sorted(set(kinds))
    assert sum(isinstance(action, PHONE_ACTIONS) for action in plan.actions) <= 1


@given(ANYBODY, POLICIES, MEMORIES)
def test_nothing_is_planned_for_whom_the_policy_leaves_alone(
    seen: Observation, wanted: Policy, remembered: Memory
) -> None:
    """Invariant 8."""
    plan = decide(seen, wanted, remembered, KEYS, NOW)
    reason = ineligible(seen, wanted)
    assert (plan.outcome is Outcome.SKIPPED) == (reason is not None)
    if reason:
        assert plan == Plan(Outcome.SKIPPED, (reason,), hold=remembered.hold if reason is Reason.UNKNOWN else None)


@given(SEEN, POLICIES, MEMORIES)
def test_the_state_is_only_ever_raised(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    """Invariant 6: what is enforced stays as it is."""
    for action in decide(seen, wanted, remembered, KEYS, NOW).actions:
        if isinstance(action, SetMfaState):
            assert action.state is wanted.mfa_state
            assert seen.mfa_state is not None
            assert not seen.mfa_state.satisfies(action.state)


@given(SEEN, POLICIES, MEMORIES)
def test_people_win(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    """Invariant 7: what a person registered or removed is left, unless the policy says `replace`."""
    actions = decide(seen, wanted, remembered, KEYS, NOW).actions
    mobile = (seen.mobile or "").replace(" ", "")
    removed = seen.mobile is None and remembered.fingerprint is not None
    ours = KEYS.is_phone(remembered.fingerprint, ALICE, mobile)
    for action in actions:
        assert not (isinstance(action, AddPhone) and (removed or seen.mobile))
        assert not (isinstance(action, UpdatePhone) and wanted.existing_phone is ExistingPhone.KEEP)
        assert not (isinstance(action, UpdatePhone) and wanted.existing_phone is ExistingPhone.FOLLOW and not ours)


@given(SEEN, POLICIES, MEMORIES)
def test_a_stronger_method_is_never_diluted(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    actions = decide(seen, wanted, remembered, KEYS, NOW).actions
    if seen.methods & set(STRONGER):
        assert not any(isinstance(action, SetDefaultMethod) for action in actions)
        assert wanted.stronger_method is StrongerMethod.ADD or not any(isinstance(a, PHONE_ACTIONS) for a in actions)


@given(SEEN, POLICIES, MEMORIES, st.booleans())
def test_deciding_again_on_what_was_done_comes_to_rest(
    seen: Observation, wanted: Policy, remembered: Memory, promotes: bool
) -> None:
    """Invariant 1. Graph may promote `enabled` to `enforced` by itself in between."""
    rounds: list[Plan] = []
    for _ in range(MOST_ROUNDS):
        plan, seen, remembered = one_round(seen, wanted, remembered)
        rounds.append(plan)
        if promotes and seen.mfa_state is MfaState.ENABLED:
            seen = replace(seen, mfa_state=MfaState.ENFORCED)
    at_rest = rounds[-1]
    assert at_rest.actions == ()
    assert at_rest.outcome not in (Outcome.DONE, Outcome.PLANNED)
    assert one_round(seen, wanted, remembered) == (at_rest, seen, remembered)


@given(SEEN, POLICIES, MEMORIES)
def test_what_is_planned_next_is_what_was_planned_before(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    """A plan that was looked at is the plan that is carried out, action by action."""
    plan, seen, remembered = one_round(seen, wanted, remembered)
    for left in range(1, len(plan.actions)):
        after, seen, remembered = one_round(seen, wanted, remembered)
        assert after.actions == plan.actions[left:]


@given(SEEN, POLICIES, MEMORIES)
def test_a_phone_that_was_written_is_ours(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    plan, seen, remembered = one_round(seen, wanted, remembered)
    if plan.actions and isinstance(plan.actions[0], PHONE_ACTIONS):
        assert same_number(seen.mobile, plan.actions[0].number.canonical)
        after, _, _ = one_round(seen, wanted, remembered)
        assert KEYS.is_phone(after.adopt, ALICE, plan.actions[0].number.canonical)


@given(SEEN, POLICIES, MEMORIES)
def test_the_mode_changes_the_word_and_nothing_else(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    planned = decide(seen, replace(wanted, mode=Mode.PLAN), remembered, KEYS, NOW)
    done = decide(seen, replace(wanted, mode=Mode.APPLY), remembered, KEYS, NOW)
    assert planned.outcome is not Outcome.DONE
    assert done.outcome is not Outcome.PLANNED
    assert replace(planned, outcome=done.outcome) == done
    assert planned.outcome is done.outcome or planned.outcome is Outcome.PLANNED


def without_dates(text: str) -> str:
    return re.sub(r"datetime\.datetime\([^)]*\)", "", text)


@given(SEEN, POLICIES, MEMORIES)
def test_no_plan_shows_a_number(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    """Invariant 15: no run of four digits anywhere, no fingerprint either."""
    plan = decide(seen, wanted, remembered, KEYS, NOW)
    descriptions = " ".join(action.describe() for action in plan.actions)
    text = without_dates(f"{plan} {plan!r} {plan.actions} {plan.masked} {plan.source} {descriptions}")
    assert not re.search(r"\d{4}", text)
    assert plan.adopt is None or plan.adopt not in text


@given(SEEN, POLICIES, MEMORIES)
def test_whatever_keeps_a_number_away_has_a_reason(seen: Observation, wanted: Policy, remembered: Memory) -> None:
    """A person without phone and without a plan for one can be told why."""
    plan = decide(seen, wanted, remembered, KEYS, NOW)
    if seen.mobile is None and not any(isinstance(action, PHONE_ACTIONS) for action in plan.actions):
        assert plan.reasons


@given(SEEN, POLICIES, MEMORIES)
def test_19_no_combination_of_rules_ends_in_a_silent_dead_end(
    seen: Observation, wanted: Policy, remembered: Memory
) -> None:
    """Where MFA is wanted and nothing answers a prompt: a phone is set, the user comes back, or a person is asked."""
    plan = decide(seen, wanted, remembered, KEYS, NOW)
    if plan.outcome is Outcome.SKIPPED or wanted.mfa_state is None or seen.mfa_state is None or usable_method(seen):
        return
    row = Memory(ALICE, outcome=plan.outcome, reasons=plan.reasons)
    assert plan.actions or plan.outcome is Outcome.RETRY or waits_for_a_person(row)
