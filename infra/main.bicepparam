using './main.bicep'

// azd and the workflow give these in the environment; docs/azure.md lists them. What is not named keeps the default of main.bicep.

param environmentName = readEnvironmentVariable('AZURE_ENV_NAME')
param location = readEnvironmentVariable('AZURE_LOCATION')
param repository = readEnvironmentVariable('DRIFTLOOP_REPOSITORY')

param githubSignIn = readEnvironmentVariable('DRIFTLOOP_GITHUB_SIGN_IN', 'app')
param githubAppId = readEnvironmentVariable('DRIFTLOOP_GITHUB_APP_ID', '')
param githubApiUrl = readEnvironmentVariable('GITHUB_API_URL', 'https://api.github.com')

param pagesClientId = readEnvironmentVariable('DRIFTLOOP_PAGES_CLIENT_ID', '')

param driftCheckSchedule = readEnvironmentVariable('DRIFT_CHECK_SCHEDULE', '0 0 6 * * *')
param silenceWindow = readEnvironmentVariable('DRIFTLOOP_SILENCE_WINDOW', 'P2D')
param checkOnArrival = bool(readEnvironmentVariable('DRIFTLOOP_CHECK_ON_ARRIVAL', 'false'))
param watchEndpointData = bool(readEnvironmentVariable('DRIFTLOOP_WATCH_ENDPOINT_DATA', 'false'))
param networkIsolation = bool(readEnvironmentVariable('DRIFTLOOP_NETWORK_ISOLATION', 'false'))

param clusterSize = readEnvironmentVariable('DRIFTLOOP_COMPUTE_SIZE', 'Standard_DS2_v2')
param clusterMaxNodes = int(readEnvironmentVariable('DRIFTLOOP_COMPUTE_MAX_NODES', '2'))
param clusterPriority = readEnvironmentVariable('DRIFTLOOP_COMPUTE_TIER', 'dedicated') == 'low_priority'
  ? 'LowPriority'
  : 'Dedicated'

// Addresses, separated by commas
param alertEmails = empty(readEnvironmentVariable('DRIFTLOOP_ALERT_EMAILS', ''))
  ? []
  : split(readEnvironmentVariable('DRIFTLOOP_ALERT_EMAILS', ''), ',')
