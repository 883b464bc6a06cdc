metadata description = 'Secrets that have no keyless replacement yet: the GitHub App key or token. Roles, not access policies.'

import { grant, principals, roleIds } from 'grants.bicep'
import { tagSet } from 'names.bicep'

@minLength(3)
@maxLength(24)
param name string
param location string
param tags tagSet

@description('Reached through private endpoints only')
param isolated bool

param identities principals
param grants grant[] = []

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: name
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enablePurgeProtection: true
    enableRbacAuthorization: true
    softDeleteRetentionInDays: 90
    publicNetworkAccess: isolated ? 'Disabled' : 'Enabled'
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isolated ? 'Deny' : 'Allow'
    }
  }
}

resource roles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for item in grants: {
    scope: vault
    name: guid(vault.id, item.who, item.role)
    properties: {
      principalId: identities[item.who]
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[item.role])
      description: item.why
    }
  }
]

output id string = vault.id
output name string = vault.name
output uri string = vault.properties.vaultUri
