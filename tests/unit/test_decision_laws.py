"""What holds for every user, every policy and every memory."""

import re
from dataclasses import replace
from datetime import timedelta

from hypothesis import example, given
from hypothesis import strategies as st

from shared.decision import decide, ineligible, usable_method
from shared.fingerprint import Keys
from shared.memory import Memory
from shared.models import (
    DefaultMethod,
    DirectoryUser,
    MfaState,
    Observation,
    Outcome,
    RegisteredPhone,
    SignInPreference,
)
from shared.phone_number import same_number
from shared.plan import Action, AddPhone, Hold, Plan, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import ExistingPhone, Mode, Policy, StrongerMethod
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
NUMBERS = st.sampled_from(
    [MOBILE, OTHER_MOBILE, THIRD_MOBILE, "+31612345678", "06 87654321", LANDLINE, "+1 2065550100"]
)
SOURCE = st.none() | NUMBERS | st.sampled_from(["", " ", "n/a", f"{MOBILE} / {LANDLINE}"]) | st.text(max_size=12)
REGIONS = st.sampled_from(["NL", "BE", "GB", "US"])
GROUPS = st.frozensets(st.sampled_from(["staff", "board", "break-glass"]))
METHODS = st.sampled_from(
    ["password", "phone", "email", "fido2", "microsoftAuthenticator", "softwareOath", "windowsHelloForBusiness", "new"]
)
ATTRIBUTES = st.sampled_from(["mobilePhone", "businessPhones", "extensionAttribute1"])


def rarely[T](usual: st.SearchStrategy[T], rare: st.SearchStrategy[T]) -> st.SearchStrategy[T]:
    return st.one_of(usual, usual, usual, rare)


def users(text: st.SearchStrategy[str | None]) -> st.SearchStrategy[DirectoryUser]:
    return st.builds(
        DirectoryUser,
        id=st.just(ALICE),
        account_enabled=rarely(st.just(True), st.sampled_from([None, False])),
        user_type=rarely(st.sampled_from(["Member", None]), st.just("Guest") | text),
        user_principal_name=rarely(st.just("alice@contoso.example"), st.just("alice#EXT#@contoso.example") | text),
        mobile_phone=text,
        business_phones=st.lists(text.map(lambda given: given or ""), max_size=2).map(tuple),
        usage_location=rarely(st.none() | REGIONS, text),
        country=rarely(st.none() | REGIONS, text),
        on_premises_sync_enabled=st.none() | st.booleans(),
        extension_attributes=st.dictionaries(ATTRIBUTES, text.map(lambda given: given or ""), max_size=1),
    )


def observations(text: st.SearchStrategy[str | None]) -> st.SearchStrategy[Observation]:
    numbers = text.map(lambda given: given or MOBILE)
    office = st.builds(RegisteredPhone, st.sampled_from(["office", "alternateMobile"]), numbers)
    mobile = st.builds(RegisteredPhone, st.just("mobile"), numbers)
    return st.builds(
        Observation,
        user=users(text),
        phones=st.tuples() | st.tuples(mobile) | st.tuples(office, mobile) | st.tuples(office),
        methods=st.frozensets(METHODS, max_size=3),
        mfa_state=st.none() | st.sampled_from(MfaState),
        preference=st.none() | st.builds(SignInPreference, st.none() | st.sampled_from(["sms", "push"]), st.booleans()),
        groups=st.none() | GROUPS,
    )


POLICIES = st.builds(
    Policy,
    mode=rarely(st.just(Mode.APPLY), st.just(Mode.PLAN)),
    phone_sources=st.lists(ATTRIBUTES, min_size=1, max_size=3, unique=True).map(tuple),
    default_region=st.none() | REGIONS,
    allowed_regions=rarely(st.just(frozenset[str]()), st.frozensets(REGIONS)),
    existing_phone=st.sampled_from(ExistingPhone),
    change_hold=st.sampled_from([timedelta(0), timedelta(hours=24), timedelta(days=90)]),
    stronger_method=st.sampled_from(StrongerMethod),
    mfa_state=st.sampled_from([None, MfaState.ENABLED, MfaState.ENFORCED]),
    default_method=st.none() | st.sampled_from(DefaultMethod),
    include_groups=rarely(st.just(frozenset[str]()), GROUPS),
    exclude_groups=rarely(st.just(frozenset[str]()), GROUPS),
    include_guests=st.booleans(),
    require_synced=rarely(st.just(False), st.just(True)),
)
WRITTEN = st.sampled_from([MOBILE, OTHER_MOBILE, THIRD_MOBILE])
SECRETS = st.sampled_from([KEYS, Keys(PREVIOUS_SECRET), Keys("the secret of somebody else, say so")])
FINGERPRINTS = st.builds(lambda keys, number: keys.phone(ALICE, number.replace(" ", "")), SECRETS, WRITTEN)
HOLDS = st.builds(Hold, FINGERPRINTS, st.sampled_from([NOW, NOW - timedelta(hours=24), NOW - timedelta(days=365)]))
MEMORIES = st.builds(Memory, st.just(ALICE), fingerprint=st.none() | FINGERPRINTS, hold=st.none() | HOLDS)
SEEN = observations(SOURCE)


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


@given(observations(st.none() | ANYTHING), POLICIES, MEMORIES)
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


@given(SEEN, POLICIES, MEMORIES)
def test_nothing_is_planned_for_whom_the_policy_leaves_alone(
    seen: Observation, wanted: Policy, remembered: Memory
) -> None:
    """Invariant 8."""
    plan = decide(seen, wanted, remembered, KEYS, NOW)
    reason = ineligible(seen, wanted)
    assert (plan.outcome is Outcome.SKIPPED) == (reason is not None)
    if reason:
        assert plan == Plan(Outcome.SKIPPED, (reason,))


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
    if seen.methods - {"password", "phone", "email"}:
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
