using '../../../infra/events.bicep'

// The outputs of full.bicepparam, as apply.sh and azd's hook hand them over.
param functionAppName = 'func-driftloop-fectvvyteznc4'
param dataStorageName = 'stdatafectvvyteznc4'
param modelsTopicName = 'evgt-models-fectvvyteznc4'
param recordsTopicName = 'evgt-records-fectvvyteznc4'
param eventsIdentityId = '/subscriptions/00000000-0000-0000-0000-000000000001/resourceGroups/rg-driftloop/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id-driftloop-events-fectvvyteznc4'
param checkOnArrival = true
