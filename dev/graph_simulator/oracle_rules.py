"""The promises, one function each: a write and what is known, in; findings, out."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from dev.graph_simulator.journal import Entry
from dev.graph_simulator.numbers import same_number, written_from
from dev.graph_simulator.oracle_memory import PHONE_LOOKS, PHONE_WRITES, Known
from dev.graph_simulator.oracle_policy import OraclePolicy
from dev.graph_simulator.snapshot import MFA_RANK, Snapshot

PREFERRED_RANK = {"": 0, "voiceOffice": 1, "voiceAlternateMobile": 1, "voiceMobile": 1, "sms": 1, "oath": 2, "push": 3}
"""Default methods from weak to strong; text and voice are equals."""


@dataclass(frozen=True, slots=True)
class Write:
    """One write of the client with all that is needed to judge it. `before` is the state it met."""

    entry: Entry
    before: Snapshot
    known: Known
    policy: OraclePolicy


@dataclass(frozen=True, slots=True)
class Finding:
    """A broken promise; `raced` when the client's last look still allowed it."""

    invariant: str
    what: str
    raced: bool = False


type Rule = Callable[[Write], Iterator[Finding]]


def _raced(write: Write, looks: tuple[str, ...], allowed: Callable[[Snapshot], bool]) -> bool:
    """Whether a look that can have led to the write was recent, showed nothing wrong, and others changed it since."""
    latest = write.known.latest(looks)
    others = write.known.since(write.entry.at - write.policy.lookSeconds, looks) if write.policy.lookSeconds else []
    return any(_excuses(write, look, allowed) for look in (latest, *others))


def _excuses(write: Write, look: Entry | None, allowed: Callable[[Snapshot], bool]) -> bool:
    if look is None or look.shown is None or not write.known.surprised_since(look):
        return False
    return write.entry.at - look.at <= write.policy.raceSeconds and allowed(look.shown)


def no_lockout(write: Write) -> Iterator[Finding]:
    """5: no MFA state before a usable method was read back."""
    entry = write.entry
    if entry.operation != "state.update" or MFA_RANK.get(str(entry.request.get("perUserMfaState")), 0) == 0:
        return
    if not write.before.usable:
        raced = write.known.saw_usable(entry) and _raced(write, PHONE_LOOKS, lambda shown: shown.usable)
        yield Finding("5", "MFA state set while no usable method is registered", raced)
    elif not write.known.saw_usable(entry):
        yield Finding("5", "MFA state set without reading a usable method back since the last phone write")


def never_delete(write: Write) -> Iterator[Finding]:
    """6: no method is taken away, and no user either."""
    entry = write.entry
    own = (
        write.policy.deletes == "own"
        and entry.operation == "phone.delete"
        and write.known.written is not None
        and same_number(write.before.mobile, write.known.written)
    )
    if entry.operation in ("phone.delete", "method.delete", "user.delete") and not own:
        yield Finding("6", f"{entry.operation} by the client")


def never_lower(write: Write) -> Iterator[Finding]:
    """6: neither the MFA state nor the default method gets weaker."""
    request, before = write.entry.request, write.before
    if write.entry.operation == "state.update":
        wanted = MFA_RANK.get(str(request.get("perUserMfaState")), 0)
        if wanted < MFA_RANK[before.mfa_state]:
            raced = _raced(write, ("read.requirements",), lambda shown: MFA_RANK[shown.mfa_state] <= wanted)
            yield Finding("6", f"MFA state lowered from {before.mfa_state}", raced)
    if write.entry.operation == "preference.update":
        rank = PREFERRED_RANK.get(str(request.get("userPreferredMethodForSecondaryAuthentication") or ""), 0)
        if rank and rank < PREFERRED_RANK[before.preferred]:
            raced = _raced(write, ("read.preferences",), lambda shown: PREFERRED_RANK[shown.preferred] <= rank)
            yield Finding("6", f"default method moved from {before.preferred} to a weaker one", raced)
        if request.get("isSystemPreferredAuthenticationMethodEnabled") is False and before.system_preferred:
            yield Finding("6", "system-preferred authentication switched off")


def stronger_stays(write: Write) -> Iterator[Finding]:
    """6: no phone for a user with a stronger method, unless the policy says `add`."""
    if write.entry.operation in PHONE_WRITES and write.policy.strongerMethod == "skip" and write.before.stronger:
        raced = _raced(write, ("read.methods",), lambda shown: not shown.stronger)
        yield Finding("6", "phone written for a user with a stronger method", raced)


def people_win(write: Write) -> Iterator[Finding]:
    """7: a number that a person registered stays, a number that a person removed stays away."""
    entry, before, known, policy = write.entry, write.before, write.known, write.policy
    after = entry.after
    if entry.operation not in PHONE_WRITES or after is None or same_number(before.mobile, after.mobile):
        return
    if before.mobile is None:
        if known.removed_by_others and not policy.readdAfterRemoval:
            yield Finding("7", "number added again after somebody removed it", _knew_other(write))
        return
    allowed = policy.existingPhone == "replace" or (
        policy.existingPhone == "follow" and known.written is not None and same_number(before.mobile, known.written)
    )
    if not allowed:
        yield Finding("7", "number overwritten that the client had not written", _knew_other(write))


def _knew_other(write: Write) -> bool:
    """Whether the last look at the phones showed another number than the one that was met."""
    return _raced(write, PHONE_LOOKS, lambda shown: not same_number(shown.mobile, write.before.mobile))


def excluded_stays_untouched(write: Write) -> Iterator[Finding]:
    """8: no write to a user who is disabled, deleted, a guest, not synced though required, or excluded."""

    def refused(state: Snapshot) -> str:
        reasons = (
            ("disabled", not state.enabled),
            ("deleted", state.life != "active"),
            ("guest", state.user_type.casefold() == "guest" and not write.policy.includeGuests),
            ("not synced", write.policy.requireSynced and not state.synced),
            ("excluded", write.entry.user in write.policy.excluded),
        )
        return next((word for word, applies in reasons if applies), "")

    reason = refused(write.before)
    if reason:
        raced = reason != "excluded" and _raced(write, ("read.user",), lambda shown: not refused(shown))
        yield Finding("8", f"{write.entry.operation} for a user who is {reason}", raced)


def number_is_the_directorys(write: Write) -> Iterator[Finding]:
    """The number is one that the directory holds for this very user."""
    after = write.entry.after
    if write.entry.operation not in PHONE_WRITES or after is None or after.mobile is None:
        return
    if same_number(after.mobile, write.before.mobile):
        return
    number, default = after.mobile, write.policy.defaultRegion

    def holds(state: Snapshot) -> bool:
        regions = state.regions or ((default,) if default else ())
        return written_from(number, state.sources, regions)

    if not holds(write.before):
        yield Finding(
            "source", "number is not one the directory holds for this user", _raced(write, ("read.user",), holds)
        )


RULES: tuple[Rule, ...] = (
    no_lockout,
    never_delete,
    never_lower,
    stronger_stays,
    people_win,
    excluded_stays_untouched,
    number_is_the_directorys,
)
