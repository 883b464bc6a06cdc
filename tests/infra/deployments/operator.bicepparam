using '../../../infra/main.bicep'

// What an operator may ask for beyond the variables of main.bicepparam.
param environmentName = 'prod'
param repository = 'contoso/driftloop'
param nameSuffix = 'abcde'
param names = { dataStorage: 'hospitalrecords', workspace: 'mlw-diabetes' }
param extraSettings = { DRIFTLOOP_DEVOPS_ORGANIZATION: 'contoso' }
param githubSignIn = 'none'
param driftCheckSchedule = '0 0 6 * * 1'
param silenceWindow = 'off'
param recordsCoolAfterDays = 0
