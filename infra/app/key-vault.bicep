// Where PREFILL_SECRET is kept. A deployment writes it once; afterwards neither a deployment nor the app changes it.

@description('Required. Name of the vault.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. false: through a private endpoint only.')
param publicAccess bool

@description('Required. Whether to bring back a deleted vault of this name.')
param recover bool

@description('Required. Whether to lock it against deletion.')
param deleteLock bool

@description('Required. The secret to write where there is none yet.')
@secure()
param newSecret string

@description('Required. Log Analytics workspace for who read the secret.')
param workspaceId string

var secretName = 'prefill-secret'

resource vault 'Microsoft.KeyVault/vaults@2026-02-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: subscription().tenantId
    sku: { family: 'A', name: 'standard' }
    createMode: recover ? 'recover' : 'default'
    enableRbacAuthorization: true
    enableSoftDelete: true
    // The least there is: purge protection keeps a deleted vault, and its name, for that long.
    softDeleteRetentionInDays: 7
    enablePurgeProtection: true
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: publicAccess ? 'Allow' : 'Deny'
    }
  }

  // A new one at each deployment would break the live subscription and forget which numbers are ours.
  @onlyIfNotExists()
  resource secret 'secrets' = {
    name: secretName
    properties: {
      value: newSecret
      contentType: 'PREFILL_SECRET, written once; docs/deployment.md says how to rotate it'
    }
  }
}

#disable-next-line use-recent-api-versions // the newer "GA" 2016-09-01 that the rule proposes knows no category groups
resource logs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'audit'
  scope: vault
  properties: {
    workspaceId: workspaceId
    logs: [{ categoryGroup: 'audit', enabled: true }]
  }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: vault
  properties: {
    level: 'CanNotDelete'
    notes: 'Without the secret the app no longer knows which numbers it wrote.'
  }
}

@description('Resource id of the vault.')
output vaultId string = vault.id

@description('Name of the vault.')
output vaultName string = vault.name

// References without a version: the app follows a rotation by itself. Only the path to a secret, never its value.
@description('What PREFILL_SECRET is set to.')
#disable-next-line outputs-should-not-contain-secrets // a reference
output secretReference string = '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/${secretName})'

@description('What PREFILL_SECRET_PREVIOUS is set to during a rotation.')
#disable-next-line outputs-should-not-contain-secrets // a reference
output previousSecretReference string = '@Microsoft.KeyVault(SecretUri=${vault.properties.vaultUri}secrets/${secretName}-previous)'
