@export()
type serviceImages = {
  api: string
  fanout: string
  migrations: string
}

@export()
type replicaRange = {
  @minValue(0)
  least: int
  @minValue(1)
  @maxValue(300)
  most: int
}
