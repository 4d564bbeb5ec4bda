#!/usr/bin/env bash
# kann.sh -- training of a character model (LSTM 2x512, batch 50, 50 steps) against KANN's textgen, in turn.
#
#   KANN=PATH bench/kann.sh [ROUNDS]
#
# PATH is a build of examples/textgen of KANN; without one there is nothing to compare. It tells no times: its rate is
# that of the chunks by which a longer run is longer than a short one, on TEXT (the project's own sources).
# THREADS ("1 2"), CHUNKS (8, of 2,500 symbols) and SECONDS_EACH (3) narrow it; RECUR names the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/alternate.bash
rounds=${1:-5}
chunks=${CHUNKS:-8}
if [[ ! -x ${KANN:-} ]]; then
    echo "kann.sh: skipped: KANN names no program; build examples/textgen of KANN and give its path" >&2
    exit 0
fi
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
{ [[ -n ${TEXT:-} ]] && cat "$TEXT" || cat src/*/*.c; } | LC_ALL=C tr -d '\200-\377' >"$folder/text"
symbols=$(fold -w 1 "$folder/text" | LC_ALL=C sort -u | wc -l)

recur() {
    "$recur" bench lm --hidden 512 --layers 2 --vocab "$symbols" --batch 50 --seq 50 --dropout 0 --threads "$threads" \
        --seconds "${SECONDS_EACH:-3}" --json
}
# Microseconds of one epoch of so many updates, without layer normalisation and burn-in.
kann_time() {
    local begin=${EPOCHREALTIME/./}
    OPENBLAS_NUM_THREADS=1 "$KANN" -M lstm -n 512 -l 2 -N -B 50 -u 50 -v 0 -c "$1" -b $(($1 * 2500)) -m 1 -t "$threads" \
        "$folder/text" >&2
    echo $((${EPOCHREALTIME/./} - begin))
}
kann() {
    local short long
    short=$(kann_time 1)
    long=$(kann_time $((chunks + 1)))
    awk -v n=$((chunks * 2500)) -v us=$((long - short)) \
        'BEGIN { printf "{\"name\": \"KANN\", \"tokens_per_second\": %.6g}\n", n / (1e-6 * us) }'
}

for threads in ${THREADS:-1 2}; do
    alternate "char 2x512 t$threads" "$rounds" recur kann
done
