metadata description = 'Event Grid subscriptions that wake the function app. Deployed after its package, because Event Grid refuses a function that does not exist yet.'

targetScope = 'resourceGroup'

@description('Output AZURE_FUNCTION_APP of main.bicep')
@minLength(2)
@maxLength(60)
param functionAppName string

@description('Output AZURE_DATA_STORAGE of main.bicep')
@minLength(3)
@maxLength(24)
param dataStorageName string

@description('Output DRIFTLOOP_MODELS_TOPIC of main.bicep')
@minLength(3)
@maxLength(50)
param modelsTopicName string

@description('Output DRIFTLOOP_RECORDS_TOPIC of main.bicep')
@minLength(3)
@maxLength(50)
param recordsTopicName string

@description('Output DRIFTLOOP_EVENTS_IDENTITY of main.bicep')
param eventsIdentityId string

@description('Check as soon as records land, not only on the timer. The function incoming_data must be enabled, too: main.bicep does both from one parameter')
param checkOnArrival bool = false

resource app 'Microsoft.Web/sites@2025-03-01' existing = {
  name: functionAppName
}

resource storage 'Microsoft.Storage/storageAccounts@2025-06-01' existing = {
  name: dataStorageName
}

resource models 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: modelsTopicName
}

resource records 'Microsoft.EventGrid/systemTopics@2025-02-15' existing = {
  name: recordsTopicName
}

// A day of retries, then the event lies in the dead-letter container instead of nowhere.
var retryPolicy = { maxDeliveryAttempts: 30, eventTimeToLiveInMinutes: 1440 }
var deadLetter = {
  identity: { type: 'UserAssigned', userAssignedIdentity: eventsIdentityId }
  deadLetterDestination: {
    endpointType: 'StorageBlob'
    properties: { resourceId: storage.id, blobContainerName: 'dead-letters' }
  }
}

resource modelRegistered 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = {
  parent: models
  name: 'model-registered'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    filter: { includedEventTypes: ['Microsoft.MachineLearningServices.ModelRegistered'] }
    destination: {
      endpointType: 'AzureFunction'
      properties: { resourceId: '${app.id}/functions/model_registered', maxEventsPerBatch: 1 }
    }
    retryPolicy: retryPolicy
    deadLetterWithResourceIdentity: deadLetter
  }
}

resource recordsLanded 'Microsoft.EventGrid/systemTopics/eventSubscriptions@2025-02-15' = if (checkOnArrival) {
  parent: records
  name: 'records-landed'
  properties: {
    eventDeliverySchema: 'EventGridSchema'
    filter: {
      includedEventTypes: ['Microsoft.Storage.BlobCreated']
      subjectBeginsWith: '/blobServices/default/containers/incoming/'
    }
    destination: {
      endpointType: 'AzureFunction'
      properties: { resourceId: '${app.id}/functions/incoming_data', maxEventsPerBatch: 1 }
    }
    retryPolicy: retryPolicy
    deadLetterWithResourceIdentity: deadLetter
  }
}
