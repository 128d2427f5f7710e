// What somebody has to look at. The services' own alarms are found by their log lines: metrics do not reach Application Insights by the
// environment's agent. A test holds each text against the code that writes it.
param location string
param tags object
param logsId string
param postgresId string
param redisId string
param email string

var told = empty(email) ? [] : [group.id]

// name: what is told; text: what the log line has; severity 0 (critical) to 4
var lines = [
  { name: 'no-worker', severity: 0, text: 'No fan-out worker is alive.' }
  { name: 'partition-stands-still', severity: 0, text: 'stands still' }
  { name: 'partition-has-stopped', severity: 0, text: 'has stopped at entry' }
  { name: 'logs-set-back', severity: 0, text: 'PostgreSQL is behind what Redis knows' }
  { name: 'dead-letter', severity: 2, text: 'is a dead letter' }
  { name: 'migration-failed', severity: 1, text: 'The database was not migrated' }
]

resource group 'Microsoft.Insights/actionGroups@2023-01-01' = if (!empty(email)) {
  name: 'chatable'
  location: 'global'
  tags: tags
  properties: {
    enabled: true
    groupShortName: 'chatable'
    emailReceivers: [{ name: 'operators', emailAddress: email, useCommonAlertSchema: true }]
  }
}

resource rules 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for line in lines: {
    name: line.name
    location: location
    tags: tags
    properties: {
      severity: line.severity
      enabled: true
      scopes: [logsId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT5M'
      // The table is made with the first line.
      skipQueryValidation: true
      criteria: {
        allOf: [
          {
            query: 'ContainerAppConsoleLogs_CL | where Log_s has "${line.text}"'
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: 0
          }
        ]
      }
      autoMitigate: true
      actions: { actionGroups: told }
    }
  }
]

resource postgresAvailability 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'postgres-is-down'
  location: 'global'
  tags: tags
  properties: {
    severity: 0
    enabled: true
    scopes: [postgresId]
    evaluationFrequency: 'PT1M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'down'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'is_db_alive'
          timeAggregation: 'Maximum'
          operator: 'LessThan'
          threshold: 1
        }
      ]
    }
    actions: [for id in told: { actionGroupId: id }]
  }
}

resource postgresStorage 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'postgres-disk-is-filling'
  location: 'global'
  tags: tags
  properties: {
    severity: 1
    enabled: true
    scopes: [postgresId]
    evaluationFrequency: 'PT15M'
    windowSize: 'PT15M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'full'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'storage_percent'
          timeAggregation: 'Average'
          operator: 'GreaterThan'
          threshold: 80
        }
      ]
    }
    actions: [for id in told: { actionGroupId: id }]
  }
}

resource redisMemory 'Microsoft.Insights/metricAlerts@2018-03-01' = {
  name: 'redis-memory-is-filling'
  location: 'global'
  tags: tags
  properties: {
    severity: 1
    enabled: true
    scopes: [redisId]
    evaluationFrequency: 'PT5M'
    windowSize: 'PT5M'
    criteria: {
      'odata.type': 'Microsoft.Azure.Monitor.SingleResourceMultipleMetricCriteria'
      allOf: [
        {
          name: 'full'
          criterionType: 'StaticThresholdCriterion'
          metricName: 'usedmemorypercentage'
          timeAggregation: 'Maximum'
          operator: 'GreaterThan'
          threshold: 75
        }
      ]
    }
    actions: [for id in told: { actionGroupId: id }]
  }
}
