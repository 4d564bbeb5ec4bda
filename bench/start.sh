#!/usr/bin/env bash
# start.sh -- how long `recur sample MODEL --length 1` takes from start to end, and `recur help`: best and median of 20.
#
#   bench/start.sh MODEL
#   bench/start.sh HIDDEN LAYERS SYMBOLS    an LSTM of so many words, after one step of training
set -euo pipefail
recur=${RECUR:-$(dirname "${BASH_SOURCE[0]}")/../build/release/recur}
model=$1
if [[ $# == 3 ]]; then
    folder=$(mktemp -d)
    trap 'rm -r "$folder"' EXIT
    model=$folder/model
    seq -f w%.0f $(($3 - 2)) | xargs -n 20 >"$folder/text" # and <unk>, <eos>
    "$recur" train lm --train "$folder/text" --level word --hidden "$1" --layers "$2" --steps 1 \
        --batch 20 --valid-split 0 --optimizer sgd --quiet --out "$model" >/dev/null
fi

# spent NAME CALL...: the first call is not timed: it must work, and its files be in memory.
spent() {
    local name=$1
    shift
    "$@" >/dev/null
    for _ in $(seq 20); do
        begin=${EPOCHREALTIME/./}
        "$@" >/dev/null
        echo $((${EPOCHREALTIME/./} - begin))
    done | sort -n | awk -v name="$name" '{t[NR]=$1} END{printf "%s: best %.1f ms, median %.1f ms\n", name, t[1]/1e3, t[11]/1e3}'
}
spent "usage text" "$recur" help
spent "$(stat -c %s "$model" | awk '{printf "%.1f MB", $1/1e6}')" "$recur" sample "$model" --length 1
