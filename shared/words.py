"""What each outcome and reason means, in one line for a person who reads a screen. Floor 0.

docs/reasons.md has them in full, with what to do.
"""

from collections.abc import Mapping

from shared.models import Outcome, Reason

OUTCOME_WORDS: Mapping[str, str] = {
    Outcome.DONE: "something was written for them and read back",
    Outcome.NOOP: "nothing to do",
    Outcome.PLANNED: "plan mode: this would have been written",
    Outcome.SKIPPED: "policy leaves them alone",
    Outcome.REFUSED: "the directory's text is not one number that can receive a text message: a worklist for HR",
    Outcome.HELD: "a changed number waits (PREFILL_CHANGE_HOLD) before it replaces one that works",
    Outcome.RETRY: "to be looked at again later",
    Outcome.PARKED: "given up; waits for an operator",
    Outcome.GONE: "no such user",
}

REASON_WORDS: Mapping[str, str] = {
    Reason.GONE: "Graph does not know the user",
    Reason.DISABLED: "the account is disabled",
    Reason.GUEST: "guests are skipped by default",
    Reason.AGENT_USER: "the account of an agent, not of a person",
    Reason.RESTRICTED: "in a restricted management administrative unit, which the app's permissions do not reach",
    Reason.OUT_OF_SCOPE: "in none of the include groups",
    Reason.EXCLUDED: "in an exclude group",
    Reason.PRIVILEGED: "holds a directory role, or may activate one; never touched",
    Reason.NOT_SYNCED: "not synced from on-premises, as PREFILL_REQUIRE_SYNCED asks",
    Reason.UNKNOWN: "something the decision needs could not be read; nothing is written on a guess",
    Reason.STRONGER_METHOD: "something better than a phone is registered; no phone is added beside it",
    Reason.NO_NUMBER: "the directory holds no mobile phone",
    Reason.BAD_NUMBER: "not a phone number",
    Reason.NOT_MOBILE: "no text message can be sent there, or not directly",
    Reason.REGION_NOT_ALLOWED: "the number's region is not in PREFILL_ALLOWED_REGIONS",
    Reason.NEEDS_REGION: "a national number, and neither usageLocation nor country says of which country",
    Reason.AMBIGUOUS: "can be read as two numbers; enter one number, with plus and country code",
    Reason.REMOVED_BY_HUMAN: "somebody removed the phone; it is not added again",
    Reason.USER_MANAGED: "the person has replaced the phone; it stays",
    Reason.DIFFERS: "the person has registered another number; it stays",
    Reason.CHANGE_HELD: "the number was changed in the directory; the old one stays until the hold is over",
    Reason.SYSTEM_PREFERRED: "the default method is saved but void: system-preferred MFA decides",
    Reason.NO_METHOD: "no method that answers a prompt on any device, so MFA is not switched on: a person must act",
    Reason.NOT_FOUND_YET: "Graph does not know the user: too new, or deleted",
    Reason.NOT_CONFIRMED: "written, and not visible yet",
    Reason.CONCURRENT: "another look at the same user was under way",
    Reason.THROTTLED: "Graph asked us to wait",
    Reason.PAUSED: "nothing may be written: paused, or the breaker tripped",
    Reason.GRAPH_UNAVAILABLE: "Graph failed or did not answer in time",
    Reason.NOT_ALLOWED: "Graph answered 401 or 403: a permission is missing",
    Reason.GRAPH_REFUSED: "Graph refused the request as it is",
    Reason.POISON: "the function failed five times on the user's message",
    Reason.UNREADABLE: "a queue message that is not ours to understand",
}
