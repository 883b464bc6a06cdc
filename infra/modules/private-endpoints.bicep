metadata description = 'Network isolation: private endpoints for every account that holds data, and the DNS zones that make them found. The function app stays reachable from outside, because Event Grid cannot deliver into a virtual network; its endpoints ask for a key.'

import { tagSet } from 'names.bicep'

param name string
param location string
param tags tagSet

param virtualNetworkId string
param subnetId string

param dataStorageId string
param hostStorageId string
param mlStorageId string
param vaultId string
param registryId string
param workspaceId string

var zones = [
  'privatelink.blob.${environment().suffixes.storage}'
  'privatelink.queue.${environment().suffixes.storage}'
  'privatelink.table.${environment().suffixes.storage}'
  'privatelink.file.${environment().suffixes.storage}'
  'privatelink.vaultcore.azure.net'
  'privatelink.azurecr.io'
  'privatelink.api.azureml.ms'
  'privatelink.notebooks.azure.net'
]

// zones: indices into the list above
var endpoints = [
  { name: 'data-blob', resource: dataStorageId, group: 'blob', zones: [0] }
  { name: 'data-queue', resource: dataStorageId, group: 'queue', zones: [1] }
  { name: 'data-table', resource: dataStorageId, group: 'table', zones: [2] }
  { name: 'host-blob', resource: hostStorageId, group: 'blob', zones: [0] }
  { name: 'ml-blob', resource: mlStorageId, group: 'blob', zones: [0] }
  { name: 'ml-file', resource: mlStorageId, group: 'file', zones: [3] }
  { name: 'vault', resource: vaultId, group: 'vault', zones: [4] }
  { name: 'registry', resource: registryId, group: 'registry', zones: [5] }
  { name: 'workspace', resource: workspaceId, group: 'amlworkspace', zones: [6, 7] }
]

resource dnsZones 'Microsoft.Network/privateDnsZones@2024-06-01' = [
  for zone in zones: {
    name: zone
    location: 'global'
    tags: tags
  }
]

resource dnsLinks 'Microsoft.Network/privateDnsZones/virtualNetworkLinks@2024-06-01' = [
  for (zone, i) in zones: {
    parent: dnsZones[i]
    name: 'driftloop'
    location: 'global'
    tags: tags
    properties: {
      registrationEnabled: false
      virtualNetwork: { id: virtualNetworkId }
    }
  }
]

resource privateEndpoints 'Microsoft.Network/privateEndpoints@2025-05-01' = [
  for endpoint in endpoints: {
    name: 'pe-${name}-${endpoint.name}'
    location: location
    tags: tags
    properties: {
      subnet: { id: subnetId }
      privateLinkServiceConnections: [
        {
          name: endpoint.name
          properties: { privateLinkServiceId: endpoint.resource, groupIds: [endpoint.group] }
        }
      ]
    }
  }
]

resource endpointZones 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-05-01' = [
  for (endpoint, i) in endpoints: {
    parent: privateEndpoints[i]
    name: 'default'
    properties: {
      privateDnsZoneConfigs: map(endpoint.zones, zone => {
        name: 'zone-${zone}'
        properties: { privateDnsZoneId: resourceId('Microsoft.Network/privateDnsZones', zones[zone]) }
      })
    }
    dependsOn: [dnsZones, dnsLinks]
  }
]
