metadata description = 'Everything that the loop needs on Azure, in one resource group. No account keys anywhere: every arrow between two resources is a managed identity and a role.'

targetScope = 'resourceGroup'

import * as grants from 'modules/grants.bicep'
import { names as resourceNames, tagSet } from 'modules/names.bicep'

@description('Name of the environment (azd asks for it), for example driftloop-prod')
@minLength(1)
@maxLength(40)
param environmentName string

@description('Region of all resources; it must offer Flex Consumption')
param location string = resourceGroup().location

param tags tagSet = {}

@description('Ends every name and makes it unique')
@minLength(5)
@maxLength(13)
param nameSuffix string = uniqueString(resourceGroup().id, environmentName)

@description('Names that a convention asks for; the rest is derived from the suffix')
param names resourceNames = {}
// Sizes, and with them costs: docs/costs.md does the arithmetic.
@allowed(['Standard_LRS', 'Standard_ZRS', 'Standard_GRS', 'Standard_GZRS'])
param storageSku string = 'Standard_LRS'

@description('VM size of a training node')
param clusterSize string = 'Standard_DS2_v2'

@minValue(1)
@maxValue(100)
param clusterMaxNodes int = 2

@description('LowPriority costs about a fifth and may be interrupted')
@allowed(['Dedicated', 'LowPriority'])
param clusterPriority string = 'Dedicated'

@description('Memory of a function instance: 2048 leaves room for the streaming of a 5 GB file')
@allowed([512, 2048, 4096])
param functionMemoryMb int = 2048

@minValue(40)
@maxValue(1000)
param functionMaxInstances int = 40

@minValue(30)
@maxValue(730)
param logRetentionDays int = 30

@minValue(1)
param logDailyCapGb int = 1

@description('Days until records move to cool storage; 0: never')
@minValue(0)
param recordsCoolAfterDays int = 90

@description('Days until records are deleted; 0: never. What the law or the ethics vote says')
@minValue(0)
param recordsDeleteAfterDays int = 0

@description('Days until reports are deleted')
@minValue(1)
param reportsDeleteAfterDays int = 400

@description('Close every account to the internet and reach it through private endpoints')
param networkIsolation bool = false

@description('Address space of the virtual network; at least /24. Only with networkIsolation')
param addressPrefix string = '10.60.0.0/24'

@description('When to check: six-field cron, UTC')
param driftCheckSchedule string = '0 0 6 * * *'

@description('No finished check for this long raises an alert; longer than the schedule, off where that is rarer than every other day')
@allowed(['off', 'PT1H', 'PT2H', 'PT6H', 'P1D', 'P2D'])
param silenceWindow string = 'P2D'

@description('Check as soon as records land, too')
param checkOnArrival bool = false

@description('Let the function app read what Azure ML\'s data collector writes for an endpoint')
param watchEndpointData bool = false

@description('Repository whose workflows retrain and deploy: owner/name')
param repository string
@description('https://HOST/api/v3 for GitHub Enterprise Server')
param githubApiUrl string = 'https://api.github.com'

@description('How the function app signs in to GitHub. app and token expect the Key Vault secret github-app-key or github-token; none: another target, or a dry run')
@allowed(['app', 'token', 'none'])
param githubSignIn string = 'app'

@description('Id of the GitHub App; with githubSignIn app')
param githubAppId string = ''

@description('Client id of the Entra application that people sign in with to see the pages; empty: pages want a function key')
param pagesClientId string = ''

@description('More application settings: whatever driftloop.toml names as a variable')
param extraSettings { *: string } = {}

@description('E-mail addresses that alerts go to')
param alertEmails string[] = []

// A value that is known before the deployment: names that hang on another module's outputs hide resources from the preview.
var logsName = 'log-driftloop-${nameSuffix}'
var workspaceName = names.?workspace ?? 'mlw-driftloop-${nameSuffix}'
var allTags = union(tags, { application: 'driftloop', 'azd-env-name': environmentName })

module identities 'modules/identities.bicep' = {
  params: { nameSuffix: nameSuffix, location: location, tags: allTags }
}

module dataStorage 'modules/storage.bicep' = {
  params: {
    name: names.?dataStorage ?? 'stdata${nameSuffix}'
    location: location
    tags: allTags
    sku: storageSku
    isolated: networkIsolation
    containers: ['incoming', 'training-data', 'baselines', 'quarantine', 'reports', 'outcomes', 'dead-letters']
    queues: ['checks', 'checks-poison']
    tables: ['checks', 'drifts', 'states']
    lifecycle: concat(
      recordsCoolAfterDays + recordsDeleteAfterDays == 0
        ? []
        : [
            {
              name: 'records'
              prefixes: ['incoming/']
              coolAfterDays: recordsCoolAfterDays
              deleteAfterDays: recordsDeleteAfterDays
            }
          ],
      [
        { name: 'reports', prefixes: ['reports/'], coolAfterDays: 30, deleteAfterDays: reportsDeleteAfterDays }
        { name: 'dead-letters', prefixes: ['dead-letters/'], coolAfterDays: 0, deleteAfterDays: 90 }
      ]
    )
    identities: identities.outputs.principals
    grants: networkIsolation ? concat(grants.dataStorageGrants, grants.isolationGrants) : grants.dataStorageGrants
  }
}

module hostStorage 'modules/storage.bicep' = {
  params: {
    name: names.?hostStorage ?? 'sthost${nameSuffix}'
    location: location
    tags: allTags
    sku: storageSku
    isolated: networkIsolation
    containers: ['packages']
    identities: identities.outputs.principals
    grants: grants.hostStorageGrants
  }
}

module mlStorage 'modules/storage.bicep' = {
  params: {
    name: names.?mlStorage ?? 'stml${nameSuffix}'
    location: location
    tags: allTags
    sku: storageSku
    isolated: networkIsolation
    identities: identities.outputs.principals
    grants: watchEndpointData ? concat(grants.mlStorageGrants, grants.endpointDataGrants) : grants.mlStorageGrants
  }
}

module monitoring 'modules/monitoring.bicep' = {
  params: {
    logsName: logsName
    insightsName: 'appi-driftloop-${nameSuffix}'
    location: location
    tags: allTags
    retentionDays: logRetentionDays
    dailyCapGb: logDailyCapGb
    identities: identities.outputs.principals
    grants: grants.monitoringGrants
  }
}

module vault 'modules/key-vault.bicep' = {
  params: {
    name: names.?vault ?? 'kv-${nameSuffix}'
    location: location
    tags: allTags
    isolated: networkIsolation
    identities: identities.outputs.principals
    grants: grants.vaultGrants
  }
}

module registry 'modules/registry.bicep' = {
  params: {
    name: names.?registry ?? 'cr${nameSuffix}'
    location: location
    tags: allTags
    isolated: networkIsolation
    identities: identities.outputs.principals
    grants: grants.registryGrants
  }
}

module machineLearning 'modules/machine-learning.bicep' = {
  params: {
    name: workspaceName
    location: location
    tags: allTags
    storageId: mlStorage.outputs.id
    vaultId: vault.outputs.id
    registryId: registry.outputs.id
    insightsId: monitoring.outputs.insightsId
    identityId: identities.outputs.workspaceId
    isolated: networkIsolation
    dataStorageId: dataStorage.outputs.id
    clusterName: names.?cluster ?? 'driftloop-cluster'
    clusterIdentityId: identities.outputs.trainingClusterId
    clusterSize: clusterSize
    clusterMaxNodes: clusterMaxNodes
    clusterPriority: clusterPriority
    identities: identities.outputs.principals
    grants: grants.workspaceGrants
  }
}

module virtualNetwork 'modules/virtual-network.bicep' = if (networkIsolation) {
  params: {
    name: 'vnet-driftloop-${nameSuffix}'
    location: location
    tags: allTags
    addressPrefix: addressPrefix
  }
}

module privateEndpoints 'modules/private-endpoints.bicep' = if (networkIsolation) {
  params: {
    name: 'driftloop-${nameSuffix}'
    location: location
    tags: allTags
    virtualNetworkId: networkIsolation ? virtualNetwork!.outputs.id : ''
    subnetId: networkIsolation ? virtualNetwork!.outputs.endpointSubnetId : ''
    dataStorageId: dataStorage.outputs.id
    hostStorageId: hostStorage.outputs.id
    mlStorageId: mlStorage.outputs.id
    vaultId: vault.outputs.id
    registryId: registry.outputs.id
    workspaceId: machineLearning.outputs.id
  }
}

var appSettings = {
  DRIFTLOOP_GITHUB_APP_ID: githubAppId
  DRIFTLOOP_GITHUB_APP_KEY: '${secretReference}github-app-key)'
}
var collectorSettings = {
  DRIFTLOOP_COLLECTOR__blobServiceUri: mlStorage.outputs.blobUrl
  DRIFTLOOP_COLLECTOR_CONTAINER: machineLearning.outputs.blobContainer
}
var secretReference = '@Microsoft.KeyVault(SecretUri=${vault.outputs.uri}secrets/'

module functions 'modules/function-app.bicep' = {
  params: {
    name: names.?functionApp ?? 'func-driftloop-${nameSuffix}'
    planName: 'plan-driftloop-${nameSuffix}'
    location: location
    tags: allTags
    identityId: identities.outputs.functionAppId
    identityClientId: identities.outputs.functionAppClientId
    hostStorageName: hostStorage.outputs.name
    packageContainerUrl: '${hostStorage.outputs.blobUrl}/packages'
    insightsConnectionString: monitoring.outputs.connectionString
    memoryMb: functionMemoryMb
    maxInstances: functionMaxInstances
    subnetId: networkIsolation ? virtualNetwork!.outputs.functionSubnetId : ''
    pagesClientId: pagesClientId
    settings: union(
      {
        DRIFT_CHECK_SCHEDULE: driftCheckSchedule
        DRIFTLOOP_STORAGE__blobServiceUri: dataStorage.outputs.blobUrl
        DRIFTLOOP_STORAGE__queueServiceUri: dataStorage.outputs.queueUrl
        DRIFTLOOP_STORAGE__tableServiceUri: dataStorage.outputs.tableUrl
        DRIFTLOOP_STORAGE__credential: 'managedidentity'
        DRIFTLOOP_STORAGE__clientId: identities.outputs.functionAppClientId
        AZURE_SUBSCRIPTION_ID: subscription().subscriptionId // with the next two: where the endpoints are that pages ask
        AZURE_RESOURCE_GROUP: resourceGroup().name
        AZURE_ML_WORKSPACE: workspaceName
        DRIFTLOOP_REPOSITORY: repository
        GITHUB_API_URL: githubApiUrl
        'AzureWebJobs.incoming_data.Disabled': checkOnArrival ? 'false' : 'true'
      },
      githubSignIn == 'app' ? appSettings : {},
      githubSignIn == 'token' ? { DRIFTLOOP_GITHUB_TOKEN: '${secretReference}github-token)' } : {},
      watchEndpointData ? collectorSettings : {},
      extraSettings
    )
  }
}

module eventTopics 'modules/event-topics.bicep' = {
  params: {
    modelsTopicName: 'evgt-models-${nameSuffix}'
    recordsTopicName: 'evgt-records-${nameSuffix}'
    location: location
    tags: allTags
    workspaceId: machineLearning.outputs.id
    dataStorageId: dataStorage.outputs.id
    identityId: identities.outputs.eventTopicsId
  }
}

module alerts 'modules/alerts.bicep' = {
  params: {
    prefix: 'driftloop-${nameSuffix}'
    location: location
    tags: allTags
    logsId: monitoring.outputs.logsId
    logsName: logsName
    emails: alertEmails
    silenceWindow: silenceWindow
    topics: eventTopics.outputs.topics
  }
}
// Outputs are the variables that workflows, events.bicep and infra.identities read, by the same names.
output AZURE_TENANT_ID string = tenant().tenantId
output AZURE_SUBSCRIPTION_ID string = subscription().subscriptionId
output AZURE_ENV_NAME string = environmentName
output AZURE_RESOURCE_GROUP string = resourceGroup().name
output AZURE_ML_WORKSPACE string = machineLearning.outputs.name
output AZURE_ML_STORAGE string = mlStorage.outputs.name
output AZURE_DATA_STORAGE string = dataStorage.outputs.name
@description('Ends the names of endpoints, which a whole region shares; short, because a name has 32 characters')
output DRIFTLOOP_ENDPOINT_SUFFIX string = take(nameSuffix, 5)
output AZURE_KEY_VAULT string = vault.outputs.name
output AZURE_FUNCTION_APP string = functions.outputs.name
output DRIFTLOOP_FUNCTION_PRINCIPAL string = identities.outputs.principals.functionApp
output DRIFTLOOP_HEALTH_URL string = '${functions.outputs.url}/api/health'
output DRIFTLOOP_BLOB_URL string = dataStorage.outputs.blobUrl
output DRIFTLOOP_COMPUTE string = machineLearning.outputs.clusterName
output DRIFTLOOP_COMPUTE_IDENTITY string = identities.outputs.trainingClusterId
output DRIFTLOOP_MODELS_TOPIC string = eventTopics.outputs.modelsTopicName
output DRIFTLOOP_RECORDS_TOPIC string = eventTopics.outputs.recordsTopicName
output DRIFTLOOP_EVENTS_IDENTITY string = identities.outputs.eventTopicsId
output DRIFTLOOP_CHECK_ON_ARRIVAL bool = checkOnArrival
