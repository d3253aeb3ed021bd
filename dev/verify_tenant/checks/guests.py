"""Guests, agent users, and a user in a restricted unit: each only where the person who runs it can provide one."""

from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import quote

from dev.verify_tenant.bench import BETA, Bench, mobile
from dev.verify_tenant.check import NotTried, Trace, answers, check, shows
from dev.verify_tenant.exchange import Answer
from dev.verify_tenant.numbers import MOBILE
from dev.verify_tenant.permissions import INVITE, READ_STATE, READ_USERS, WRITE_PHONES, WRITE_STATE

AGENT = "#microsoft.graph.agentUser"


@check(
    "guest",
    "A phone and an MFA state for a guest",
    answers("any-target", "phone", 201),
    shows(
        "guest-requirements",
        ("state", "set-state"),
        "200, 204",
        lambda trace: (trace["state"].status, trace["set-state"].status) == (200, 204),
    ),
    needs=(INVITE, READ_USERS, WRITE_PHONES, READ_STATE, WRITE_STATE),
    option="guest",
)
async def guest(bench: Bench) -> None:
    """The guest is invited without a mail, and deleted at the end. One that was there before is not touched."""
    address = await _invite(bench)
    state = f"{address}/authentication/requirements"
    await bench.until("GET", f"{address}/authentication/phoneMethods", lambda answer: answer.ok)
    await bench.ask("phone", "POST", f"{address}/authentication/phoneMethods", mobile(MOBILE.spaced))
    await bench.ask("state", "GET", state, version=BETA)
    await bench.ask("bad-state", "PATCH", state, {"perUserMfaState": "sometimes"}, version=BETA)
    await bench.ask("set-state", "PATCH", state, {"perUserMfaState": "disabled"}, version=BETA)


async def _invite(bench: Bench) -> str:
    """The address of a guest that this run made. Raises NotTried for one that was there before.

    An invitation of a known address answers 201 with the user who has it. Only where no user had this address before,
    and Graph made the user since, is the user ours. https://learn.microsoft.com/graph/api/invitation-post
    """
    mail = bench.options.guest
    quoted = quote(mail.replace("'", "''"), safe="@")
    before = await bench.prepare("GET", f"/users?$select=id&$filter=mail eq '{quoted}'")
    if before.values:
        raise NotTried(_KNOWN)
    body = {
        "invitedUserEmailAddress": mail,
        "inviteRedirectUrl": "https://myapplications.microsoft.com",
        "sendInvitationMessage": False,
    }
    invited = await bench.prepare("POST", "/invitations", body)
    made = invited.field("invitedUser")
    identifier = made.get("id") if isinstance(made, dict) else None
    if not isinstance(identifier, str):
        raise NotTried("the invitation names no user")
    path = f"/users/{identifier}?$select=id,createdDateTime"
    await bench.until("GET", path, lambda answer: answer.ok)
    read = await bench.prepare("GET", path)
    if not _is_new(read, before):
        raise NotTried(_KNOWN)
    bench.session.ours.own_user(identifier)
    return f"/users/{identifier}"


_KNOWN = "a user with this address exists already; it was not touched"


def _is_new(read: Answer, before: Answer) -> bool:
    """Whether a user was created after an answer was sent, by Graph's own clock. In doubt it was not."""
    try:
        asked = parsedate_to_datetime(before.header("date"))
        made = datetime.fromisoformat(str(read.field("createdDateTime")))
    except ValueError:
        return False
    return made >= asked


@check(
    "agent-users",
    "Agent users among the users of the tenant",
    shows(
        "agent-users-listed",
        ("cast", "user"),
        f"the user object says {AGENT}",
        lambda trace: trace["user"].field("@odata.type") == AGENT,
    ),
    needs=(READ_USERS,),
)
async def agent_users(bench: Bench) -> None:
    """One read of one id, which is masked, and one of its type."""
    cast = await bench.ask("cast", "GET", "/users/microsoft.graph.agentUser?$select=id&$top=1")
    if not cast.values:
        raise NotTried("the tenant has no agent user, or does not list them by type")
    await bench.ask("user", "GET", f"/users/{cast.values[0].get('id')}?$select=id")


def _refused(trace: Trace) -> bool:
    return trace["phone"].status == 403


@check(
    "restricted-unit",
    "A phone for a user in a restricted management administrative unit",
    shows("restricted-unit-403", "phone", "403", _refused, conclusive=(403,), app_only=True),
    needs=(READ_USERS, WRITE_PHONES),
    option="restricted_unit",
    long=True,
)
async def restricted_unit(bench: Bench) -> None:
    """The person puts the throw-away user into a unit and takes it out again: this run creates no unit."""
    path, user = f"{bench.user}?$select=id,isManagementRestricted", bench.tenant.user_name
    await bench.without_phones()
    bench.instruct(f"Now add {user} to a restricted management administrative unit. Waiting …")
    await bench.until("GET", path, lambda answer: answer.field("isManagementRestricted") is True)
    await bench.ask("phone", "POST", bench.phones, mobile(MOBILE.spaced))
    bench.instruct(f"Now take {user} out of the unit again: it cannot be deleted while it is in there. Waiting …")
    await bench.until("GET", path, lambda answer: answer.field("isManagementRestricted") is not True)
