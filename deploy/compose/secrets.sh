#!/bin/sh
# Makes the passwords and the key that compose.yaml reads: secrets.sh [FOLDER], by default secrets/ beside this script. What is there stays as
# it is, so it is safe to run again. Keep a copy elsewhere: without the key in api.env everybody is logged out.
set -eu
umask 077

say() { printf 'secrets: %s\n' "$1"; }
fail() { printf 'secrets: %s\n' "$1" >&2; exit 1; }

folder=${1:-$(dirname "$0")/secrets}
command -v openssl >/dev/null || fail "openssl is not on this machine: install it."
mkdir -p "$folder" 2>/dev/null || fail "the folder '$folder' cannot be made."
if [ -e "$folder/api.env" ]; then
    say "'$folder' has them already: nothing changed"
    exit 0
fi

# Without characters that a connection string or an environment file would have to quote. Kerberos is in none of the images: not asking for it
# spares a line in the log.
owner=$(openssl rand -hex 24)
service=$(openssl rand -hex 24)
redis=$(openssl rand -hex 24)
chatdb="Host=postgres;Database=chatdb;GSS Encryption Mode=Disable;Username=chatable;Password=$service"

printf 'POSTGRES_PASSWORD=%s\n' "$owner" >"$folder/postgres.env"
# The migrations own the database, and make the role that the services run as.
printf 'ConnectionStrings__chatdb=Host=postgres;Database=chatdb;GSS Encryption Mode=Disable;Username=postgres;Password=%s\nMigrations__ServiceRole=chatable\nMigrations__ServicePassword=%s\n' \
    "$owner" "$service" >"$folder/migrations.env"
printf 'ConnectionStrings__chatdb=%s\nConnectionStrings__redis=redis:6379,user=chatable,password=%s\n' "$chatdb" "$redis" >"$folder/fanout.env"
# Redis gets the hash of the password alone. It reads this as a user of its own, hence everybody may read it. Whoever gives no name may do
# nothing but ask whether it answers.
printf 'user default on nopass resetkeys resetchannels -@all +ping\nuser chatable on #%s ~* &* +@all -@dangerous +info\n' \
    "$(printf '%s' "$redis" | openssl dgst -sha256 -r | cut -d' ' -f1)" >"$folder/users.acl"
chmod 644 "$folder/users.acl"
# The last one: it says that all are there.
{
    cat "$folder/fanout.env"
    printf 'TokenSecrets__Key=%s\n' "$(openssl rand -base64 48)"
} >"$folder/api.env.part"
mv "$folder/api.env.part" "$folder/api.env"
say "made in '$folder'; keep a copy of it elsewhere"
