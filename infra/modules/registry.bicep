metadata description = 'Container registry for the images of training environments and endpoints; no admin user.'

import { grant, principals, roleIds } from 'grants.bicep'
import { tagSet } from 'names.bicep'

@minLength(5)
@maxLength(50)
param name string
param location string
param tags tagSet

@description('Private endpoints exist only for Premium, at ten times the price of Basic')
param isolated bool

param identities principals
param grants grant[] = []

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: name
  location: location
  tags: tags
  sku: { name: isolated ? 'Premium' : 'Basic' }
  properties: {
    adminUserEnabled: false
    networkRuleBypassOptions: 'AzureServices'
    publicNetworkAccess: isolated ? 'Disabled' : 'Enabled'
  }
}

resource roles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for item in grants: {
    scope: registry
    name: guid(registry.id, item.who, item.role)
    properties: {
      principalId: identities[item.who]
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[item.role])
      description: item.why
    }
  }
]

output id string = registry.id
output name string = registry.name
