#!/usr/bin/env bash
# Deletes what 'make local' keeps between runs: the data of PostgreSQL and Redis, in folders or in volumes of a container runtime.
# Nothing of a topology that runs. Prints one line for each thing it deleted. DataFolder is the AppHost's setting of that name.
set -euo pipefail

say() { printf 'clean-data: %s\n' "$1"; }
fail() { printf 'clean-data: %s\n' "$1" >&2; exit 1; }

# As TopologySettings.cs has it.
if [ "$(id -u)" = 0 ] && [ "$(uname)" = Linux ]; then
    default=/var/lib/chatable/volumes
else
    default=${XDG_DATA_HOME:-$HOME/.local/share}/chatable/volumes
fi
folder=${DataFolder:-$default}
deleted=no

for store in chatable-postgres chatable-redis; do
    data=$folder/$store
    [ -d "$data" ] || continue
    if [ -e "$data/.lock" ] && command -v flock >/dev/null && ! flock -n "$data/.lock" true; then
        fail "'$data' is in use: stop 'make local' first."
    fi
    rm -rf "$data"
    say "deleted '$data'"
    deleted=yes
done

for runtime in docker podman; do
    command -v "$runtime" >/dev/null || continue
    for volume in chatable-postgres chatable-redis; do
        "$runtime" volume inspect "$volume" >/dev/null 2>&1 || continue
        "$runtime" volume rm "$volume" >/dev/null || fail "$runtime's volume $volume is in use: stop 'make local' first."
        say "deleted $runtime's volume $volume"
        deleted=yes
    done
done

[ "$deleted" = yes ] || say "nothing there: no data in '$folder', no volumes"
