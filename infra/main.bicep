// Chatable on Azure Container Apps: the services of the AppHost, with managed stores in a network of their own.
targetScope = 'subscription'

@minLength(1)
@maxLength(32)
@description('Names the resource group and, by a hash, everything in it.')
param environmentName string

@description('The Azure region of everything.')
param location string

@description('The image of each service, from a registry that the apps may pull from. Empty until the first images are pushed.')
param images serviceImages = {
  api: ''
  fanout: ''
  migrations: ''
}

@description('The administrator of PostgreSQL: used by the migrations, never by a service that runs.')
param postgresAdministrator string = 'chatableadmin'

@secure()
@minLength(15) // What azd generates: five small letters, five capitals, five digits.
param postgresAdministratorPassword string

@secure()
@minLength(15) // What azd generates: five small letters, five capitals, five digits.
@description('Of the role without rights to change the schema, which the services use.')
param postgresServicePassword string

@secure()
@minLength(32)
@description('Encrypts the secrets of access tokens. Whoever changes it logs everybody out.')
param tokenSecretsKey string

@description('Keeps a synchronous copy in another zone. Without it an acked message survives a crash, but not the loss of the disk.')
param zoneRedundantPostgres bool = true

@description('Two processors and 8 GB hold the 132 connections of 10 replicas and 4 workers.')
param postgresSku string = 'Standard_D2ds_v5'

@description('Redis that is no cluster holds at most 25 GB. B1 is 1 GB.')
param redisSku string = 'Balanced_B1'

@description('API replicas: fewer than two and a deployment interrupts everybody.')
param apiReplicas replicaRange = {
  least: 2
  most: 10
}

param fanoutReplicas replicaRange = {
  least: 1
  most: 4
}

@description('Who is told when an alert fires. Empty: nobody, the alerts are only shown.')
param alertEmail string = ''

@description('The signed-in user or service principal that deploys: may read and write the vault.')
param principalId string = ''

import { serviceImages, replicaRange } from 'modules/types.bicep'

var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2024-11-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module chatable 'modules/chatable.bicep' = {
  name: 'chatable'
  scope: group
  params: {
    location: location
    suffix: uniqueString(subscription().id, environmentName, location)
    tags: tags
    images: images
    postgresAdministrator: postgresAdministrator
    postgresAdministratorPassword: postgresAdministratorPassword
    postgresServicePassword: postgresServicePassword
    tokenSecretsKey: tokenSecretsKey
    zoneRedundantPostgres: zoneRedundantPostgres
    postgresSku: postgresSku
    redisSku: redisSku
    apiReplicas: apiReplicas
    fanoutReplicas: fanoutReplicas
    alertEmail: alertEmail
    principalId: principalId
  }
}

output AZURE_RESOURCE_GROUP string = group.name
output AZURE_CONTAINER_REGISTRY_ENDPOINT string = chatable.outputs.registry
output AZURE_KEY_VAULT_NAME string = chatable.outputs.vault
output MIGRATIONS_JOB string = chatable.outputs.migrationsJob
output API_URL string = chatable.outputs.apiUrl
