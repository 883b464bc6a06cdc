using '../../../infra/main.bicep'

param environmentName = 'prod'
param repository = 'contoso/driftloop'
param networkIsolation = true
param watchEndpointData = true
param checkOnArrival = true
param githubSignIn = 'token'
param alertEmails = ['on-call@example.org', 'owner@example.org']
param recordsDeleteAfterDays = 3650
param clusterPriority = 'LowPriority'
param silenceWindow = 'PT1H'
param pagesClientId = '11111111-2222-4333-8444-555555555555'
