// Who the apps are: pulls images and reads secrets, nothing else.
param location string
@minLength(13)
@maxLength(13)
param suffix string
param tags object

resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@2024-11-30' = {
  name: 'id-${suffix}'
  location: location
  tags: tags
}

output id string = identity.id
output principalId string = identity.properties.principalId
