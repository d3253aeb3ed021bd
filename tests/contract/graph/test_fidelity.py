"""What was found out about the real Graph, from the app's side of the wire: each with the id of its finding."""

import pytest

from shared.decision import decide
from shared.errors import NotFound, Transient
from shared.graph.directory import GraphDirectory
from shared.graph.roles import RoleReader
from shared.memory import Memory
from shared.models import DefaultMethod, MfaState, Observation, Outcome, Reason
from shared.permissions import needed
from shared.plan import AddPhone, Plan
from shared.policy import Mode, Policy
from tests.builders import KEYS
from tests.contract.graph.conftest import Sim, now
from tests.contract.graph.recording import number

APPLY = Policy(mode=Mode.APPLY)
ADMINS, OTHERS = "aaaaaaaa-0000-4000-8000-000000000000", "bbbbbbbb-0000-4000-8000-000000000000"


@pytest.fixture(autouse=True)
def granted(sim: Sim) -> None:
    sim.credential.roles = tuple(permission.name for permission in needed(APPLY))


def directory(sim: Sim, policy: Policy = APPLY) -> GraphDirectory:
    return GraphDirectory(sim.client, policy, RoleReader(sim.client))


async def looked(sim: Sim, user_id: str, *, fresh: bool = False, policy: Policy = APPLY) -> tuple[Observation, Plan]:
    """What a look sees, and what it decides."""
    seen = (await directory(sim, policy).observe([user_id], [user_id] if fresh else []))[user_id]
    assert isinstance(seen, Observation), seen
    return seen, decide(seen, policy, Memory(user_id), KEYS, now())


async def test_a1_n1_the_apps_own_phone_body_is_accepted_where_undeclared_properties_are_refused(sim: Sim) -> None:
    user_id = await sim.person()
    written = (await directory(sim).write({user_id: AddPhone(number())}))[user_id]
    assert written.failure is None
    request = {"phoneNumber": "+49 1713920001", "phoneType": "mobile"}
    journal = (await sim.call("GET", f"journal?user={user_id}"))["value"]
    assert [entry["request"] for entry in journal if entry["operation"] == "phone.create"] == [request]


async def test_a4_n2_no_phone_is_put_beside_a_hardware_token(sim: Sim) -> None:
    user_id = await sim.person(authentication={"methods": ["hardwareOath"]})
    seen, plan = await looked(sim, user_id)
    assert "hardwareOath" in seen.methods
    assert (plan.reasons, [action.kind for action in plan.actions]) == ((Reason.STRONGER_METHOD,), ["setMfaState"])


async def test_a5_n4_a_user_in_a_restricted_unit_is_skipped_and_not_tried(sim: Sim) -> None:
    user_id = await sim.person(isManagementRestricted=True)
    _, plan = await looked(sim, user_id)
    assert (plan.outcome, plan.reasons, plan.actions) == (Outcome.SKIPPED, (Reason.RESTRICTED,), ())


async def test_a6_n5_an_agents_user_is_no_person(sim: Sim) -> None:
    user_id = await sim.person(identityParentId=ADMINS)
    _, plan = await looked(sim, user_id)
    assert (plan.outcome, plan.reasons, plan.actions) == (Outcome.SKIPPED, (Reason.AGENT_USER,), ())


@pytest.mark.parametrize("form", ["bare", "wrapped"])
@pytest.mark.parametrize("path", ["phoneMethods", "authentication/methods"])
async def test_a8_an_error_of_the_service_behind_is_no_user_that_is_gone(sim: Sim, path: str, form: str) -> None:
    user_id = await sim.person()
    await sim.rule({"status": 404, "backend": form}, path_regex=path)
    told = (await directory(sim).observe([user_id]))[user_id]
    assert isinstance(told, Transient)
    assert told.reason is Reason.NOT_FOUND_YET


@pytest.mark.parametrize("status", [400, 404])
@pytest.mark.parametrize("part", ["requirements", "signInPreferences"])
async def test_a8_a_part_that_graph_refuses_for_one_user_does_not_take_the_phone_along(
    sim: Sim, part: str, status: int
) -> None:
    policy = Policy(mode=Mode.APPLY, default_method=DefaultMethod.SMS)
    user_id = await sim.person(unavailable={part: status})
    seen, plan = await looked(sim, user_id, policy=policy)
    assert len(seen.refused) == 1
    assert isinstance(plan.actions[0], AddPhone)
    assert Reason.UNKNOWN in plan.reasons
    name = {"requirements": "setMfaState", "signInPreferences": "setDefaultMethod"}[part]
    assert name not in [action.kind for action in plan.actions]


async def test_a8_a_404_for_the_user_itself_is_still_no_such_user(sim: Sim) -> None:
    nobody = "ffffffff-0000-4000-8000-00000000ffff"
    assert isinstance((await directory(sim).observe([nobody]))[nobody], NotFound)


@pytest.mark.parametrize("name", ["$svc@contoso.example", "$x.o'neil@contoso.example", "o'neil#-_!^~@contoso.example"])
async def test_i_a_name_may_start_with_a_dollar_sign_and_hold_what_clients_stumble_over(sim: Sim, name: str) -> None:
    """https://learn.microsoft.com/graph/api/user-get"""
    user_id = await sim.person(userPrincipalName=name)
    assert await directory(sim).find(name) == user_id
    assert await directory(sim).find(f"$nobody{name}") is None


async def test_n3_a_number_that_graph_hides_is_refused_and_never_leads_to_mfa(sim: Sim) -> None:
    user_id = await sim.person(authentication={"mobile": "+31 687654321", "hidesPhones": True})
    seen, plan = await looked(sim, user_id)
    assert (seen.mobile, plan.actions[0].kind) == (None, "addPhone")
    written = (await directory(sim).write({user_id: plan.actions[0]}))[user_id]
    assert written.failure is not None
    back = (await directory(sim).read_back({user_id: seen}, {user_id: plan.actions[0]}))[user_id]
    assert isinstance(back, Observation)
    assert back.mobile is None


@pytest.mark.parametrize("access", ["member", "owner"])
@pytest.mark.parametrize("fresh", [False, True], ids=["listed", "for-this-user"])
async def test_n6_who_may_join_a_group_that_can_hold_roles_is_privileged(sim: Sim, fresh: bool, access: str) -> None:
    await sim.call("PUT", "tenant", {"roleAssignableGroups": [ADMINS]})
    user_id = await sim.person(eligibleGroups={ADMINS: access})
    ordinary = await sim.person()
    assert (await looked(sim, user_id, fresh=fresh))[1].reasons == (Reason.PRIVILEGED,)
    assert (await looked(sim, ordinary, fresh=fresh))[1].outcome is Outcome.DONE


async def test_n6_without_the_optional_permission_nobody_is_kept_away(sim: Sim) -> None:
    sim.credential.roles = tuple(one.name for one in needed(APPLY) if not one.unseen)
    await sim.call("PUT", "tenant", {"roleAssignableGroups": [ADMINS]})
    user_id = await sim.person(eligibleGroups={ADMINS: "member"})
    for fresh in (False, True):
        assert (await looked(sim, user_id, fresh=fresh))[1].outcome is Outcome.DONE


@pytest.mark.parametrize("form", ["code", "otherCase", "inMessage", "wrapped"])
@pytest.mark.parametrize("fresh", [False, True], ids=["listed", "for-this-user"])
async def test_a3_n7_a_tenant_without_p2_is_served_however_graph_says_so(sim: Sim, fresh: bool, form: str) -> None:
    await sim.call("PUT", "tenant", {"entraIdP2": False, "noLicenceForm": form, "roleAssignableGroups": [ADMINS]})
    seen, plan = await looked(sim, await sim.person(), fresh=fresh)
    assert (seen.privileged, seen.unreadable, plan.outcome) == (False, (), Outcome.DONE)


async def test_a2_n8_a_role_service_that_throttles_stops_nothing_but_what_needs_it(sim: Sim) -> None:
    ready = {"mobile": "+31 612345678", "perUserMfaState": "enforced"}
    settled = await sim.person(authentication=ready)
    app = directory(sim)
    assert isinstance((await app.observe([settled]))[settled], Observation)
    await sim.rule({"status": 429, "retry_after": 30}, path_regex="roleManagement")
    other = await sim.person(mobilePhone="06 87654321")
    seen = await app.observe([settled, other], [other])
    assert [isinstance(one, Observation) for one in seen.values()] == [True, True]
    confirmed = await app.confirm({other: seen[other]})  # type: ignore[dict-item]
    assert isinstance(confirmed[other], Transient)
    assert (await app.write({other: AddPhone(number())}))[other].failure is None, "the rest of Graph is asked"


async def test_n10_a_group_of_which_graph_shows_only_the_id_leaves_the_user_unknown(sim: Sim) -> None:
    sim.credential.roles = tuple(role for role in sim.credential.roles if role != "GroupMember.Read.All")
    _, plan = await looked(sim, await sim.person(groups=[OTHERS]))
    assert (plan.outcome, plan.reasons) == (Outcome.SKIPPED, (Reason.UNKNOWN,))


@pytest.mark.parametrize("kind", ["", "unknownFutureValue"])
async def test_n12_a_mobile_is_known_by_its_id_where_the_type_is_not_said(sim: Sim, kind: str) -> None:
    await sim.faults(shown_phone_type=kind or "null")
    user_id = await sim.person(authentication={"mobile": "+31 612345678"})
    seen, plan = await looked(sim, user_id)
    assert seen.mobile == "+31 612345678"
    assert [action.kind for action in plan.actions] == ["setMfaState"]


async def test_n13_a_number_that_graph_masks_is_left_alone(sim: Sim) -> None:
    await sim.faults(masked_numbers=True)
    user_id = await sim.person(authentication={"mobile": "+31 612345678", "perUserMfaState": "enforced"})
    _, plan = await looked(sim, user_id)
    assert (plan.reasons, plan.actions) == ((Reason.DIFFERS,), ())


async def test_g_windows_hello_alone_is_no_silent_dead_end(sim: Sim) -> None:
    """https://github.com/MicrosoftDocs/azure-docs/issues/116197"""
    for kind in ("windowsHelloForBusiness", "platformCredential"):
        user_id = await sim.person(authentication={"methods": [kind]})
        seen, plan = await looked(sim, user_id)
        assert seen.mfa_state is MfaState.DISABLED
        assert plan.reasons == (Reason.STRONGER_METHOD, Reason.NO_METHOD), "the second puts the user on the worklist"
