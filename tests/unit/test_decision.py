"""The decision, rule by rule: what Graph tells, what the policy wants and what we remember give a plan.

Every row reads: this person, seen like this, ends like that. An ending is written as
``outcome (reason reason): action, action``.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from shared.decision import decide, is_phone_only, source_text, usable_method
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

DISABLED, ENABLED, ENFORCED = MfaState
BEFORE_ROTATION = Keys(PREVIOUS_SECRET)
STAFF, BREAK_GLASS = frozenset({"staff"}), frozenset({"break-glass"})
OFFICE_PHONE = RegisteredPhone("office", LANDLINE)


def plan_for(seen: Observation, wanted: Policy | None = None, remembered: Memory | None = None) -> Plan:
    return decide(seen, wanted or policy(), remembered or memory(), KEYS, NOW)


def ending(plan: Plan) -> str:
    reasons = f" ({' '.join(plan.reasons)})" if plan.reasons else ""
    actions = f": {', '.join(map(in_words, plan.actions))}" if plan.actions else ""
    return f"{plan.outcome}{reasons}{actions}"


def in_words(action: Action) -> str:
    match action:
        case AddPhone(number):
            return f"add {number.graph_format}"
        case UpdatePhone(number):
            return f"change to {number.graph_format}"
        case SetDefaultMethod(method):
            return f"default {method}"
        case SetMfaState(state):
            return f"mfa {state}"


def fingerprint(number: str, keys: Keys = KEYS) -> str:
    return keys.phone(ALICE, number.replace(" ", ""))


def hold(number: str, since: datetime = NOW, keys: Keys = KEYS) -> Hold:
    return Hold(fingerprint(number, keys), since)


ADDED = f"done: add {MOBILE}, mfa enabled"


def test_the_main_job() -> None:
    plan = plan_for(observation())
    assert ending(plan) == ADDED
    assert plan.source == "mobilePhone, read as NL (international)"
    assert plan.masked == "+31 ••••••78"
    assert (plan.adopt, plan.hold, plan.hold_until) == (None, None, None)


# --- rule 2: who is not touched at all -------------------------------------------------------------------------------

TOUCHED = [
    pytest.param(user(), {}, id="an enabled member"),
    pytest.param(user(user_type="member"), {}, id="a member in lower case"),
    pytest.param(user(user_type=None), {}, id="no user type"),
    pytest.param(user(user_type=""), {}, id="an empty user type"),
    pytest.param(user(user_type=None, user_principal_name=None), {}, id="no user type and no name"),
    pytest.param(user(user_principal_name="bob_fabrikam.example#EXT#@contoso.example"), {}, id="an external member"),
    pytest.param(user(user_type="Guest"), {"include_guests": True}, id="a guest, included"),
    pytest.param(
        user(user_type=None, user_principal_name="bob#EXT#@contoso.example"),
        {"include_guests": True},
        id="an old guest without user type, included",
    ),
    pytest.param(user(on_premises_sync_enabled=True), {"require_synced": True}, id="synced as required"),
    pytest.param(user(on_premises_sync_enabled=False), {}, id="not synced, not required"),
]


@pytest.mark.parametrize(("person", "wanted"), TOUCHED)
def test_who_is_touched(person: DirectoryUser, wanted: dict[str, Any]) -> None:
    assert ending(plan_for(observation(person), policy(**wanted))) == ADDED


SKIPPED = [
    pytest.param(user(account_enabled=False), {}, "disabled", id="disabled"),
    pytest.param(user(account_enabled=None), {}, "unknown", id="enabled or not, nobody knows"),
    pytest.param(user(user_type="Guest"), {}, "guest", id="guest"),
    pytest.param(user(user_type="GUEST"), {}, "guest", id="guest in another case"),
    pytest.param(
        user(user_type="Guest", user_principal_name="bob@contoso.example"), {}, "guest", id="guest with a local name"
    ),
    pytest.param(
        user(user_type=None, user_principal_name="bob_fabrikam.example#EXT#@contoso.example"),
        {},
        "guest",
        id="old guest without user type",
    ),
    pytest.param(
        user(user_type="", user_principal_name="bob#ext#@contoso.example"),
        {},
        "guest",
        id="old guest, written in lower case",
    ),
    pytest.param(user(user_type="Robot"), {}, "unknown", id="unknown user type"),
    pytest.param(user(user_type="Robot"), {"include_guests": True}, "unknown", id="unknown user type, guests included"),
    pytest.param(user(on_premises_sync_enabled=False), {"require_synced": True}, "notSynced", id="not synced"),
    pytest.param(user(on_premises_sync_enabled=None), {"require_synced": True}, "notSynced", id="never synced"),
    pytest.param(user(account_enabled=False, user_type="Guest"), {}, "disabled", id="disabled guest: the first counts"),
    pytest.param(
        user(user_type="Guest", on_premises_sync_enabled=False),
        {"require_synced": True},
        "guest",
        id="guest not synced: the first counts",
    ),
]


@pytest.mark.parametrize("mode", Mode)
@pytest.mark.parametrize(("person", "wanted", "reason"), SKIPPED)
def test_who_is_not_touched(person: DirectoryUser, wanted: dict[str, Any], reason: str, mode: Mode) -> None:
    remembered = memory(OTHER_MOBILE, hold=hold(MOBILE))
    plan = plan_for(observation(person, mobile=OTHER_MOBILE), policy(mode=mode, **wanted), remembered)
    kept = remembered.hold if reason == "unknown" else None
    assert plan == Plan(Outcome.SKIPPED, (Reason(reason),), hold=kept)


INCLUDE = {"include_groups": STAFF}
EXCLUDE = {"exclude_groups": BREAK_GLASS}
GROUPS = [
    pytest.param(None, {}, None, id="groups do not matter, and are not known"),
    pytest.param(STAFF | BREAK_GLASS, {}, None, id="groups do not matter"),
    pytest.param(STAFF, INCLUDE, None, id="included"),
    pytest.param(STAFF | {"chess"}, INCLUDE, None, id="included, and in another"),
    pytest.param(STAFF, {"include_groups": STAFF | {"board"}}, None, id="in one of the included"),
    pytest.param(frozenset({"chess"}), INCLUDE, Reason.OUT_OF_SCOPE, id="in another group"),
    pytest.param(frozenset(), INCLUDE, Reason.OUT_OF_SCOPE, id="in no group, one is needed"),
    pytest.param(None, INCLUDE, Reason.UNKNOWN, id="groups unknown, one is needed"),
    pytest.param(BREAK_GLASS, EXCLUDE, Reason.EXCLUDED, id="excluded"),
    pytest.param(BREAK_GLASS | {"chess"}, EXCLUDE, Reason.EXCLUDED, id="excluded, and in another"),
    pytest.param(STAFF, EXCLUDE, None, id="not excluded"),
    pytest.param(frozenset(), EXCLUDE, None, id="in no group, none is needed"),
    pytest.param(None, EXCLUDE, Reason.UNKNOWN, id="groups unknown, one would exclude"),
    pytest.param(STAFF | BREAK_GLASS, INCLUDE | EXCLUDE, Reason.EXCLUDED, id="excluded wins over included"),
    pytest.param(BREAK_GLASS, INCLUDE | EXCLUDE, Reason.EXCLUDED, id="excluded wins over out of scope"),
    pytest.param(STAFF, INCLUDE | EXCLUDE, None, id="included and not excluded"),
    pytest.param(frozenset(), INCLUDE | EXCLUDE, Reason.OUT_OF_SCOPE, id="neither included nor excluded"),
    pytest.param(None, INCLUDE | EXCLUDE, Reason.UNKNOWN, id="groups unknown, both matter"),
]


@pytest.mark.parametrize(("groups", "wanted", "reason"), GROUPS)
def test_whose_groups_keep_us_away(
    groups: frozenset[str] | None, wanted: dict[str, Any], reason: Reason | None
) -> None:
    seen = observation(groups=groups)
    assert ineligible(seen, policy(**wanted)) is reason
    assert ending(plan_for(seen, policy(**wanted))) == (f"skipped ({reason})" if reason else ADDED)


def test_a_disabled_member_of_an_excluded_group_is_disabled() -> None:
    seen = observation(user(account_enabled=False), groups=BREAK_GLASS)
    assert ineligible(seen, policy(exclude_groups=BREAK_GLASS)) is Reason.DISABLED


def test_a_guest_whose_groups_are_unknown_is_a_guest() -> None:
    assert ineligible(observation(user(user_type="Guest")), policy(include_groups=STAFF)) is Reason.GUEST


def test_who_is_out_of_scope_is_so_even_if_not_synced() -> None:
    seen = observation(groups=frozenset())
    assert ineligible(seen, policy(include_groups=STAFF, require_synced=True)) is Reason.OUT_OF_SCOPE


# --- rule 3: a stronger method ---------------------------------------------------------------------------------------

NO_STRONGER = ("password", "phone", "email", "temporaryAccessPass", "qrCodePin")
STRONGER_AND_SERVING = ("fido2", "microsoftAuthenticator", "softwareOath", "hardwareOath")
STRONGER_BUT_BOUND = ("windowsHelloForBusiness", "platformCredential", "somethingGraphAddsTomorrow", "")


def seen_with(method: str, **changes: Any) -> Observation:
    return replace(observation(**changes), methods=frozenset({"password", method}))


@pytest.mark.parametrize("method", NO_STRONGER)
def test_a_weak_method_does_not_keep_the_phone_away(method: str) -> None:
    assert ending(plan_for(seen_with(method))) == ADDED


@pytest.mark.parametrize("method", STRONGER_AND_SERVING)
def test_beside_a_stronger_method_the_phone_is_left_and_the_state_set(method: str) -> None:
    assert ending(plan_for(seen_with(method))) == "done (strongerMethod): mfa enabled"


@pytest.mark.parametrize("method", STRONGER_BUT_BOUND)
def test_windows_hello_and_the_unknown_keep_the_phone_away_but_do_not_serve(method: str) -> None:
    assert ending(plan_for(seen_with(method))) == "noop (strongerMethod noMethod)"


@pytest.mark.parametrize("method", [*STRONGER_AND_SERVING, *STRONGER_BUT_BOUND])
def test_the_policy_may_add_the_phone_all_the_same(method: str) -> None:
    assert ending(plan_for(seen_with(method), policy(stronger_method=StrongerMethod.ADD))) == ADDED


def test_a_stronger_method_also_keeps_a_registered_phone_as_it_is() -> None:
    seen = observation(mobile=OTHER_MOBILE, methods="fido2", mfa_state=ENABLED)
    plan = plan_for(seen, policy(change_hold=timedelta(0)), memory(OTHER_MOBILE))
    assert plan == Plan(Outcome.NOOP, (Reason.STRONGER_METHOD,))


def test_a_stronger_method_is_told_before_an_unusable_number() -> None:
    seen = observation(user(mobile_phone="n/a"), methods="fido2", mfa_state=ENABLED)
    assert ending(plan_for(seen)) == "noop (strongerMethod)"


# --- rules 4 and 5: the source ---------------------------------------------------------------------------------------

ALL_SOURCES = policy(phone_sources=("extensionAttribute3", "mobilePhone", "businessPhones"))
EVERYWHERE = user(
    mobile_phone=MOBILE,
    business_phones=(OTHER_MOBILE, LANDLINE),
    extension_attributes={"extensionAttribute3": THIRD_MOBILE, "extensionAttribute4": LANDLINE},
)
SOURCES = [
    pytest.param(EVERYWHERE, ("mobilePhone",), ("mobilePhone", MOBILE), id="the mobile phone"),
    pytest.param(EVERYWHERE, ("businessPhones",), ("businessPhones", OTHER_MOBILE), id="the first business phone"),
    pytest.param(
        EVERYWHERE, ("extensionAttribute4",), ("extensionAttribute4", LANDLINE), id="the extension attribute asked for"
    ),
    pytest.param(
        EVERYWHERE,
        ("extensionAttribute3", "mobilePhone"),
        ("extensionAttribute3", THIRD_MOBILE),
        id="the first source wins",
    ),
    pytest.param(
        EVERYWHERE, ("mobilePhone", "extensionAttribute3"), ("mobilePhone", MOBILE), id="the first source wins, swapped"
    ),
    pytest.param(
        EVERYWHERE, ("extensionAttribute1", "mobilePhone"), ("mobilePhone", MOBILE), id="a missing one is passed over"
    ),
    pytest.param(
        replace(EVERYWHERE, mobile_phone=None),
        ("mobilePhone", "businessPhones"),
        ("businessPhones", OTHER_MOBILE),
        id="null is passed over",
    ),
    pytest.param(
        replace(EVERYWHERE, mobile_phone=""),
        ("mobilePhone", "businessPhones"),
        ("businessPhones", OTHER_MOBILE),
        id="empty is passed over",
    ),
    pytest.param(
        replace(EVERYWHERE, mobile_phone=" \t\u00a0\n"),
        ("mobilePhone", "businessPhones"),
        ("businessPhones", OTHER_MOBILE),
        id="blank is passed over",
    ),
    pytest.param(
        replace(EVERYWHERE, business_phones=()),
        ("businessPhones", "mobilePhone"),
        ("mobilePhone", MOBILE),
        id="no business phone is passed over",
    ),
    pytest.param(
        replace(EVERYWHERE, mobile_phone="n/a"),
        ("mobilePhone", "businessPhones"),
        ("mobilePhone", "n/a"),
        id="a bad one",
    ),
    pytest.param(user(mobile_phone=None), ALL_SOURCES.phone_sources, (None, None), id="none holds a value"),
    pytest.param(user(mobile_phone="  "), ("mobilePhone",), (None, None), id="all are blank"),
]


@pytest.mark.parametrize(("person", "sources", "found"), SOURCES)
def test_the_first_source_that_holds_a_value_wins(
    person: DirectoryUser, sources: tuple[str, ...], found: tuple[str | None, str | None]
) -> None:
    assert source_text(person, policy(phone_sources=sources)) == found


def test_a_bad_number_is_not_healed_by_a_later_source() -> None:
    """HR is to mend the number, not to wonder where another one came from."""
    plan = plan_for(observation(replace(EVERYWHERE, extension_attributes={"extensionAttribute3": "n/a"})), ALL_SOURCES)
    assert ending(plan) == "refused (badNumber noMethod)"
    assert plan.source == "extensionAttribute3"


@pytest.mark.parametrize(
    ("person", "wanted", "source"),
    [
        pytest.param(user(), {}, "mobilePhone, read as NL (international)", id="the number itself says"),
        pytest.param(
            user(mobile_phone="06 12345678"), {}, "mobilePhone, read as NL (usageLocation)", id="by usage location"
        ),
        pytest.param(
            user(mobile_phone="06 12345678", usage_location=None, country="NL"),
            {},
            "mobilePhone, read as NL (country)",
            id="by country",
        ),
        pytest.param(
            user(mobile_phone="06 12345678", usage_location="NL", country="BE"),
            {"default_region": "FR"},
            "mobilePhone, read as NL (usageLocation)",
            id="usage location before country before setting",
        ),
        pytest.param(
            user(mobile_phone="06 12345678", usage_location=None, country="NL"),
            {"default_region": "FR"},
            "mobilePhone, read as NL (country)",
            id="country before setting",
        ),
        pytest.param(
            user(mobile_phone="06 12345678", usage_location=None),
            {"default_region": "NL"},
            "mobilePhone, read as NL (setting)",
            id="by the setting",
        ),
    ],
)
def test_where_the_number_comes_from_is_told(person: DirectoryUser, wanted: dict[str, Any], source: str) -> None:
    plan = plan_for(observation(person), policy(**wanted))
    assert (ending(plan), plan.source) == (ADDED, source)


@pytest.mark.parametrize("empty", [None, "", "   "])
@pytest.mark.parametrize("registered", [None, MOBILE])
def test_an_empty_source_takes_nothing_away(empty: str | None, registered: str | None) -> None:
    seen = observation(user(mobile_phone=empty), mobile=registered)
    plan = plan_for(seen, policy(existing_phone=ExistingPhone.REPLACE), memory(MOBILE))
    assert ending(plan) == ("done (noNumber): mfa enabled" if registered else "noop (noNumber noMethod)")
    assert (plan.source, plan.masked, plan.adopt, plan.hold) == (None, None, None, None)


REFUSED = [
    pytest.param("n/a", {}, "badNumber", "n/a", id="no number"),
    pytest.param("+31 6123", {}, "badNumber", "+31 ••••", id="too short"),
    pytest.param(LANDLINE, {}, "notMobile", "+31 •••••••67", id="a landline"),
    pytest.param("+1 206 555 0100 x123", {}, "notMobile", "+1 ••• ••• •••• x•23", id="an extension"),
    pytest.param(MOBILE, {"allowed_regions": frozenset({"BE"})}, "regionNotAllowed", "+31 •••••••78", id="a region"),
    pytest.param(f"{MOBILE} / {OTHER_MOBILE}", {}, "ambiguous", "+31 ••••••••• / +•• •••••••21", id="two numbers"),
]


@pytest.mark.parametrize(("text", "wanted", "reason", "masked"), REFUSED)
def test_a_number_that_cannot_be_used_is_refused(text: str, wanted: dict[str, Any], reason: str, masked: str) -> None:
    plan = plan_for(observation(user(mobile_phone=text)), policy(**wanted))
    assert ending(plan) == f"refused ({reason} noMethod)"
    assert (plan.source, plan.masked) == ("mobilePhone", masked)
    assert (plan.adopt, plan.hold, plan.hold_until) == (None, None, None)


def test_a_national_number_without_a_region_is_refused() -> None:
    plan = plan_for(observation(user(mobile_phone="06 12345678", usage_location=None)))
    assert ending(plan) == "refused (needsRegion noMethod)"


def test_an_allowed_region_is_allowed() -> None:
    assert ending(plan_for(observation(), policy(allowed_regions=frozenset({"BE", "NL"})))) == ADDED


@pytest.mark.parametrize(
    "seen",
    [
        pytest.param(observation(user(mobile_phone="n/a"), mobile=OTHER_MOBILE), id="an own phone"),
        pytest.param(observation(user(mobile_phone="n/a"), mobile=MOBILE), id="the phone we wrote"),
    ],
)
def test_a_refused_number_leaves_the_registered_one_and_the_state_is_still_set(seen: Observation) -> None:
    plan = plan_for(seen, policy(existing_phone=ExistingPhone.REPLACE), memory(MOBILE))
    assert ending(plan) == "refused (badNumber): mfa enabled"


def test_a_refused_number_beside_another_usable_method_is_refused_and_the_state_still_set() -> None:
    seen = observation(user(mobile_phone="n/a"), methods="softwareOath")
    assert ending(plan_for(seen, policy(stronger_method=StrongerMethod.ADD))) == "refused (badNumber): mfa enabled"


# --- rules 6 to 10: against the registered number --------------------------------------------------------------------

SPELLINGS = [
    pytest.param(MOBILE, MOBILE, id="the same"),
    pytest.param("06 12345678", MOBILE, id="national in the directory"),
    pytest.param("0031612345678", MOBILE, id="00 in the directory"),
    pytest.param("+31 (0)6 1234 5678", MOBILE, id="brackets in the directory"),
    pytest.param("Mobile: +31-6-12345678", MOBILE, id="a label in the directory"),
    pytest.param(MOBILE, "+31612345678", id="registered without the blank"),
    pytest.param(MOBILE, "+31 6 1234 5678", id="registered with more blanks"),
    pytest.param(MOBILE, "+31 0612345678", id="registered with the trunk zero"),
]


@pytest.mark.parametrize("existing", ExistingPhone)
@pytest.mark.parametrize(
    "remembered",
    [
        pytest.param(memory(), id="never wrote one"),
        pytest.param(memory(MOBILE), id="wrote this one"),
        pytest.param(memory(MOBILE, BEFORE_ROTATION), id="wrote this one before a rotation"),
        pytest.param(memory(OTHER_MOBILE), id="wrote another one"),
        pytest.param(memory(OTHER_MOBILE, hold=hold(MOBILE)), id="this one was held"),
    ],
)
@pytest.mark.parametrize(("directory", "registered"), SPELLINGS)
def test_the_same_number_in_any_spelling_is_adopted(
    directory: str, registered: str, remembered: Memory, existing: ExistingPhone
) -> None:
    seen = observation(user(mobile_phone=directory), mobile=registered, mfa_state=ENABLED)
    plan = plan_for(seen, policy(existing_phone=existing), remembered)
    assert ending(plan) == "noop"
    assert (plan.adopt, plan.hold, plan.hold_until) == (fingerprint(MOBILE), None, None)
    assert plan.masked == "+31 ••••••78"


NO_MOBILE = [
    pytest.param(memory(), "done: add +31 612345678, mfa enabled", id="never wrote one"),
    pytest.param(memory(hold=hold(MOBILE)), "done: add +31 612345678, mfa enabled", id="first fills are never held"),
    pytest.param(memory(MOBILE), "noop (removedByHuman noMethod)", id="wrote this one"),
    pytest.param(memory(MOBILE, BEFORE_ROTATION), "noop (removedByHuman noMethod)", id="wrote it before a rotation"),
    pytest.param(memory(OTHER_MOBILE), "noop (removedByHuman noMethod)", id="wrote another one"),
]


@pytest.mark.parametrize("existing", ExistingPhone)
@pytest.mark.parametrize(("remembered", "ends"), NO_MOBILE)
def test_a_missing_mobile_is_filled_once(remembered: Memory, ends: str, existing: ExistingPhone) -> None:
    plan = plan_for(observation(), policy(existing_phone=existing), remembered)
    assert ending(plan) == ends
    assert (plan.adopt, plan.hold) == (None, None)


def test_an_office_phone_is_no_mobile() -> None:
    assert ending(plan_for(observation(other_phones=(OFFICE_PHONE,)))) == ADDED


def test_whose_phone_was_removed_but_has_another_method_still_gets_the_state() -> None:
    seen = observation(methods="fido2")
    plan = plan_for(seen, policy(stronger_method=StrongerMethod.ADD), memory(MOBILE))
    assert ending(plan) == "done (removedByHuman): mfa enabled"


AT_ONCE = timedelta(0)
CHANGED = f"done: change to {MOBILE}"
WAITS = "held (changeHeld)"
OTHERS = [
    # what the policy says, what we wrote last, how it ends without and with a hold to wait for
    pytest.param("keep", None, "noop (differs)", "noop (differs)", id="keep: never ours"),
    pytest.param("keep", OTHER_MOBILE, "noop (differs)", "noop (differs)", id="keep: ours"),
    pytest.param("keep", THIRD_MOBILE, "noop (userManaged)", "noop (userManaged)", id="keep: the user's own"),
    pytest.param("follow", None, "noop (differs)", "noop (differs)", id="follow: never ours"),
    pytest.param("follow", OTHER_MOBILE, CHANGED, WAITS, id="follow: ours"),
    pytest.param("follow", THIRD_MOBILE, "noop (userManaged)", "noop (userManaged)", id="follow: the user's own"),
    pytest.param("follow", MOBILE, "noop (userManaged)", "noop (userManaged)", id="follow: back from ours"),
    pytest.param("replace", None, CHANGED, WAITS, id="replace: never ours"),
    pytest.param("replace", OTHER_MOBILE, CHANGED, WAITS, id="replace: ours"),
    pytest.param("replace", THIRD_MOBILE, CHANGED, WAITS, id="replace: the user's own"),
]


@pytest.mark.parametrize(("existing", "wrote", "at_once", "held"), OTHERS)
def test_a_different_number_is_registered(existing: str, wrote: str | None, at_once: str, held: str) -> None:
    seen = observation(mobile=OTHER_MOBILE, mfa_state=ENABLED)
    wanted = policy(existing_phone=ExistingPhone(existing))
    for hold_for, ends in ((AT_ONCE, at_once), (timedelta(hours=24), held)):
        plan = plan_for(seen, replace(wanted, change_hold=hold_for), memory(wrote))
        assert (ending(plan), plan.adopt) == (ends, None)


@pytest.mark.parametrize("registered", ["+31687654321", "+31 6 87654321", "+31 0687654321"])
@pytest.mark.parametrize("keys", [KEYS, BEFORE_ROTATION])
def test_what_we_wrote_is_ours_in_any_spelling_and_after_a_rotation(registered: str, keys: Keys) -> None:
    seen = observation(mobile=registered, mfa_state=ENABLED)
    assert ending(plan_for(seen, policy(change_hold=AT_ONCE), memory(OTHER_MOBILE, keys))) == CHANGED


@pytest.mark.parametrize("registered", ["call me", "+31 687654321x5", "\u200b", "+31 6876543210123", "\ud800"])
def test_a_registered_number_that_is_none_is_the_users_own(registered: str) -> None:
    seen = observation(mobile=registered, mfa_state=ENABLED)
    assert ending(plan_for(seen, policy(change_hold=AT_ONCE), memory(OTHER_MOBILE))) == "noop (userManaged)"


DAY, SECOND = timedelta(hours=24), timedelta(seconds=1)
HOLDS = [
    pytest.param(DAY, None, hold(MOBILE), id="starts"),
    pytest.param(DAY, hold(MOBILE, NOW - SECOND), hold(MOBILE, NOW - SECOND), id="goes on"),
    pytest.param(DAY, hold(MOBILE, NOW - DAY + SECOND), hold(MOBILE, NOW - DAY + SECOND), id="is nearly over"),
    pytest.param(DAY, hold(MOBILE, NOW - DAY), None, id="is just over"),
    pytest.param(DAY, hold(MOBILE, NOW - 9 * DAY), None, id="is long over"),
    pytest.param(DAY, hold(THIRD_MOBILE, NOW - 9 * DAY), hold(MOBILE), id="was for another number: starts anew"),
    pytest.param(DAY, hold(MOBILE, NOW - DAY, BEFORE_ROTATION), None, id="began before a rotation"),
    pytest.param(
        DAY,
        hold(MOBILE, NOW - SECOND, BEFORE_ROTATION),
        hold(MOBILE, NOW - SECOND, BEFORE_ROTATION),
        id="began before a rotation and goes on",
    ),
    pytest.param(2 * DAY, hold(MOBILE, NOW - DAY), hold(MOBILE, NOW - DAY), id="is as long as the policy says now"),
    pytest.param(AT_ONCE, None, None, id="is not wanted"),
    pytest.param(AT_ONCE, hold(THIRD_MOBILE, NOW), None, id="is not wanted any more"),
]


@pytest.mark.parametrize("existing", [ExistingPhone.FOLLOW, ExistingPhone.REPLACE])
@pytest.mark.parametrize(("change_hold", "remembered", "left"), HOLDS)
def test_the_hold_of_a_changed_number(
    change_hold: timedelta, remembered: Hold | None, left: Hold | None, existing: ExistingPhone
) -> None:
    seen = observation(mobile=OTHER_MOBILE, mfa_state=ENABLED)
    wanted = policy(change_hold=change_hold, existing_phone=existing)
    plan = plan_for(seen, wanted, memory(OTHER_MOBILE, hold=remembered))
    assert ending(plan) == (WAITS if left else CHANGED)
    assert (plan.hold, plan.hold_until) == (left, left.since + change_hold if left else None)
    assert plan.source == "mobilePhone, read as NL (international)"
    assert plan.masked == "+31 ••••••78"


def test_while_a_change_is_held_the_state_is_set_on_the_old_number() -> None:
    seen = observation(mobile=OTHER_MOBILE)
    assert ending(plan_for(seen, policy(), memory(OTHER_MOBILE))) == "held (changeHeld): mfa enabled"


def test_a_hold_ends_when_the_source_changes_back() -> None:
    seen = observation(mobile=MOBILE, mfa_state=ENABLED)
    plan = plan_for(seen, policy(), memory(MOBILE, hold=hold(OTHER_MOBILE)))
    assert (ending(plan), plan.hold) == ("noop", None)


# --- the policy table for an existing number (expectations-threats-invariants.md 2.1) ---------------------------------

HELD_LONG_ENOUGH = hold(MOBILE, NOW - DAY)
POLICY_TABLE = [
    pytest.param(observation(), memory(), f"done: add {MOBILE}, mfa enabled", None, id="1: M empty, L empty, D valid"),
    pytest.param(observation(mobile=MOBILE, mfa_state=ENABLED), memory(), "noop", MOBILE, id="2: M = D, L empty"),
    pytest.param(
        observation(mobile=OTHER_MOBILE, mfa_state=ENABLED),
        memory(OTHER_MOBILE),
        "held (changeHeld)",
        None,
        id="3: M = L, D changed: held",
    ),
    pytest.param(
        observation(mobile=OTHER_MOBILE, mfa_state=ENABLED),
        memory(OTHER_MOBILE, hold=HELD_LONG_ENOUGH),
        f"done: change to {MOBILE}",
        None,
        id="3: M = L, D changed: followed after the hold",
    ),
    pytest.param(
        observation(mobile=OTHER_MOBILE, mfa_state=ENABLED),
        memory(THIRD_MOBILE, hold=HELD_LONG_ENOUGH),
        "noop (userManaged)",
        None,
        id="4: M != L",
    ),
    pytest.param(
        observation(mobile=OTHER_MOBILE, mfa_state=ENABLED),
        memory(MOBILE, hold=HELD_LONG_ENOUGH),
        "noop (userManaged)",
        None,
        id="4: M != L, D = L",
    ),
    pytest.param(
        observation(mobile=OTHER_MOBILE, mfa_state=ENABLED),
        memory(hold=HELD_LONG_ENOUGH),
        "noop (differs)",
        None,
        id="5: M != D, L empty",
    ),
    pytest.param(
        observation(user(mobile_phone=None), mobile=MOBILE, mfa_state=ENABLED),
        memory(MOBILE),
        "noop (noNumber)",
        None,
        id="6: D empty, M = L",
    ),
    pytest.param(
        observation(user(mobile_phone="n/a"), mobile=MOBILE, mfa_state=ENABLED),
        memory(MOBILE),
        "refused (badNumber)",
        None,
        id="6: D invalid, M = L",
    ),
    pytest.param(observation(), memory(MOBILE), "noop (removedByHuman noMethod)", None, id="7: M empty, L set"),
    pytest.param(
        observation(methods="fido2", mfa_state=ENABLED), memory(), "noop (strongerMethod)", None, id="8: a passkey"
    ),
    pytest.param(
        observation(methods="windowsHelloForBusiness", mfa_state=ENABLED),
        memory(),
        "noop (strongerMethod noMethod)",
        None,
        id="8: Windows Hello",
    ),
    pytest.param(
        observation(methods="microsoftAuthenticator", mfa_state=ENABLED),
        memory(),
        "noop (strongerMethod)",
        None,
        id="8: Authenticator",
    ),
    pytest.param(
        observation(methods="softwareOath", mfa_state=ENABLED), memory(), "noop (strongerMethod)", None, id="8: OATH"
    ),
    pytest.param(observation(user(user_type="Guest")), memory(), "skipped (guest)", None, id="9: in an excluded class"),
    pytest.param(
        observation(user(account_enabled=None)), memory(), "skipped (unknown)", None, id="9: in an unknown class"
    ),
]


@pytest.mark.parametrize(("seen", "remembered", "ends", "adopted"), POLICY_TABLE)
def test_the_policy_table_for_an_existing_number(
    seen: Observation, remembered: Memory, ends: str, adopted: str | None
) -> None:
    plan = plan_for(seen, policy(), remembered)
    assert ending(plan) == ends
    assert plan.adopt == (fingerprint(adopted) if adopted else None)


# --- rule 11: the default method -------------------------------------------------------------------------------------


def preferring(method: str | None, system_preferred: bool = False) -> SignInPreference:
    return SignInPreference(method, system_preferred)


REGISTERED = observation(mobile=MOBILE, mfa_state=ENABLED)
DEFAULTS = [
    pytest.param(None, REGISTERED, "noop", id="not wanted"),
    pytest.param(None, replace(REGISTERED, preference=preferring("push", True)), "noop", id="not wanted, preferred"),
    pytest.param("sms", REGISTERED, "done: default sms", id="preference not gathered"),
    pytest.param("sms", replace(REGISTERED, preference=preferring(None)), "done: default sms", id="none set"),
    pytest.param("sms", replace(REGISTERED, preference=preferring("oath")), "done: default sms", id="another set"),
    pytest.param("sms", replace(REGISTERED, preference=preferring("sms")), "noop", id="set already"),
    pytest.param(
        "voiceMobile", replace(REGISTERED, preference=preferring("sms")), "done: default voiceMobile", id="voice"
    ),
    pytest.param("voiceMobile", replace(REGISTERED, preference=preferring("voiceMobile")), "noop", id="voice already"),
    pytest.param(
        "sms",
        replace(REGISTERED, preference=preferring(None, True)),
        "done (systemPreferred): default sms",
        id="void under system-preferred",
    ),
    pytest.param(
        "sms",
        replace(REGISTERED, preference=preferring("sms", True)),
        "noop (systemPreferred)",
        id="set already, void under system-preferred",
    ),
    pytest.param("sms", observation(), f"done: add {MOBILE}, default sms, mfa enabled", id="with the phone it needs"),
    pytest.param("sms", observation(user(mobile_phone=None)), "noop (noNumber noMethod)", id="no phone"),
    pytest.param(
        "sms",
        observation(user(mobile_phone=None), other_phones=(OFFICE_PHONE,), mfa_state=ENABLED),
        "noop (noNumber noMethod)",
        id="only an office phone",
    ),
    pytest.param(
        "sms", observation(mobile=OTHER_MOBILE, mfa_state=ENABLED), "done (differs): default sms", id="an own phone"
    ),
    pytest.param(
        "sms",
        observation(mobile=MOBILE, methods="fido2", mfa_state=ENABLED, preference=preferring("push")),
        "noop (strongerMethod)",
        id="never beside a stronger method",
    ),
]


@pytest.mark.parametrize(("method", "seen", "ends"), DEFAULTS)
def test_the_default_method(method: str | None, seen: Observation, ends: str) -> None:
    wanted = policy(default_method=DefaultMethod(method) if method else None)
    assert ending(plan_for(seen, wanted)) == ends


@pytest.mark.parametrize("mobile", [None, MOBILE])
def test_a_phone_added_as_a_backup_does_not_become_the_default(mobile: str | None) -> None:
    seen = observation(mobile=mobile, methods="fido2", mfa_state=ENABLED, preference=preferring("push"))
    wanted = policy(default_method=DefaultMethod.SMS, stronger_method=StrongerMethod.ADD)
    assert ending(plan_for(seen, wanted)) == ("noop" if mobile else f"done: add {MOBILE}")


def test_everything_at_once_is_in_the_order_of_the_wire() -> None:
    seen = observation(mobile=OTHER_MOBILE, preference=preferring("voiceMobile", True))
    wanted = policy(default_method=DefaultMethod.SMS, change_hold=AT_ONCE, mfa_state=ENFORCED)
    plan = plan_for(seen, wanted, memory(OTHER_MOBILE))
    assert ending(plan) == f"done (systemPreferred): change to {MOBILE}, default sms, mfa enforced"


# --- rule 12: the MFA state ------------------------------------------------------------------------------------------

STATES = [
    # target, state, with a usable method, without
    pytest.param(None, DISABLED, "noop", "noop (noNumber)", id="leave alone, disabled"),
    pytest.param(None, ENABLED, "noop", "noop (noNumber)", id="leave alone, enabled"),
    pytest.param(None, ENFORCED, "noop", "noop (noNumber)", id="leave alone, enforced"),
    pytest.param(None, None, "noop", "noop (noNumber)", id="leave alone, unknown"),
    pytest.param(ENABLED, DISABLED, "done: mfa enabled", "noop (noNumber noMethod)", id="enabled, disabled"),
    pytest.param(ENABLED, ENABLED, "noop", "noop (noNumber noMethod)", id="enabled, enabled"),
    pytest.param(ENABLED, ENFORCED, "noop", "noop (noNumber noMethod)", id="enabled, enforced: never lower"),
    pytest.param(ENABLED, None, "noop (unknown)", "noop (noNumber unknown)", id="enabled, unknown"),
    pytest.param(ENFORCED, DISABLED, "done: mfa enforced", "noop (noNumber noMethod)", id="enforced, disabled"),
    pytest.param(ENFORCED, ENABLED, "done: mfa enforced", "noop (noNumber noMethod)", id="enforced, enabled"),
    pytest.param(ENFORCED, ENFORCED, "noop", "noop (noNumber noMethod)", id="enforced, enforced"),
    pytest.param(ENFORCED, None, "noop (unknown)", "noop (noNumber unknown)", id="enforced, unknown"),
]


@pytest.mark.parametrize(("target", "state", "with_method", "without"), STATES)
def test_the_mfa_state_only_rises_and_only_with_a_usable_method(
    target: MfaState | None, state: MfaState | None, with_method: str, without: str
) -> None:
    wanted = policy(mfa_state=target)
    assert ending(plan_for(observation(mobile=MOBILE, mfa_state=state), wanted)) == with_method
    assert ending(plan_for(observation(user(mobile_phone=None), mfa_state=state), wanted)) == without


def test_the_phone_to_be_added_makes_the_state_possible() -> None:
    wanted = policy(mfa_state=ENFORCED)
    assert ending(plan_for(observation(), wanted)) == f"done: add {MOBILE}, mfa enforced"


def test_when_only_the_state_is_unknown_the_phone_is_still_added() -> None:
    assert ending(plan_for(observation(mfa_state=None))) == f"done (unknown): add {MOBILE}"


USABLE = [
    pytest.param(observation(), False, id="a password"),
    pytest.param(observation(mobile=MOBILE), True, id="a mobile"),
    pytest.param(observation(other_phones=(OFFICE_PHONE,)), False, id="an office phone"),
    pytest.param(observation(methods="phone"), False, id="a phone listed but not shown"),
    *(pytest.param(seen_with(method), True, id=method) for method in STRONGER_AND_SERVING),
    *(pytest.param(seen_with(method), False, id=f"{method} alone") for method in STRONGER_BUT_BOUND if method),
    *(pytest.param(seen_with(method), False, id=f"{method} only") for method in NO_STRONGER),
    pytest.param(observation(methods="windowsHelloForBusiness fido2"), True, id="Windows Hello and a passkey"),
]


@pytest.mark.parametrize(("seen", "usable"), USABLE)
def test_which_methods_serve_an_mfa_prompt(seen: Observation, usable: bool) -> None:
    assert usable_method(seen) is usable
    nobody_adds_a_phone = replace(seen, user=user(mobile_phone=None))
    actions = plan_for(nobody_adds_a_phone, policy(stronger_method=StrongerMethod.ADD)).actions
    assert actions == ((SetMfaState(ENABLED),) if usable else ())


@pytest.mark.parametrize(
    ("seen", "phone_only"),
    [
        pytest.param(observation(), False, id="no method"),
        pytest.param(observation(mobile=MOBILE), True, id="a mobile"),
        pytest.param(observation(other_phones=(OFFICE_PHONE,)), True, id="an office phone"),
        pytest.param(observation(mobile=MOBILE, methods="email temporaryAccessPass"), True, id="a mobile and email"),
        pytest.param(observation(mobile=MOBILE, methods="fido2"), False, id="a mobile and a passkey"),
        pytest.param(observation(mobile=MOBILE, methods="windowsHelloForBusiness"), False, id="a mobile and Hello"),
        pytest.param(observation(methods="fido2"), False, id="a passkey"),
    ],
)
def test_who_is_phone_only(seen: Observation, phone_only: bool) -> None:
    assert is_phone_only(seen) is phone_only


# --- the outcome -----------------------------------------------------------------------------------------------------

MODES = [
    pytest.param(observation(), memory(), f"planned: add {MOBILE}, mfa enabled", id="something to do"),
    pytest.param(observation(mobile=MOBILE, mfa_state=ENABLED), memory(), "noop", id="nothing to do"),
    pytest.param(
        observation(mobile=OTHER_MOBILE), memory(OTHER_MOBILE), "held (changeHeld): mfa enabled", id="a held change"
    ),
    pytest.param(
        observation(user(mobile_phone="n/a"), mobile=MOBILE),
        memory(),
        "refused (badNumber): mfa enabled",
        id="a refused number",
    ),
    pytest.param(observation(user(account_enabled=False)), memory(), "skipped (disabled)", id="a skipped user"),
]


@pytest.mark.parametrize(("seen", "remembered", "ends"), MODES)
def test_plan_mode_says_the_same_and_does_nothing(seen: Observation, remembered: Memory, ends: str) -> None:
    planned = plan_for(seen, policy(mode=Mode.PLAN), remembered)
    assert ending(planned) == ends
    assert ending(plan_for(seen, policy(), remembered)) == ends.replace("planned", "done")


def test_a_plan_describes_itself_without_numbers() -> None:
    wanted = policy(default_method=DefaultMethod.SMS, change_hold=AT_ONCE)
    added = plan_for(observation(), wanted).actions
    changed = plan_for(observation(mobile=OTHER_MOBILE, mfa_state=ENABLED), wanted, memory(OTHER_MOBILE)).actions
    assert described(added) == ["add mobile +31 ••••••78", "set default method sms", "set MFA state enabled"]
    assert described(changed) == ["change mobile to +31 ••••••78", "set default method sms"]


def described(actions: Sequence[Action]) -> list[str]:
    return [action.describe() for action in actions]


# --- what Graph may send and no document says ------------------------------------------------------------------------


@pytest.mark.parametrize("masked", ["+31 XXXXXXXX78", "+31 ******78", "+XX XXXXXXXX78"])
def test_n13_a_masked_number_is_somebody_elses_and_stays(masked: str) -> None:
    seen = observation(mobile=masked, mfa_state=ENABLED)
    assert ending(plan_for(seen)) == "noop (differs)"


@pytest.mark.parametrize(
    ("kind", "name", "told"),
    [
        pytest.param(None, "bob@contoso.example", ADDED, id="null is a member"),
        pytest.param(
            None, "bob_fabrikam.example#EXT#@contoso.example", "skipped (guest)", id="but for an external name"
        ),
        pytest.param("robot", "bob@contoso.example", "skipped (unknown)", id="another word is unknown"),
    ],
)
def test_n15_the_kind_of_a_user_without_a_user_type(kind: str | None, name: str, told: str) -> None:
    assert ending(plan_for(observation(user(user_type=kind, user_principal_name=name)))) == told


def test_n15_an_account_that_is_neither_enabled_nor_disabled_is_unknown() -> None:
    assert ending(plan_for(observation(user(account_enabled=None)))) == "skipped (unknown)"


def test_n15_a_state_that_is_not_known_keeps_no_phone_away() -> None:
    assert ending(plan_for(observation(mfa_state=None))) == f"done (unknown): add {MOBILE}"
