#!/usr/bin/env bash
# onednn.sh -- recurrent layers alone, forward and backward, against the LSTM primitive of oneDNN 2.x, in turn.
#
#   bench/onednn.sh [ROUNDS]         or: ./dev bench onednn [ROUNDS] (builds first)
#
# Needs its headers and library (Debian: libdnnl-dev). THREADS ("1 2") and SECONDS_EACH (2) narrow it; RECUR names the
# program. The primitives are timed without what a training step adds to them (onednn_lstm.c says what); so are ours.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/alternate.bash
rounds=${1:-5}
seconds=${SECONDS_EACH:-2}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
"${CC:-cc}" -O2 bench/onednn_lstm.c -o "$folder/onednn_lstm" -ldnnl -lm

recur() {
    "$recur" bench layers --hidden "$hidden" --layers 2 --batch 20 --seq "$seq" --threads "$threads" \
        --seconds "$seconds" --json
}
onednn() { # bound to cores: threads of OpenMP that share one spin against each other
    OMP_NUM_THREADS=$threads OMP_PROC_BIND=true "$folder/onednn_lstm" "$hidden" 2 20 "$seq" "$seconds"
}

for threads in ${THREADS:-1 2}; do
    hidden=200 seq=20 alternate "LSTM 2x200 t$threads" "$rounds" recur onednn
    hidden=650 seq=35 alternate "LSTM 2x650 t$threads" "$rounds" recur onednn
done
