metadata description = 'System topics: what Azure ML and the storage account have to say. Who listens is in ../events.bicep, deployed after the functions exist.'

import { tagSet } from 'names.bicep'

@export()
@description('A topic under a short name')
type topic = {
  name: string
  id: string
}

@minLength(3)
@maxLength(50)
param modelsTopicName string
@minLength(3)
@maxLength(50)
param recordsTopicName string
param location string
param tags tagSet

param workspaceId string
param dataStorageId string

@description('Identity that writes undeliverable events to the dead-letter container')
param identityId string

var identity = {
  type: 'UserAssigned'
  userAssignedIdentities: { '${identityId}': {} }
}

resource models 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: modelsTopicName
  location: location
  tags: tags
  identity: identity
  properties: {
    source: workspaceId
    topicType: 'Microsoft.MachineLearningServices.Workspaces'
  }
}

resource records 'Microsoft.EventGrid/systemTopics@2025-02-15' = {
  name: recordsTopicName
  location: location
  tags: tags
  identity: identity
  properties: {
    source: dataStorageId
    topicType: 'Microsoft.Storage.StorageAccounts'
  }
}

output topics topic[] = [{ name: 'models', id: models.id }, { name: 'records', id: records.id }]
output modelsTopicName string = models.name
output recordsTopicName string = records.name
