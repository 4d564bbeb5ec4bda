# bag.sh -- texts as bags of n-grams: training, evaluation and answers with every kind of them, the
# same bits for any number of threads and after a stop, and what is refused.
for i in 1 2 3 4 5 6; do
    printf 'good\ta very good film %s\nbad\ta bad film %s\nso\tneither here nor there %s\n' $i $i $i
done >films.tsv
small=(--batch 4 --lr 0.03 --keep last --threads 1 --quiet --force)
recur train classify --train films.tsv --valid films.tsv "${small[@]}" --bag nb --ngrams 1-2 \
    --epochs 12 --out a.model | grep -v speed
recur eval a.model films.tsv | grep -v speed
printf 'good\tgood film\nbad\tbad\n' >two.tsv
recur predict a.model two.tsv --format labels --gold | cut -f1,2
recur info a.model | grep -E "^(bag|n-grams|labels|writing|idf|hash|layers) "
recur info a.model | awk '/^(bag|out|mlp)\./ { print $1, $2, $3, $4 }'

# Every kind, in the same bits for any number of threads and after a stop.
for o in "binary --ngrams 1-3" "count --sublinear --mlp 7 --dropout 0.3" "tfidf --char-ngrams 2-4" \
    "nb --hash 50 --dropout 0.2" "nb --tokens char --ngrams 2-3" "tfidf --min-count 2 --mlp 5,6"; do
    recur train classify --train films.tsv "${small[@]}" --bag $o --epochs 3 --out one.model \
        >/dev/null
    recur train classify --train films.tsv "${small[@]}" --bag $o --epochs 3 --out two.model \
        --threads 3 >/dev/null
    cmp one.model two.model
    recur train classify --train films.tsv "${small[@]}" --bag $o --epochs 2 --out two.model \
        >/dev/null
    recur resume two.model --epochs 3 --quiet >/dev/null
    cmp one.model two.model
    recur info one.model | grep -E '^(bag|n-grams|characters|idf|hash|layers)[a-z -]* '
    recur quantize one.model --to int8 --out small.model --quiet --force >/dev/null
    recur predict small.model two.tsv --format labels --gold | wc -l
done

recur train classify --train films.tsv --bag tfidf --dry-run | grep -cE 'parameters|memory|time'
recur train classify --train films.tsv --folds 6 --fold 2 "${small[@]}" --bag nb --epochs 1 \
    --out f.model | grep -c '^test'

# What stands around tokens, and what is beside layers.
printf 'EU B-ORG NN\nrejects O VB\nGerman B-MISC JJ\n\nPeter B-PER NN\nBlackburn I-PER NN\n\n' \
    >news.conll
while read -r task o; do
    file=films.tsv
    [ $task = classify ] || file="news.conll --label-column #2"
    recur train $task --train $file "${small[@]}" $o --epochs 3 --out one.model >/dev/null
    recur train $task --train $file "${small[@]}" $o --epochs 3 --out two.model --threads 3 \
        >/dev/null
    cmp one.model two.model
    recur train $task --train $file "${small[@]}" $o --epochs 2 --out two.model >/dev/null
    recur resume two.model --epochs 3 --quiet >/dev/null
    cmp one.model two.model
    recur info one.model | grep -E '^(bag|n-grams|hash|layers|decoder)[a-z -]* '
    recur quantize one.model --to int8 --out small.model --quiet --force >/dev/null
    recur predict small.model ${file%% *} --gold --format labels | wc -l
    recur train $task --train $file $o --dry-run | grep -cE 'parameters|memory|time'
done <<'EOF'
tag --bag binary --ngrams 1-2 --decoder crf
tag --bag binary --direct --hidden 6 --char-ngrams 2-3 --features #3 --bidirectional --dropout 0.2
tag --bag binary --direct --hidden 6 --hash 60 --feedback --gram-around 1
classify --bag nb --direct --hidden 6 --cell gru --ngrams 1-2 --gram-count 2
classify --bag tfidf --direct --flat --widths 2 --maps 5 --mlp 4 --pooling max
classify --bag binary --places --ngrams 1-2
EOF
recur draw tag --bag binary --decoder crf | grep label= | tail -2

# What cannot be.
printf 'good\tx\nbad\tx\n' >one.tsv
! recur train classify --train one.tsv "${small[@]}" --valid-split 0 --bag nb --out b.model
! recur train classify --train films.tsv "${small[@]}" --bag nb --min-count 1000 --out b.model
! recur train classify --train films.tsv "${small[@]}" --ngrams 1-2 --out b.model
! recur train classify --train films.tsv "${small[@]}" --bag nb --cell gru --out b.model
! recur train classify --train films.tsv "${small[@]}" --bag nb --mlp 5 --out b.model
! recur train classify --train films.tsv "${small[@]}" --bag nbb --out b.model
! recur train classify --train films.tsv "${small[@]}" --bag nb --ngrams 2-1 --out b.model
! recur train tag --train films.tsv "${small[@]}" --bag nb --out b.model
! recur xray a.model films.tsv
recur draw a.model | grep label=
ls *.model
