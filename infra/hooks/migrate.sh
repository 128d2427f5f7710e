#!/bin/sh
# Builds the image of the migrations, runs it as the job of that name, and waits for its success. azd runs this before it deploys a service;
# a pipeline without azd can run it with the same variables: AZURE_CONTAINER_REGISTRY_ENDPOINT, AZURE_RESOURCE_GROUP, MIGRATIONS_JOB.
set -eu
: "${AZURE_CONTAINER_REGISTRY_ENDPOINT:?}" "${AZURE_RESOURCE_GROUP:?}" "${MIGRATIONS_JOB:?}"
cd "$(dirname "$0")/../.."

fail() { printf 'migrate: %s\n' "$1" >&2; exit 1; }
job() { az containerapp job "$@" --resource-group "$AZURE_RESOURCE_GROUP" --output tsv; }

tag=$(git describe --always --dirty 2>/dev/null || date -u +%Y%m%d%H%M%S)
image=$AZURE_CONTAINER_REGISTRY_ENDPOINT/chatable/migrations:$tag
az acr login --name "${AZURE_CONTAINER_REGISTRY_ENDPOINT%%.*}" >/dev/null
dotnet publish Chatable.MigrationService -c Release /t:PublishContainer -p:ContainerRegistry="$AZURE_CONTAINER_REGISTRY_ENDPOINT" \
    -p:ContainerRepository=chatable/migrations -p:ContainerImageTag="$tag"

job update --name "$MIGRATIONS_JOB" --image "$image" >/dev/null
run=$(job start --name "$MIGRATIONS_JOB" --query name)
echo "migrate: $run runs"
# The job ends by itself after an hour (replicaTimeout).
while :; do
    status=$(job execution show --name "$MIGRATIONS_JOB" --job-execution-name "$run" --query properties.status)
    case $status in
        Succeeded) break ;;
        Failed | Degraded | Stopped) fail "$run: $status. Its log tells why: az containerapp job logs show --name $MIGRATIONS_JOB --execution $run --container migrations --resource-group $AZURE_RESOURCE_GROUP" ;;
    esac
    sleep 5
done
echo "migrate: $run succeeded"
# The next provisioning keeps this image.
if command -v azd >/dev/null; then azd env set SERVICE_MIGRATIONS_IMAGE_NAME "$image"; fi
