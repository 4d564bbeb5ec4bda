#!/usr/bin/env bash
# speed.sh -- training speed against PyTorch, alternating in one run: ours, theirs, ours, theirs.
#
#   bench/speed.sh [ROUNDS]          after: ./dev bench (builds build/release)
#
# PYTHON names a Python with torch (default python3). The peer is tuned: OPENBLAS_CORETYPE=SKYLAKEX where the
# CPU has AVX-512 (OpenBLAS 0.3.21 does not know every one), and the OpenMP build of OpenBLAS (Debian:
# libopenblas0-openmp), because its own threads fight with PyTorch's. Prints every run and the median of the ratios.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-5}
python=${PYTHON:-python3}
lm=${RECUR_BENCH_LM:-build/release/bench/bench_lm}
blas=/usr/lib/x86_64-linux-gnu/openblas-openmp
[[ -d $blas ]] && export LD_LIBRARY_PATH=$blas
grep -q avx512f /proc/cpuinfo && export OPENBLAS_CORETYPE=SKYLAKEX

rate() { sed -E 's/.*: ([0-9]+) tok\/s.*/\1/'; }

compare() { # THREADS CELL HIDDEN LAYERS VOCAB BATCH SEQ DROPOUT
    local threads=$1 ratios=() ours theirs
    shift
    for ((i = 0; i < rounds; i++)); do
        ours=$("$lm" "$@" "$threads" 3)
        theirs=$(OPENBLAS_NUM_THREADS=$threads OMP_NUM_THREADS=$threads \
            "$python" bench/torch_lm.py "$@" "$threads" 3)
        echo "$ours"
        echo "$theirs"
        ratios+=("$(awk "BEGIN{print $(rate <<<"$ours") / $(rate <<<"$theirs")}")")
    done
    echo "ratio $1 $3x$2 t$threads: $(printf '%s\n' "${ratios[@]}" | sort -n |
        awk '{v[NR]=$1} END{print v[int((NR+1)/2)]}') times (median of $rounds)"
}

for threads in 1 2; do
    compare "$threads" lstm 650 2 10000 20 35 0.5
done
