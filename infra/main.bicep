// MFA Prefill for Microsoft Entra ID: everything it needs in Azure, as a table of contents. What each part is, is in
// app/; the Graph permissions are a layer of their own, in graph/.
//
// Plain resources instead of Azure Verified Modules: those are fetched from a registry when the template is compiled,
// and this one compiles with no network at all, so that its tests can run anywhere.
targetScope = 'subscription'

import { permissionsFor } from 'graph/permissions.bicep'

// --- where ---------------------------------------------------------------------------------------------------------

@description('Required. Name of the azd environment; part of every name and tag.')
@minLength(1)
@maxLength(64)
param environmentName string

@description('Required. Region of all resources.')
@minLength(1)
@metadata({ azd: { type: 'location' } })
param location string

@description('Optional. Own name for the resource group.')
@maxLength(90)
param resourceGroupName string = ''

@description('Optional. Own name for the function app.')
@maxLength(60)
param functionAppName string = ''

@description('Optional. Own name for the storage account.')
@maxLength(24)
param storageAccountName string = ''

@description('Optional. Own name for the Key Vault.')
@maxLength(24)
param keyVaultName string = ''

// --- how sturdy, how private, how big ------------------------------------------------------------------------------

@description('Optional. true: storage and Key Vault are reached through private endpoints only; the webhook stays public.')
param vnetEnabled bool = false

@description('Optional. true: plan and storage are spread over availability zones, which the region must have.')
param zoneRedundant bool = false

@description('Optional. true: identity, storage and Key Vault cannot be deleted before their lock is; azd down fails.')
param deleteLocks bool = false

@description('Optional. Memory of an instance. 512 leaves little for twelve messages at once.')
@allowed([512, 2048, 4096])
param instanceMemoryMB int = 2048

@description('Optional. Upper limit of instances of each group of functions; Flex Consumption allows no less than 40.')
@minValue(40)
@maxValue(1000)
param maximumInstanceCount int = 40

@description('Optional. Webhook instances that never sleep: Graph drops notifications of a slow endpoint. 0 to try it out.')
@minValue(0)
@maxValue(20)
param alwaysReadyHttpInstances int = 1

@description('Optional. Webhook requests at once on one instance; each takes milliseconds.')
@minValue(1)
@maxValue(1000)
param httpConcurrency int = 16

// --- watching it ---------------------------------------------------------------------------------------------------

@description('Optional. E-mail addresses for alerts, comma-separated. Empty: alerts reach nobody.')
@maxLength(1000)
param alertEmails string = ''

@description('Optional. Days that logs are kept.')
@minValue(30)
@maxValue(730)
param logRetentionDays int = 90

@description('Optional. Gigabytes of logs a day at which Azure takes no more, against surprise bills; -1 for no limit.')
@minValue(-1)
@maxValue(1000)
param logDailyQuotaGb int = 2

@description('Optional. Silence after which an alert fires: more than twice the time between runs of renewSchedule.')
@allowed(['PT3H', 'PT6H', 'P1D'])
param heartbeatWindow string = 'PT3H'

// --- the secret ----------------------------------------------------------------------------------------------------

@description('Optional. true: PREFILL_SECRET is made up once and kept in a Key Vault. false: it is the parameter secret.')
param keyVaultEnabled bool = true

@description('Optional. true: bring back the Key Vault of this name that was deleted within the last week.')
param recoverKeyVault bool = false

@description('Conditional. PREFILL_SECRET, 32 characters or more, with keyVaultEnabled=false; then readable in the app settings.')
@secure()
param secret string = ''

@description('Optional. During a rotation: true when the Key Vault holds prefill-secret-previous.')
param previousSecretInVault bool = false

@description('Conditional. PREFILL_SECRET_PREVIOUS; only with keyVaultEnabled=false.')
@secure()
param secretPrevious string = ''

@description('Leave it out. The first half of a new secret; used only where the Key Vault holds none yet.')
@secure()
param newSecretFirstHalf string = newGuid()

@description('Leave it out. The second half.')
@secure()
param newSecretSecondHalf string = newGuid()

// --- what the app does: docs/settings.md says more about each ------------------------------------------------------

@description('Optional. plan: look, decide and record, write to no user. apply: write.')
@allowed(['plan', 'apply'])
param mode string = 'plan'

@description('Optional. Root of Microsoft Graph. Empty: that of the cloud deployed to; the DoD cloud must be named.')
@allowed([
  ''
  'https://graph.microsoft.com'
  'https://graph.microsoft.us'
  'https://dod-graph.microsoft.us'
  'https://microsoftgraph.chinacloudapi.cn'
])
param graphUrl string = ''

@description('Optional. https root under which Graph reaches the app; only behind a gateway or a custom domain.')
@maxLength(200)
param publicUrl string = ''

@description('Optional. The directory whose users are looked after. Empty: that of the subscription.')
@maxLength(36)
param tenantId string = ''

@description('Optional. Attributes that may hold the number, comma-separated; the first that has a value wins.')
@minLength(1)
@maxLength(500)
param phoneSources string = 'mobilePhone'

@description('Optional. ISO alpha-2 region for numbers without a country code. Empty: such a number is refused.')
@maxLength(2)
param defaultRegion string = ''

@description('Optional. Regions whose numbers may be written, comma-separated. Empty: all.')
@maxLength(1000)
param allowedRegions string = ''

@description('Optional. When another mobile is registered already: follow replaces only what this service wrote.')
@allowed(['keep', 'follow', 'replace'])
param existingPhone string = 'follow'

@description('Optional. How long a changed number waits: a number with s, m, h or d (at most 90d), or 0.')
@minLength(1)
@maxLength(8)
param changeHold string = '24h'

@description('Optional. A user with a stronger method: skip the phone, or add it all the same.')
@allowed(['skip', 'add'])
param strongerMethod string = 'skip'

@description('Optional. Per-user MFA state to reach. none where Conditional Access asks for MFA.')
@allowed(['none', 'enabled', 'enforced'])
param mfaState string = 'enabled'

@description('Optional. Preferred second factor to set; needs a broad permission.')
@allowed(['none', 'sms', 'voiceMobile'])
param defaultMethod string = 'none'

@description('Optional. Object ids of groups, comma-separated: only their members are touched.')
@maxLength(4000)
param includeGroups string = ''

@description('Optional. Object ids of groups, comma-separated: their members are never touched.')
@maxLength(4000)
param excludeGroups string = ''

@description('Optional. true: guests too.')
param includeGuests bool = false

@description('Optional. true: who holds a directory role, or may activate one, is never touched.')
param excludePrivileged bool = true

@description('Optional. true: only users synchronised from on-premises.')
param requireSynced bool = false

@description('Optional. Users written to within an hour at which the service stops until an operator resumes it.')
@minValue(1)
@maxValue(999999999)
param writesPerHour int = 2000

@description('Optional. NCRONTAB of the sweep, six fields, UTC. Empty: the default of the app.')
@maxLength(100)
param sweepSchedule string = '0 7 * * * *'

@description('Optional. NCRONTAB of the subscription keeper, six fields, UTC. Empty: the default of the app.')
@maxLength(100)
param renewSchedule string = '0 37 * * * *'

// --- names ---------------------------------------------------------------------------------------------------------

var abbreviations = loadJsonContent('abbreviations.json')
var token = toLower(uniqueString(subscription().id, environmentName, location))
var directory = empty(tenantId) ? tenant().tenantId : tenantId
var tags = { 'azd-env-name': environmentName }

var appName = empty(functionAppName) ? '${abbreviations.functionApp}${token}' : functionAppName
var accountName = empty(storageAccountName) ? '${abbreviations.storageAccount}${token}' : storageAccountName
var vaultName = empty(keyVaultName) ? '${abbreviations.keyVault}${token}' : keyVaultName
var packageContainer = 'app-package-${take(appName, 32)}-${take(token, 7)}'

// --- what the app is told ------------------------------------------------------------------------------------------

var graphOfCloud = {
  AzureCloud: 'https://graph.microsoft.com'
  AzureUSGovernment: 'https://graph.microsoft.us'
  AzureChinaCloud: 'https://microsoftgraph.chinacloudapi.cn'
}

var settings = {
  PREFILL_MODE: mode
  PREFILL_GRAPH_URL: empty(graphUrl) ? graphOfCloud[environment().name] : graphUrl
  PREFILL_PUBLIC_URL: publicUrl
  PREFILL_TENANT_ID: directory
  PREFILL_PHONE_SOURCES: phoneSources
  PREFILL_DEFAULT_REGION: defaultRegion
  PREFILL_ALLOWED_REGIONS: allowedRegions
  PREFILL_EXISTING_PHONE: existingPhone
  PREFILL_CHANGE_HOLD: changeHold
  PREFILL_STRONGER_METHOD: strongerMethod
  PREFILL_MFA_STATE: mfaState
  PREFILL_DEFAULT_METHOD: defaultMethod
  PREFILL_INCLUDE_GROUPS: includeGroups
  PREFILL_EXCLUDE_GROUPS: excludeGroups
  PREFILL_INCLUDE_GUESTS: toLower(string(includeGuests))
  PREFILL_EXCLUDE_PRIVILEGED: toLower(string(excludePrivileged))
  PREFILL_REQUIRE_SYNCED: toLower(string(requireSynced))
  PREFILL_WRITES_PER_HOUR: string(writesPerHour)
  PREFILL_SWEEP_SCHEDULE: sweepSchedule
  PREFILL_RENEW_SCHEDULE: renewSchedule
}

// --- the parts -----------------------------------------------------------------------------------------------------

resource group 'Microsoft.Resources/resourceGroups@2025-04-01' = {
  name: empty(resourceGroupName) ? '${abbreviations.resourceGroup}${environmentName}' : resourceGroupName
  location: location
  tags: tags
}

// Who the app is, for Azure and for Microsoft Graph. It exists before the app, so that its roles can be in place first.
module identity 'app/identity.bicep' = {
  scope: group
  params: {
    name: '${abbreviations.managedIdentity}${token}'
    location: location
    tags: tags
    deleteLock: deleteLocks
  }
}

// Where everything is written down that anybody will ask about.
module monitoring 'app/monitoring.bicep' = {
  scope: group
  params: {
    workspaceName: '${abbreviations.logAnalytics}${token}'
    appInsightsName: '${abbreviations.appInsights}${token}'
    location: location
    tags: tags
    retentionDays: logRetentionDays
    dailyQuotaGb: logDailyQuotaGb
  }
}

// Queues, tables, the deployed package and the host's own leases.
module storage 'app/storage.bicep' = {
  scope: group
  params: {
    name: accountName
    location: location
    tags: tags
    zoneRedundant: zoneRedundant
    publicAccess: !vnetEnabled
    deleteLock: deleteLocks
    packageContainer: packageContainer
    workspaceId: monitoring.outputs.workspaceId
  }
}

// PREFILL_SECRET, written once.
module vault 'app/key-vault.bicep' = if (keyVaultEnabled) {
  scope: group
  params: {
    name: vaultName
    location: location
    tags: tags
    publicAccess: !vnetEnabled
    recover: recoverKeyVault
    deleteLock: deleteLocks
    newSecret: '${newSecretFirstHalf}${newSecretSecondHalf}'
    workspaceId: monitoring.outputs.workspaceId
  }
}

// Private endpoints for storage and vault, and the app's way to them.
module network 'app/network.bicep' = if (vnetEnabled) {
  scope: group
  params: {
    name: '${abbreviations.virtualNetwork}${token}'
    endpointPrefix: '${abbreviations.privateEndpoint}${token}'
    location: location
    tags: tags
    storageAccountId: storage.outputs.accountId
    keyVaultId: vault.?outputs.vaultId ?? ''
  }
}

// Everything the identity may do in Azure, in one table.
module rbac 'app/rbac.bicep' = {
  scope: group
  params: {
    principalId: identity.outputs.principalId
    storageAccountName: storage.outputs.accountName
    appInsightsName: monitoring.outputs.appInsightsName
    keyVaultName: vault.?outputs.vaultName ?? ''
  }
}

// The app itself.
module app 'app/function-app.bicep' = {
  scope: group
  params: {
    name: appName
    planName: '${abbreviations.plan}${token}'
    location: location
    tags: tags
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageAccountName: storage.outputs.accountName
    packageContainer: packageContainer
    appInsightsName: monitoring.outputs.appInsightsName
    workspaceId: monitoring.outputs.workspaceId
    subnetId: network.?outputs.appSubnetId ?? ''
    zoneRedundant: zoneRedundant
    instanceMemoryMB: instanceMemoryMB
    maximumInstanceCount: maximumInstanceCount
    alwaysReadyHttpInstances: alwaysReadyHttpInstances
    httpConcurrency: httpConcurrency
    settings: settings
    secret: keyVaultEnabled
      ? vault!.outputs.secretReference
      : (length(secret) < 32
          ? fail('keyVaultEnabled=false needs the parameter secret, of at least 32 characters')
          : secret)
    secretPrevious: keyVaultEnabled
      ? (previousSecretInVault ? vault!.outputs.previousSecretReference : '')
      : secretPrevious
  }
  dependsOn: [
    rbac // the host fetches package and Key Vault references as soon as it exists
  ]
}

// Who is called when, and what for.
module alerts 'app/alerts.bicep' = {
  scope: group
  params: {
    actionGroupName: '${abbreviations.actionGroup}${token}'
    rulePrefix: '${abbreviations.queryRule}${token}'
    location: location
    tags: tags
    appInsightsId: monitoring.outputs.appInsightsId
    emails: alertEmails
    heartbeatWindow: heartbeatWindow
  }
}

// Is it working, what is stuck, when does the subscription end?
module workbook 'app/workbook.bicep' = {
  scope: group
  params: {
    displayName: 'MFA Prefill (${environmentName})'
    location: location
    tags: tags
    appInsightsId: monitoring.outputs.appInsightsId
  }
}

// --- what azd, its hooks and the graph layer go on with ------------------------------------------------------------

@description('Region of all resources.')
output AZURE_LOCATION string = location

@description('The directory of the subscription, where the identity lives.')
output AZURE_TENANT_ID string = tenant().tenantId

@description('The resource group.')
output AZURE_RESOURCE_GROUP string = group.name

@description('The function app, for az.')
output AZURE_FUNCTION_APP_NAME string = app.outputs.name

@description('The function app, for azd.')
output SERVICE_API_NAME string = app.outputs.name

@description('Where the app answers.')
output SERVICE_API_URI string = app.outputs.uri

@description('Client id of the app\'s identity.')
output AZURE_CLIENT_ID string = identity.outputs.clientId

@description('Object id of the app\'s identity: whom the Graph permissions are granted to.')
output SERVICE_API_IDENTITY_PRINCIPAL_ID string = identity.outputs.principalId

@description('Names of the Graph permissions that the settings call for.')
output GRAPH_PERMISSIONS string = join(
  permissionsFor(mfaState, defaultMethod, includeGroups, excludeGroups, excludePrivileged),
  ' '
)

@description('How many addresses alerts reach.')
output ALERT_RECEIVERS int = alerts.outputs.receivers
