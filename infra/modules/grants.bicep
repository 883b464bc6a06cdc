metadata description = 'Who may do what, and why: every role assignment of the loop, on one page. The sentence becomes the description of the assignment, where an auditor reads it.'

@export()
@description('Built-in role definition ids; the same in every tenant.')
var roleIds = {
  AcrPull: '7f951dda-4ed3-4680-a7ca-43fe172d538d'
  'Azure AI Enterprise Network Connection Approver': 'b556d68e-0be0-4f35-a333-ad7ee1ce17ea'
  'AzureML Data Scientist': 'f6c7c914-8db3-469d-8ca1-694a8f32e121'
  Contributor: 'b24988ac-6180-42a0-ab88-20f7382dd24c'
  'Key Vault Administrator': '00482a5a-887f-4fb3-b363-3b7fe8e74483'
  'Key Vault Secrets User': '4633458b-17de-408a-b874-0445c86b69e6'
  'Monitoring Metrics Publisher': '3913510d-42f4-4e42-8a64-420c390055eb'
  'Storage Blob Data Contributor': 'ba92f5b4-2d11-453d-a403-e96b0029c9fe'
  'Storage Blob Data Owner': 'b7e6dc6d-f1e8-4753-8033-0f276bb0955b'
  'Storage Blob Data Reader': '2a2b9908-6ea1-4ae2-8e65-a410df84e7d1'
  'Storage File Data Privileged Contributor': '69566ab7-960f-475b-8e7c-b3118f30c6bd'
  'Storage Queue Data Contributor': '974c5e8b-45b9-4653-ba55-5f855dd0fb88'
  'Storage Table Data Contributor': '0a9a7e1f-b9d0-4cc4-a60d-0319b160aaa3'
}

@export()
@description('One role for one identity on the resource that receives the grant, or on one of its blob containers.')
type grant = {
  @description('Whose managed identity')
  who: 'functionApp' | 'trainingCluster' | 'workspace' | 'eventTopics'

  @description('A name in roleIds')
  role: string

  @description('Storage accounts only: narrow the role to this blob container')
  container: string?

  @description('Becomes the description of the role assignment')
  why: string
}

@export()
@description('Object ids of the identities that a grant may name.')
type principals = {
  functionApp: string
  trainingCluster: string
  workspace: string
  eventTopics: string
}

@export()
@description('Records, baselines, reports and the ledger.')
var dataStorageGrants = [
  {
    who: 'functionApp'
    role: 'Storage Blob Data Reader'
    container: 'incoming'
    why: 'Function app: reads the records that it checks; it must not change them.'
  }
  {
    who: 'functionApp'
    role: 'Storage Blob Data Reader'
    container: 'baselines'
    why: 'Function app: reads what records are compared with.'
  }
  {
    who: 'functionApp'
    role: 'Storage Blob Data Reader'
    container: 'outcomes'
    why: 'Function app: reads how a retrain ended and closes the drift.'
  }
  {
    who: 'functionApp'
    role: 'Storage Blob Data Contributor'
    container: 'quarantine'
    why: 'Function app: writes why a file was set aside.'
  }
  {
    who: 'functionApp'
    role: 'Storage Blob Data Contributor'
    container: 'reports'
    why: 'Function app: writes a report for every check.'
  }
  {
    who: 'functionApp'
    role: 'Storage Queue Data Contributor'
    why: 'Function app: queues checks, takes them, and sets poisoned ones aside.'
  }
  {
    who: 'functionApp'
    role: 'Storage Table Data Contributor'
    why: 'Function app: keeps the ledger.'
  }
  {
    who: 'trainingCluster'
    role: 'Storage Blob Data Reader'
    container: 'incoming'
    why: 'Training cluster: reads records and labels.'
  }
  {
    who: 'trainingCluster'
    role: 'Storage Blob Data Reader'
    container: 'training-data'
    why: 'Training cluster: reads the historic records.'
  }
  {
    who: 'trainingCluster'
    role: 'Storage Blob Data Reader'
    container: 'quarantine'
    why: 'Training cluster: leaves out the files that were set aside.'
  }
  {
    who: 'trainingCluster'
    role: 'Storage Blob Data Contributor'
    container: 'baselines'
    why: 'Training cluster: the register step writes the baseline of the version that it registers.'
  }
  {
    who: 'trainingCluster'
    role: 'Storage Blob Data Contributor'
    container: 'outcomes'
    why: 'Training cluster: the register step leaves what the gate said, for the workflow to read.'
  }
  {
    who: 'eventTopics'
    role: 'Storage Blob Data Contributor'
    container: 'dead-letters'
    why: 'Event Grid: writes the events that nobody took.'
  }
]

@export()
@description('On the records as well, when the network is isolated.')
var isolationGrants = [
  {
    who: 'workspace'
    role: 'Azure AI Enterprise Network Connection Approver'
    why: 'Workspace: approves the private endpoint from its managed network to the records.'
  }
]

@export()
@description('What the Functions host keeps for itself.')
var hostStorageGrants = [
  {
    who: 'functionApp'
    role: 'Storage Blob Data Owner'
    why: 'Functions host: leases for timers, function keys, and the deployment package. Only this account, which holds nothing else.'
  }
]

@export()
@description('Artifacts of Azure ML.')
var mlStorageGrants = [
  {
    who: 'workspace'
    role: 'Contributor'
    why: 'Workspace: manages the containers and shares of its own default storage, as Azure ML requires of a user-assigned workspace identity.'
  }
  {
    who: 'workspace'
    role: 'Storage Blob Data Contributor'
    why: 'Workspace: stores code, job outputs and models without account keys.'
  }
  {
    who: 'workspace'
    role: 'Storage File Data Privileged Contributor'
    why: 'Workspace: keeps its file share without account keys.'
  }
  {
    who: 'trainingCluster'
    role: 'Storage Blob Data Contributor'
    why: 'Training cluster: reads its code, writes its outputs.'
  }
]

@export()
@description('On the artifacts of Azure ML as well, when what an endpoint received and predicted is watched.')
var endpointDataGrants = [
  {
    who: 'functionApp'
    role: 'Storage Blob Data Reader'
    why: 'Function app: reads inputs and outputs that the data collector wrote for an endpoint.'
  }
]

@export()
@description('Application Insights.')
var monitoringGrants = [
  {
    who: 'functionApp'
    role: 'Monitoring Metrics Publisher'
    why: 'Function app: sends logs and metrics; instrumentation keys are switched off.'
  }
  {
    who: 'workspace'
    role: 'Contributor'
    why: 'Workspace: links Application Insights, as Azure ML requires of a user-assigned workspace identity.'
  }
]

@export()
@description('Secrets.')
var vaultGrants = [
  {
    who: 'functionApp'
    role: 'Key Vault Secrets User'
    why: 'Function app: reads the GitHub App key or token through a reference.'
  }
  {
    who: 'workspace'
    role: 'Contributor'
    why: 'Workspace: links the vault, as Azure ML requires of a user-assigned workspace identity.'
  }
  {
    who: 'workspace'
    role: 'Key Vault Administrator'
    why: 'Workspace: keeps the keys of endpoints as secrets, as Azure ML requires of a user-assigned workspace identity.'
  }
]

@export()
@description('Images.')
var registryGrants = [
  {
    who: 'workspace'
    role: 'Contributor'
    why: 'Workspace: builds and stores environment images, as Azure ML requires of a user-assigned workspace identity.'
  }
  {
    who: 'trainingCluster'
    role: 'AcrPull'
    why: 'Training cluster: pulls the image that it trains in.'
  }
]

@export()
@description('The workspace of Azure ML.')
var workspaceGrants = [
  {
    who: 'workspace'
    role: 'Contributor'
    why: 'Workspace: manages its own endpoints and computes, as Azure ML requires of a user-assigned workspace identity.'
  }
  {
    who: 'trainingCluster'
    role: 'AzureML Data Scientist'
    why: 'Training cluster: the evaluate step reads the champion, the register step registers the challenger.'
  }
]
