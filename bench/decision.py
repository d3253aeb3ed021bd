"""Deciding on what Graph told of a user; no I/O."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial

from bench.figures import Result, microseconds, ratio
from bench.timing import seconds_of
from shared.decision import decide
from shared.fingerprint import Keys
from shared.memory import Memory
from shared.models import DirectoryUser, MfaState, Observation, RegisteredPhone
from shared.phone_number import RegionHints, read_number
from shared.policy import Policy

USER = "00000000-0000-0000-0000-00000000000a"
NUMBER, OTHER = "+31 612345678", "+31 612345679"
KEYS = Keys("a secret for benchmarks, long enough")
NOW = datetime(2026, 11, 23, tzinfo=UTC)

_NEW = Observation(
    DirectoryUser(USER, True, "Member", "ann@contoso.example", NUMBER, usage_location="NL"),
    phones=(),
    methods=frozenset({"password"}),
    mfa_state=MfaState.DISABLED,
)
_DONE = replace(
    _NEW, phones=(RegisteredPhone("mobile", NUMBER),), methods=_NEW.methods | {"phone"}, mfa_state=MfaState.ENFORCED
)
_OURS = Memory(USER, fingerprint=KEYS.phone(USER, NUMBER.replace(" ", "")))

CASES = (
    ("new user: add the phone, set MFA", _NEW, Memory(USER)),
    ("second look: nothing to do", _DONE, _OURS),
    ("number changed: hold", replace(_DONE, user=replace(_DONE.user, mobile_phone=OTHER)), _OURS),
    ("passkey: phone left alone", replace(_NEW, methods=_NEW.methods | {"fido2"}), Memory(USER)),
    ("no usable number: refuse", replace(_NEW, user=replace(_NEW.user, mobile_phone="ask reception")), Memory(USER)),
    ("disabled user: skip", replace(_NEW, user=replace(_NEW.user, account_enabled=False)), Memory(USER)),
)


READING = "for comparison: reading the number"


def run() -> Result:
    calls: dict[str, Callable[[], object]] = {READING: partial(read_number, NUMBER, RegionHints("NL"))}
    calls |= {title: partial(decide, seen, Policy(), memory, KEYS, NOW) for title, seen, memory in CASES}
    measured = seconds_of(calls)
    base = measured[READING]
    rows = [(title, microseconds(seconds), ratio(seconds, base)) for title, seconds in measured.items()]
    return Result("One decision", ("user", "median", "reading = 1"), rows)
