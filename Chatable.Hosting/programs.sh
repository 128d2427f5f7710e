# Finds PostgreSQL's and Redis' programs on this machine. To be sourced: by the scripts that run them, and by eng/servers.sh.

# Prints the folder of the newest PostgreSQL, or of the major version given. Whoever has one on PATH means that one;
# Debian, Ubuntu and Homebrew keep theirs out of it, in a folder for each version.
find_postgres() {
    local major="${1:-}" program folder
    for program in $(on_path=$(command -v postgres) && readlink -f "$on_path" || true) \
        $(ls -d /usr/lib/postgresql/*/bin/postgres /opt/homebrew/opt/postgresql@*/bin/postgres /usr/local/opt/postgresql@*/bin/postgres \
            /usr/local/pgsql/bin/postgres 2>/dev/null | sort -rV || true); do
        folder=$(dirname "$program")
        if [ -x "$folder/initdb" ] && { [ -z "$major" ] || [ "$(version_of "$program" | cut -d. -f1)" = "$major" ]; }; then
            printf '%s\n' "$folder"
            return 0
        fi
    done
    return 1
}

# Redis' server, or Valkey's, which is the same to its clients.
find_redis() { command -v redis-server || command -v valkey-server; }

# postgres (PostgreSQL) 15.8 (Debian 15.8-0+deb12u1)  -> 15.8
# Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64  -> 7.0.15
version_of() { "$1" --version | grep -oE '[0-9]+(\.[0-9]+)*' | head -n 1; }

# Says what is wrong with a program that is too old for the services, in one sentence. Words that cannot be read are no reason to refuse one.
too_old() {
    local product=$1 least=$2 program=$3 version
    version=$(version_of "$program")
    case ${version%%.*} in
        '' | *[!0-9]*) return 1 ;;
    esac
    [ "${version%%.*}" -lt "$least" ] || return 1
    printf '%s %s or later is needed, but %s is version %s: install a newer one.\n' "$product" "$least" "$program" "$version"
}
