"""The list of all checks, and what they share."""

from collections.abc import Callable, Iterator
from typing import Any

from tests.infra.deployment import Deployment

Wrong = Iterator[str]
Check = Callable[[Deployment], Wrong]
CHECKS: list[Check] = []

SITE, STORE, VAULT = "Microsoft.Web/sites", "Microsoft.Storage/storageAccounts", "Microsoft.KeyVault/vaults"
INSIGHTS, WORKSPACE = "Microsoft.Insights/components", "Microsoft.OperationalInsights/workspaces"
ASSIGNMENT, DIAGNOSTICS = "Microsoft.Authorization/roleAssignments", "Microsoft.Insights/diagnosticSettings"
RULE, GROUP = "Microsoft.Insights/scheduledQueryRules", "Microsoft.Insights/actionGroups"


def check(function: Check) -> Check:
    CHECKS.append(function)
    return function


def differences(deployment: Deployment, kind: str, wanted: dict[str, Any]) -> Wrong:
    for each in deployment.of_type(kind):
        for name, value in wanted.items():
            if each["properties"].get(name) != value:
                yield f"{each['name']}: {name} is {each['properties'].get(name)!r}, not {value!r}"
