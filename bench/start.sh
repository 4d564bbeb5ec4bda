#!/usr/bin/env bash
# start.sh -- how long `recur sample MODEL --length 1` takes from start to end: best and median of 20.
#
#   bench/start.sh MODEL
set -euo pipefail
recur=${RECUR:-$(dirname "${BASH_SOURCE[0]}")/../build/release/recur}
for _ in $(seq 20); do
    begin=${EPOCHREALTIME/./}
    "$recur" sample "$1" --length 1 >/dev/null
    echo $((${EPOCHREALTIME/./} - begin))
done | sort -n | awk '{t[NR]=$1} END{printf "best %.1f ms, median %.1f ms\n", t[1]/1e3, t[11]/1e3}'
