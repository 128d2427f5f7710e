#!/usr/bin/env bash
# Makes podman start containers on a fresh Debian 12, as root, and makes images for tests where no registry can be reached: stand-ins under
# the tags that Aspire and compose.yaml ask for. What is in them is Debian's (PostgreSQL 15, Redis 7, Caddy 2.6) and this machine's .NET runtime.
# Everything is kept in FOLDER, apart from the containers, images and volumes that this machine may have otherwise. Safe to run again.
#   eng/containers.sh FOLDER   then: . FOLDER/env.sh
set -euo pipefail

say() { printf 'containers: %s\n' "$1"; }
fail() { printf 'containers: %s\n' "$1" >&2; exit 1; }

[ $# = 1 ] || fail "name the folder for images and settings: eng/containers.sh FOLDER"
[ "$(id -u)" = 0 ] || fail "this needs root: it installs packages and starts containers that have networks of their own."
command -v apt-get >/dev/null || fail "no apt-get here: this knows how to prepare Debian and what descends from it."
command -v dotnet >/dev/null || fail "the .NET SDK is not on this machine, or not on PATH."
mkdir -p "$1" 2>/dev/null || fail "the folder '$1' cannot be made."
folder=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)

exec 9>"$folder/.lock"
flock -w 900 9 || fail "another run prepares '$folder'."

run() { "$@" >"$folder/log" 2>&1 || fail "'$*' failed:
$(tail -n 30 "$folder/log")"; }

# 1. Programs.
packages=''
for pair in podman:podman runc:runc buildah:buildah debootstrap:debootstrap docker-registry:docker-registry docker-compose:docker-compose \
    iptables:iptables catatonit:catatonit /usr/lib/podman/netavark:netavark /usr/lib/podman/aardvark-dns:aardvark-dns; do
    command -v "${pair%%:*}" >/dev/null || packages="$packages ${pair#*:}"
done
if [ -n "$packages" ]; then
    say "installing$packages (apt-get)"
    # docker-registry would start at once.
    policy=''
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        policy=/usr/sbin/policy-rc.d
        printf '#!/bin/sh\nexit 101\n' >"$policy"
        chmod 755 "$policy"
        trap 'rm -f "$policy"' EXIT
    fi
    apt() { run env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=300 "$@"; }
    apt update
    # shellcheck disable=SC2086 # a list of names
    apt install -y --no-install-recommends $packages
    [ -z "$policy" ] || rm -f "$policy"
    trap - EXIT
fi

# 2. Settings. Podman's own defaults raise a process' limits, which is refused where the capability for it is missing: no more than there is.
files=$(ulimit -Hn)
{ [ "$files" != unlimited ] && [ "$files" -le 1048576 ]; } || files=1048576
cat >"$folder/containers.conf" <<END
[containers]
default_ulimits = ["nofile=$files:$files", "nproc=4096:4096"]
[engine]
# Debian 12's crun refuses control groups of both versions side by side.
runtime = "runc"
cgroup_manager = "cgroupfs"
events_logger = "file"
[network]
network_backend = "netavark"
network_config_dir = "$folder/networks"
END
cat >"$folder/storage.conf" <<END
[storage]
driver = "overlay"
graphroot = "$folder/storage"
runroot = "/run/chatable-containers"
END
printf '%s\n' 'unqualified-search-registries = ["docker.io"]' 'short-name-mode = "permissive"' >"$folder/registries.conf"
# DISABLE_HC_SYSTEMD: without systemd nothing would call health checks, and podman refuses to start a container that has one.
cat >"$folder/env.sh" <<END
export CHATABLE_CONTAINERS='$folder'
export CONTAINERS_CONF='$folder/containers.conf' CONTAINERS_STORAGE_CONF='$folder/storage.conf' CONTAINERS_REGISTRIES_CONF='$folder/registries.conf'
export ASPIRE_CONTAINER_RUNTIME=podman ASPIRE_ENABLE_CONTAINER_TUNNEL=false DISABLE_HC_SYSTEMD=true
END
# shellcheck disable=SC1091
. "$folder/env.sh"

# 3. Debian, by which the stand-ins are made.
debian=localhost/chatable/debian:12
if ! podman image exists "$debian"; then
    say "making an image of Debian 12 (debootstrap)"
    mirror=$(apt-get indextargets --format '$(SITE)' | awk '/\/debian\/?$/ && !found { found = $0 } END { print found }')
    mirror=${mirror:-http://deb.debian.org/debian}
    rm -rf "$folder/debian"
    run debootstrap --variant=minbase --include=ca-certificates bookworm "$folder/debian" "$mirror"
    rm -rf "$folder"/debian/var/cache/apt/archives/*.deb "$folder"/debian/var/lib/apt/lists/*
    tar -C "$folder/debian" --numeric-owner -cf - . | podman import -q - "$debian" >/dev/null || fail "the image of Debian cannot be made."
    rm -rf "$folder/debian"
fi

# 4. A container starts here.
podman run --rm --network none "$debian" /bin/true >"$folder/log" 2>&1 || fail "podman cannot start a container here:
$(tail -n 5 "$folder/log")"
say "podman $(podman --version | cut -d' ' -f3) starts containers"

# 5. The stand-ins, under each name that compose.yaml has: postgres:18.3, redis:8.6, caddy:2.10.
for image in $(sed -nE 's/^ +image: ((postgres|redis|caddy):[^ ]+).*/\1/p' "$here/../deploy/compose/compose.yaml" | sort -u); do
    name=docker.io/library/$image
    recipe=${image%%:*}
    made=$(cat "$here/containers/$recipe".* | sha256sum | cut -d' ' -f1)
    if [ "$(podman image inspect --format '{{index .Labels "made-of"}}' "$name" 2>/dev/null)" != "$made" ]; then
        say "making a stand-in for $image"
        run podman build -q --network=host --format docker --label made-of="$made" -t "$name" -f "$here/containers/$recipe.Containerfile" "$here/containers"
    fi
done

# 6. The base of our images: Debian and this machine's .NET runtime for linux/amd64. For linux/arm64 nothing but the settings: an image that
# can be built upon and looked at, and not started. The SDK reads a base from a registry, so both are put into the data of one.
program=$(dirname "$(readlink -f "$(command -v dotnet)")")
runtime=$(find "$program/shared/Microsoft.AspNetCore.App" -mindepth 1 -maxdepth 1 -name '10.*' -printf '%f\n' | sort -V | tail -n 1)
[ -n "$runtime" ] || fail "ASP.NET Core 10 is not in '$program/shared'."
made="$runtime, $(sed -n '/^# 6/,$p' "$0" | sha256sum)"
if [ "$(cat "$folder/registry/made-of" 2>/dev/null)" != "$made" ]; then
    say "making a stand-in for the base image, of ASP.NET Core $runtime"
    settings=(--env APP_UID=1654 --env ASPNETCORE_HTTP_PORTS=8080 --env DOTNET_RUNNING_IN_CONTAINER=true
        --env DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=true --os linux --user 1654)
    base=$(buildah from "$debian")
    run buildah copy "$base" "$program/dotnet" /usr/share/dotnet/dotnet
    run buildah copy "$base" "$program/host" /usr/share/dotnet/host
    for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
        run buildah copy "$base" "$program/shared/$framework" "/usr/share/dotnet/shared/$framework"
    done
    run buildah run --isolation chroot "$base" -- sh -c 'ln -s /usr/share/dotnet/dotnet /usr/bin/dotnet && useradd -u 1654 -m app && install -d -o app /app'
    run buildah config "${settings[@]}" --arch amd64 --cmd '' "$base"
    run buildah commit --format oci "$base" localhost/chatable/aspnet:amd64
    run buildah rm "$base"
    base=$(buildah from scratch)
    run buildah config "${settings[@]}" --arch arm64 --cmd '' --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$base"
    run buildah commit --format oci "$base" localhost/chatable/aspnet:arm64
    run buildah rm "$base"
    buildah manifest rm localhost/chatable/aspnet:10.0 >/dev/null 2>&1 || true
    run buildah manifest create localhost/chatable/aspnet:10.0 localhost/chatable/aspnet:amd64 localhost/chatable/aspnet:arm64

    rm -rf "$folder/registry"
    port=$(shuf -i 20000-32000 -n 1)
    "$here/containers/registry.sh" "$folder/registry" "127.0.0.1:$port" >"$folder/registry.log" 2>&1 9>&- &
    registry=$!
    trap 'kill "$registry" 2>/dev/null || true' EXIT
    for _ in $(seq 100); do
        (: >"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
        kill -0 "$registry" 2>/dev/null || fail "the registry ended: $(tail -n 5 "$folder/registry.log")"
        sleep 0.1
    done
    run buildah manifest push --all --format oci --tls-verify=false localhost/chatable/aspnet:10.0 "docker://127.0.0.1:$port/dotnet/aspnet:10.0"
    kill "$registry"
    wait "$registry" 2>/dev/null || true
    trap - EXIT
    echo "$made" >"$folder/registry/made-of"
fi

podman image prune -f >/dev/null
say "ready: $(podman images --format '{{.Repository}}:{{.Tag}}' | grep -v '<none>' | sed 's|docker.io/library/||; s|localhost/chatable/||' | sort | tr '\n' ' ')in $folder"
