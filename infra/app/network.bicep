// The private topology: storage and vault have no public door, the app goes to them through its subnet.

@description('Required. Name of the virtual network.')
param name string

@description('Required. What names of private endpoints begin with.')
param endpointPrefix string

@description('Required. Region.')
param location string

@description('Required. Tags.')
param tags object

@description('Required. The storage account.')
param storageAccountId string

@description('Required. The Key Vault; empty where there is none.')
param keyVaultId string

@description('Optional. Address range; it is not routed anywhere.')
param addressPrefix string = '10.20.0.0/24'

var storageServices = ['blob', 'queue', 'table'] // the host needs all three
var endpoints = concat(
  map(storageServices, service => {
    group: service
    target: storageAccountId
    zone: 'privatelink.${service}.${environment().suffixes.storage}'
  }),
  empty(keyVaultId)
    ? []
    : [
        {
          group: 'vault'
          target: keyVaultId
          zone: replace(environment().suffixes.keyvaultDns, '.vault.', 'privatelink.vaultcore.')
        }
      ]
)

// Nobody from outside reaches into a subnet.
resource shut 'Microsoft.Network/networkSecurityGroups@2025-05-01' = {
  name: '${name}-nsg'
  location: location
  tags: tags
}

resource network 'Microsoft.Network/virtualNetworks@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    addressSpace: { addressPrefixes: [addressPrefix] }
    // Within the network, so that a redeployment neither removes nor reorders them.
    subnets: [
      {
        name: 'app'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 0)
          networkSecurityGroup: { id: shut.id }
          defaultOutboundAccess: true // to Microsoft Graph and Application Insights
          delegations: [{ name: 'functions', properties: { serviceName: 'Microsoft.App/environments' } }]
        }
      }
      {
        name: 'endpoints'
        properties: {
          addressPrefix: cidrSubnet(addressPrefix, 26, 1)
          networkSecurityGroup: { id: shut.id }
          defaultOutboundAccess: false
        }
      }
    ]
  }

  resource appSubnet 'subnets' existing = { name: 'app' }
  resource endpointSubnet 'subnets' existing = { name: 'endpoints' }
}

resource zones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for endpoint in endpoints: {
    name: endpoint.zone
    location: 'global'
    tags: tags
  }
]

resource links 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (endpoint, index) in endpoints: {
    parent: zones[index]
    name: name
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: network.id }
    }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for endpoint in endpoints: {
    name: '${endpointPrefix}-${endpoint.group}'
    location: location
    tags: tags
    properties: {
      subnet: { id: network::endpointSubnet.id }
      privateLinkServiceConnections: [
        {
          name: endpoint.group
          properties: { privateLinkServiceId: endpoint.target, groupIds: [endpoint.group] }
        }
      ]
    }
  }
]

resource names 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (endpoint, index) in endpoints: {
    parent: privateEndpoints[index]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: [{ name: endpoint.group, properties: { privateDnsZoneId: zones[index].id } }]
    }
  }
]

@description('The subnet that the app is put into.')
output appSubnetId string = network::appSubnet.id
