param location string
@minLength(13)
@maxLength(13)
param suffix string
param tags object
param pullerPrincipalId string

resource registry 'Microsoft.ContainerRegistry/registries@2025-11-01' = {
  name: 'cr${suffix}'
  location: location
  tags: tags
  sku: { name: 'Basic' }
  properties: { adminUserEnabled: false }
}

var acrPull = subscriptionResourceId('Microsoft.Authorization/roleDefinitions', '7f951dda-4ed3-4680-a7ca-43fe172d538d')

resource pull 'Microsoft.Authorization/roleAssignments@2022-04-01' = {
  name: guid(registry.id, pullerPrincipalId, acrPull)
  scope: registry
  properties: { roleDefinitionId: acrPull, principalId: pullerPrincipalId, principalType: 'ServicePrincipal' }
}

output endpoint string = registry.properties.loginServer
