#!/bin/sh
# Generates the secrets of a cluster for trying out, and writes them to standard output: pipe them into `kubectl apply -f -`. They go
# through no command line and into no file. Another run makes others, with which the stores have to be made anew.
set -eu
if [ -t 1 ]; then
    echo 'secrets: standard output is a terminal, which would show them. Write: secrets.sh | kubectl apply -f -' >&2
    exit 2
fi

for program in od tr; do
    command -v "$program" >/dev/null || { echo "secrets: '$program' is not on this machine: install it." >&2; exit 1; }
done
generate() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

# printf is a part of the shell: what it is given is no process's argument.
owner=$(generate) service=$(generate) redis=$(generate) key=$(generate)
secret() { printf -- '---\napiVersion: v1\nkind: Secret\nmetadata:\n  name: %s\n  namespace: chatable\nstringData:\n' "$1"; }

secret development-stores
printf '  postgres-password: "%s"\n  redis.conf: |\n' "$owner"
printf '    %s\n' 'dir /data' 'appendonly yes' 'maxmemory-policy noeviction' 'user default off' \
    "user chatable on >$redis ~* &* +@all -@dangerous +info"
secret migrations
printf '  chatdb: Host=postgres;Port=5432;Database=chatdb;Username=postgres;Password=%s\n' "$owner"
printf '  service-password: "%s"\n' "$service"
secret stores
printf '  chatdb: Host=postgres;Port=5432;Database=chatdb;Username=chatable;Password=%s\n' "$service"
printf '  redis: redis:6379,user=chatable,password=%s\n' "$redis"
secret token-secrets
printf '  key: "%s"\n' "$key"
