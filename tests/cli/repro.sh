# repro.sh -- experiments of papers: listed, run, shown, going on after a kill, shared, refused.
. "$TESTS/cli/tiny.bash"
unset RECUR_DATA
# Little tunes, some with chords and silences.
tunes() {
    local from=$1 to=$2 i
    for ((i = from; i < to; i++)); do
        echo "$((60 + i % 5)) $((62 + i % 3)),$((67 + i % 4)) - $((64 + i % 5)) $((60 + i % 5)),72"
    done
}
mkdir -p data/jsb_chorales
tunes 0 12 >data/jsb_chorales/jsb-quarter.train.txt
tunes 3 8 >data/jsb_chorales/jsb-quarter.valid.txt
tunes 5 11 | gzip >data/jsb_chorales/jsb-quarter.test.txt.gz
odyssey() {
    recur repro odyssey --threads 1 --quiet --epochs 2 "$@"
}
# Numbers and times hidden, blanks single.
tidy() {
    sed -E 's/ [0-9.m]+s$/ #/; s/ +/ /g; s/ [0-9]{1,3},[0-9]{3}/ #/g' | hide_numbers |
        sed -E 's/ [0-9]+$/ #/; s/ -?[0-9]+e[-+][0-9]+/ #/g'
}

echo "# the list"
recur repro
recur list repros --long
recur repro --json | grep -c '"paper"'

echo "# all of it, small"
odyssey --data data --trials 2 --dir a --svg a.svg >one
cut -c 1-36 one | sed -n 1,10p
sed -n '12,$p' one | tidy
ls a | sed -E 's/[0-9]+/N/' | sort | uniq -c
head -c 4 a.svg
grep -c '<rect' a.svg
recur repro odyssey --threads 1 --epochs 2 --data data --trials 1 --dir words 2>&1 >/dev/null |
    sed -E 's/ [0-9.]+s  .*/ #/' | hide_numbers | sed -n '1p;9p'

echo "# settings are those drawn: units, rate, momentum, noise, and a variant in turn"
for name in cell optimizer batch average clip init forget-bias bias patience; do
    grep -h '"event": "begin"' a/trial-00[1-9].*.jsonl | grep -o "\"$name\": \"[^\"]*\"" |
        sort | uniq -c
done
grep -h '"event": "begin"' a/*.jsonl | grep -oE '"(hidden|lr|momentum|input-noise)": "[^"]*"' |
    tr -d '":' | awk '
    $1 == "hidden" && ($2 < 20 || $2 > 200) || $1 == "lr" && ($2 <= 0 || $2 > 0.01) ||
        $1 == "momentum" && ($2 < 0 || $2 > 0.99) || $1 == "input-noise" && ($2 < 0 || $2 > 1)
    {n[$1]++} END {for (k in n) print k, n[k]}' | sort

echo "# what the table says of a variant is what its trials say"
odyssey --data data --trials 2 --dir a --csv >csv
head -n 1 csv
grep -h '"event": "end"' a/trial-002.*.jsonl a/trial-011.*.jsonl |
    sed -E 's/.*"test": \{"loss": ([0-9.]+).*/\1/' |
    awk -v mean="$(grep ^NIG csv | cut -d , -f 8)" '
    {sum += $1} END {d = sum / 2 - mean; print NR, d * d < 1e-10}'

echo "# the same again trains nothing, more trials are added to it"
before=$(cksum a/*.model a/*.jsonl)
odyssey --data data --trials 2 --dir a | cmp one
odyssey --data data --trials 2 --dir a --show | cmp one
[[ $(cksum a/*.model a/*.jsonl) == "$before" ]]
RECUR_DATA=data odyssey --trials 3 --dir a --json >json
grep -oE '"(repro|planned|trials|variant)": .*' json | sort | uniq -c
[[ $(cksum $(cut -d ' ' -f 3 <<<"$before")) == "$before" ]]

echo "# trials depend on seed and number alone"
odyssey --data data --trials 1 --dir b >/dev/null
cmp a/trial-004.model b/trial-004.model
odyssey --data data --trials 1 --dir c --seed 2 >/dev/null
! cmp -s a/trial-004.model c/trial-004.model

echo "# shown before anything has ended"
odyssey --data data --trials 1 --dir few --time 0.001 | tail -n 4
ls few/*.jsonl | wc -l

echo "# killed at any moment, it goes on and ends where an undisturbed one does"
killed_often parts \
    recur repro odyssey --threads 1 --quiet --epochs 2 --data data --trials 2 --dir parts
odyssey --data data --trials 2 --dir parts | tidy | cmp - <(tidy <one)
for model in parts/*.model; do
    cmp "$model" "a/${model#parts/}"
done

echo "# two processes share it"
odyssey --data data --trials 2 --dir shared >/dev/null 2>err1 &
pid=$!
odyssey --data data --trials 2 --dir shared >/dev/null 2>err2
wait "$pid"
grep -h '"event": "begin"' shared/*.jsonl | wc -l
odyssey --data data --trials 2 --dir shared | cut -c 1-60 | cmp - <(cut -c 1-60 one)

echo "# what cannot be"
! recur repro odysey
! recur repro odyssey
! recur repro odyssey --dir ''
! recur repro odyssey --dir -
! odyssey --dir x
! odyssey --data nothing --dir x
! odyssey --data data --dir x --trials 0
! odyssey --data data --dir x --best 2
! odyssey --data data --dir x --best wrong
! odyssey --data data --dir x --show
mkdir empty
! odyssey --data data --dir empty --show
rmdir empty # nothing was written there
! odyssey --data data --dir a --csv --json
! odyssey --data data --dir a --json --svg -
odyssey --data data --trials 2 --dir a --show --svg - >alone.svg
head -c 4 alone.svg | tr -d "\n"; echo
! recur repro --dir x
! odyssey --data data --dir x extra
! odyssey --data data --trials 2 --dir a --epochs 3 --show
! odyssey --data data --trials 2 --dir a --svg no/such/folder.svg --show >/dev/null
! odyssey --data data --trials 2 --dir data/jsb_chorales/jsb-quarter.valid.txt
! recur search series --quiet --train data/jsb_chorales/jsb-quarter.train.txt --vary lr=0.1,0.2 \
    --dir a
ls x 2>/dev/null || true
for bad in '' '60 61 \xff' '60 999' '60,,61 62'; do
    mkdir -p bad/jsb_chorales
    cp data/jsb_chorales/* bad/jsb_chorales
    printf "$bad" >bad/jsb_chorales/jsb-quarter.train.txt
    ! odyssey --data bad --trials 1 --dir bad/trials
    rm -r bad
done
