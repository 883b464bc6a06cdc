metadata description = 'Names that a convention may ask for. What is left out is derived from the suffix in main.bicep.'

@export()
type names = {
  @description('Storage account of records, baselines, reports and the ledger')
  @minLength(3)
  @maxLength(24)
  dataStorage: string?

  @description('Storage account of the Functions host: leases, keys, deployment packages')
  @minLength(3)
  @maxLength(24)
  hostStorage: string?

  @description('Storage account of Azure ML: code, models, logs')
  @minLength(3)
  @maxLength(24)
  mlStorage: string?

  @minLength(3)
  @maxLength(24)
  vault: string?

  @minLength(5)
  @maxLength(50)
  registry: string?

  @minLength(3)
  @maxLength(33)
  workspace: string?

  @minLength(2)
  @maxLength(60)
  functionApp: string?

  @minLength(2)
  @maxLength(24)
  cluster: string?
}

@export()
type tagSet = {
  *: string
}
