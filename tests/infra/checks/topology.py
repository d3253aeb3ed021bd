"""Public or private, one zone or three."""

from typing import Any

from tests.infra.checks.registry import SITE, STORE, VAULT, Wrong, check
from tests.infra.deployment import Deployment


@check
def private_means_private(deployment: Deployment) -> Wrong:
    networks = deployment.of_type("Microsoft.Network/virtualNetworks")
    for kind in (STORE, VAULT):
        for each in deployment.of_type(kind):
            doors = each["properties"]["publicNetworkAccess"], each["properties"]["networkAcls"]["defaultAction"]
            if doors != (("Disabled", "Deny") if networks else ("Enabled", "Allow")):
                yield f"{each['name']}: {doors}"
    if networks:
        yield from _private_endpoints(deployment, networks[0])


def _private_endpoints(deployment: Deployment, network: dict[str, Any]) -> Wrong:
    groups = {
        each["properties"]["privateLinkServiceConnections"][0]["properties"]["groupIds"][0]
        for each in deployment.of_type("Microsoft.Network/privateEndpoints")
    }
    yield from (f"no private endpoint for {name}" for name in {"blob", "queue", "table", "vault"} - groups)
    for kind in ("privateDnsZones", "privateDnsZones/virtualNetworkLinks", "privateEndpoints/privateDnsZoneGroups"):
        if len(deployment.of_type(f"Microsoft.Network/{kind}")) != len(groups):
            yield f"not one {kind} for each private endpoint"
    [app] = [subnet["properties"] for subnet in network["properties"]["subnets"] if subnet["name"] == "app"]
    if [each["properties"]["serviceName"] for each in app.get("delegations", [])] != ["Microsoft.App/environments"]:
        yield "the app's subnet is not delegated"
    if not str(deployment.the(SITE)["properties"]["virtualNetworkSubnetId"]).endswith("/subnets/app"):
        yield "the site is not in the network"


@check
def zones_are_for_plan_and_storage_together(deployment: Deployment) -> Wrong:
    plan = deployment.the("Microsoft.Web/serverfarms")["properties"]["zoneRedundant"]
    store = deployment.the(STORE)["sku"]["name"]
    if (plan, store) not in ((True, "Standard_ZRS"), (False, "Standard_LRS")):
        yield f"zone redundancy: plan {plan}, storage {store}"
