#!/usr/bin/env bash
# speed.sh -- training speed against PyTorch, in turn: the small, medium and large language models of Zaremba et al. 2014
# and one of characters; embedding, layers, softmax, backward, clipping and update.
#
#   bench/speed.sh [ROUNDS]          or: ./dev bench speed [ROUNDS] (builds first)
#
# PYTHON names a Python with torch, or several (default python3): each is a row under its own version. PyTorch 1.13 as
# Debian packages it is there twice: as installed, and tuned, with OPENBLAS_CORETYPE=SKYLAKEX where the CPU has AVX-512
# (OpenBLAS 0.3.21 does not know every one) and the OpenMP build of OpenBLAS (libopenblas0-openmp), because its own
# threads fight with PyTorch's. HOW is given to torch_lm.py. MODELS ("small medium large char"), THREADS ("1 2"),
# SECONDS_EACH (3) narrow it; RECUR names the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/alternate.bash
rounds=${1:-5}
seconds=${SECONDS_EACH:-3}
blas=/usr/lib/x86_64-linux-gnu/openblas-openmp

small=(lstm 200 2 10000 20 20 0)
medium=(lstm 650 2 10000 20 35 0.5)
large=(lstm 1500 2 10000 20 35 0.65)
char=(lstm 512 2 96 50 50 0)

recur() {
    "$recur" bench lm --cell "${work[0]}" --hidden "${work[1]}" --layers "${work[2]}" --vocab "${work[3]}" \
        --batch "${work[4]}" --seq "${work[5]}" --dropout "${work[6]}" --threads "$threads" --seconds "$seconds" --json
}

torch() { # PYTHON [VARIABLE=VALUE...]
    env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE OMP_NUM_THREADS="$threads" OPENBLAS_NUM_THREADS="$threads" "${@:2}" \
        "$1" bench/torch_lm.py "${work[@]}" "$threads" "$seconds" ${HOW:-}
}

# Contenders, by version: torch-1.13.1, torch-1.13.1-tuned, torch-2.x.y.
contenders=(recur)
for python in ${PYTHON:-python3}; do
    version=$("$python" -c 'import torch; print(torch.__version__.split("+")[0])')
    eval "torch-$version() { torch $python; }"
    contenders+=("torch-$version")
    [[ $version == 1.* ]] || continue
    tuned=()
    [[ ! -d $blas ]] || tuned+=("LD_LIBRARY_PATH=$blas")
    ! grep -q avx512f /proc/cpuinfo || tuned+=(OPENBLAS_CORETYPE=SKYLAKEX)
    eval "torch-$version-tuned() { torch $python ${tuned[*]}; }"
    contenders+=("torch-$version-tuned")
done

for threads in ${THREADS:-1 2}; do
    for model in ${MODELS:-small medium large char}; do
        declare -n work=$model
        alternate "$model t$threads" "$rounds" "${contenders[@]}"
    done
done
