// One account for queues, tables, the deployed package and the Functions host's leases, reached with Entra tokens only.

@description('Required. Name of the account.')
@minLength(3)
@maxLength(24)
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Whether data is spread over availability zones.')
param zoneRedundant bool

@description('Required. false: through private endpoints only.')
param publicAccess bool

@description('Required. Whether to lock it against deletion.')
param deleteLock bool

@description('Required. Container of the deployed package.')
@minLength(3)
@maxLength(63)
param packageContainer string

@description('Required. Log Analytics workspace for who wrote and deleted what.')
param workspaceId string

// All of them from the start: the host would make a poison queue only on the first failure.
var queueNames = [
  'user-reconcile' // whom to look at
  'user-reconcile-poison' // what gave up; a function parks it
  'prefill-chores' // renew, ensure, sweep
  'prefill-chores-poison' // what gave up; the next timer does the work again
]

var tableNames = [
  'users' // the ledger
  'audit' // append only
  'control' // checkpoints, switches, the subscription
  'parked' // what a person has to look at
]

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: zoneRedundant ? 'Standard_ZRS' : 'Standard_LRS' }
  properties: {
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    supportsHttpsTrafficOnly: true
    // Without a virtual network the app has no address of its own to let in; its identity is what counts.
    publicNetworkAccess: publicAccess ? 'Enabled' : 'Disabled'
    networkAcls: {
      bypass: 'None'
      defaultAction: publicAccess ? 'Allow' : 'Deny'
    }
  }

  resource blobs 'blobServices' = {
    name: 'default'
    properties: {
      // A deleted package or host lease can be brought back; tables and queues know no soft delete.
      deleteRetentionPolicy: { enabled: true, days: 7 }
      containerDeleteRetentionPolicy: { enabled: true, days: 7 }
    }

    resource package 'containers' = {
      name: packageContainer
      properties: { publicAccess: 'None' }
    }
  }

  resource queues 'queueServices' = {
    name: 'default'

    resource queue 'queues' = [for queueName in queueNames: { name: queueName }]
  }

  resource tables 'tableServices' = {
    name: 'default'

    resource table 'tables' = [for tableName in tableNames: { name: tableName }]
  }
}

// Who changed a row of the audit, or a package. Not reads: an idle queue is read every two seconds.
var writes = [
  { category: 'StorageWrite', enabled: true }
  { category: 'StorageDelete', enabled: true }
]

#disable-next-line use-recent-api-versions // the newer "GA" 2016-09-01 that the rule proposes knows no categories
resource blobLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'writes'
  scope: account::blobs
  properties: { workspaceId: workspaceId, logs: writes }
}

#disable-next-line use-recent-api-versions // as above
resource queueLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'writes'
  scope: account::queues
  // Deletions only: each message is written once and deleted once, and how many there are the app tells itself.
  properties: { workspaceId: workspaceId, logs: [{ category: 'StorageDelete', enabled: true }] }
}

#disable-next-line use-recent-api-versions // as above
resource tableLogs 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'writes'
  scope: account::tables
  properties: { workspaceId: workspaceId, logs: writes }
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: account
  properties: {
    level: 'CanNotDelete'
    notes: 'The ledger and the audit exist nowhere else.'
  }
}

@description('Name of the account.')
output accountName string = account.name

@description('Resource id of the account.')
output accountId string = account.id
