metadata description = 'The function app on Flex Consumption: no account keys, no publishing passwords; its package lies in a blob container that it reads with its own identity.'

import { tagSet } from 'names.bicep'

@minLength(2)
@maxLength(60)
param name string
param planName string
param location string
param tags tagSet

param identityId string
param identityClientId string

@description('Name of the storage account that the Functions host keeps its leases, keys and the package in')
param hostStorageName string
@description('URL of the blob container that holds the deployment package')
param packageContainerUrl string

param insightsConnectionString string

@description('Application settings beyond those that the host itself needs')
param settings { *: string }

@allowed([512, 2048, 4096])
param memoryMb int
@minValue(40)
@maxValue(1000)
param maxInstances int

@description('Subnet for outgoing traffic; empty: none')
param subnetId string

@description('Client id of the Entra application that people sign in with to see pages; empty: pages want a function key')
param pagesClientId string

resource plan 'Microsoft.Web/serverfarms@2025-03-01' = {
  name: planName
  location: location
  tags: tags
  kind: 'functionapp'
  sku: { name: 'FC1', tier: 'FlexConsumption' }
  properties: { reserved: true }
}

var hostSettings = {
  AzureWebJobsStorage__accountName: hostStorageName
  AzureWebJobsStorage__credential: 'managedidentity'
  AzureWebJobsStorage__clientId: identityClientId
  APPLICATIONINSIGHTS_CONNECTION_STRING: insightsConnectionString
  APPLICATIONINSIGHTS_AUTHENTICATION_STRING: 'ClientId=${identityClientId};Authorization=AAD'
  AZURE_CLIENT_ID: identityClientId // which of the app's identities DefaultAzureCredential takes
}

var pythonVersion = trim(loadTextContent('../../requirements/deployed-python-version'))

var signsIn = !empty(pagesClientId)
var secretlessSetting = 'OVERRIDE_USE_MI_FIC_ASSERTION_CLIENTID' // Azure's own name for: the app's identity in place of a client secret
var pagesSettings = {
  DRIFTLOOP_PAGE_SIGN_IN: 'entra'
  '${secretlessSetting}': identityClientId
  WEBSITE_AUTH_AAD_ALLOWED_TENANTS: tenant().tenantId
}

resource app 'Microsoft.Web/sites@2025-03-01' = {
  name: name
  location: location
  tags: union(tags, { 'azd-service-name': 'function-app' })
  kind: 'functionapp,linux'
  identity: {
    type: 'UserAssigned'
    userAssignedIdentities: { '${identityId}': {} }
  }
  properties: {
    serverFarmId: plan.id
    httpsOnly: true
    keyVaultReferenceIdentity: identityId
    virtualNetworkSubnetId: empty(subnetId) ? null : subnetId
    functionAppConfig: {
      deployment: {
        storage: {
          type: 'blobContainer'
          value: packageContainerUrl
          authentication: {
            type: 'UserAssignedIdentity'
            userAssignedIdentityResourceId: identityId
          }
        }
      }
      runtime: { name: 'python', version: pythonVersion }
      scaleAndConcurrency: { instanceMemoryMB: memoryMb, maximumInstanceCount: maxInstances }
    }
    siteConfig: {
      ftpsState: 'Disabled'
      http20Enabled: true
      minTlsVersion: '1.2'
      appSettings: [
        for setting in items(union(hostSettings, settings, signsIn ? pagesSettings : {})): {
          name: setting.key
          value: setting.value
        }
      ]
    }
  }
}

// Requests without a session go on to the app: its API wants function keys, its pages ask who has signed in, and
// deny it to whoever has not. The platform takes away what a client claims to be.
resource signIn 'Microsoft.Web/sites/config@2025-03-01' = if (signsIn) {
  parent: app
  name: 'authsettingsV2'
  properties: {
    platform: { enabled: true }
    globalValidation: { requireAuthentication: false, unauthenticatedClientAction: 'AllowAnonymous' }
    httpSettings: { requireHttps: true }
    identityProviders: {
      azureActiveDirectory: {
        enabled: true
        registration: {
          clientId: pagesClientId
          clientSecretSettingName: secretlessSetting
          openIdIssuer: '${environment().authentication.loginEndpoint}${tenant().tenantId}/v2.0'
        }
        validation: { allowedAudiences: [pagesClientId] }
      }
    }
    login: {
      tokenStore: { enabled: false }
      cookieExpiration: { convention: 'FixedTime', timeToExpiration: '08:00:00' }
    }
  }
}

resource noFtpPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'ftp'
  properties: { allow: false }
}

resource noScmPassword 'Microsoft.Web/sites/basicPublishingCredentialsPolicies@2025-03-01' = {
  parent: app
  name: 'scm'
  properties: { allow: false }
  dependsOn: [noFtpPassword] // both write the same site; at once, one gets a conflict
}

output id string = app.id
output name string = app.name
output url string = 'https://${app.properties.defaultHostName}'
