# corpora.sh -- the labelled corpora read as published: sentences, tokens, labels.
[[ -n ${RECUR_DATA:-} ]] || { echo "skipped: RECUR_DATA is not set" >&2; exit 77; }
cd "$RECUR_DATA"
bin=$(dirname "$(command -v recur)")
tell() { printf '%s ' "$@"; echo; "$bin/tests/data_labelled_read_test" "$@"; }

for part in train testa testb; do tell each conll2003/eng.$part.xz; done
for part in train test; do tell each conll2000/conll2000.$part.txt.xz; done
for part in train dev test; do tell each ud_english_ewt/en_ewt-ud-$part.conllu.xz; done
tell each label=xpos ud_english_ewt/en_ewt-ud-train.conllu.xz
for part in train test; do
    tell each atis/atis.$part.txt.xz
    tell atis/atis.$part.txt.xz
    tell until=# atis/atis.$part.txt.xz
done
for part in train dev test; do
    tell sst/$part.txt.xz
    tell binary sst/$part.txt.xz
done
tell phrases sst/train.txt.xz
tell format=classes mr_polarity/rt-polarity.{pos,neg}.xz
for part in train test; do
    tell until=: trec/TREC.$part.xz
    tell trec/TREC.$part.xz
    tell r8/r8-$part-all-terms.txt.xz
    tell html imdb/imdb.$part.tsv.xz
done
tell format=rows level=char dna_splice/splice.data.xz
tell level=char names/names.tsv.xz
tell level=byte udhr/udhr.tsv.xz
