#!/usr/bin/env bash
# ort.sh -- one step of one sequence against ONNX Runtime, in turn: characters (2x512, 96 symbols) and words (2x650,
# 10,000), in floats and in fewer bits.
#
#   PYTHON=python bench/ort.sh [ROUNDS]
#
# PYTHON (default python3) must have onnxruntime, onnx and numpy. Every ratio is of our floats over what stands in the
# row. MODELS ("char word"), THREADS ("1 2") and SECONDS_EACH (1) narrow it; RECUR names the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/alternate.bash
rounds=${1:-5}
seconds=${SECONDS_EACH:-1}
char=(512 2 96)
word=(650 2 10000)

ours() { # PRECISION
    "$recur" bench step --hidden "${work[0]}" --layers "${work[1]}" --vocab "${work[2]}" --threads "$threads" \
        --seconds "$seconds" --precision "$1" --json
}
theirs() { "${PYTHON:-python3}" bench/ort_step.py "${work[@]}" "$threads" "$seconds" "$1"; }

recur-f32() { ours f32; }
recur-bf16() { ours bf16; }
recur-int8() { ours int8; }
ort-f32() { theirs f32; }
ort-int8() { theirs int8; }

for threads in ${THREADS:-1 2}; do
    for model in ${MODELS:-char word}; do
        declare -n work=$model
        alternate "$model step t$threads" "$rounds" recur-f32 ort-f32 recur-int8 ort-int8 recur-bf16
    done
done
