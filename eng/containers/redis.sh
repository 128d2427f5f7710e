#!/bin/sh
# Entry point of the stand-in for the official image of Redis.
set -eu
case "${1:-}" in -* | *.conf) set -- redis-server "$@" ;; esac
if [ "${1:-}" = redis-server ] && [ "$(id -u)" = 0 ]; then
    chown -R redis:redis .
    exec setpriv --reuid=redis --regid=redis --init-groups -- "$0" "$@"
fi
[ "${1:-}" != redis-server ] || set -- "$@" --protected-mode no
exec "$@"
