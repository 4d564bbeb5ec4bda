#!/usr/bin/env bash
# truth.sh -- how far from the truth small models are: for each source a model is trained on what it says and compared
# with it on a text of its own. Prints the table of docs/truth.md.
#
#   bench/truth.sh FOLDER [SOURCE...]       texts and models go to FOLDER, and stay
#
# RECUR names the program, THREADS (1) how many train; SOURCE is a word of the list below, all without one.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
recur=${RECUR:-build/release/recur}
folder=${1:?where to}
shift
mkdir -p "$folder"

# Source, symbols to learn from, times that they are read. The state goes on through a text, so that a model sees a
# beginning once in an epoch and track: finding the phase of `periodic` is learned from many of them.
list() {
    cat <<'LIST'
coin:0.3 4000000 2
markov:4:2:1 4000000 2
golden:0.5 4000000 2
even:0.5 4000000 2
periodic:12:0.1:1 400000 20
echo:5:4:0.1 4000000 2
hmm:4:4:1 4000000 2
cycle:5:0.9:0.1 4000000 2
reber 4000000 2
embedded 4000000 2
dyck:2:4:0.5 4000000 2
agreement:3:0.3 4000000 2
LIST
}

# draw SOURCE LENGTH SEED FILE
draw() {
    "$recur" data "$1" --length "$2" --seed "$3" --out "$4" --force --json >"$4.json"
}

field() {
    sed -E "s/.*\"$1\": ([^,}]*).*/\1/"
}

excess() {
    "$recur" eval "$1" "$at.test" --source "$source" --threads "${THREADS:-1}" --json >"$1.result"
    field excess_bits_per_token <"$1.result"
}

one() {
    local source=$1 length=$2 epochs=$3 at rate
    at=$folder/${source//:/-}
    draw "$source" "$length" 1 "$at.train" # to learn from
    draw "$source" 200000 2 "$at.valid"    # to choose by
    draw "$source" 1000000 3 "$at.test"    # to be judged by
    "$recur" train ngram --train "$at.train" --valid "$at.valid" --order 6 --out "$at.ngram" --force --quiet >"$at.counted"
    "$recur" train lm --train "$at.train" --valid "$at.valid" --cell lstm --hidden 64 --embed 16 --batch 32 --seq 100 \
        --epochs "$epochs" --lr 0.005 --lr-schedule cosine --clip 1 --seed 1 --threads "${THREADS:-1}" --valid-every 250 \
        --out "$at.lstm" --force --quiet --json >"$at.trained"
    rate=$(field entropy_rate <"$at.test.json")
    [[ $rate == null ]] && rate=- || rate=$(printf %.4f "$rate")
    printf '| `%s` | %s | %.4f | %.4f | %.4f |\n' "$source" "$rate" "$(excess "$at.lstm")" "$(excess "$at.ngram")" \
        "$(field source_bits_per_token <"$at.lstm.result")"
}

echo '| source | entropy rate | LSTM, excess | 6-gram, excess | the source on this text |'
echo '|---|---:|---:|---:|---:|'
while read -r source length epochs; do
    [[ $# == 0 || " $* " == *" $source "* ]] || continue
    one "$source" "$length" "$epochs"
done < <(list)
