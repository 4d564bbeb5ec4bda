#!/usr/bin/env bash
# speed.sh -- training speed against PyTorch, alternating in one run: ours, theirs, ours, theirs. The small, medium
# and large language models of Zaremba et al. 2014 and one of characters.
#
#   bench/speed.sh [ROUNDS]          or: ./dev bench speed [ROUNDS] (builds first)
#
# PYTHON names a Python with torch (default python3), RECUR the program (default build/release/recur). The peer is
# tuned: OPENBLAS_CORETYPE=SKYLAKEX where the CPU has AVX-512 (OpenBLAS 0.3.21 does not know every one), and the OpenMP
# build of OpenBLAS (Debian: libopenblas0-openmp), because its own threads fight with PyTorch's. Prints every run and
# the median of the ratios; a run of ours during which a core was missing says so.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
rounds=${1:-5}
python=${PYTHON:-python3}
recur=${RECUR:-build/release/recur}
blas=/usr/lib/x86_64-linux-gnu/openblas-openmp
[[ -d $blas ]] && export LD_LIBRARY_PATH=$blas
grep -q avx512f /proc/cpuinfo && export OPENBLAS_CORETYPE=SKYLAKEX

# value KEY: of an object of JSON on standard input.
value() { sed -E "s/.*\"$1\": (\"[^\"]*\"|[^,}]*).*/\1/"; }

compare() { # THREADS CELL HIDDEN LAYERS VOCAB BATCH SEQ DROPOUT
    local threads=$1 ratios=() ours theirs rate
    shift
    for ((i = 0; i < rounds; i++)); do
        ours=$("$recur" bench lm --cell "$1" --hidden "$2" --layers "$3" --vocab "$4" --batch "$5" --seq "$6" \
            --dropout "$7" --threads "$threads" --seconds 3 --json)
        theirs=$(OPENBLAS_NUM_THREADS=$threads OMP_NUM_THREADS=$threads \
            "$python" bench/torch_lm.py "$@" "$threads" 3)
        rate=$(value tokens_per_second <<<"$ours")
        echo "recur $(value name <<<"$ours") t$threads: ${rate%.*} tok/s," \
            "$(value fraction_of_peak <<<"$ours") of the peak, steady $(value steady <<<"$ours")"
        echo "$theirs"
        ratios+=("$(awk "BEGIN{print $rate / $(sed -E 's/.*: ([0-9]+) tok\/s.*/\1/' <<<"$theirs")}")")
    done
    echo "ratio $1 $3x$2 t$threads: $(printf '%s\n' "${ratios[@]}" | sort -n |
        awk '{v[NR]=$1} END{print v[int((NR+1)/2)]}') times (median of $rounds)"
}

for threads in 1 2; do
    compare "$threads" lstm 200 2 10000 20 20 0
    compare "$threads" lstm 650 2 10000 20 35 0.5
    compare "$threads" lstm 1500 2 10000 20 35 0.5
    compare "$threads" lstm 512 2 96 50 50 0
done
