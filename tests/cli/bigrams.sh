# bigrams.sh -- words that come together are one word: learnt, asked, gone on with.
. "$TESTS/cli/tiny.bash"
for ((i = 0; i < 300; i++)); do
    echo "w$((i * 7 % 41)) New York w$((i * 11 % 43))"
    echo "w$((i * 13 % 47)) w$((i * 5 % 37)) w$((i * 17 % 29)) New York City w$((i * 3 % 31))"
done >text
options=(--train text --lower --bigrams 2 --bigram-threshold 3 --embed 8 --min-count 2 --batch 400
    --shards 4 --quiet)
words() {
    recur info "$1" --vocab | cut -f 3 | grep _ || true
}

echo "# one pass, two, none that scores"
for passes in 1 2; do
    recur train embed "${options[@]}" --bigrams $passes --out b$passes.model 2>&1 >/dev/null
    words b$passes.model
done
recur train embed "${options[@]}" --bigram-threshold 1e6 --out high.model 2>&1 >/dev/null
words high.model
recur nearest b2.model new_york_city --best 2 | wc -l
recur nearest b2.model NEW_YORK_CITY --best 1 | wc -l
recur train embed "${options[@]:0:${#options[@]}-1}" --out told.model 2>&1 >/dev/null |
    grep 'read as one'

echo "# the same bits for any number of threads"
recur train embed "${options[@]}" --threads 3 --out other.model >/dev/null 2>&1
cmp b2.model other.model

echo "# interrupted"
run=("${options[@]}" --digits --epochs 0 --lr-schedule constant)
interrupted recur train embed "${run[@]}" --out parts.model
recur resume parts.model --quiet --threads 3 --steps $((there + 10)) 2>&1 >/dev/null
recur train embed "${run[@]}" --out whole.model --steps $((there + 10)) >/dev/null 2>&1
tensors() { recur info "$1" --json | grep crc32; }
diff <(tensors whole.model) <(tensors parts.model)

echo "# no meaning"
! recur train embed "${options[@]}" --level char --out no.model
! recur train embed --train text --bigram-threshold 5 --out no.model
! recur train embed --train text --bigrams 9 --out no.model
! recur train lm --train text --bigrams 1 --out no.model
ls no.model* 2>/dev/null | wc -l
