// Managed Redis that is no cluster, evicts nothing, and writes its append-only file each second.
param location string
@minLength(13)
@maxLength(13)
param suffix string
param tags object
param sku string
param subnetId string
param dnsZoneId string

resource redis 'Microsoft.Cache/redisEnterprise@2025-07-01' = {
  name: 'redis-${suffix}'
  location: location
  tags: tags
  sku: { name: sku }
  properties: { minimumTlsVersion: '1.2', highAvailability: 'Enabled', publicNetworkAccess: 'Disabled' }
}

resource database 'Microsoft.Cache/redisEnterprise/databases@2025-07-01' = {
  parent: redis
  name: 'default'
  properties: {
    port: 10000
    clientProtocol: 'Encrypted'
    clusteringPolicy: 'NoCluster'
    evictionPolicy: 'NoEviction'
    accessKeysAuthentication: 'Enabled'
    persistence: { aofEnabled: true, aofFrequency: '1s', rdbEnabled: false }
  }
}

resource endpoint 'Microsoft.Network/privateEndpoints@2025-01-01' = {
  name: 'pe-redis-${suffix}'
  location: location
  tags: tags
  properties: {
    subnet: { id: subnetId }
    privateLinkServiceConnections: [
      { name: 'redis', properties: { privateLinkServiceId: redis.id, groupIds: ['redisEnterprise'] } }
    ]
  }
}

resource dns 'Microsoft.Network/privateEndpoints/privateDnsZoneGroups@2025-01-01' = {
  parent: endpoint
  name: 'default'
  properties: { privateDnsZoneConfigs: [{ name: 'redis', properties: { privateDnsZoneId: dnsZoneId } }] }
}

output id string = redis.id
output name string = redis.name
output host string = redis.properties.hostName
output port int = database.properties.port
