"""The Directory port over real HTTP: batches, inner answers, beta beside v1.0, and every way Graph can fail."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import Failure, GraphFailed, NotFound, Permanent, Transient
from shared.graph.directory import GraphDirectory
from shared.graph.roles import RoleReader
from shared.models import DefaultMethod, MfaState, Observation, Reason
from shared.phone_number import PhoneNumber, RegionHints, read_number
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState, UpdatePhone
from shared.policy import Policy
from tests.contract.graph.conftest import Sim

NOBODY = "ffffffff-0000-4000-8000-00000000ffff"
METHODS = r"/authentication/phoneMethods"


def number(text: str) -> PhoneNumber:
    read = read_number(text, RegionHints())
    assert isinstance(read, PhoneNumber)
    return read


ANNAS, NEW = number("+31 612345678"), number("+31 687654321")


def directory(sim: Sim, policy: Policy | None = None) -> GraphDirectory:
    return GraphDirectory(sim.client, policy or Policy(), RoleReader(sim.client))


async def seen(sim: Sim, user_id: str, policy: Policy | None = None) -> Observation:
    observed = (await directory(sim, policy).observe([user_id]))[user_id]
    assert isinstance(observed, Observation), observed
    return observed


async def failure(sim: Sim, user_id: str) -> Failure:
    observed = (await directory(sim).observe([user_id]))[user_id]
    assert not isinstance(observed, Observation)
    return observed


async def test_everything_the_decision_needs_is_gathered(sim: Sim) -> None:
    user_id = await sim.person(
        businessPhones=["+31 20 1234567"],
        country="Netherlands",
        onPremisesSyncEnabled=True,
        onPremisesExtensionAttributes={"extensionAttribute15": "x"},
        authentication={"mobile": "+31 612345678", "methods": ["fido2"], "perUserMfaState": "enforced"},
    )
    observed = await seen(sim, user_id)
    user = observed.user
    assert (user.id, user.account_enabled, user.user_type) == (user_id, True, "Member")
    assert (user.mobile_phone, user.business_phones) == ("06 12345678", ("+31 20 1234567",))
    assert (user.usage_location, user.country, user.on_premises_sync_enabled) == ("NL", "Netherlands", True)
    assert user.extension_attributes == {"extensionAttribute15": "x"}
    assert observed.mobile == "+31 612345678"
    assert observed.methods == {"password", "phone", "fido2"}
    assert observed.mfa_state is MfaState.ENFORCED
    assert observed.preference is None


async def test_what_the_policy_does_not_need_is_not_asked(sim: Sim) -> None:
    user_id = await sim.person()
    policy = Policy(mfa_state=None, default_method=DefaultMethod.SMS)
    assert (await seen(sim, user_id, policy)).mfa_state is None
    paths = " ".join((await sim.call("GET", "stats"))["requests"])
    assert "requirements" not in paths
    assert "signInPreferences" in paths


async def test_twenty_users_travel_in_few_batches_and_answers_find_their_user(sim: Sim) -> None:
    await sim.faults(batch_shuffle=True)
    users = [await sim.person(mobilePhone=f"+3161234{n:04}") for n in range(20)]
    observed = await directory(sim).observe([*users, NOBODY])
    for n, user_id in enumerate(users):
        one = observed[user_id]
        assert isinstance(one, Observation)
        assert one.user.mobile_phone == f"+3161234{n:04}"
    assert isinstance(observed[NOBODY], NotFound)
    assert (await sim.call("GET", "stats"))["batches"]["count"] <= 9


@pytest.mark.parametrize(
    ("registered", "action"),
    [(None, AddPhone(ANNAS)), ("+31 612345678", UpdatePhone(NEW))],
)
async def test_a_phone_is_written_and_read_back(
    sim: Sim, registered: str | None, action: AddPhone | UpdatePhone
) -> None:
    user_id = await sim.person(authentication={"mobile": registered})
    before = await seen(sim, user_id)
    written = (await directory(sim).write({user_id: action}))[user_id]
    assert written.failure is None
    assert written.request_id
    after = (await directory(sim).read_back({user_id: before}, {user_id: action}))[user_id]
    assert isinstance(after, Observation)
    assert after.mobile == action.number.graph_format
    assert after.user == before.user


async def test_enabled_reads_back_as_enforced(sim: Sim) -> None:
    user_id = await sim.person(authentication={"mobile": "+31 612345678"})
    action = SetMfaState(MfaState.ENABLED)
    before = await seen(sim, user_id)
    assert (await directory(sim).write({user_id: action}))[user_id].failure is None
    after = (await directory(sim).read_back({user_id: before}, {user_id: action}))[user_id]
    assert isinstance(after, Observation)
    assert after.mfa_state is MfaState.ENFORCED


async def test_the_default_method_is_written_and_read_back(sim: Sim) -> None:
    sim.credential.roles = (*sim.credential.roles, "UserAuthenticationMethod.ReadWrite.All")
    user_id = await sim.person(authentication={"mobile": "+31 612345678"})
    policy, action = Policy(default_method=DefaultMethod.SMS), SetDefaultMethod(DefaultMethod.SMS)
    before = await seen(sim, user_id, policy)
    assert before.preference is not None
    assert before.preference.system_preferred
    assert (await directory(sim).write({user_id: action}))[user_id].failure is None
    after = (await directory(sim).read_back({user_id: before}, {user_id: action}))[user_id]
    assert isinstance(after, Observation)
    assert after.preference is not None
    assert after.preference.method == "sms"


async def test_writes_of_both_versions_go_side_by_side(sim: Sim) -> None:
    anna = await sim.person()
    bob = await sim.person(authentication={"mobile": "+31 612345678"})
    actions: dict[str, Action] = {anna: AddPhone(ANNAS), bob: SetMfaState(MfaState.ENFORCED)}
    written = await directory(sim).write(actions)
    assert [written[user_id].failure for user_id in (anna, bob)] == [None, None]


async def test_409_is_reported_though_the_number_is_saved(sim: Sim) -> None:
    await sim.person(authentication={"mobile": "+31 612345678", "smsSignIn": True})
    user_id = await sim.person(authentication={"smsSignIn": True})
    before = await seen(sim, user_id)
    written = (await directory(sim).write({user_id: AddPhone(ANNAS)}))[user_id]
    assert isinstance(written.failure, Transient)
    assert "409" in written.failure.detail
    after = (await directory(sim).read_back({user_id: before}, {user_id: AddPhone(ANNAS)}))[user_id]
    assert isinstance(after, Observation)
    assert after.mobile == "+31 612345678"


async def test_adding_where_one_exists_is_refused_not_replaced(sim: Sim) -> None:
    user_id = await sim.person(authentication={"mobile": "+31 612345678"})
    written = (await directory(sim).write({user_id: AddPhone(NEW)}))[user_id]
    assert written.failure is not None
    assert (await seen(sim, user_id)).mobile == "+31 612345678"


UNAVAILABLE = (Transient, Reason.GRAPH_UNAVAILABLE)
ANSWERS = {
    "401": ({"status": 401}, (Permanent, Reason.NOT_ALLOWED)),
    "403": ({"status": 403}, (Permanent, Reason.NOT_ALLOWED)),
    "400": ({"status": 400}, (Permanent, Reason.GRAPH_REFUSED)),
    "409": ({"status": 409}, UNAVAILABLE),
    "429-with-retry-after": ({"status": 429, "retry_after": 7}, (Transient, Reason.THROTTLED)),
    "429-without": ({"status": 429}, (Transient, Reason.THROTTLED)),
    "500": ({"status": 500}, UNAVAILABLE),
    "502-html": ({"status": 502, "html": True}, UNAVAILABLE),
    "503": ({"status": 503, "retry_after": 9}, UNAVAILABLE),
    "504": ({"status": 504}, UNAVAILABLE),
}
WHOLE_ANSWERS = ANSWERS | {
    "200-html": ({"status": 200, "html": True}, UNAVAILABLE),
    "cut-off": ({"cut_before": True}, UNAVAILABLE),
}


@pytest.mark.parametrize(
    ("scope", "path", "effect", "expected"),
    [
        pytest.param(scope, path, *case, id=f"{scope}-{name}")
        for scope, path, cases in (("inner", METHODS, ANSWERS), ("outer", r"\$batch", WHOLE_ANSWERS))
        for name, case in cases.items()
    ],
)
async def test_a_graph_that_answers(
    sim: Sim, scope: str, path: str, effect: dict[str, Any], expected: tuple[type[Transient | Permanent], Reason]
) -> None:
    user_id = await sim.person()
    await sim.rule(effect, scope, path_regex=path)
    kind, reason = expected
    told = await failure(sim, user_id)
    assert isinstance(told, kind)
    assert told.reason is reason
    if isinstance(told, Transient) and "retry_after" in effect:
        assert told.delay == timedelta(seconds=effect["retry_after"])


async def test_a_graph_that_hangs_is_left_after_a_while(sim: Sim) -> None:
    user_id = await sim.person()
    await sim.rule({"hang": True}, "outer", path_regex=r"\$batch")
    sim.client.patience = 0.3
    assert await failure(sim, user_id) == Transient(Reason.GRAPH_UNAVAILABLE, "TimeoutError")


async def test_an_answer_cut_off_after_the_commit_is_ambiguous_and_the_read_back_tells(sim: Sim) -> None:
    user_id = await sim.person()
    before = await seen(sim, user_id)
    rule = {"match": {"method": "POST", "path_regex": r"\$batch"}, "effect": {"cut_after_commit": True}, "times": 1}
    await sim.faults(rules=[rule | {"scope": "outer"}])
    written = (await directory(sim).write({user_id: AddPhone(ANNAS)}))[user_id]
    assert isinstance(written.failure, Transient)
    after = (await directory(sim).read_back({user_id: before}, {user_id: AddPhone(ANNAS)}))[user_id]
    assert isinstance(after, Observation)
    assert after.mobile == "+31 612345678"


async def test_nothing_is_sent_before_the_moment_graph_named(sim: Sim) -> None:
    user_id = await sim.person()
    await sim.rule({"status": 429, "retry_after": 60}, path_regex=METHODS)
    await failure(sim, user_id)
    total = (await sim.call("GET", "stats"))["total"]
    await sim.faults()
    told = await failure(sim, user_id)
    assert isinstance(told, Transient)
    assert told.reason is Reason.THROTTLED
    assert told.delay is not None
    assert timedelta(seconds=50) < told.delay <= timedelta(seconds=60)
    assert (await sim.call("GET", "stats"))["total"] == total


async def test_every_request_is_sent_once(sim: Sim) -> None:
    """The SDK would retry 429, 503 and 504 three times, POST and PATCH too, and sleep meanwhile."""
    user_id = await sim.person()
    await sim.rule({"status": 503}, "outer", path_regex=r"\$batch")
    await directory(sim).write({user_id: AddPhone(ANNAS)})
    assert (await sim.call("GET", "stats"))["total"] == 1


async def test_a_redirect_is_not_followed(sim: Sim) -> None:
    user_id = await sim.person()
    elsewhere = {"status": 302, "headers": {"Location": f"{sim.url}/sim/users"}}
    await sim.rule(elsewhere, "outer", path_regex=r"\$batch")
    told = await failure(sim, user_id)
    assert isinstance(told, Transient)


async def test_a_missing_permission_says_what_to_do(sim: Sim) -> None:
    sim.credential.roles = ("User.Read.All",)
    told = await failure(sim, await sim.person())
    assert isinstance(told, Permanent)
    assert "permissions" in told.advice


async def test_a_user_whose_authentication_is_not_replicated_yet_is_not_gone(sim: Sim) -> None:
    user_id = await sim.person()
    await sim.rule({"status": 404}, path_regex=METHODS)
    told = await failure(sim, user_id)
    assert told == Transient(Reason.NOT_FOUND_YET, told.detail)


async def test_tokens_are_for_the_configured_graph_only(sim: Sim) -> None:
    await seen(sim, await sim.person())
    assert set(sim.credential.asked) == {f"{sim.url}/.default"}


@pytest.mark.parametrize("user_id", ["../me", "a/b", "p1@contoso.example", "%2e%2e", ""])
async def test_only_object_ids_enter_a_url(sim: Sim, user_id: str) -> None:
    with pytest.raises(ValueError, match="object id"):
        await directory(sim).observe([user_id])
    assert (await sim.call("GET", "stats"))["total"] == 0


async def test_a_guest_is_found_by_name_although_it_contains_a_hash(sim: Sim) -> None:
    name = "guest_fabrikam.example#EXT#@contoso.example"
    user_id = await sim.person(userPrincipalName=name, userType="Guest")
    assert await directory(sim).find(name) == user_id
    assert await directory(sim).find("nobody@contoso.example") is None
    await sim.rule({"status": 503}, "outer", path_regex="/users/")
    with pytest.raises(GraphFailed):
        await directory(sim).find(name)


async def test_many_looks_at_once_share_the_client(sim: Sim) -> None:
    users = [await sim.person() for _ in range(12)]
    results = await asyncio.gather(*(directory(sim).observe([user_id]) for user_id in users))
    assert all(isinstance(one, Observation) for result in results for one in result.values())
