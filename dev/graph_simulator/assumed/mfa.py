"""Assumptions about the per-user MFA state, the preferred method and the other methods."""

from dev.graph_simulator.assumed.assumption import UNKNOWN, Assumption

_STATE = "https://learn.microsoft.com/graph/api/authentication-update"

MFA = (
    Assumption(
        id="requirements-any-user",
        what="the state of a user without a licence can be read and set",
        why="no licence is named",
        source=f"inferred: {_STATE}",
        if_wrong="The phone is set all the same; the state stays as it is with reason `unknown`, and the "
        "user is asked about again, after an hour once a day.",
        check="mfa-state",
        simulated=False,
    ),
    Assumption(
        id="guest-requirements",
        what="the state of a guest can be read and set",
        why="no user type is named",
        source=f"inferred: {_STATE}",
        if_wrong="Where guests are included: the phone is set, the state stays as it is with reason "
        "`unknown`, and the guest is asked about once a day.",
        check="guest",
        simulated=False,
    ),
    Assumption(
        id="state-unavailable",
        what="requirements or preferences may be a 400 or 404 for some users",
        why="the back end is not Graph's own; which users is not known",
        source=UNKNOWN,
        if_wrong="Nothing: a state that can always be read is the usual case.",
        unchecked="mfa-state and guest show two kinds of user; that no other kind is refused cannot be shown",
    ),
    Assumption(
        id="bad-mfa-state-400",
        what="an unknown perUserMfaState is a 400",
        why="nothing is documented",
        source=UNKNOWN,
        if_wrong="Nothing: the app sends `enabled` or `enforced`.",
        check="mfa-bad-state",
    ),
    Assumption(
        id="promotion-at-once",
        what="`enabled` reads as `enforced` at once where the user has a phone",
        why="the resource page says that it happens, not when",
        source="inferred: https://learn.microsoft.com/graph/api/resources/strongauthenticationrequirements",
        if_wrong="Nothing: `enforced` satisfies `enabled`, and `enabled` is not written over either.",
        check="mfa-promotion",
    ),
    Assumption(
        id="preferences-shape",
        what="signInPreferences hold a preferred method (or null) and a boolean about system-preferred authentication",
        why="the beta models have both",
        source="metadata: msgraph-beta-sdk 1.66.0, SignInPreferences",
        if_wrong="A missing boolean reads as false: a default method that is void is reported as if it counted.",
        check="preferences",
        simulated=False,
    ),
    Assumption(
        id="preferred-sms-204",
        what="`sms` can be preferred directly after the phone was created, also under system-preferred authentication",
        why="the page names no delay and no condition",
        source=f"inferred: {_STATE}",
        if_wrong="With `PREFILL_DEFAULT_METHOD` on, each new user fails once or more before the preference is set, "
        "and the MFA state waits for it.",
        check="preferences",
        simulated=False,
    ),
    Assumption(
        id="preferred-unregistered-400",
        what="preferring a method that is not registered is a 400",
        why="nothing is documented",
        source=UNKNOWN,
        if_wrong="Nothing: the app sets the preference after it has read the phone back.",
        check="preferred-unregistered",
    ),
    Assumption(
        id="system-preferred-per-user",
        what="isSystemPreferredAuthenticationMethodEnabled can be patched for one user",
        why="listed as updatable",
        source=f"inferred: {_STATE}",
        if_wrong="Nothing: the app only reads it.",
        check="preferences",
    ),
    Assumption(
        id="hardware-oath-beta-only",
        what="hardware OATH tokens are in the list of beta only",
        why="v1.0's metadata has no such type, and the page says that a version lists the methods it knows",
        source="https://learn.microsoft.com/graph/api/authentication-list-methods",
        if_wrong="If beta hides them as well, a user whose only factor is a hardware token gets a phone beside it.",
        check="hardware-oath",
        simulated=False,
    ),
)
