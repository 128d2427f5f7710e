# What the scripts of both servers share. To be sourced.
. "$(dirname "$0")/programs.sh"

fail() {
    printf '%s\n' "$1" >&2
    exit 1
}

# PostgreSQL refuses to run as root: root's servers run as another user, who owns their data.
account=''
if [ "$(id -u)" = 0 ]; then
    if id -u postgres >/dev/null 2>&1; then account=postgres; else account=nobody; fi
fi

# Becomes a program run by that user. Where setpriv is here (on every Linux), the program gets signal $1 if the process it started in dies.
become() {
    local signal=$1
    shift
    if ! command -v setpriv >/dev/null; then
        exec "$@"
    elif [ -n "$account" ]; then
        exec setpriv --reuid="$account" --regid="$(id -g "$account")" --init-groups --pdeathsig "$signal" -- "$@"
    else
        exec setpriv --pdeathsig "$signal" -- "$@"
    fi
}

# open_folder FOLDER keep|discard: makes it, and locks it for as long as this script or its server lives. A folder to be discarded goes
# with the server. Its name begins with chatable-PROCESS-, the AppHost's: what one that is gone has left beside it, unlocked, goes now.
open_folder() {
    folder=$1
    kept=$2
    if [ "$kept" = discard ] && command -v flock >/dev/null; then
        for left in "$(dirname "$folder")"/chatable-[0-9]*-*/.lock; do
            owner=${left#*/chatable-}
            [ ! -e "$left" ] || kill -0 "${owner%%-*}" 2>/dev/null || flock -n "$left" rm -rf "$(dirname "$left")"
        done
    fi
    # Its parents are for everybody to pass through, the folder itself for its server alone.
    { mkdir -p "$(dirname "$folder")" && (umask 077 && mkdir -p "$folder"); } 2>/dev/null || fail "The data folder '$folder' cannot be made."
    if [ -n "$account" ]; then chown "$account": "$folder"; fi
    # Tried first in a process of its own: a redirection that fails in exec ends the shell, with words of its own.
    (: >>"$folder/.lock") 2>/dev/null || fail "The data folder '$folder' cannot be locked."
    exec 9>"$folder/.lock"
    if command -v flock >/dev/null && ! flock -n 9; then
        echo "The data in '$folder' is in use: waiting for its server to end." >&2
        # A server that was orphaned ends by itself within that time.
        flock -w 30 9 || fail "The data in '$folder' is in use by another running topology: stop that one, or start this one with --UseVolumes=false."
    fi
}

# serve SIGNAL PROGRAM ARGUMENT…: runs the server until it ends; SIGTERM and SIGINT become the signal by which it ends in good order.
serve() {
    local signal=$1
    shift
    # A background job has no standard input but one of another number.
    exec 3<&0
    become "$signal" "$@" <&3 3<&- &
    server=$!
    trap 'kill -s "$signal" "$server" 2>/dev/null || true' TERM INT HUP
    status=0
    while kill -0 "$server" 2>/dev/null; do
        wait "$server" && status=0 || status=$?
    done
    if [ "$kept" = discard ]; then rm -rf "$folder"; fi
    exit "$status"
}
