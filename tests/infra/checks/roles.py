"""What the identity may do in Azure: exactly this."""

from typing import Any

from tests.infra.checks.registry import ASSIGNMENT, INSIGHTS, STORE, VAULT, Wrong, check
from tests.infra.deployment import Deployment, scope_of, type_of

ROLES = {
    "b7e6dc6d-f1e8-4753-8033-0f276bb0955b": "Storage Blob Data Owner",
    "974c5e8b-45b9-4653-ba55-5f855dd0fb88": "Storage Queue Data Contributor",
    "0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3": "Storage Table Data Contributor",
    "3913510d-42f4-4e42-8a64-420c390055eb": "Monitoring Metrics Publisher",
    "4633458b-17de-408a-b874-0445c86b69e6": "Key Vault Secrets User",
}
ALLOWED = {
    ("Storage Blob Data Owner", STORE),
    ("Storage Queue Data Contributor", STORE),
    ("Storage Table Data Contributor", STORE),
    ("Monitoring Metrics Publisher", INSIGHTS),
    ("Key Vault Secrets User", VAULT),
}


@check
def the_identity_may_do_this_and_no_more(deployment: Deployment) -> Wrong:
    found = {(_role(each), type_of(scope_of(each))) for each in deployment.of_type(ASSIGNMENT)}
    yield from (f"not allowed: {role} on {scope}" for role, scope in found - ALLOWED)
    yield from (f"missing: {role} on {scope}" for role, scope in ALLOWED - found)
    if len(deployment.of_type(ASSIGNMENT)) != len(found):
        yield "the same role twice"


@check
def roles_are_for_the_one_identity(deployment: Deployment) -> Wrong:
    identity = deployment.the("Microsoft.ManagedIdentity/userAssignedIdentities")["id"]
    for each in deployment.of_type(ASSIGNMENT):
        properties = each["properties"]
        if properties["principalId"] != f"[reference('{identity}', '2024-11-30').principalId]":
            yield f"{_role(each)} is for somebody else"
        if properties.get("principalType") != "ServicePrincipal":
            yield f"{_role(each)} has no principalType"
        role = properties["roleDefinitionId"].rpartition("/")[2]
        if each["name"] != f"[guid('{scope_of(each)}', {properties['principalId'][1:-1]}, '{role}')]":
            yield f"the name of {_role(each)} is not made of scope, principal and role"


def _role(assignment: dict[str, Any]) -> str:
    role = str(assignment["properties"]["roleDefinitionId"]).rpartition("/")[2]
    return ROLES.get(role, role)
