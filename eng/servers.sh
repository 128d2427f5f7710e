#!/usr/bin/env bash
# Makes sure that PostgreSQL's and Redis' server programs are on this machine, and for the tests a browser. Installs the distribution's
# packages where they are missing, and nothing else: no cluster, no running service. Safe to run again. Prints one line for each thing it found or did.
#   eng/servers.sh          not where a container runtime can start containers: the AppHost then takes those
#   eng/servers.sh --tests  in any case, and a browser: the tests start servers of their own and look at pages. And what checks units of
#                           systemd, which need not run here
set -euo pipefail
hosting=$(dirname "$0")/../Chatable.Hosting
. "$hosting/programs.sh"

say() { printf 'servers: %s\n' "$1"; }
fail() { printf 'servers: %s\n' "$1" >&2; exit 1; }

install_packages() {
    local packages=$1 as_root=() setting='' policy=''
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || fail "not root, and no sudo: install as root with 'apt-get install $packages'."
        as_root=(sudo)
        if [ -z "${CI:-}" ]; then
            [ -t 0 ] || fail "missing: $packages. Install with 'sudo apt-get install $packages', or run 'make servers' in a terminal."
            read -r -p "servers: install $packages by 'sudo apt-get install'? [y/N] " answer
            case $answer in [yY]*) ;; *) fail "nothing installed; missing: $packages." ;; esac
        fi
    fi
    local apt=("${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0 -o DPkg::Lock::Timeout=120)

    quietly() {
        local output
        output=$("${apt[@]}" "$@" 2>&1) || fail "'apt-get $*' failed:
$output"
    }

    # The packages would start their servers at once and make a first cluster. Both are held off only while this installs.
    undo() {
        [ -z "$policy" ] || "${as_root[@]}" rm -f "$policy"
        [ -z "$setting" ] || "${as_root[@]}" sed -i -E 's/^create_main_cluster = false$/#create_main_cluster = true/' "$setting"
    }
    trap undo EXIT
    if [ ! -e /usr/sbin/policy-rc.d ]; then
        policy=/usr/sbin/policy-rc.d
        printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" tee "$policy" >/dev/null
        "${as_root[@]}" chmod 755 "$policy"
    fi

    say "installing $packages (apt-get)"
    quietly update
    case $packages in *postgresql*)
        quietly install -y --no-install-recommends postgresql-common
        if grep -q '^#create_main_cluster' /etc/postgresql-common/createcluster.conf; then
            setting=/etc/postgresql-common/createcluster.conf
            "${as_root[@]}" sed -i -E 's/^#create_main_cluster.*$/create_main_cluster = false/' "$setting"
        fi
    esac
    # shellcheck disable=SC2086 # a list of names
    quietly install -y --no-install-recommends $packages
    case $packages in *redis-server*)
        if command -v systemctl >/dev/null && "${as_root[@]}" systemctl --quiet disable redis-server 2>/dev/null; then
            say "redis-server does not start with the machine"
        fi
    esac
    undo
    trap - EXIT
}

find_browser() { command -v chromium || command -v chromium-browser || command -v google-chrome || command -v google-chrome-stable; }

if [ "${1:-}" != --tests ] && runtime=$("$hosting/can-start-containers.sh"); then
    say "$runtime starts containers here: PostgreSQL and Redis come as containers, nothing to install"
    exit 0
fi

missing=''
find_postgres >/dev/null || missing="postgresql"
find_redis >/dev/null || missing="${missing:+$missing }redis-server"
if [ "${1:-}" = --tests ]; then
    find_browser >/dev/null || missing="${missing:+$missing }chromium fonts-liberation"
    [ "$(uname)" != Linux ] || command -v systemd-analyze >/dev/null || missing="${missing:+$missing }systemd"
fi

if [ -n "$missing" ]; then
    if [ "$(uname)" = Darwin ]; then
        fail "missing: $missing. Install with 'brew install postgresql redis' and 'brew install --cask chromium'."
    fi
    command -v apt-get >/dev/null ||
        fail "missing: $missing, and no apt-get here. Install PostgreSQL 15 or later, Redis 7 (or Valkey), and Chromium or Chrome and systemd for the tests."
    install_packages "$missing"
fi

postgres=$(find_postgres)/postgres || fail "PostgreSQL was installed, but its program 'postgres' was not found."
redis=$(find_redis) || fail "Redis was installed, but its program 'redis-server' was not found."
# What the services need, and what the AppHost refuses to start.
if reason=$(too_old PostgreSQL 15 "$postgres"); then fail "$reason"; fi
if reason=$(too_old Redis 7 "$redis"); then fail "$reason"; fi
say "PostgreSQL $(version_of "$postgres") at $postgres"
say "Redis $(version_of "$redis") at $redis"
if [ "${1:-}" = --tests ]; then
    browser=$(find_browser) || fail "Chromium was installed, but its program 'chromium' was not found."
    say "browser at $browser"
    if units=$(command -v systemd-analyze); then say "units of systemd are checked by $units"; fi
fi
