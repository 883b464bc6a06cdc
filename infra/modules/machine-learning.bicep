metadata description = 'Azure Machine Learning: the workspace, wearing a user-assigned identity and keyless datastores, and the cluster that trains.'

import { grant, principals, roleIds } from 'grants.bicep'
import { tagSet } from 'names.bicep'

@minLength(3)
@maxLength(33)
param name string
param location string
param tags tagSet

param storageId string
param vaultId string
param registryId string
param insightsId string

@description('Resource id of the identity that the workspace acts as')
param identityId string

@description('Put training and endpoints in a managed network, and the workspace behind private endpoints')
param isolated bool

@description('The storage account with records: reached from the managed network when isolated')
param dataStorageId string

@minLength(2)
@maxLength(24)
param clusterName string
param clusterIdentityId string
param clusterSize string

@minValue(1)
@maxValue(100)
param clusterMaxNodes int

@description('LowPriority costs about a fifth and may be interrupted; Azure ML starts an interrupted job again')
@allowed(['Dedicated', 'LowPriority'])
param clusterPriority string

param identities principals
param grants grant[] = []

resource workspace 'Microsoft.MachineLearningServices/workspaces@2025-06-01' = {
  name: name
  location: location
  tags: tags
  kind: 'Default'
  sku: { name: 'Basic', tier: 'Basic' }
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    friendlyName: name
    applicationInsights: insightsId
    containerRegistry: registryId
    keyVault: vaultId
    storageAccount: storageId
    primaryUserAssignedIdentity: identityId
    systemDatastoresAuthMode: 'Identity'
    hbiWorkspace: true
    imageBuildCompute: isolated ? clusterName : null
    publicNetworkAccess: isolated ? 'Disabled' : 'Enabled'
    managedNetwork: isolated
      ? {
          isolationMode: 'AllowInternetOutbound'
          outboundRules: {
            records: {
              type: 'PrivateEndpoint'
              destination: { serviceResourceId: dataStorageId, subresourceTarget: 'blob', sparkEnabled: false }
            }
          }
        }
      : { isolationMode: 'Disabled' }
  }
}

resource cluster 'Microsoft.MachineLearningServices/workspaces/computes@2025-06-01' = {
  parent: workspace
  name: clusterName
  location: location
  tags: tags
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${clusterIdentityId}': {} }
  }
  properties: {
    computeType: 'AmlCompute'
    disableLocalAuth: true
    description: 'Trains Driftloop models; no node runs, and none is paid for, while nothing trains.'
    properties: {
      osType: 'Linux'
      vmSize: clusterSize
      vmPriority: clusterPriority
      enableNodePublicIp: !isolated
      remoteLoginPortPublicAccess: 'Disabled'
      scaleSettings: {
        minNodeCount: 0
        maxNodeCount: clusterMaxNodes
        nodeIdleTimeBeforeScaleDown: 'PT5M'
      }
    }
  }
}

resource roles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for item in grants: {
    scope: workspace
    name: guid(workspace.id, item.who, item.role)
    properties: {
      principalId: identities[item.who]
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[item.role])
      description: item.why
    }
  }
]

output id string = workspace.id
output name string = workspace.name
@description('Default container of the workspace: what the data collector writes lies there')
output blobContainer string = 'azureml-blobstore-${workspace.properties.workspaceId}'
output clusterName string = cluster.name
