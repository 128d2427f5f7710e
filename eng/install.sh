#!/usr/bin/env bash
# Lays the three services down for systemd, as `make install` and `make uninstall` call it. Safe to run again: programs and units are
# replaced, settings are left alone. Prints one line for each thing it did.
#   eng/install.sh              publishes Release builds and installs them
#   eng/install.sh --uninstall  removes all of it but the settings
# PREFIX (/usr/local) holds programs and units, SYSCONFDIR (/etc) the settings. DESTDIR stands before both, for packages; no file names it.
set -euo pipefail
cd "$(dirname "$0")/.."
prefix=${PREFIX:-/usr/local}
settings=${SYSCONFDIR:-/etc}/chatable
units='chatable.target chatable-migrations.service chatable-api.service chatable-fanout.service'

say() { printf 'install: %s\n' "$1"; }
fail() { printf 'install: %s\n' "$1" >&2; exit 2; }

# Units separate words at spaces, and know % and \ as signs of their own; sed knows | and &.
absolute() {
    case $2 in /*) ;; *) fail "$1 must be an absolute path, but is '$2'." ;; esac
    case $2 in *[!A-Za-z0-9/._+-]*) fail "$1 must have only letters, digits and /._+- in it, but is '$2'." ;; esac
}
absolute PREFIX "$prefix"
absolute SYSCONFDIR "${SYSCONFDIR:-/etc}"
case ${DESTDIR:-} in '' | /*) ;; *) fail "DESTDIR must be an absolute path or empty, but is '$DESTDIR'." ;; esac

programs=${DESTDIR:-}$prefix/lib/chatable
unit_folder=$prefix/lib/systemd/system

# Only where the files lie where this machine's systemd reads them.
reload() {
    [ -z "${DESTDIR:-}" ] && [ -d /run/systemd/system ] && [ "$(id -u)" = 0 ] || return 0
    case $unit_folder in /usr/local/lib/systemd/system | /usr/lib/systemd/system) ;; *) return 0 ;; esac
    systemctl daemon-reload
    say 'systemd has read the units again'
}

publish() {
    local name=$1 project=$2 output
    output=$(dotnet publish "$project" -c Release -o "artifacts/install/$name" --nologo -v quiet 2>&1) || fail "'dotnet publish $project' failed:
$output"
}

if [ "${1:-}" = --uninstall ]; then
    rm -rf "$programs"
    for unit in $units; do rm -f "${DESTDIR:-}$unit_folder/$unit"; done
    for example in deploy/systemd/*.env.example; do rm -f "${DESTDIR:-}$settings/$(basename "$example")"; done
    reload
    say "removed the programs and units below ${DESTDIR:-}$prefix"
    if rmdir "${DESTDIR:-}$settings" 2>/dev/null || [ ! -e "${DESTDIR:-}$settings" ]; then exit 0; fi
    say "left ${DESTDIR:-}$settings: what is in it is yours"
    exit 0
fi
[ $# = 0 ] || fail "takes --uninstall or nothing, but was given '$1'."

rm -rf artifacts/install
publish api Chatable.ApiService
publish fanout Chatable.FanoutWorker
publish migrations Chatable.MigrationService

# Beside the old ones first: what fails half way leaves those in place.
install -d -m 0755 "${DESTDIR:-}$prefix/lib" "${DESTDIR:-}$unit_folder"
rm -rf "$programs.new" "$programs.old"
cp -R artifacts/install "$programs.new"
chmod -R u=rwX,go=rX "$programs.new"
if [ -e "$programs" ]; then mv "$programs" "$programs.old"; fi
mv "$programs.new" "$programs"
rm -rf "$programs.old"
say "programs in $programs"

for unit in $units; do
    sed -e "s|/usr/local/lib/chatable|$prefix/lib/chatable|" -e "s|/etc/chatable|$settings|" "deploy/systemd/$unit" >"${DESTDIR:-}$unit_folder/$unit.new"
    chmod 0644 "${DESTDIR:-}$unit_folder/$unit.new"
    mv "${DESTDIR:-}$unit_folder/$unit.new" "${DESTDIR:-}$unit_folder/$unit"
done
say "units in ${DESTDIR:-}$unit_folder"

install -d -m 0750 "${DESTDIR:-}$settings"
for example in deploy/systemd/*.env.example; do
    sed -e "s|/etc/chatable|$settings|g" "$example" >"${DESTDIR:-}$settings/$(basename "$example")"
    chmod 0640 "${DESTDIR:-}$settings/$(basename "$example")"
done
say "examples of settings in ${DESTDIR:-}$settings"
reload
