#!/usr/bin/env bash
# crf.sh -- the loss of a conditional random field, forward and back, against PyTorch, in turn: 32 sentences of 25 words
# with 9, 17 and 130 labels.
#
#   PYTHON=python bench/crf.sh [ROUNDS]
#
# PYTHON (default python3) must have torch. BUILD (build/release) has librecur.a; LABELS ("9 17 130"), THREADS ("1 2") and
# SECONDS_EACH (2) narrow it.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/alternate.bash
rounds=${1:-5}
seconds=${SECONDS_EACH:-2}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
"${CC:-cc}" -O2 -Iinclude -Isrc bench/ops.c "${BUILD:-build/release}/librecur.a" -o "$folder/ops" -ljansson -lutf8proc \
    $(pkg-config --libs zlib liblzma libzstd 2>/dev/null) -lpthread -lm

recur() { "$folder/ops" crf "$labels" 32 25 "$threads" "$seconds"; }
torch() { "${PYTHON:-python3}" bench/torch_crf.py "$labels" 32 25 "$threads" "$seconds"; }

for threads in ${THREADS:-1 2}; do
    for labels in ${LABELS:-9 17 130}; do
        alternate "CRF $labels labels t$threads" "$rounds" recur torch
    done
done
