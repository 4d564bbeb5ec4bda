#!/usr/bin/env bash
# tagger.sh -- training a BiLSTM-CRF with characters on CoNLL-2003 against PyTorch, in turn, and tagging with it.
#
#   RECUR_DATA=FOLDER PYTHON=python bench/tagger.sh [ROUNDS]
#
# PYTHON (default python3) must have torch. THREADS ("1 2"), BATCHES ("16 32"), STEPS (100) and HOW ("all unique", see
# torch_tagger.py) narrow it; RECUR names the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/alternate.bash
rounds=${1:-3}
steps=${STEPS:-100}
data=${RECUR_DATA:?names the folder of data}/conll2003
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

recur() {
    "$recur" train tag --train "$data/eng.train.xz" --valid-split 0 --lower --digits --bidirectional --hidden 100 \
        --embed 100 --char-net rnn --char-embed 25 --char-hidden 25 --decoder crf --dropout 0.5 --clip 5 --lr 0.001 \
        --batch "$batch" --threads "$threads" --steps "$steps" --epochs 0 --force --json --out "$folder/model"
}
all() { "${PYTHON:-python3}" bench/torch_tagger.py "$data/eng.train.xz" "$batch" "$threads" "$steps" all; }
unique() { "${PYTHON:-python3}" bench/torch_tagger.py "$data/eng.train.xz" "$batch" "$threads" "$steps" unique; }

# One pass over the validation file, from the start of the program to its end.
tagging() {
    local begin
    begin=$(date +%s.%N)
    "$recur" predict "$folder/model" "$data/eng.testa.xz" --format conll --threads "$threads" >/dev/null
    awk -v begin="$begin" -v end="$(date +%s.%N)" 'BEGIN { printf "{\"tokens_per_second\": %f}\n", 51362 / (end - begin) }'
}

for threads in ${THREADS:-1 2}; do
    for batch in ${BATCHES:-16 32}; do
        alternate "training b$batch t$threads" "$rounds" recur ${HOW:-all unique}
    done
    alternate "tagging t$threads" "$rounds" tagging
done
