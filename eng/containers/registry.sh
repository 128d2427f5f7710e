#!/bin/sh
# Serves a registry of images from a folder: registry.sh FOLDER 127.0.0.1:5000
set -eu
command -v docker-registry >/dev/null || { echo "docker-registry is not on this machine: eng/containers.sh installs it." >&2; exit 1; }
mkdir -p "$1"
config=$1.yml
cat >"$config" <<END
version: 0.1
log: {level: info, formatter: text, accesslog: {disabled: true}}
storage: {filesystem: {rootdirectory: '$1'}, delete: {enabled: true}}
http: {addr: '$2'}
END
exec docker-registry serve "$config"
