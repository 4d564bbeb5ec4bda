#!/usr/bin/env bash
# ragged.sh -- what lengths from 10 to 40 cost for every real token, against full batches of the same mean, 25, in turn:
# layers forward and back, and the forward pass of a tagger in both directions.
#
#   bench/ragged.sh [ROUNDS]         or: ./dev bench ragged [ROUNDS] (builds first)
#
# A ratio is tokens a second of full over those of ragged batches: 1.10 is 10% more time for a token. THREADS ("1 2") and
# SECONDS_EACH (2) narrow it; RECUR names the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/alternate.bash
rounds=${1:-5}

measure() {
    "$recur" bench "$kind" --batch 32 "$@" --threads "$threads" --seconds "${SECONDS_EACH:-2}" --json
}
full() { measure --seq 25; }
ragged() { measure --seq 40 --ragged 10; }

for threads in ${THREADS:-1 2}; do
    kind=layers alternate "layers t$threads" "$rounds" full ragged
    kind=tag alternate "tagger t$threads" "$rounds" full ragged
done
