param location string
@minLength(13)
@maxLength(13)
param suffix string
param tags object
param administrator string
@secure()
param administratorPassword string
param sku string
param isZoneRedundant bool
param subnetId string
param dnsZoneId string
param logsId string

resource server 'Microsoft.DBforPostgreSQL/flexibleServers@2025-08-01' = {
  name: 'psql-${suffix}'
  location: location
  tags: tags
  sku: { name: sku, tier: startsWith(sku, 'Standard_B') ? 'Burstable' : 'GeneralPurpose' }
  properties: {
    version: '17'
    administratorLogin: administrator
    administratorLoginPassword: administratorPassword
    storage: { storageSizeGB: 128, autoGrow: 'Enabled' }
    backup: { backupRetentionDays: 14, geoRedundantBackup: 'Disabled' }
    // Replicates synchronously: what is acked is on both.
    highAvailability: { mode: isZoneRedundant ? 'ZoneRedundant' : 'Disabled' }
    network: { delegatedSubnetResourceId: subnetId, privateDnsZoneArmResourceId: dnsZoneId, publicNetworkAccess: 'Disabled' }
    authConfig: { passwordAuth: 'Enabled', activeDirectoryAuth: 'Disabled' }
  }
}

resource database 'Microsoft.DBforPostgreSQL/flexibleServers/databases@2025-08-01' = {
  parent: server
  name: 'chatdb'
  properties: { charset: 'UTF8', collation: 'C' }
}

// PgBouncer is left off: transactions set timeouts of their own, and prepared statements stay in their session.
resource connections 'Microsoft.DBforPostgreSQL/flexibleServers/configurations@2025-08-01' = {
  parent: server
  name: 'max_connections'
  properties: { value: '300', source: 'user-override' }
  dependsOn: [database]
}

resource logging 'Microsoft.Insights/diagnosticSettings@2021-05-01-preview' = {
  name: 'logs'
  scope: server
  properties: {
    workspaceId: logsId
    logs: [{ category: 'PostgreSQLLogs', enabled: true }]
    metrics: [{ category: 'AllMetrics', enabled: true }]
  }
  dependsOn: [connections]
}

output id string = server.id
output host string = server.properties.fullyQualifiedDomainName
