#!/usr/bin/env bash
# Measures whether the time of a refused login tells an unknown user from a wrong password: PAIRS interleaved pairs against a running API
# server (default: 200, http://localhost:8080). A measurement, not a test: times on a busy machine prove nothing by themselves.
set -euo pipefail
pairs=${PAIRS:-200}
api=${1:-http://localhost:8080}/api
user=t$(date +%s%N | tail -c 12)
curl -sf -o /dev/null "$api/register" -d first_name=T -d last_name=T -d "username=$user" -d password=correct-horse-timing \
    -d "email=$user@example.com" -d "phone=0${user#t}"

# Seconds until the answer; each on a connection of its own.
refused() { curl -s -o /dev/null -w '%{time_total}\n' "$api/auth_token" -d "username=$1" -d password=wrong-horse-timing; }

known=$(mktemp) unknown=$(mktemp)
trap 'rm -f "$known" "$unknown"' EXIT
refused "$user" >/dev/null
refused "nobody$user" >/dev/null
for _ in $(seq "$pairs"); do
    refused "$user" >>"$known"
    refused "nobody$user" >>"$unknown"
done

# quantile FILE PART: that of the sorted values, in milliseconds
quantile() { sort -n "$1" | awk -v part="$2" '{ v[NR] = $1 } END { printf "%.1f", 1000 * v[int(1 + (NR - 1) * part)] }'; }
for part in 0.25 0.5 0.75; do
    printf 'quantile %s: wrong password %s ms, unknown user %s ms\n' "$part" "$(quantile "$known" $part)" "$(quantile "$unknown" $part)"
done
