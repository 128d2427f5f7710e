#!/usr/bin/env bash
# Installs what some classes of faults need and this machine lacks: strace (slow or failing disks), faketime (wrong clocks), and a C compiler
# (the wrong clock of Redis).
# Without them, or without the right to use them, those classes say what stands in for it.
set -euo pipefail

missing=()
command -v strace >/dev/null || missing+=(strace)
find / -xdev -name 'libfaketime.so.1' -print -quit 2>/dev/null | grep -q . || missing+=(libfaketime)
command -v cc >/dev/null || missing+=(gcc libc6-dev)
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "Installing ${missing[*]}."
    apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null ||
        { apt-get update >/dev/null && apt-get install -y --no-install-recommends "${missing[@]}" >/dev/null; } ||
        echo "Not installed: ${missing[*]}." >&2
else
    echo "Not here, and not installed: ${missing[*]}." >&2
fi
