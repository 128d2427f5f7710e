// Every secret, and who may read them. The apps refer to them here; none stands in a template, an image or a setting.
param location string
@minLength(13)
@maxLength(13)
param suffix string
param tags object
param readerPrincipalId string
param writerPrincipalId string
param postgresHost string
param postgresAdministrator string
@secure()
param postgresAdministratorPassword string
@secure()
param postgresServicePassword string
param redisName string
@secure()
param tokenSecretsKey string

var database = 'Host=${postgresHost};Port=5432;Database=chatdb;SSL Mode=VerifyFull;Root Certificate=/etc/ssl/certs/ca-certificates.crt'

resource vault 'Microsoft.KeyVault/vaults@2025-05-01' = {
  name: 'kv-${suffix}'
  location: location
  tags: tags
  properties: {
    tenantId: tenant().tenantId
    sku: { family: 'A', name: 'standard' }
    enableRbacAuthorization: true
    enablePurgeProtection: true
    softDeleteRetentionInDays: 90
  }
}

resource redis 'Microsoft.Cache/redisEnterprise@2025-07-01' existing = {
  name: redisName

  resource database 'databases' existing = {
    name: 'default'
  }
}

resource migrationsDatabase 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'chatdb-migrations'
  properties: { value: '${database};Username=${postgresAdministrator};Password=${postgresAdministratorPassword}' }
}

// azd looks here first, and would otherwise generate another one with each provisioning.
resource administratorPassword 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'postgres-administrator-password'
  properties: { value: postgresAdministratorPassword }
}

resource servicesDatabase 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'chatdb'
  properties: { value: '${database};Username=chatable;Password=${postgresServicePassword}' }
}

resource servicePassword 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'chatdb-service-password'
  properties: { value: postgresServicePassword }
}

resource redisConnection 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'redis'
  properties: {
    value: '${redis.properties.hostName}:${redis::database.properties.port},ssl=true,password=${redis::database.listKeys().primaryKey}'
  }
}

resource redisPassword 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'redis-password'
  properties: { value: redis::database.listKeys().primaryKey }
}

resource tokenKey 'Microsoft.KeyVault/vaults/secrets@2025-05-01' = {
  parent: vault
  name: 'token-secrets-key'
  properties: { value: tokenSecretsKey }
}

var secretsUser = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '4633458b-17de-408a-b874-0445c86b69e6')
var secretsOfficer = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', 'b86a8fe4-44ce-4948-aee5-eccb2c155cd7')

resource read 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(vault.id, readerPrincipalId, secretsUser)
  scope: vault
  properties: { roleDefinitionId: secretsUser, principalId: readerPrincipalId, principalType: 'ServicePrincipal' }
}

resource write 'Microsoft.Authorization/roleAssignments@2022-04-01' = if (!empty(writerPrincipalId)) {
  name: guid(vault.id, writerPrincipalId, secretsOfficer)
  scope: vault
  properties: { roleDefinitionId: secretsOfficer, principalId: writerPrincipalId }
}

output name string = vault.name
output uris object = {
  migrationsDatabase: migrationsDatabase.properties.secretUri
  database: servicesDatabase.properties.secretUri
  servicePassword: servicePassword.properties.secretUri
  redis: redisConnection.properties.secretUri
  redisPassword: redisPassword.properties.secretUri
  tokenKey: tokenKey.properties.secretUri
}
