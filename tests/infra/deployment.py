"""What the compiler makes of infra/, as the checks read it: the template, and what would be deployed of it."""

import copy
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NESTED = "Microsoft.Resources/deployments"


@dataclass(frozen=True, slots=True)
class Deployment:
    """One set of parameters: `template` holds expressions, `snapshot` what they come to as far as that is known."""

    name: str
    template: Any
    snapshot: Any

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The resources of a type that would be deployed."""
        return [each for each in self.snapshot["predictedResources"] if each["type"] == kind]

    def the(self, kind: str) -> dict[str, Any]:
        """The only resource of a type."""
        [found] = self.of_type(kind)
        return found

    def settings(self) -> dict[str, str]:
        """The app settings."""
        return dict(self.the("Microsoft.Web/sites/config")["properties"])

    def text(self) -> str:
        """The whole template."""
        return json.dumps(self.template)

    def copy(self) -> "Deployment":
        """One to spoil."""
        return Deployment(self.name, copy.deepcopy(self.template), copy.deepcopy(self.snapshot))


@dataclass(frozen=True, slots=True)
class Declared:
    """A resource as the template declares it, with the template it is in."""

    symbol: str
    resource: dict[str, Any]
    template: dict[str, Any]


def declared(template: dict[str, Any], prefix: str = "") -> Iterator[Declared]:
    """Every resource, modules first; resources are a list, or by symbol where the language version is 2.0."""
    resources = template["resources"]
    named = resources.items() if isinstance(resources, dict) else ((each["type"], each) for each in resources)
    for symbol, resource in named:
        yield Declared(prefix + symbol, resource, template)
        if resource["type"] == NESTED:
            yield from declared(resource["properties"]["template"], f"{prefix}{symbol}/")


def templates(template: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The template and every module's."""
    yield template
    for each in declared(template):
        if each.resource["type"] == NESTED:
            yield each.resource["properties"]["template"]


def last_name(resource: dict[str, Any]) -> str:
    """The name without those of its parents."""
    return str(resource["name"]).rpartition("/")[2]


def scope_of(assignment: dict[str, Any]) -> str:
    """What an extension resource is put on; the snapshot tells it only within the id."""
    found = re.match(
        r"\[extensionResourceId\('([^']+)'|(.+)/providers/Microsoft\.Authorization/", str(assignment["id"])
    )
    return (found[1] or found[2]) if found else ""


def type_of(resource_id: str) -> str:
    """`Microsoft.Storage/storageAccounts` of a resource's id; groups and subscriptions have words of their own."""
    provider = resource_id.rpartition("/providers/")[2] if "/providers/" in resource_id else ""
    parts = provider.split("/")
    if provider:
        return "/".join([parts[0], *parts[1::2]])
    return "resource group" if "/resourceGroups/" in resource_id else "subscription"


def queries(deployment: Deployment) -> dict[str, str]:
    """The KQL of each alert and each part of the workbook, by name."""
    alerts = {
        last_name(rule): rule["properties"]["criteria"]["allOf"][0]["query"]
        for rule in deployment.of_type("Microsoft.Insights/scheduledQueryRules")
    }
    return alerts | {f"workbook: {name}": query for name, query in workbook_queries(deployment).items()}


def workbook_queries(deployment: Deployment) -> dict[str, str]:
    items = json.loads(deployment.the("Microsoft.Insights/workbooks")["properties"]["serializedData"])["items"]
    return {item["name"]: item["content"]["query"] for item in items if item["type"] == 3}
