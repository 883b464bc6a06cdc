using '../../../infra/main.bicep'

param environmentName = 'prod'
param repository = 'contoso/driftloop'
