// Everything in the resource group.
import { serviceImages, replicaRange } from 'types.bicep'

param location string
@minLength(13)
@maxLength(13)
param suffix string
param tags object
param images serviceImages
param postgresAdministrator string
@secure()
param postgresAdministratorPassword string
@secure()
param postgresServicePassword string
@secure()
param tokenSecretsKey string
param zoneRedundantPostgres bool
param postgresSku string
param redisSku string
param apiReplicas replicaRange
param fanoutReplicas replicaRange
param alertEmail string
param principalId string

module network 'network.bicep' = {
  name: 'network'
  params: { location: location, suffix: suffix, tags: tags }
}

module monitoring 'monitoring.bicep' = {
  name: 'monitoring'
  params: { location: location, suffix: suffix, tags: tags }
}

module identity 'identity.bicep' = {
  name: 'identity'
  params: { location: location, suffix: suffix, tags: tags }
}

module registry 'registry.bicep' = {
  name: 'registry'
  params: { location: location, suffix: suffix, tags: tags, pullerPrincipalId: identity.outputs.principalId }
}

module postgres 'postgres.bicep' = {
  name: 'postgres'
  params: {
    location: location
    suffix: suffix
    tags: tags
    administrator: postgresAdministrator
    administratorPassword: postgresAdministratorPassword
    sku: postgresSku
    isZoneRedundant: zoneRedundantPostgres
    subnetId: network.outputs.postgresSubnetId
    dnsZoneId: network.outputs.postgresDnsZoneId
    logsId: monitoring.outputs.logsId
  }
}

module redis 'redis.bicep' = {
  name: 'redis'
  params: {
    location: location
    suffix: suffix
    tags: tags
    sku: redisSku
    subnetId: network.outputs.endpointsSubnetId
    dnsZoneId: network.outputs.redisDnsZoneId
  }
}

module vault 'vault.bicep' = {
  name: 'vault'
  params: {
    location: location
    suffix: suffix
    tags: tags
    readerPrincipalId: identity.outputs.principalId
    writerPrincipalId: principalId
    postgresHost: postgres.outputs.host
    postgresAdministrator: postgresAdministrator
    postgresAdministratorPassword: postgresAdministratorPassword
    postgresServicePassword: postgresServicePassword
    redisName: redis.outputs.name
    tokenSecretsKey: tokenSecretsKey
  }
}

module environment 'environment.bicep' = {
  name: 'environment'
  params: {
    location: location
    suffix: suffix
    tags: tags
    subnetId: network.outputs.appsSubnetId
    logsName: monitoring.outputs.logsName
    insightsName: monitoring.outputs.insightsName
  }
}

module apps 'apps.bicep' = {
  name: 'apps'
  params: {
    location: location
    tags: tags
    environmentId: environment.outputs.id
    identityId: identity.outputs.id
    registry: registry.outputs.endpoint
    images: images
    secretUris: vault.outputs.uris
    redisHost: redis.outputs.host
    redisPort: redis.outputs.port
    apiReplicas: apiReplicas
    fanoutReplicas: fanoutReplicas
  }
}

module alerts 'alerts.bicep' = {
  name: 'alerts'
  params: {
    location: location
    tags: tags
    logsId: monitoring.outputs.logsId
    postgresId: postgres.outputs.id
    redisId: redis.outputs.id
    email: alertEmail
  }
}

output registry string = registry.outputs.endpoint
output vault string = vault.outputs.name
output migrationsJob string = apps.outputs.migrationsJob
output apiUrl string = apps.outputs.apiUrl
