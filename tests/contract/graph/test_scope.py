"""Groups and roles over real HTTP: who is in which class, and that what cannot be read is never taken for "no"."""

from dataclasses import replace
from typing import Any

import pytest

from shared.errors import NotFound, Permanent, Transient
from shared.graph.directory import GraphDirectory
from shared.graph.roles import RoleReader
from shared.models import DefaultMethod, MfaState, Observation, Reason
from shared.permissions import needed
from shared.phone_number import PhoneNumber, RegionHints, read_number
from shared.plan import Action, AddPhone, SetDefaultMethod, SetMfaState
from shared.policy import Policy
from tests.contract.graph.conftest import Sim

STAFF, PARENT, BREAK_GLASS, ADMINS = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "abcd")
GLOBAL_ADMINISTRATOR = "62e90394-69f5-4237-9190-012177145e10"
SCOPED = Policy(include_groups=frozenset({STAFF, PARENT}), exclude_groups=frozenset({BREAK_GLASS}))
GROUPS, MEMBERSHIPS = r"/checkMemberGroups", r"/transitiveMemberOf"
ROLES, ELIGIBLE = r"/roleAssignments", r"/roleEligibilitySchedules"
NONE = frozenset[str]()
ROLE_PARTS = {ROLES: "roles", ELIGIBLE: "eligibleRoles", MEMBERSHIPS: "memberships"}


@pytest.fixture(autouse=True)
def granted(sim: Sim) -> None:
    sim.credential.roles = tuple(permission.name for permission in needed(SCOPED))


def directory(sim: Sim, policy: Policy = SCOPED) -> GraphDirectory:
    return GraphDirectory(sim.client, policy, RoleReader(sim.client))


async def seen(sim: Sim, user_id: str, policy: Policy = SCOPED) -> Observation:
    observed = (await directory(sim, policy).observe([user_id]))[user_id]
    assert isinstance(observed, Observation), observed
    return observed


async def tenant(sim: Sim, **facts: Any) -> None:
    await sim.call("PUT", "tenant", facts)


# --- groups ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("direct", "told"),
    [
        pytest.param([], NONE, id="none"),
        pytest.param([ADMINS], NONE, id="only-others"),
        pytest.param([PARENT], NONE | {PARENT}, id="direct"),
        pytest.param([STAFF], NONE | {STAFF, PARENT}, id="nested"),
        pytest.param([STAFF, BREAK_GLASS], NONE | {STAFF, PARENT, BREAK_GLASS}, id="both"),
    ],
)
async def test_membership_of_the_named_groups_counts_through_other_groups(
    sim: Sim, direct: list[str], told: frozenset[str]
) -> None:
    await tenant(sim, groupParents={STAFF: [PARENT]})
    observed = await seen(sim, await sim.person(groups=direct))
    assert (observed.groups, observed.unreadable) == (told, ())


async def test_each_user_has_its_own_groups(sim: Sim) -> None:
    users = [await sim.person(mobilePhone=None, groups=[STAFF] if n % 2 else []) for n in range(20)]
    observed = await directory(sim).observe(users)
    groups = [one.groups for one in observed.values() if isinstance(one, Observation)]
    assert groups == [frozenset({STAFF} if n % 2 else ()) for n in range(20)]


@pytest.mark.parametrize("count", [20, 21, 61, 500])
async def test_more_than_twenty_groups_take_more_requests(sim: Sim, count: int) -> None:
    many = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(count)]
    policy = Policy(include_groups=frozenset(many[1:]), exclude_groups=frozenset(many[:1]))
    user_id = await sim.person(groups=[many[0], many[-1], STAFF])
    assert (await seen(sim, user_id, policy)).groups == frozenset({many[0], many[-1]})
    requests = (await sim.call("GET", "stats"))["requests"]
    asked = next(requests[name] for name in requests if "checkMemberGroups" in name)
    assert asked == {"200": -(-count // 20)}


async def test_of_several_group_requests_one_that_fails_leaves_all_unknown(sim: Sim) -> None:
    many = frozenset(f"{number:08x}-0000-4000-8000-000000000000" for number in range(40))
    user_id = await sim.person(groups=sorted(many))
    rule = {"match": {"path_regex": GROUPS}, "effect": {"status": 503}, "scope": "inner", "times": 1}
    await sim.faults(rules=[rule])
    observed = await seen(sim, user_id, Policy(include_groups=many))
    assert observed.groups is None
    assert len(observed.unreadable) == 1


# --- roles -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("person", "privileged"),
    [
        pytest.param({}, False, id="nothing"),
        pytest.param({"groups": [STAFF]}, False, id="an-ordinary-group"),
        pytest.param({"roles": [GLOBAL_ADMINISTRATOR]}, True, id="holds-a-role"),
        pytest.param({"eligibleRoles": [GLOBAL_ADMINISTRATOR]}, True, id="may-activate-one"),
        pytest.param({"groups": [ADMINS]}, True, id="in-a-group-that-can-hold-roles"),
        pytest.param({"groups": [BREAK_GLASS]}, True, id="through-another-group"),
    ],
)
async def test_each_way_to_be_privileged(sim: Sim, person: dict[str, Any], privileged: bool) -> None:
    await tenant(sim, roleAssignableGroups=[ADMINS], groupParents={BREAK_GLASS: [ADMINS]})
    assert (await seen(sim, await sim.person(**person))).privileged is privileged


@pytest.mark.parametrize("eligible", [[], [GLOBAL_ADMINISTRATOR]])
async def test_without_the_licence_nobody_is_eligible(sim: Sim, eligible: list[str]) -> None:
    await tenant(sim, entraIdP2=False)
    observed = await seen(sim, await sim.person(eligibleRoles=eligible))
    assert (observed.privileged, observed.unreadable) == (False, ())
    assert (await seen(sim, await sim.person(roles=[GLOBAL_ADMINISTRATOR]))).privileged is True


@pytest.mark.parametrize("path", [ROLES, MEMBERSHIPS])
async def test_the_word_for_no_licence_excuses_no_other_answer(sim: Sim, path: str) -> None:
    body = {"error": {"code": "AadPremiumLicenseRequired", "message": "no"}}
    await sim.rule({"status": 400, "body": body}, path_regex=path)
    assert (await seen(sim, await sim.person())).privileged is None


async def test_more_memberships_than_one_page_are_not_known_whole(sim: Sim) -> None:
    many = [f"{number:08x}-0000-4000-8000-000000000000" for number in range(1000)]
    assert (await seen(sim, await sim.person(groups=many[:999]))).privileged is False
    observed = await seen(sim, await sim.person(groups=many))
    assert observed.privileged is None
    assert observed.unreadable == ("memberships: a list that is not whole",)


async def test_a_group_of_which_only_the_id_is_shown_is_not_taken_for_an_ordinary_one(sim: Sim) -> None:
    await tenant(sim, roleAssignableGroups=[ADMINS])
    sim.credential.roles = tuple(role for role in sim.credential.roles if role != "GroupMember.Read.All")
    observed = await seen(sim, await sim.person(groups=[ADMINS]), Policy())
    assert observed.privileged is None
    assert "memberships: an answer that does not tell" in observed.unreadable


# --- what cannot be read ---------------------------------------------------------------------------------------------

BROKEN = {
    "401": ({"status": 401}, "401"),
    "403": ({"status": 403}, "403"),
    "400": ({"status": 400}, "400"),
    "500": ({"status": 500}, "500"),
    "503": ({"status": 503, "retry_after": 9}, "503"),
    "html": ({"status": 502, "html": True}, "502"),
}


@pytest.mark.parametrize("path", [GROUPS, *ROLE_PARTS])
@pytest.mark.parametrize(("effect", "status"), BROKEN.values(), ids=BROKEN)
async def test_each_answer_that_fails_leaves_its_fact_unknown(
    sim: Sim, path: str, effect: dict[str, Any], status: str
) -> None:
    user_id = await sim.person(groups=[STAFF])
    await sim.rule(effect, path_regex=path)
    observed = await seen(sim, user_id)
    assert (observed.groups is None) == (path == GROUPS)
    assert observed.privileged is (False if path == GROUPS else None)
    [problem] = observed.unreadable
    assert problem.startswith(f"{ROLE_PARTS.get(path, 'groups')}: {status}")
    assert observed.user.account_enabled is True, "what can be read is read"


@pytest.mark.parametrize("path", ROLE_PARTS)
async def test_one_role_is_enough_whatever_else_cannot_be_read(sim: Sim, path: str) -> None:
    await tenant(sim, roleAssignableGroups=[ADMINS])
    everything = {"roles": [GLOBAL_ADMINISTRATOR], "eligibleRoles": [GLOBAL_ADMINISTRATOR], "groups": [ADMINS]}
    user_id = await sim.person(**everything)
    await sim.rule({"status": 403}, path_regex=path)
    assert (await seen(sim, user_id)).privileged is True


@pytest.mark.parametrize("path", [GROUPS, *ROLE_PARTS])
async def test_throttling_fails_the_look_and_asks_for_its_wait(sim: Sim, path: str) -> None:
    user_id = await sim.person()
    await sim.rule({"status": 429, "retry_after": 7}, path_regex=path)
    told = (await directory(sim).observe([user_id]))[user_id]
    assert isinstance(told, Transient)
    assert told.reason is Reason.THROTTLED


@pytest.mark.parametrize("path", [GROUPS, MEMBERSHIPS])
async def test_a_user_not_found_there_is_replication(sim: Sim, path: str) -> None:
    user_id = await sim.person()
    await sim.rule({"status": 404}, path_regex=path)
    told = (await directory(sim).observe([user_id]))[user_id]
    assert isinstance(told, Transient)
    assert told.reason is Reason.NOT_FOUND_YET


@pytest.mark.parametrize("path", [ROLES, ELIGIBLE])
@pytest.mark.parametrize("fresh", [False, True], ids=["listed", "for-this-user"])
async def test_n11_a_404_of_the_role_service_says_nothing_about_the_user(sim: Sim, path: str, fresh: bool) -> None:
    user_id = await sim.person()
    await sim.rule({"status": 404}, path_regex=path)
    observed = (await directory(sim).observe([user_id], [user_id] if fresh else []))[user_id]
    assert isinstance(observed, Observation)
    assert (observed.privileged, len(observed.unreadable)) == (None, 1)


async def test_an_unknown_user_is_still_not_found(sim: Sim) -> None:
    nobody = "ffffffff-0000-4000-8000-00000000ffff"
    assert isinstance((await directory(sim).observe([nobody]))[nobody], NotFound)


async def test_what_the_policy_does_not_ask_for_is_not_read(sim: Sim) -> None:
    observed = await seen(sim, await sim.person(), Policy(exclude_privileged=False))
    assert (observed.groups, observed.privileged, observed.unreadable) == (None, None, ())
    requests = " ".join((await sim.call("GET", "stats"))["requests"])
    assert not any(word in requests for word in ("checkMember", "roleManagement", "transitiveMemberOf"))


# --- read again before the next write --------------------------------------------------------------------------------


def number() -> PhoneNumber:
    read = read_number("+31 612345678", RegionHints())
    assert isinstance(read, PhoneNumber)
    return read


@pytest.mark.parametrize(
    ("change", "told"),
    [
        pytest.param({"roles": [GLOBAL_ADMINISTRATOR]}, {"privileged": True}, id="role-granted"),
        pytest.param({"eligibleRoles": [GLOBAL_ADMINISTRATOR]}, {"privileged": True}, id="role-offered"),
        pytest.param({"groups": []}, {"groups": frozenset()}, id="group-left"),
    ],
)
@pytest.mark.parametrize("action", [AddPhone(number()), SetDefaultMethod(DefaultMethod.SMS)])
async def test_t9_t28_scope_is_read_again_with_what_was_written(
    sim: Sim, action: Action, change: dict[str, Any], told: dict[str, Any]
) -> None:
    user_id = await sim.person(groups=[STAFF])
    sim.credential.roles = (*sim.credential.roles, "UserAuthenticationMethod.ReadWrite.All")
    before = await seen(sim, user_id)
    await directory(sim).write({user_id: action})
    await sim.call("PATCH", f"users/{user_id}", change)
    after = (await directory(sim).read_back({user_id: before}, {user_id: action}))[user_id]
    assert isinstance(after, Observation)
    assert {name: getattr(after, name) for name in told} == told


async def test_t28_an_account_disabled_between_two_writes_shows(sim: Sim) -> None:
    user_id = await sim.person(groups=[STAFF])
    before, action = await seen(sim, user_id), AddPhone(number())
    await directory(sim).write({user_id: action})
    await sim.call("PATCH", f"users/{user_id}", {"accountEnabled": False})
    after = (await directory(sim).read_back({user_id: before}, {user_id: action}))[user_id]
    assert isinstance(after, Observation)
    assert after.user.account_enabled is False


async def test_what_could_not_be_read_before_and_can_be_now_is_known(sim: Sim) -> None:
    user_id = await sim.person()
    await sim.rule({"status": 503}, path_regex=ROLES)
    before, action = await seen(sim, user_id), AddPhone(number())
    await sim.faults(rules=[])
    after = (await directory(sim).read_back({user_id: before}, {user_id: action}))[user_id]
    assert isinstance(after, Observation)
    assert (before.privileged, after.privileged, after.unreadable) == (None, False, ())


# --- permissions: no less, no more -----------------------------------------------------------------------------------

POLICIES = {
    "phone-only": Policy(mfa_state=None, exclude_privileged=False),
    "mfa-state": Policy(exclude_privileged=False),
    "groups": Policy(mfa_state=None, exclude_privileged=False, include_groups=frozenset({STAFF})),
    "privileged": Policy(mfa_state=None),
    "defaults": Policy(),
    "scoped": SCOPED,
    "default-method": Policy(mfa_state=None, exclude_privileged=False, default_method=DefaultMethod.SMS),
    "everything": replace(SCOPED, default_method=DefaultMethod.SMS),
}
COVERED = {"UserAuthMethod-Phone.ReadWrite.All", "UserAuthenticationMethod.Read.All"}
"""The broad permission for the default method opens these doors too. They stay granted, so that switching that feature
off is nothing but taking the broad one away."""
BROAD = "UserAuthenticationMethod.ReadWrite.All"


async def complaints(sim: Sim, policy: Policy) -> list[str]:
    """What goes wrong when everything that this policy can lead to is done once."""
    user_id = await sim.person(groups=[STAFF])
    app = directory(sim, policy)
    observed = (await app.observe([user_id], [user_id]))[user_id]
    if not isinstance(observed, Observation):
        return [observed.detail]
    found = list(observed.unreadable)
    for action in actions(policy):
        written = (await app.write({user_id: action}))[user_id]
        found += [written.failure.detail] if written.failure else []
        back = (await app.read_back({user_id: observed}, {user_id: action}))[user_id]
        found += [*back.unreadable] if isinstance(back, Observation) else [back.detail]
    return found


def actions(policy: Policy) -> list[Action]:
    wanted: list[Action] = [AddPhone(number())]
    if policy.default_method:
        wanted.append(SetDefaultMethod(policy.default_method))
    if policy.mfa_state:
        wanted.append(SetMfaState(MfaState.ENABLED))
    return wanted


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
async def test_with_exactly_the_needed_permissions_everything_succeeds(sim: Sim, policy: Policy) -> None:
    sim.credential.roles = tuple(permission.name for permission in needed(policy))
    assert await complaints(sim, policy) == []


@pytest.mark.parametrize(
    ("policy", "missing"),
    [
        pytest.param(policy, one.name, id=f"{name}-{one.name}")
        for name, policy in POLICIES.items()
        for one in needed(policy)
        if not one.unseen
        if not (policy.default_method and one.name in COVERED)
    ],
)
async def test_none_of_the_needed_permissions_is_superfluous(sim: Sim, policy: Policy, missing: str) -> None:
    sim.credential.roles = tuple(one.name for one in needed(policy) if one.name != missing)
    assert await complaints(sim, policy) != []


async def test_a_missing_write_permission_is_a_lasting_failure(sim: Sim) -> None:
    user_id = await sim.person()
    sim.credential.roles = tuple(role for role in sim.credential.roles if "Phone" not in role)
    written = (await directory(sim).write({user_id: AddPhone(number())}))[user_id]
    assert isinstance(written.failure, Permanent)
    assert written.failure.reason is Reason.NOT_ALLOWED
