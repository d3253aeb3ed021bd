"""The decision: what Graph tells, what the policy wants and what we remember give a plan. Floor 3.

Pure: no I/O, no clock, no environment. The rules are numbered as in docs/how-it-works.md; the first that fits wins.
Rule 2 is in `shared.eligibility`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from shared.eligibility import ineligible
from shared.fingerprint import Keys
from shared.memory import Accepted, Memory
from shared.models import DirectoryUser, Observation, Outcome, Reason
from shared.phone_number import PhoneNumber, Refused, RegionHints, canonical, read_number, same_number
from shared.plan import Action, AddPhone, Hold, Plan, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import ExistingPhone, Mode, Policy, StrongerMethod

NOT_STRONGER = frozenset({"password", "phone", "email", "temporaryAccessPass", "qrCodePin"})
"""Kinds of method that are no better than a phone. Whatever is not named here counts as stronger, so that a kind Graph
adds tomorrow is not diluted. https://learn.microsoft.com/graph/api/resources/authenticationmethods-overview"""

SERVES_MFA = frozenset({"fido2", "microsoftAuthenticator", "softwareOath", "hardwareOath"})
"""Kinds that let a user answer per-user MFA on any device; Windows Hello and platform credentials work on one only."""


def decide(seen: Observation, policy: Policy, memory: Memory, keys: Keys, now: datetime) -> Plan:
    """What to do about this user now. `now` only matters for a held change.

    Whatever the rules say, a number that a look wrote and did not live to see is noted as ours as soon as it is seen.
    """
    plan = _by_the_rules(seen, policy, memory, keys, now)
    forgotten = plan.adopt is None and seen.mobile is not None and _was_written(seen.mobile, memory, keys)
    return replace(plan, adopt=memory.intended) if forgotten else plan


def _by_the_rules(seen: Observation, policy: Policy, memory: Memory, keys: Keys, now: datetime) -> Plan:
    reason = ineligible(seen, policy)
    if reason:
        # a hold outlives a moment in which the user's class could not be read; a class that is certain ends it
        return Plan(Outcome.SKIPPED, (reason,), hold=memory.hold if reason is Reason.UNKNOWN else None)
    phone = _phone(seen, policy, memory, keys, now)
    actions: list[Action] = [phone.action] if phone.action else []
    reasons = [phone.reason] if phone.reason else []
    for rule in (_default_method, _mfa_state):
        action, why = rule(seen, policy, phone.action)
        actions += [action] if action else []
        reasons += [why] if why else []
    plan = Plan(_outcome(phone, actions, policy), tuple(reasons), tuple(actions), phone.adopt, phone.hold)
    plan = replace(plan, hold_until=phone.hold_until, source=phone.source, masked=phone.masked)
    return replace(plan, **_WAITING) if _is_on_its_way(actions, phone, memory, now) else plan


_WAITING: dict[str, Any] = {"outcome": Outcome.RETRY, "reasons": (Reason.NOT_CONFIRMED,), "actions": ()}


def _is_on_its_way(actions: Sequence[Action], phone: "_Phone", memory: Memory, now: datetime) -> bool:
    """Whether the next action is one that Graph has accepted and may just not show yet."""
    accepted = memory.accepted
    if not actions or accepted is None or accepted.what != actions[0].kind:
        return False
    shown = actions[0] is phone.action and phone.adopt is not None
    return accepted.may_still_show(now) and not shown


def is_phone_only(seen: Observation) -> bool:
    """Whether the user's only second factor is a phone, which Microsoft stops serving on 1 February 2027."""
    return bool(seen.phones) and not _stronger(seen)


# --- rules 3 to 10: the phone ----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Phone:
    """The verdict on the phone."""

    action: AddPhone | UpdatePhone | None = None
    reason: Reason | None = None
    refused: bool = False
    adopt: str | None = None
    hold: Hold | None = None
    hold_until: datetime | None = None
    source: str | None = None
    masked: str | None = None


def _phone(seen: Observation, policy: Policy, memory: Memory, keys: Keys, now: datetime) -> _Phone:
    if policy.stronger_method is StrongerMethod.SKIP and _stronger(seen):
        return _Phone(reason=Reason.STRONGER_METHOD)  # rule 3
    attribute, text = source_text(seen.user, policy)
    if text is None:
        return _Phone(reason=Reason.NO_NUMBER)  # rule 4
    number = read_number(text, _hints(seen.user, policy), policy.allowed_regions)
    if isinstance(number, Refused):
        reason = Reason(number.reason.value)
        return _Phone(reason=reason, refused=True, source=attribute, masked=number.masked)  # rule 5
    verdict = _against_registered(number, seen, policy, memory, keys, now)
    return replace(verdict, source=_provenance(attribute, number), masked=number.masked)


def _against_registered(
    number: PhoneNumber, seen: Observation, policy: Policy, memory: Memory, keys: Keys, now: datetime
) -> _Phone:
    user_id, mobile = seen.user.id, seen.mobile
    if mobile is None:
        return _none_registered(number, memory, now)  # rules 6 and 7
    if same_number(mobile, number.canonical):
        return _Phone(adopt=keys.phone(user_id, number.canonical))  # rule 8
    adopt = memory.intended if _was_written(mobile, memory, keys) else None
    memory = replace(memory, fingerprint=adopt or memory.fingerprint)
    left_alone = _left_alone(mobile, policy, memory, keys)
    if left_alone:
        return _Phone(reason=left_alone, adopt=adopt)  # rule 10
    return replace(_after_hold(number, user_id, policy, memory, keys, now), adopt=adopt)  # rule 9


def _none_registered(number: PhoneNumber, memory: Memory, now: datetime) -> _Phone:
    """A number that Graph accepted from us and does not show after the longest lag was removed: it becomes L."""
    accepted = _first_fill(memory)
    if accepted and not accepted.may_still_show(now):
        return _Phone(reason=Reason.REMOVED_BY_HUMAN, adopt=memory.intended)
    return _Phone(AddPhone(number)) if memory.fingerprint is None else _Phone(reason=Reason.REMOVED_BY_HUMAN)


def _was_written(mobile: str, memory: Memory, keys: Keys) -> bool:
    """Whether a number whose look did not live to see it was there: it shows, or Graph took it and it was replaced."""
    shows = keys.is_phone(memory.intended, memory.user_id, canonical(mobile) or mobile)
    return shows or _first_fill(memory) is not None


def _first_fill(memory: Memory) -> Accepted | None:
    """The number that Graph accepted where nobody has seen one of ours yet."""
    accepted = memory.accepted if memory.fingerprint is None else None
    return accepted if accepted and accepted.what == AddPhone.kind else None


def _left_alone(mobile: str, policy: Policy, memory: Memory, keys: Keys) -> Reason | None:
    """Why a registered number that differs from the directory's is not replaced; None: it may be."""
    if policy.existing_phone is ExistingPhone.REPLACE:
        return None
    if not _is_ours(mobile, memory, keys):
        return Reason.DIFFERS if memory.fingerprint is None else Reason.USER_MANAGED
    return Reason.DIFFERS if policy.existing_phone is ExistingPhone.KEEP else None


def _after_hold(number: PhoneNumber, user_id: str, policy: Policy, memory: Memory, keys: Keys, now: datetime) -> _Phone:
    """A changed number waits: who can edit the directory for a moment must not own the second factor at once."""
    fingerprint = keys.phone(user_id, number.canonical)
    waits = memory.hold is not None and keys.is_phone(memory.hold.fingerprint, user_id, number.canonical)
    hold = memory.hold if waits and memory.hold else Hold(fingerprint, now)
    until = hold.since + policy.change_hold
    if now >= until:
        return _Phone(UpdatePhone(number))
    return _Phone(reason=Reason.CHANGE_HELD, hold=hold, hold_until=until)


def source_text(user: DirectoryUser, policy: Policy) -> tuple[str | None, str | None]:
    """The first source attribute that holds a value, and that value; (None, None) when none does."""
    for attribute in policy.phone_sources:
        if attribute == "mobilePhone":
            text = user.mobile_phone
        elif attribute == "businessPhones":
            text = next(iter(user.business_phones), None)
        else:
            text = user.extension_attributes.get(attribute)
        if text and text.strip():
            return attribute, text
    return None, None


def _hints(user: DirectoryUser, policy: Policy) -> RegionHints:
    return RegionHints(user.usage_location, user.country, policy.default_region)


def _provenance(attribute: str | None, number: PhoneNumber) -> str:
    return f"{attribute}, read as {number.region} ({number.read_as})"


def _is_ours(mobile: str, memory: Memory, keys: Keys) -> bool:
    number = canonical(mobile) or mobile
    return any(keys.is_phone(known, memory.user_id, number) for known in (memory.fingerprint, memory.intended))


def _stronger(seen: Observation) -> frozenset[str]:
    return seen.methods - NOT_STRONGER


# --- rules 11 and 12: the default method and the MFA state -----------------------------------------------------------


def _default_method(seen: Observation, policy: Policy, phone: Action | None) -> tuple[Action | None, Reason | None]:
    if policy.default_method is None or _stronger(seen) or not (seen.mobile or phone):
        return None, None
    if seen.is_refused("preference"):
        return None, Reason.UNKNOWN
    preference = seen.preference
    if preference is not None and preference.method == policy.default_method.value:
        return None, Reason.SYSTEM_PREFERRED if preference.system_preferred else None
    void = preference is not None and preference.system_preferred
    return SetDefaultMethod(policy.default_method), Reason.SYSTEM_PREFERRED if void else None


def _mfa_state(seen: Observation, policy: Policy, phone: Action | None) -> tuple[Action | None, Reason | None]:
    target = policy.mfa_state
    if target is None or seen.mfa_state is None:
        return None, Reason.UNKNOWN if target else None
    if not (usable_method(seen) or phone):
        return None, Reason.NO_METHOD
    return (None if seen.mfa_state.satisfies(target) else SetMfaState(target)), None


def usable_method(seen: Observation) -> bool:
    """Whether Graph showed a method with which this user can answer an MFA prompt."""
    return seen.mobile is not None or bool(seen.methods & SERVES_MFA)


# --- the outcome -----------------------------------------------------------------------------------------------------


def _outcome(phone: _Phone, actions: list[Action], policy: Policy) -> Outcome:
    """Worklists first: a refused number or a held change stays visible whatever else is done for the user."""
    if phone.refused:
        return Outcome.REFUSED
    if phone.hold:
        return Outcome.HELD
    if not actions:
        return Outcome.NOOP
    return Outcome.PLANNED if policy.mode is Mode.PLAN else Outcome.DONE
