metadata description = 'Where logs go: a Log Analytics workspace and Application Insights on top of it, written to with Entra tokens only.'

import { grant, principals, roleIds } from 'grants.bicep'
import { tagSet } from 'names.bicep'

@minLength(4)
@maxLength(63)
param logsName string
param insightsName string
param location string
param tags tagSet

@minValue(30)
@maxValue(730)
param retentionDays int

@description('Stop ingesting after this many GB a day: a logging loop must not become the largest line of the bill')
@minValue(1)
param dailyCapGb int

param identities principals
param grants grant[] = []

resource logs 'Microsoft.OperationalInsights/workspaces@2025-07-01' = {
  name: logsName
  location: location
  tags: tags
  properties: {
    sku: { name: 'PerGB2018' }
    retentionInDays: retentionDays
    features: { enableLogAccessUsingOnlyResourcePermissions: true }
    workspaceCapping: { dailyQuotaGb: dailyCapGb }
  }
}

resource insights 'Microsoft.Insights/components@2020-02-02' = {
  name: insightsName
  location: location
  tags: tags
  kind: 'web'
  properties: {
    Application_Type: 'web'
    DisableLocalAuth: true
    WorkspaceResourceId: logs.id
  }
}

resource roles 'Microsoft.Authorization/roleAssignments@2022-04-01' = [
  for item in grants: {
    scope: insights
    name: guid(insights.id, item.who, item.role)
    properties: {
      principalId: identities[item.who]
      principalType: 'ServicePrincipal'
      roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', roleIds[item.role])
      description: item.why
    }
  }
]

output logsId string = logs.id
output insightsId string = insights.id
output connectionString string = insights.properties.ConnectionString
