#!/bin/sh
# Runs Redis, or Valkey, on the loopback address: redis.sh FOLDER keep|discard
# The port and the password come by the environment: SERVER_PORT, SERVER_PASSWORD.
set -eu
. "$(dirname "$0")/server.sh"

program=$(find_redis) || fail "Redis is not on this machine: install it with 'apt-get install redis-server', or run 'make servers'."
if reason=$(too_old Redis 7 "$program"); then fail "$reason"; fi
open_folder "$1" "$2"
cd "$folder"

quoted() { printf '%s' "$1" | sed 's/[\\"]/\\&/g; s/^/"/; s/$/"/'; }

password=$(quoted "$SERVER_PASSWORD")
unset SERVER_PASSWORD

# The intake queue lives in Redis: every change is in the append-only file within a second, and nothing is evicted.
serve TERM "$program" - <<END
bind 127.0.0.1 -::1
port $SERVER_PORT
dir $(quoted "$folder")
requirepass $password
appendonly yes
appendfsync everysec
save ""
maxmemory-policy noeviction
END
