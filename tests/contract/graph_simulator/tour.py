"""One successful call of every address of the simulated Graph, in both versions, and what came back."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from dev.graph_simulator.clock import iso
from dev.graph_simulator.methods import KINDS
from tests.contract.graph_simulator.client import (
    MOBILE_ID,
    NUMBER,
    OFFICE_ID,
    OTHER_NUMBER,
    Answer,
    Graph,
    Webhook,
    inner,
    phone,
)

EVERY_ROLE = (
    "Directory.Read.All",
    "User.Read.All",
    "User.ReadWrite.All",
    "GroupMember.Read.All",
    "UserAuthenticationMethod.ReadWrite.All",
    "Policy.ReadWrite.AuthenticationMethod",
    "RoleManagement.Read.Directory",
    "PrivilegedEligibilitySchedule.Read.AzureADGroup",
)
GROUP, PARENT = (f"{digit * 8}-0000-4000-8000-000000000000" for digit in "ab")
POLICY = "policies/authenticationMethodsPolicy"
SCHEDULES = "identityGovernance/privilegedAccess/group/eligibilitySchedules"


@dataclass(frozen=True)
class Call:
    """A call and its answer. `path` is below the version and without its query."""

    method: str
    version: str
    path: str
    query: str
    answer: Answer


async def take_tour(graph: Graph, hook: Webhook, version: str) -> list[Call]:
    """Call everything that exists in a version, as one rich user needs it; writes come last."""
    await graph.sim("PATCH", "faults", {"delta_page_size": 1})
    facts = {"groupParents": {GROUP: [PARENT]}, "roleAssignableGroups": [PARENT], "groupRoles": {PARENT: ["r0"]}}
    await graph.sim("PUT", "tenant", facts)
    user = await _rich_user(graph)
    await graph.user(identityParentId="11111111-2222-4333-8444-555555555555")
    await graph.user(isManagementRestricted=True, onPremisesSyncEnabled=True)
    gone = await graph.user()
    await graph.sim("DELETE", f"users/{gone}")
    calls = [await _call(graph, version, *each) for each in _reads(user)]
    calls += [await _call(graph, version, *each) for each in _writes(user)] if version == "v1.0" else []
    calls += [await _call(graph, version, *each) for each in _beta_only(user)] if version == "beta" else []
    calls += await _subscriptions(graph, hook, version)
    calls += await _deletions(graph, version, user)
    return calls


async def _rich_user(graph: Graph) -> str:
    return await graph.user(
        mobilePhone=NUMBER,
        businessPhones=["1"],
        usageLocation="NL",
        employeeId="E1",
        onPremisesExtensionAttributes={"extensionAttribute1": "a"},
        groups=[GROUP],
        roles=["r1"],
        eligibleRoles=["r2"],
        eligibleGroups={GROUP: "member", PARENT: "owner"},
        authentication={"mobile": NUMBER, "methods": list(KINDS), "preferred": "sms", "smsSignIn": True},
    )


type Wanted = tuple[str, str, object]


def _reads(user: str) -> Sequence[Wanted]:
    own = f"users/{user}/authentication"
    only = f"?$filter=principalId eq '{user}'"
    paths = [
        "users",
        "users?$select=id,accountEnabled,createdDateTime,assignedLicenses,onPremisesExtensionAttributes&$top=1",
        "users/delta",
        "users/delta()?$select=id,mobilePhone",
        "users/delta?$deltatoken=latest",
        f"users/{user}",
        f"users/{user}?$select=mobilePhone,isManagementRestricted",
        f"{own}/phoneMethods",
        f"{own}/phoneMethods/{MOBILE_ID}",
        f"{own}/methods",
        f"users/{user}/transitiveMemberOf",
        f"users/{user}/transitiveMemberOf?$select=id,securityEnabled,isAssignableToRole&$top=1",
        "groups",
        "groups?$filter=isAssignableToRole eq true&$select=id",
        "roleManagement/directory/roleAssignments",
        "roleManagement/directory/roleAssignments" + only,
        "roleManagement/directory/roleEligibilitySchedules",
        SCHEDULES + only,
        SCHEDULES + only + "&$select=accessId,groupId",
        POLICY,
        f"{POLICY}/authenticationMethodConfigurations/sms",
        "subscriptions",
    ]
    return [("GET", path, None) for path in paths]


def _writes(user: str) -> Sequence[Wanted]:
    own = f"users/{user}/authentication/phoneMethods"
    return [
        ("POST", f"users/{user}/checkMemberGroups", {"groupIds": [GROUP]}),
        ("POST", own, phone("+49 3023125000", "office")),
        ("PATCH", f"{own}/{MOBILE_ID}", phone(OTHER_NUMBER)),
        ("DELETE", f"{own}/{OFFICE_ID}", None),
        ("POST", "users", {"userPrincipalName": "new@contoso.example", "accountEnabled": True}),
        ("PATCH", f"users/{user}", {"mobilePhone": OTHER_NUMBER}),
        ("POST", "$batch", {"requests": [inner("1", "GET", f"/users/{user}"), inner("2", "GET", "/users/nobody")]}),
    ]


def _beta_only(user: str) -> Sequence[Wanted]:
    own = f"users/{user}/authentication"
    return [
        ("GET", f"{own}/requirements", None),
        ("PATCH", f"{own}/requirements", {"perUserMfaState": "enforced"}),
        ("GET", f"{own}/signInPreferences", None),
        ("PATCH", f"{own}/signInPreferences", {"userPreferredMethodForSecondaryAuthentication": "sms"}),
    ]


async def _subscriptions(graph: Graph, hook: Webhook, version: str) -> list[Call]:
    made = await _call(graph, version, "POST", "subscriptions", graph.subscription(hook))
    one = f"subscriptions/{made.answer.body['id']}"
    end = {"expirationDateTime": iso(graph.tenant.now() + 90_000)}
    wanted: list[Wanted] = [
        ("GET", "subscriptions", None),
        ("GET", one, None),
        ("PATCH", one, end),
        ("POST", f"{one}/reauthorize", None),
        ("DELETE", one, None),
    ]
    return [made, *[await _call(graph, version, *each) for each in wanted]]


async def _deletions(graph: Graph, version: str, user: str) -> list[Call]:
    own = f"users/{user}/authentication"
    listed = await _call(graph, version, "GET", f"{own}/methods", None)
    collections = {f"#microsoft.graph.{_type(kind)}": collection for kind, (collection, _) in KINDS.items()}
    found = [
        await _call(graph, version, "DELETE", f"{own}/{collections[item['@odata.type']]}/{item['id']}", None)
        for item in listed.answer.body["value"]
        if item["@odata.type"] in collections
    ]
    return [listed, *found, await _call(graph, version, "DELETE", f"users/{user}", None)]


def _type(kind: str) -> str:
    return kind if kind.endswith("AuthenticationMethod") else f"{kind}AuthenticationMethod"


async def _call(graph: Graph, version: str, method: str, path: str, body: Any) -> Call:
    answer = await graph.call(method, f"/{version}/{path}", body, roles=EVERY_ROLE)
    assert answer.status < 300, f"{method} {path}: {answer.text}"
    bare, _, query = path.partition("?")
    return Call(method, version, bare, query, answer)
