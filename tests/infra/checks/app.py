"""The function app, and that its settings, queues and tables are those of the code."""

from shared.messages import CHORE_QUEUE, POISON_QUEUE, USER_QUEUE
from shared.settings import SETTINGS, STORAGE, STORAGE_SETTINGS
from shared.storage.tables import TABLES
from tests.infra.checks.registry import SITE, STORE, Wrong, check
from tests.infra.deployment import Deployment, declared, last_name

FORBIDDEN_SETTINGS = {
    *("FUNCTIONS_EXTENSION_VERSION", "FUNCTIONS_WORKER_RUNTIME", "FUNCTIONS_WORKER_RUNTIME_VERSION"),
    *("WEBSITE_RUN_FROM_PACKAGE", "WEBSITE_CONTENTAZUREFILECONNECTIONSTRING", "WEBSITE_CONTENTSHARE"),
    *("SCM_DO_BUILD_DURING_DEPLOYMENT", "ENABLE_ORYX_BUILD", STORAGE),
}
"""What Flex Consumption refuses or ignores, and the connection string that would win over the endpoints."""

PLATFORM_SETTINGS = {
    f"{STORAGE}__blobServiceUri",  # the host's own; the app uses no blobs
    "APPLICATIONINSIGHTS_CONNECTION_STRING",
    "APPLICATIONINSIGHTS_AUTHENTICATION_STRING",
    "AZURE_CLIENT_ID",
}


@check
def it_is_flex_with_the_right_python(deployment: Deployment) -> Wrong:
    if deployment.the("Microsoft.Web/serverfarms")["sku"] != {"name": "FC1", "tier": "FlexConsumption"}:
        yield "the plan is not Flex Consumption"
    site = deployment.the(SITE)
    if site["kind"] != "functionapp,linux":
        yield f"the site is a {site['kind']}"
    if site["properties"]["functionAppConfig"]["runtime"] != {"name": "python", "version": "3.13"}:
        yield "the runtime is not that of pyproject.toml"
    if list(site["properties"]["siteConfig"]) != ["minTlsVersion", "scmMinTlsVersion", "ftpsState", "http20Enabled"]:
        yield "siteConfig has what Flex Consumption does not know"


@check
def the_package_is_fetched_with_the_identity(deployment: Deployment) -> Wrong:
    place = deployment.the(SITE)["properties"]["functionAppConfig"]["deployment"]["storage"]
    identity = deployment.the("Microsoft.ManagedIdentity/userAssignedIdentities")["id"]
    if place["authentication"] != {"type": "UserAssignedIdentity", "userAssignedIdentityResourceId": identity}:
        yield "the package is not fetched with the identity"
    if f"'{last_name(deployment.the(f'{STORE}/blobServices/containers'))}'" not in place["value"]:
        yield "the package's container does not exist"


@check
def settings_are_those_of_the_code(deployment: Deployment) -> Wrong:
    of_code = {setting.name for setting in SETTINGS} | set(STORAGE_SETTINGS) - {f"{STORAGE}__accountName"}
    found = set(deployment.settings())
    yield from (f"{name} is set, and nobody reads it" for name in found - of_code - PLATFORM_SETTINGS)
    yield from (f"{name} is not set" for name in (of_code | PLATFORM_SETTINGS) - found)
    yield from (f"{name} must not be set" for name in found & FORBIDDEN_SETTINGS)


@check
def settings_name_the_one_identity(deployment: Deployment) -> Wrong:
    settings = deployment.settings()
    client = deployment.snapshot["outputs"]["AZURE_CLIENT_ID"]
    for name in ("AZURE_CLIENT_ID", f"{STORAGE}__clientId"):
        if settings.get(name) != client:
            yield f"{name} is not the identity's"
    if settings.get(f"{STORAGE}__credential") != "managedidentity":
        yield "storage is not reached with the identity"
    if ";Authorization=AAD" not in settings.get("APPLICATIONINSIGHTS_AUTHENTICATION_STRING", ""):
        yield "telemetry is not sent with the identity"


@check
def the_secret_comes_from_the_vault(deployment: Deployment) -> Wrong:
    reference = deployment.settings().get("PREFILL_SECRET", "")
    if "@Microsoft.KeyVault(SecretUri=" not in reference or "'prefill-secret'" not in reference:
        yield "PREFILL_SECRET is no reference into the vault"
    if (
        deployment.the(SITE)["properties"].get("keyVaultReferenceIdentity")
        != (deployment.the("Microsoft.ManagedIdentity/userAssignedIdentities")["id"])
    ):
        yield "references are not read with the identity"


@check
def queues_are_those_of_the_code(deployment: Deployment) -> Wrong:
    of_code = {USER_QUEUE, CHORE_QUEUE, POISON_QUEUE, f"{CHORE_QUEUE}-poison"}
    found = {last_name(queue) for queue in deployment.of_type(f"{STORE}/queueServices/queues")}
    yield from (f"nobody uses the queue {name}" for name in found - of_code)
    yield from (f"the queue {name} is missing" for name in of_code - found)


@check
def tables_are_those_of_the_code(deployment: Deployment) -> Wrong:
    found = {last_name(table) for table in deployment.of_type(f"{STORE}/tableServices/tables")}
    yield from (f"nobody uses the table {name}" for name in found - set(TABLES))
    yield from (f"the table {name} is missing" for name in set(TABLES) - found)


@check
def always_ready_is_for_a_group_that_exists(deployment: Deployment) -> Wrong:
    for group in deployment.the(SITE)["properties"]["functionAppConfig"]["scaleAndConcurrency"]["alwaysReady"]:
        if group["name"] != "http":
            yield f"no group is called {group['name']}"


@check
def the_app_waits_for_roles_and_container(deployment: Deployment) -> Wrong:
    [app] = [each.resource for each in declared(deployment.template) if each.symbol == "app"]
    yield from (f"the app does not wait for {name}" for name in {"rbac", "storage", "network"} - set(app["dependsOn"]))
