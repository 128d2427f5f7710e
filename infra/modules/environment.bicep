param location string
@minLength(13)
@maxLength(13)
param suffix string
param tags object
param subnetId string
param logsName string
param insightsName string

resource logs 'Microsoft.OperationalInsights/workspaces@2025-07-01' existing = {
  name: logsName
}

resource insights 'Microsoft.Insights/components@2020-02-02' existing = {
  name: insightsName
}

// Only previews know openTelemetryConfiguration.
resource environment 'Microsoft.App/managedEnvironments@2025-10-02-preview' = {
  name: 'cae-${suffix}'
  location: location
  tags: tags
  properties: {
    workloadProfiles: [{ name: 'Consumption', workloadProfileType: 'Consumption' }]
    vnetConfiguration: { infrastructureSubnetId: subnetId, internal: false }
    zoneRedundant: true
    appLogsConfiguration: {
      destination: 'log-analytics'
      logAnalyticsConfiguration: { customerId: logs.properties.customerId, sharedKey: logs.listKeys().primarySharedKey }
    }
    // The environment's agent sets OTEL_EXPORTER_OTLP_ENDPOINT in each container. It passes no metrics on to Application Insights.
    appInsightsConfiguration: { connectionString: insights.properties.ConnectionString }
    openTelemetryConfiguration: {
      tracesConfiguration: { destinations: ['appInsights'] }
      logsConfiguration: { destinations: ['appInsights'] }
    }
  }
}

output id string = environment.id
