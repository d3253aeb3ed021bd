"""Each check bites: what the compiler wrote is spoilt in one place, and the check that guards the place complains."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from dev import infra
from tests.infra.checks import CHECKS, Check, roles, security, topology
from tests.infra.checks import app as of_app
from tests.infra.checks import operations as ops
from tests.infra.checks.registry import ASSIGNMENT, DIAGNOSTICS, INSIGHTS, RULE, SITE, STORE, VAULT, WORKSPACE
from tests.infra.deployment import Declared, Deployment, declared

Spoil = Callable[[Deployment], None]
OWNER = "8e3af657-a8ff-443c-a75c-2fe8c4bcb635"


def put(kind: str, path: str, value: object, which: int = 0) -> Spoil:
    """Sets a property of a resource that would be deployed; `path` has dots."""

    def spoil(deployment: Deployment) -> None:
        *parents, last = path.split(".")
        place: Any = deployment.of_type(kind)[which]
        for parent in parents:
            place = place[int(parent) if parent.isdigit() else parent]
        place[last] = value

    return spoil


def drop(kind: str, which: int = 0) -> Spoil:
    """Takes a resource away."""

    def spoil(deployment: Deployment) -> None:
        deployment.snapshot["predictedResources"].remove(deployment.of_type(kind)[which])

    return spoil


def again(kind: str, **changed: object) -> Spoil:
    """Adds a second resource like the first, with some properties changed."""

    def spoil(deployment: Deployment) -> None:
        first = deployment.of_type(kind)[0]
        deployment.snapshot["predictedResources"].append(first | {"properties": first["properties"] | changed})

    return spoil


def child(kind: str, name: str) -> Spoil:
    """Adds a resource like the first, under another name."""

    def spoil(deployment: Deployment) -> None:
        first = deployment.of_type(kind)[0]
        deployment.snapshot["predictedResources"].append(first | {"name": f"parent/{name}"})

    return spoil


def setting(name: str, value: str | None) -> Spoil:
    def spoil(deployment: Deployment) -> None:
        settings = deployment.the(f"{SITE}/config")["properties"]
        settings.pop(name, None)
        if value is not None:
            settings[name] = value

    return spoil


def of_template(symbol: str, change: Callable[[Declared], None]) -> Spoil:
    """Changes a resource, or a module, where the template declares it."""

    def spoil(deployment: Deployment) -> None:
        [found] = [each for each in declared(deployment.template) if each.symbol == symbol]
        change(found)

    return spoil


def output(name: str, value: str) -> Spoil:
    def spoil(deployment: Deployment) -> None:
        deployment.template["outputs"][name] = {"type": "string", "value": value}

    return spoil


def parameter(name: str, **made: str) -> Spoil:
    def spoil(deployment: Deployment) -> None:
        deployment.template["parameters"][name] = made

    return spoil


def query(text: str, which: int = 0) -> Spoil:
    def spoil(deployment: Deployment) -> None:
        criterion = deployment.of_type(RULE)[which]["properties"]["criteria"]["allOf"][0]
        criterion["query"] = criterion["query"].partition(";")[0] + ";\n" + text

    return spoil


def workbook(pattern: str, replacement: str) -> Spoil:
    def spoil(deployment: Deployment) -> None:
        properties = deployment.the("Microsoft.Insights/workbooks")["properties"]
        properties["serializedData"] = re.sub(pattern, replacement, properties["serializedData"])

    return spoil


def role(which: str) -> str:
    return f"/subscriptions/x/providers/Microsoft.Authorization/roleDefinitions/{which}"


def on_the_group(deployment: Deployment) -> None:
    first = deployment.of_type(ASSIGNMENT)[0]
    first["id"] = re.sub(r"(/resourceGroups/[^/]+)/providers/Microsoft\.Storage[^']+", r"\1", first["id"], count=1)


def redeployed(found: Declared) -> None:
    del found.resource["@options"]


def restless(found: Declared) -> None:
    found.resource["properties"]["parameters"]["name"] = {"value": "[parameters('newSecretFirstHalf')]"}


def hasty(found: Declared) -> None:
    found.resource["dependsOn"].remove("rbac")


SPOILT: list[tuple[Check, Spoil]] = [
    (security.no_key_is_read_or_written, output("key", "[listKeys(resourceId('x', 'y'), '2025-06-01').keys[0].value]")),
    (security.no_key_is_read_or_written, output("key", "AccountKey=abc")),
    (security.storage_is_closed_to_keys_and_strangers, put(STORE, "properties.allowSharedKeyAccess", True)),
    (security.storage_is_closed_to_keys_and_strangers, put(STORE, "properties.minimumTlsVersion", "TLS1_0")),
    (security.storage_is_closed_to_keys_and_strangers, put(STORE, "properties.supportsHttpsTrafficOnly", False)),
    (
        security.storage_is_closed_to_keys_and_strangers,
        put(f"{STORE}/blobServices/containers", "properties.publicAccess", "Blob"),
    ),
    (security.what_is_deleted_can_come_back, put(VAULT, "properties.enablePurgeProtection", None)),
    (
        security.what_is_deleted_can_come_back,
        put(f"{STORE}/blobServices", "properties.deleteRetentionPolicy", {"enabled": False}),
    ),
    (security.the_site_takes_only_https_and_entra, put(SITE, "properties.httpsOnly", False)),
    (security.the_site_takes_only_https_and_entra, put(SITE, "properties.siteConfig.minTlsVersion", "1.0")),
    (
        security.the_site_takes_only_https_and_entra,
        put(f"{SITE}/basicPublishingCredentialsPolicies", "properties.allow", True),
    ),
    (security.the_site_takes_only_https_and_entra, drop(f"{SITE}/basicPublishingCredentialsPolicies", 1)),
    (security.telemetry_is_for_entra_identities_only, put(INSIGHTS, "properties.DisableLocalAuth", False)),
    (security.telemetry_is_for_entra_identities_only, put(INSIGHTS, "properties.WorkspaceResourceId", "")),
    (security.telemetry_is_for_entra_identities_only, put(WORKSPACE, "properties.features", {})),
    (security.vaults_go_by_roles, put(VAULT, "properties.enableRbacAuthorization", False)),
    (security.secrets_stay_secret, output("x", "[parameters('newSecretFirstHalf')]")),
    (security.secrets_stay_secret, parameter("adminPassword", type="string")),
    (security.secrets_stay_secret, parameter("secret", type="securestring", defaultValue="hunter2")),
    (security.no_tenant_or_subscription_is_named, output("x", "72f988bf-86f1-41af-91ab-2d7cd011db47")),
    (security.the_secret_is_written_once, of_template("vault/vault::secret", redeployed)),
    (security.the_secret_is_written_once, of_template("workbook", restless)),
    (security.the_secret_is_written_once, parameter("stamp", type="string", defaultValue="[utcNow()]")),
    (security.the_secret_is_written_once, parameter("stamp", type="string", defaultValue="[newGuid()]")),
    (
        roles.the_identity_may_do_this_and_no_more,
        put(ASSIGNMENT, "properties.roleDefinitionId", role(OWNER)),
    ),
    (roles.the_identity_may_do_this_and_no_more, drop(ASSIGNMENT, 4)),
    (roles.the_identity_may_do_this_and_no_more, again(ASSIGNMENT, roleDefinitionId=role(OWNER))),
    (roles.the_identity_may_do_this_and_no_more, again(ASSIGNMENT, principalId="somebody")),
    (roles.the_identity_may_do_this_and_no_more, on_the_group),
    (roles.roles_are_for_the_one_identity, put(ASSIGNMENT, "properties.principalId", "somebody")),
    (roles.roles_are_for_the_one_identity, put(ASSIGNMENT, "properties.principalType", None)),
    (roles.roles_are_for_the_one_identity, put(ASSIGNMENT, "name", "[guid('once')]")),
    (
        of_app.it_is_flex_with_the_right_python,
        put("Microsoft.Web/serverfarms", "sku", {"name": "Y1", "tier": "Dynamic"}),
    ),
    (of_app.it_is_flex_with_the_right_python, put(SITE, "properties.functionAppConfig.runtime.version", "3.12")),
    (of_app.it_is_flex_with_the_right_python, put(SITE, "properties.siteConfig.linuxFxVersion", "Python|3.13")),
    (
        of_app.the_package_is_fetched_with_the_identity,
        put(
            SITE,
            "properties.functionAppConfig.deployment.storage.authentication.type",
            "StorageAccountConnectionString",
        ),
    ),
    (
        of_app.the_package_is_fetched_with_the_identity,
        put(f"{STORE}/blobServices/containers", "name", "account/default/elsewhere"),
    ),
    (of_app.settings_are_those_of_the_code, setting("PREFILL_MODE", None)),
    (of_app.settings_are_those_of_the_code, setting("PREFILL_MOOD", "good")),
    (of_app.settings_are_those_of_the_code, setting("FUNCTIONS_WORKER_RUNTIME", "python")),
    (of_app.settings_are_those_of_the_code, setting("AzureWebJobsStorage", "")),
    (of_app.settings_name_the_one_identity, setting("AZURE_CLIENT_ID", "somebody")),
    (of_app.settings_name_the_one_identity, setting("AzureWebJobsStorage__credential", "")),
    (of_app.settings_name_the_one_identity, setting("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", "")),
    (of_app.the_secret_comes_from_the_vault, setting("PREFILL_SECRET", "0123456789abcdef0123456789abcdef")),
    (of_app.the_secret_comes_from_the_vault, put(SITE, "properties.keyVaultReferenceIdentity", None)),
    (of_app.queues_are_those_of_the_code, drop(f"{STORE}/queueServices/queues", 2)),
    (of_app.queues_are_those_of_the_code, child(f"{STORE}/queueServices/queues", "work")),
    (of_app.tables_are_those_of_the_code, drop(f"{STORE}/tableServices/tables")),
    (of_app.tables_are_those_of_the_code, child(f"{STORE}/tableServices/tables", "more")),
    (
        of_app.always_ready_is_for_a_group_that_exists,
        put(
            SITE, "properties.functionAppConfig.scaleAndConcurrency.alwaysReady", [{"name": "web", "instanceCount": 1}]
        ),
    ),
    (of_app.the_app_waits_for_roles_and_container, of_template("app", hasty)),
    (ops.alerts_reach_somebody_and_say_what_to_do, drop(RULE, 3)),
    (ops.alerts_reach_somebody_and_say_what_to_do, put(RULE, "properties.description", "Look at it.")),
    (ops.alerts_reach_somebody_and_say_what_to_do, put(RULE, "properties.actions.actionGroups", [])),
    (ops.alerts_reach_somebody_and_say_what_to_do, put(RULE, "properties.enabled", False)),
    (ops.alerts_reach_somebody_and_say_what_to_do, put(RULE, "properties.scopes", ["/subscriptions/x"])),
    (ops.silence_raises_an_alert, put(RULE, "properties.criteria.allOf.0.operator", "GreaterThan", 1)),
    (ops.silence_raises_an_alert, query('signals\n| where action == "heartbeat"\n| summarize count()', 1)),
    (ops.queries_read_tables_that_are_not_sampled, query("customMetrics\n| where name == 'parked'")),
    (ops.queries_read_tables_that_are_not_sampled, query("")),
    (ops.the_workbook_answers_seven_questions, workbook("What is stuck", "What is new")),
    (ops.logs_are_kept_and_bounded, put(WORKSPACE, "properties.retentionInDays", 0)),
    (ops.logs_are_kept_and_bounded, put(WORKSPACE, "properties.workspaceCapping", {})),
    (ops.logs_are_kept_and_bounded, drop(DIAGNOSTICS, 2)),
    (ops.everything_is_tagged, put(STORE, "tags", {})),
    (ops.everything_is_tagged, put(SITE, "tags", {"azd-env-name": "test", "azd-service-name": "web"})),
    (topology.private_means_private, put(STORE, "properties.publicNetworkAccess", "Enabled")),
    (topology.private_means_private, put(VAULT, "properties.networkAcls.defaultAction", "Allow")),
    (topology.private_means_private, drop("Microsoft.Network/privateEndpoints", 1)),
    (topology.private_means_private, drop("Microsoft.Network/privateDnsZones", 1)),
    (topology.private_means_private, put("Microsoft.Network/virtualNetworks", "properties.subnets.0.properties", {})),
    (topology.private_means_private, put(SITE, "properties.virtualNetworkSubnetId", None)),
    (topology.zones_are_for_plan_and_storage_together, put(STORE, "sku.name", "Standard_LRS")),
]


@pytest.mark.parametrize(("check", "spoil"), SPOILT, ids=[f"{n}-{one[0].__name__}" for n, one in enumerate(SPOILT)])
def test_bites(private: Deployment, check: Check, spoil: Spoil) -> None:
    spoilt = private.copy()
    spoil(spoilt)
    assert list(check(private)) == []
    assert list(check(spoilt)) != []


def test_no_check_is_without_its_bite() -> None:
    assert {check.__name__ for check, _ in SPOILT} == {check.__name__ for check in CHECKS}


def test_a_spoilt_template_goes_through_the_compiler_and_is_caught(
    compiler: infra.Compiler, public: Deployment, tmp_path: Path
) -> None:
    """The whole way once: ARM JSON changed by hand, what would be deployed of it, and the check that reads that."""
    spoilt = public.copy()
    [account] = [each for each in declared(spoilt.template) if each.resource["type"] == STORE]
    account.resource["properties"]["allowSharedKeyAccess"] = True
    (tmp_path / "main.json").write_text(json.dumps(spoilt.template))
    text = infra.parameter_file("public").read_text()
    parameters = tmp_path / "spoilt.bicepparam"
    parameters.write_text(re.sub(r"using '[^']+'", "using 'main.json'", text))
    compiler.run("snapshot", str(parameters), "--mode", "overwrite", *infra.WHERE)
    deployed = Deployment("spoilt", spoilt.template, json.loads(parameters.with_suffix(".snapshot.json").read_text()))
    [complaint] = security.storage_is_closed_to_keys_and_strangers(deployed)
    assert "allowSharedKeyAccess is True" in complaint
