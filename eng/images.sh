#!/usr/bin/env bash
# Builds the images of the three services, for linux/amd64 and linux/arm64, with the .NET SDK alone: no container runtime is needed. Each is
# tagged by version and by commit. Settings come by the environment; `make images` hands them on:
#   REGISTRY=host[/path]  push them there; dotnet takes the login of `docker login` and `podman login`
#   ARCHIVE=folder        otherwise: write each as an archive in OCI format (default: artifacts/images), for `podman load` and `docker load`.
#                         It has the tag of the version alone: podman loads no archive with two names
#   BASE=image            instead of Microsoft's chiselled base; from a registry, with ASP.NET Core 10 in it
#   PLATFORMS=linux-x64   only these platforms; the default is "linux-x64 linux-arm64"
#   VERSION=1.2.3         instead of that in Directory.Build.props
#   SOURCE=url            where the source can be read, for the label of that name; default: the address of "origin", where it is a public one
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf 'images: %s\n' "$1"; }
fail() { printf 'images: %s\n' "$1" >&2; exit 1; }

[ -z "${REGISTRY:-}" ] || [ -z "${ARCHIVE:-}" ] || fail "REGISTRY and ARCHIVE exclude each other: give one of them."
case ${REGISTRY:-} in *[!a-z0-9./:_-]*) fail "REGISTRY must be such as registry.example.org:5000 or ghcr.io/somebody, but is '$REGISTRY'." ;; esac
command -v dotnet >/dev/null || fail "the .NET SDK is not on this machine, or not on PATH."

platforms=${PLATFORMS:-linux-x64 linux-arm64}
for platform in $platforms; do
    case $platform in
        linux-x64 | linux-arm64) ;;
        *) fail "PLATFORMS must be of linux-x64 and linux-arm64, but has '$platform'." ;;
    esac
done

commit=$(git describe --always --dirty --exclude '*' --abbrev=12 2>/dev/null) || fail "not a checkout of git, whose commit the images would be tagged by."
revision=$(git rev-parse HEAD)
source=${SOURCE:-$(git remote get-url origin 2>/dev/null || true)}
# git@host:owner/name.git and the like cannot be opened by a reader; nor may an address carry somebody's password.
case $source in
    *@*) source='' ;;
    https://*) source=${source%.git} ;;
    *) source='' ;;
esac

# Lists of MSBuild come by the environment: on a command line their semicolons would have to be quoted twice.
export ImageCommit=$commit ImageRevision=$revision ImageSource=$source ContinuousIntegrationBuild=true
if [ -n "${VERSION:-}" ]; then
    case $VERSION in
        *[!0-9A-Za-z.-]*) fail "VERSION must be such as 1.2.3 or 1.2.3-rc.1, but is '$VERSION'." ;;
    esac
    arguments=("-p:Version=$VERSION")
    version=$VERSION
else
    arguments=()
    version=$(sed -nE 's|.*<Version>(.*)</Version>.*|\1|p' Directory.Build.props)
fi
case $platforms in
    *' '*) export ContainerRuntimeIdentifiers=${platforms// /;} ;;
    # Restored for one platform, the libraries would have other lock files than the repository's.
    *) arguments+=("-p:ContainerRuntimeIdentifier=$platforms" "-r" "$platforms" "-p:NuGetLockFilePath=obj/packages.$platforms.lock.json") ;;
esac
if [ -n "${BASE:-}" ]; then arguments+=("-p:ContainerBaseImage=$BASE"); fi

prefix=chatable
if [ -n "${REGISTRY:-}" ]; then
    arguments+=("-p:ContainerRegistry=${REGISTRY%%/*}")
    case $REGISTRY in */*) prefix=${REGISTRY#*/}/chatable ;; esac
else
    folder=${ARCHIVE:-artifacts/images}
    mkdir -p "$folder" 2>/dev/null && [ -w "$folder" ] || fail "the folder '$folder' cannot be written to."
    folder=$(cd "$folder" && pwd)
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
for image in api:Chatable.ApiService fanout:Chatable.FanoutWorker migrations:Chatable.MigrationService; do
    name=${image%%:*}
    project=${image#*:}
    target=()
    if [ -z "${REGISTRY:-}" ]; then
        rm -f "$folder/$name.tar.gz"
        export ImageCommit=''
        target=("-p:ContainerImageTag=$version" "-p:ContainerArchiveOutputPath=$folder/$name.tar.gz")
    fi
    if ! dotnet publish "$project" -c Release -t:PublishContainer -p:ContainerRepository="$prefix/$name" \
        ${arguments[@]+"${arguments[@]}"} ${target[@]+"${target[@]}"} >"$log" 2>&1; then
        reason=$(grep -m 1 -oE 'error [A-Z]+[0-9]+ ?: .*' "$log" | sed 's/ \[[^[]*\]$//') || reason=$(tail -n 20 "$log")
        case $reason in
            *CONTAINER1*) reason="$reason
images: the base was to be ${BASE:-the chiselled one of mcr.microsoft.com}; another one can be given by BASE=." ;;
        esac
        fail "the image of $name was not built: $reason"
    fi
    if [ -n "${REGISTRY:-}" ]; then
        say "$REGISTRY/chatable/$name:$version and :$commit ($platforms)"
    else
        say "$folder/$name.tar.gz: $prefix/$name:$version ($platforms)"
    fi
done
