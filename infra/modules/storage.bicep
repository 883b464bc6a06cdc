metadata description = 'One storage account without account keys: containers, queues, tables, lifecycle rules, and who may touch them.'

import { grant, principals, roleIds } from 'grants.bicep'
import { tagSet } from 'names.bicep'

@minLength(3)
@maxLength(24)
param name string
param location string
param tags tagSet

@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param sku string

@description('Reached through private endpoints only')
param isolated bool

@description('Of a container, a queue or a table')
@minLength(3)
@maxLength(63)
type partName = string

param containers partName[] = []
param queues partName[] = []
param tables partName[] = []

@description('Move blobs below these prefixes (container first) to cool storage, or delete them, after so many days; 0 means never')
type lifecycleRule = {
  name: string
  prefixes: string[]
  coolAfterDays: int
  deleteAfterDays: int
}

param lifecycle lifecycleRule[] = []

@description('Keep overwritten and deleted blobs this long')
@minValue(1)
@maxValue(365)
param undoDays int = 14

param identities principals
param grants grant[] = []

resource account 'Microsoft.Storage/storageAccounts@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'StorageV2'
  sku: { name: sku }
  properties: {
    accessTier: 'Hot'
    allowBlobPublicAccess: false
    allowCrossTenantReplication: false
    allowSharedKeyAccess: false
    defaultToOAuthAuthentication: true
    minimumTlsVersion: 'TLS1_2'
    publicNetworkAccess: isolated ? 'Disabled' : 'Enabled'
    supportsHttpsTrafficOnly: true
    networkAcls: {
      bypass: 'AzureServices'
      defaultAction: isolated ? 'Deny' : 'Allow'
    }
  }
}

resource blobs 'Microsoft.Storage/storageAccounts/blobServices@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    isVersioningEnabled: true
    deleteRetentionPolicy: { enabled: true, days: undoDays }
    containerDeleteRetentionPolicy: { enabled: true, days: undoDays }
  }
}

resource blobContainers 'Microsoft.Storage/storageAccounts/blobServices/containers@2025-06-01' = [
  for container in containers: {
    parent: blobs
    name: container
    properties: { publicAccess: 'None' }
  }
]

resource queueService 'Microsoft.Storage/storageAccounts/queueServices@2025-06-01' = if (!empty(queues)) {
  parent: account
  name: 'default'
}

resource storageQueues 'Microsoft.Storage/storageAccounts/queueServices/queues@2025-06-01' = [
  for queue in queues: {
    parent: queueService
    name: queue
  }
]

resource tableService 'Microsoft.Storage/storageAccounts/tableServices@2025-06-01' = if (!empty(tables)) {
  parent: account
  name: 'default'
}

resource storageTables 'Microsoft.Storage/storageAccounts/tableServices/tables@2025-06-01' = [
  for table in tables: {
    parent: tableService
    name: table
  }
]

resource lifecyclePolicy 'Microsoft.Storage/storageAccounts/managementPolicies@2025-06-01' = {
  parent: account
  name: 'default'
  properties: {
    policy: {
      rules: concat(
        [
          {
            name: 'old-versions'
            enabled: true
            type: 'Lifecycle'
            definition: {
              filters: { blobTypes: ['blockBlob'] }
              actions: { version: { delete: { daysAfterCreationGreaterThan: undoDays } } }
            }
          }
        ],
        map(lifecycle, rule => {
          name: rule.name
          enabled: true
          type: 'Lifecycle'
          definition: {
            filters: { blobTypes: ['blockBlob'], prefixMatch: rule.prefixes }
            actions: {
              baseBlob: union(
                rule.coolAfterDays > 0 ? { tierToCool: { daysAfterModificationGreaterThan: rule.coolAfterDays } } : {},
                rule.deleteAfterDays > 0 ? { delete: { daysAfterModificationGreaterThan: rule.deleteAfterDays } } : {}
              )
            }
          }
        })
      )
    }
  }
  dependsOn: [blobs] // a rule about versions is refused before versioning is on
}

var containerGrants = filter(grants, item => contains(item, 'container'))
var accountGrants = filter(grants, item => !contains(item, 'container'))

resource containerRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for item in containerGrants: {
    scope: blobContainers[indexOf(containers, item.?container ?? '')]
    name: guid(account.id, item.?container ?? '', item.who, item.role)
    properties: {
      principalId: identities[item.who]
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[item.role])
      description: item.why
    }
  }
]

resource accountRoles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for item in accountGrants: {
    scope: account
    name: guid(account.id, item.who, item.role)
    properties: {
      principalId: identities[item.who]
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[item.role])
      description: item.why
    }
  }
]

output id string = account.id
output name string = account.name
output blobUrl string = 'https://${account.name}.blob.${environment().suffixes.storage}'
output queueUrl string = 'https://${account.name}.queue.${environment().suffixes.storage}'
output tableUrl string = 'https://${account.name}.table.${environment().suffixes.storage}'
