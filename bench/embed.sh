#!/usr/bin/env bash
# embed.sh -- word vectors of the IMDB reviews by recur, word2vec, fastText, gensim and GloVe: how fast, and how good.
#
#   RECUR_DATA=FOLDER bench/embed.sh speed [ROUNDS]      words of the text times epochs over the time of the whole command
#   RECUR_DATA=FOLDER bench/embed.sh quality [SEEDS]     rank correlations and analogies of every model, by 'recur eval'
#   RECUR_DATA=FOLDER bench/embed.sh glove [ROUNDS]      the same of GloVe's, on the same co-occurrences
#
# WORD2VEC and FASTTEXT name their programs, GLOVE the folder of its four, PYTHON a python with gensim; what is not named
# is left out. WORD2VEC was built with -O3 -march=native -ffast-math. OUT (a temporary folder) keeps vectors; EPOCHS, THREADS,
# and of quality WHO ("skipgram gensim_skipgram") narrow it; RECUR names the program.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. bench/alternate.bash
data=${RECUR_DATA:?names the folder of data}
threads=${THREADS:-2}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT
out=${OUT:-$folder}
mkdir -p "$out"
text=$out/imdb.txt

# The labelled training reviews and the unlabelled ones, in small letters, letters, digits and apostrophes alone.
[[ -s $text ]] || {
    xz -dc "$data/imdb/imdb.train.tsv.xz" | cut -f4
    xz -dc "$data/imdb/imdb.unsup.txt.xz"
} | sed 's/<br \/>/ /g' | tr 'A-Z' 'a-z' | tr -cs "a-z0-9'\n\200-\377" ' ' >"$text"
tokens=$(wc -w <"$text")

# whole COMMAND...: what it takes from its start to its end.
whole() {
    local begin
    begin=$(date +%s.%N)
    "$@" >"$folder/said" 2>&1 || { cat "$folder/said" >&2; return 1; }
    awk -v n=$((tokens * epochs)) -v begin="$begin" -v end="$(date +%s.%N)" \
        'BEGIN { printf "{\"tokens_per_second\": %f}\n", n / (end - begin) }'
}

seed=1
ours() { # VECTORS OPTION...
    whole "$recur" train embed --train "$text" --seed $seed --epochs $epochs --threads $threads --force --quiet --out "$@"
}
word2vec() { # VECTORS CBOW RATE
    whole "$WORD2VEC" -train "$text" -output "$1" -cbow "$2" -alpha "$3" -size 100 -window 5 -negative 5 -hs 0 -sample 1e-3 \
        -threads $threads -binary 1 -iter $epochs -min-count 5
}
fasttext() { # VECTORS MODEL RATE
    whole "$FASTTEXT" "$2" -input "$text" -output "$1" -lr "$3" -dim 100 -ws 5 -neg 5 -t 1e-3 -thread $threads -epoch $epochs \
        -minCount 5 -maxn 0 -seed $seed
}
gensim() { # VECTORS SKIPGRAM RATE
    whole "$PYTHON" bench/gensim_vectors.py "$text" "$1" "$2" "$3" $epochs $threads $seed
}

skipgram() { ours "$out/skipgram.$seed"; }
skipgram_lock_free() { ours "$out/skipgram_lock_free.$seed" --lock-free; }
skipgram_shared() { ours "$out/skipgram_shared.$seed" --lock-free --share-negatives; }
cbow() { ours "$out/cbow.$seed" --model cbow; }
cbow_lock_free() { ours "$out/cbow_lock_free.$seed" --model cbow --lock-free; }
cbow_whole() { ours "$out/cbow_whole.$seed" --model cbow --cbow-step whole --lr 0.025; }
word2vec_skipgram() { word2vec "$out/word2vec_skipgram.$seed" 0 0.025; }
word2vec_cbow() { word2vec "$out/word2vec_cbow.$seed" 1 0.025; }
fasttext_skipgram() { fasttext "$out/fasttext_skipgram.$seed" skipgram 0.025; }
fasttext_cbow() { fasttext "$out/fasttext_cbow.$seed" cbow 0.025; }
gensim_skipgram() { gensim "$out/gensim_skipgram.$seed" 1 0.025; }
gensim_cbow() { gensim "$out/gensim_cbow.$seed" 0 0.025; }

others() { # MODEL: those that are named
    [[ -z ${WORD2VEC:-} ]] || echo "word2vec_$1"
    [[ -z ${FASTTEXT:-} ]] || echo "fasttext_$1"
    [[ -z ${PYTHON:-} ]] || echo "gensim_$1"
}

# GloVe's own counts, and its training on them; ours counts for itself.
glove_of() { # VECTORS
    whole "$GLOVE/glove" -save-file "$1" -threads $threads -input-file "$out/shuffled" -x-max 10 -iter $epochs -vector-size 100 \
        -binary 2 -vocab-file "$out/vocab.txt" -seed $seed
}
glove_original() { glove_of "$out/glove_original.$seed"; }
glove() { ours "$out/glove.$seed" --model glove --x-max 10 --lr-schedule constant; }
glove_counts() {
    [[ ! -s $out/shuffled ]] || return 0
    "$GLOVE/vocab_count" -min-count 5 -verbose 0 <"$text" >"$out/vocab.txt"
    "$GLOVE/cooccur" -memory 4 -vocab-file "$out/vocab.txt" -verbose 0 -window-size 15 <"$text" >"$out/counts"
    "$GLOVE/shuffle" -memory 4 -verbose 0 -seed 1 <"$out/counts" >"$out/shuffled"
}

# asked VECTORS: five numbers.
asked() {
    local file
    for file in EN-WS-353-ALL.txt EN-SIMLEX-999.txt EN-MEN-TR-3k.txt EN-RG-65.txt questions-words.txt.xz; do
        "$recur" eval "$1" "$data/word_eval/$file" --json |
            sed -nE 's/, "sections".*//; s/.*"(spearman|accuracy)": ([^,}]*).*/\2/p'
    done | paste -sd ' '
}

file_of() { # CONTENDER
    local file
    for file in "$out/$1.$seed" "$out/$1.$seed.vec" "$out/$1.$seed.txt"; do
        [[ ! -s $file ]] || { echo "$file"; return; }
    done
}

quality() { # SEEDS CONTENDER...
    local seeds=$1 who five
    shift
    printf '%-22s %4s  %7s %7s %7s %7s %9s\n' "" seed WS-353 SimLex MEN RG analogies
    for who; do
        for ((seed = 1; seed <= seeds; seed++)); do
            [[ -n $(file_of "$who") ]] || "$who" >/dev/null
            five=$(asked "$(file_of "$who")")
            echo "$who $seed $five"
        done
    done | awk '{ printf "%-22s %4d  %7.3f %7.3f %7.3f %7.3f %8.1f%%\n", $1, $2, $3, $4, $5, $6, 100 * $7; fflush() }'
}

case ${1:-} in
speed)
    epochs=${EPOCHS:-1}
    alternate skipgram "${2:-3}" skipgram_lock_free skipgram skipgram_shared $(others skipgram)
    alternate cbow "${2:-3}" cbow_lock_free cbow $(others cbow)
    ;;
quality)
    epochs=${EPOCHS:-5}
    quality "${2:-3}" ${WHO:-skipgram skipgram_lock_free skipgram_shared $(others skipgram) \
        cbow cbow_lock_free cbow_whole $(others cbow)}
    ;;
glove)
    epochs=${EPOCHS:-15}
    glove_counts
    alternate glove "${2:-1}" glove glove_original
    quality 1 glove glove_original
    ;;
*)
    sed -n '2,10s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
