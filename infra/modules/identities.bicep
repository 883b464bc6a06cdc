metadata description = 'Managed identities of the parts that act. User-assigned: each exists before the resource that wears it, so roles are in place when that resource first starts, and survives the resource being created anew.'

import { principals } from 'grants.bicep'
import { tagSet } from 'names.bicep'

param nameSuffix string
param location string
param tags tagSet

resource functionApp 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-driftloop-function-${nameSuffix}'
  location: location
  tags: tags
}

resource trainingCluster 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-driftloop-training-${nameSuffix}'
  location: location
  tags: tags
}

resource workspace 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-driftloop-workspace-${nameSuffix}'
  location: location
  tags: tags
}

resource eventTopics 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-driftloop-events-${nameSuffix}'
  location: location
  tags: tags
}

@description('Object ids, as role assignments want them; the shape of principals in grants.bicep')
output principals principals = {
  functionApp: functionApp.properties.principalId
  trainingCluster: trainingCluster.properties.principalId
  workspace: workspace.properties.principalId
  eventTopics: eventTopics.properties.principalId
}
output functionAppId string = functionApp.id
output functionAppClientId string = functionApp.properties.clientId
output trainingClusterId string = trainingCluster.id
output workspaceId string = workspace.id
output eventTopicsId string = eventTopics.id
