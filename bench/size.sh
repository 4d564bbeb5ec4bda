#!/usr/bin/env bash
# size.sh -- what the program takes: bytes of the program (stripped) and of the one that needs no library (where it has been
# built), and the memory of a training process (LSTM 2x650, 10,000 words, batch 20, 35 steps) at its largest.
#
#   bench/size.sh
#
# RECUR names the program, STATIC the other (build/static/recur).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/alternate.bash
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
mb() { stat -c %s "$1" | awk '{printf "%.2f MB", $1 / 1e6}'; }
mib() { awk '{printf "%.0f MiB", $1 / 1048576}'; }
for program in "$recur" "${STATIC:-build/static/recur}"; do
    [[ -e $program ]] || continue
    strip -o "$folder/program" "$program"
    echo "$program: $(mb "$program"), stripped $(mb "$folder/program")"
done
for threads in 1 2; do
    run=$("$recur" bench lm --threads $threads --seconds 1 --json)
    echo "training, t$threads: $(value resident_bytes <<<"$run" | mib) resident;" \
        "$(value bytes <<<"$run" | mib) model, gradients and activations"
done
