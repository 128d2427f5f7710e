#!/bin/sh
# Runs PostgreSQL on the loopback address: postgres.sh FOLDER keep|discard
# The port and the password come by the environment: SERVER_PORT, SERVER_PASSWORD.
set -eu
. "$(dirname "$0")/server.sh"

programs=$(find_postgres) || fail "PostgreSQL is not on this machine: install it with 'apt-get install postgresql', or run 'make servers'."
if reason=$(too_old PostgreSQL 15 "$programs/postgres"); then fail "$reason"; fi
open_folder "$1" "$2"
cd "$folder"
data=$folder/data

if [ -f "$data/PG_VERSION" ]; then
    version=$(cat "$data/PG_VERSION")
    programs=$(find_postgres "$version") ||
        fail "The data in '$data' is of PostgreSQL $version, which is not on this machine: install it, or delete the folder."
else
    # Made under another name and renamed when complete and on disk: an interrupted initialisation is never taken for a database.
    rm -rf "$data.unfinished"
    trap 'rm -f "$folder/password"' EXIT
    (umask 077 && printf '%s\n' "$SERVER_PASSWORD" >"$folder/password")
    if [ -n "$account" ]; then chown "$account" "$folder/password"; fi
    # Sorts by code point and knows every letter's lower case, on every Linux alike; elsewhere the user's own locale has to do.
    locale=''
    if [ "$(uname)" = Linux ]; then locale=--locale=C.UTF-8; fi
    # shellcheck disable=SC2086 # one option or none
    (become KILL "$programs/initdb" --username=postgres --pwfile="$folder/password" --auth=scram-sha-256 --encoding=UTF8 $locale \
        --no-sync "$data.unfinished") >"$folder/initdb.log" 2>&1 || fail "PostgreSQL cannot make its data folder: $(cat "$folder/initdb.log")"
    rm -f "$folder/password"
    trap - EXIT
    if [ "$kept" = keep ]; then (become KILL "$programs/initdb" --sync-only "$data.unfinished") >/dev/null; fi
    mv "$data.unfinished" "$data"
fi

unset SERVER_PASSWORD
# INT is the "fast" shutdown: sessions are broken off, data is written out. TERM would wait for every client to go.
# What people write must not reach the log: neither rows ("Failing row contains ...") nor statements.
serve INT "$programs/postgres" -D "$data" -c listen_addresses=localhost -c port="$SERVER_PORT" -c unix_socket_directories= \
    -c max_connections=200 -c shared_buffers=128MB -c max_wal_size=1GB -c log_error_verbosity=terse -c log_min_error_statement=panic
