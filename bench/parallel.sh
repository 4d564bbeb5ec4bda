#!/usr/bin/env bash
# parallel.sh -- what it brings that a cell can take all steps of a sequence at once: a layer forward and back over a
# whole sequence, against the same steps one after the other, in turn.
#
#   bench/parallel.sh [ROUNDS]       or: ./dev bench parallel [ROUNDS] (builds first)
#
# A ratio is tokens a second of whole sequences over those of single steps. `none` is what a Jordan network (--feedback)
# trains under teacher forcing. CELLS, THREADS ("1 2"), BATCH (1), HIDDEN (512), SEQ (512) and SECONDS_EACH (1) change
# what is measured; RECUR names the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/alternate.bash
rounds=${1:-5}

measure() {
    "$recur" bench layers --cell "$cell" --layers 1 --hidden "${HIDDEN:-512}" --batch "${BATCH:-1}" "$@" \
        --threads "$threads" --seconds "${SECONDS_EACH:-1}" --json
}
whole() { measure --seq "${SEQ:-512}"; }
steps() { measure --seq 1; }

for threads in ${THREADS:-1 2}; do
    for cell in ${CELLS:-tanh gru lstm none sru qrnn mingru minlstm}; do
        alternate "$cell t$threads" "$rounds" whole steps
    done
done
