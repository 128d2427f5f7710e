// The services of the AppHost. What is added there and not here, or here and not there, fails a test (Chatable.Tests/Deployment).
import { serviceImages, replicaRange } from 'types.bicep'

param location string
param tags object
param environmentId string
param identityId string
param registry string
param images serviceImages
param secretUris object
param redisHost string
param redisPort int
param apiReplicas replicaRange
param fanoutReplicas replicaRange

// Where nothing has been pushed yet: an app that listens on no port of ours, until the first deployment.
var placeholder = 'mcr.microsoft.com/k8se/quickstart:latest'

// An API replica on its way out waits up to 2 s for appends, then closes its sockets over up to 5 s. A worker ends its batch.
var grace = 30
var port = 8080
var identities = { type: 'UserAssigned', userAssignedIdentities: { '${identityId}': {} } }
var registries = [{ server: registry, identity: identityId }]
var probes = [
  {
    type: 'Startup'
    httpGet: { path: '/alive', port: port }
    periodSeconds: 1
    timeoutSeconds: 6
    failureThreshold: 60
  }
  {
    type: 'Liveness'
    httpGet: { path: '/alive', port: port }
    periodSeconds: 10
    timeoutSeconds: 6
    failureThreshold: 3
  }
  {
    type: 'Readiness'
    httpGet: { path: '/health', port: port }
    periodSeconds: 5
    timeoutSeconds: 6
    failureThreshold: 3
  }
]

// Sixteen partitions, one rule each: workers are added while any of them has more than a worker takes at once.
var partitions = 16

resource api 'Microsoft.App/containerApps@2025-07-01' = {
  name: 'api'
  location: location
  tags: union(tags, { 'azd-service-name': 'api' })
  identity: identities
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: registries
      ingress: {
        external: true
        targetPort: port
        transport: 'http'
        allowInsecure: false
        stickySessions: { affinity: 'none' }
      }
      secrets: [
        { name: 'chatdb', keyVaultUrl: secretUris.database, identity: identityId }
        { name: 'redis', keyVaultUrl: secretUris.redis, identity: identityId }
        { name: 'token-secrets-key', keyVaultUrl: secretUris.tokenKey, identity: identityId }
      ]
    }
    template: {
      terminationGracePeriodSeconds: grace
      containers: [
        {
          name: 'api'
          image: empty(images.api) ? placeholder : images.api
          resources: { cpu: json('1.0'), memory: '2Gi' }
          probes: empty(images.api) ? [] : probes
          env: [
            { name: 'ConnectionStrings__chatdb', secretRef: 'chatdb' }
            { name: 'ConnectionStrings__redis', secretRef: 'redis' }
            { name: 'TokenSecrets__Key', secretRef: 'token-secrets-key' }
            // The ingress is the one proxy in front of it.
            { name: 'ASPNETCORE_FORWARDEDHEADERS_ENABLED', value: 'true' }
            { name: 'OTEL_SERVICE_NAME', value: 'api' }
          ]
        }
      ]
      scale: {
        minReplicas: apiReplicas.least
        maxReplicas: apiReplicas.most
        // A socket is one request that lasts: so many sockets and requests to a replica.
        rules: [{ name: 'requests', http: { metadata: { concurrentRequests: '2000' } } }]
      }
    }
  }
}

resource fanout 'Microsoft.App/containerApps@2025-07-01' = {
  name: 'fanout'
  location: location
  tags: union(tags, { 'azd-service-name': 'fanout' })
  identity: identities
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      activeRevisionsMode: 'Single'
      registries: registries
      secrets: [
        { name: 'chatdb', keyVaultUrl: secretUris.database, identity: identityId }
        { name: 'redis', keyVaultUrl: secretUris.redis, identity: identityId }
        { name: 'redis-password', keyVaultUrl: secretUris.redisPassword, identity: identityId }
      ]
    }
    template: {
      terminationGracePeriodSeconds: grace
      containers: [
        {
          name: 'fanout'
          image: empty(images.fanout) ? placeholder : images.fanout
          resources: { cpu: json('1.0'), memory: '2Gi' }
          probes: empty(images.fanout) ? [] : probes
          env: [
            { name: 'ConnectionStrings__chatdb', secretRef: 'chatdb' }
            { name: 'ConnectionStrings__redis', secretRef: 'redis' }
            { name: 'OTEL_SERVICE_NAME', value: 'fanout' }
          ]
        }
      ]
      scale: {
        minReplicas: fanoutReplicas.least
        maxReplicas: fanoutReplicas.most
        rules: [
          for partition in range(0, partitions): {
            name: 'intake-${partition}'
            custom: {
              type: 'redis-streams'
              metadata: {
                host: redisHost
                port: string(redisPort)
                enableTLS: 'true'
                stream: 'in:{${partition}}'
                streamLength: '2000'
              }
              auth: [{ secretRef: 'redis-password', triggerParameter: 'password' }]
            }
          }
        ]
      }
    }
  }
}

// Brings the schema up to date before a revision takes traffic; whoever deploys starts it and waits for its success.
resource migrations 'Microsoft.App/jobs@2025-07-01' = {
  name: 'migrations'
  location: location
  tags: tags
  identity: identities
  properties: {
    environmentId: environmentId
    workloadProfileName: 'Consumption'
    configuration: {
      triggerType: 'Manual'
      // As long as it may wait for another one (15 minutes) and work itself.
      replicaTimeout: 3600
      replicaRetryLimit: 0
      manualTriggerConfig: { parallelism: 1, replicaCompletionCount: 1 }
      registries: registries
      secrets: [
        { name: 'chatdb', keyVaultUrl: secretUris.migrationsDatabase, identity: identityId }
        { name: 'service-password', keyVaultUrl: secretUris.servicePassword, identity: identityId }
      ]
    }
    template: {
      containers: [
        {
          name: 'migrations'
          image: empty(images.migrations) ? placeholder : images.migrations
          resources: { cpu: json('0.5'), memory: '1Gi' }
          env: [
            { name: 'ConnectionStrings__chatdb', secretRef: 'chatdb' }
            { name: 'Migrations__ServiceRole', value: 'chatable' }
            { name: 'Migrations__ServicePassword', secretRef: 'service-password' }
            { name: 'OTEL_SERVICE_NAME', value: 'migrations' }
          ]
        }
      ]
    }
  }
}

output migrationsJob string = migrations.name
output apiUrl string = 'https://${api.properties.configuration.ingress.fqdn}'
