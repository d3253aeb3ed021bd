// The user-assigned identity: it survives the app, and with it the Graph permissions it was granted.

@description('Required. Name of the identity.')
param name string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. Whether to lock it against deletion.')
param deleteLock bool

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: name
  location: location
  tags: tags
}

resource lock 'Microsoft.Authorization/locks@2020-05-01' = if (deleteLock) {
  name: 'keep'
  scope: identity
  properties: {
    level: 'CanNotDelete'
    notes: 'Its Graph permissions would have to be granted anew by a directory administrator.'
  }
}

@description('Resource id.')
output id string = identity.id

@description('Object id in the directory.')
output principalId string = identity.properties.principalId

@description('Client id, by which code picks this identity.')
output clientId string = identity.properties.clientId
