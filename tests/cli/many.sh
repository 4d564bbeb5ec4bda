# many.sh -- one training with several seeds, on each fold in turn, or both: what is told of them
# together, going on after a kill, several processes, what is refused; weights of labels.
. "$TESTS/cli/tiny.bash"
for i in 1 2 3 4 5 6 7; do
    printf 'good\ta very good film %s\nbad\ta bad film %s\nso\tneither here nor there %s\n' $i $i $i
done >films.tsv
small=(--train films.tsv --hidden 6 --batch 4 --lr 0.03 --threads 1 --quiet)
films() {
    recur train classify "${small[@]}" "$@"
}
# Times and numbers hidden, blanks single.
tidy() {
    sed -E 's/ [0-9.m]+s / # /; s/  +/ /g' | hide_numbers
}

echo "# each fold in turn, with two seeds"
films --folds 3 --seeds 2 --epochs 3 --out both >one
tidy <one
ls both
echo "# a run is what the same training by itself is"
films --folds 3 --fold 2 --seed 2 --epochs 3 --out alone >/dev/null
cmp alone both/seed-2.fold-2.model
recur runs both --csv | cut -d , -f 1,2,17
echo "# the same command finds all of it done; so does resume; more seeds come behind them"
before=$(cksum both/*.model both/*.state both/*.jsonl)
films --folds 3 --seeds 2 --epochs 3 --out both | cmp one
recur resume both --quiet | cmp one
[[ $(cksum both/*.model both/*.state both/*.jsonl) == "$before" ]]
films --folds 3 --seeds 3 --epochs 3 --out both | tidy | grep -c finished
recur resume both --quiet --csv >csv
head -n 1 csv
wc -l <csv
films --folds 3 --seeds 2 --epochs 3 --out both | cmp one

echo "# the numbers: means, deviations, intervals by Student, all folds together"
recur resume both --quiet --json >json
cmp json both/summary.json
sed -nE '/"measures"/,$ s/.*"(mean|deviation|lo|hi)": ([^,]*),?$/\2/p' json | paste - - - - |
    awk '{printf "%.7f %.7f %.7f %.7f\n", $1, $2, $3, $4}' >told
# The quantiles are those of 0.975, for 8 and 2 degrees of freedom.
awk -F , '
    function tell(x, n, t, i, sum, squares, d) {
        for (i = 0; i < n; i++) sum += x[i]
        for (i = 0; i < n; i++) squares += (x[i] - sum / n) ^ 2
        d = sqrt(squares / (n - 1))
        t *= d / sqrt(n)
        printf "%.7f %.7f %.7f %.7f\n", sum / n, d, sum / n - t, sum / n + t
    }
    NR > 1 {for (c = 4; c <= 7; c++) v[c, NR - 2] = $c}
    END {
        for (c = 4; c <= 7; c++) {
            for (i = 0; i < 9; i++) x[i] = v[c, i]
            tell(x, 9, 2.3060041350)
            if (c < 6) continue # of validation no seeds are told
            for (i = 0; i < 3; i++) y[i] = (x[3 * i] + x[3 * i + 1] + x[3 * i + 2]) / 3
            tell(y, 3, 4.3026527297)
        }
    }' csv | cmp told -
grep -c together json

echo "# folds of unequal size: together is not the mean of the runs"
films --folds 4 --epochs 3 --out four --csv >csv
recur resume four --quiet --json | sed -nE 's/.*"together": //p' | tail -n 1 >told
awk -F , 'NR > 1 {n = NR == 5 ? 6 : 5; right += $7 * n; all += n}
    END {print NR, all; exit (d = right / all - told) * d > 1e-18}' told="$(cat told)" csv

echo "# spans of tags, and words and characters of texts"
for i in 1 2 3 4 5 6; do
    printf 'the O\ncat B-X\nsat%s I-X\non O\n\nrats B-Y\nate O\n\n' $i
done >tags
recur train tag --train tags --hidden 6 --batch 4 --lr 0.1 --epochs 6 --folds 3 --out tagged \
    --quiet --threads 1 --csv | head -n 1
grep -c '"spans_right"' tagged/*.jsonl
tiny_text >text
recur train lm --train text --level word --hidden 6 --batch 4 --seq 16 --steps 20 --seeds 3 \
    --seed 7 --test-split 0.1 --threads 1 --out words 2>err | tidy
sed -E 's/ [0-9.]+[kM]? runs.*//; s/ [0-9.]+s$//; s/(1 thread), .*/\1/' err | sed 1d | hide_numbers
ls words | grep -c seed-9
recur train ngram --train text --seeds 2 --out grams --quiet | grep -c finished

echo "# killed at any moment, it goes on and ends where an undisturbed one does"
long=(--folds 2 --seeds 2 --epochs 60 --save-every 7 --report 0.01)
films "${long[@]}" --out whole | tidy | sed 's/whole/#/' >whole.out
killed_often parts recur train classify "${small[@]}" "${long[@]}" --out parts
recur resume parts --threads 1 --quiet | tidy | sed 's/parts/#/' | cmp - whole.out
for m in whole/*.model; do
    cmp "$m" "parts/${m#*/}"
done
echo "# a limit of time stops it, to go on later"
films "${long[@]}" --out slow --time 0.001 | grep -c waiting
recur resume slow --quiet | tidy | sed 's/slow/#/' | cmp - whole.out

echo "# two processes share it"
shared=(--seeds 6 --epochs 40 --out shared)
recur train classify "${small[@]}" "${shared[@]}" >out1 2>err1 &
pid=$!
wait_for has shared/runs.json 1 config
recur resume shared --threads 1 >out2 2>err2
wait "$pid"
for i in 1 2; do # what is not finished is said to be elsewhere
    ! grep -q ' running$' out$i || grep -q 'still running elsewhere' err$i || cat out$i
done
cat out1 out2 | grep -c finished | awk '{ print ($1 >= 6 ? "all" : $1) }' # the last has seen all
films "${shared[@]}" | grep -c finished
grep -h '"event": "begin"' shared/*.jsonl | wc -l
grep -c '"state": "finished"' shared/summary.json

echo "# runs that fail are told and left out of the means"
films --seeds 2 --cell relu --optimizer sgd --lr 1e6 --clip 0 --epochs 30 --init normal:3 \
    --out bad | tidy
recur resume bad --quiet >/dev/null || echo "exit $?"

echo "# what it would take"
films --folds 3 --seeds 2 --dry-run | grep '^runs'
films --folds 3 --dry-run --json | grep -o '"runs": .*'

echo "# weights of labels: none is as if each counted 1, and they resume to the same bits"
for w in none good=1,bad=1,so=1 balanced so=3; do
    films --valid films.tsv --class-weights $w --epochs 4 --out w-$w >/dev/null
done
films --valid films.tsv --class-weights balanced --epochs 2 --out w >/dev/null
recur resume w --epochs 4 --quiet >/dev/null
cmp w w-balanced
crc() {
    recur info "$1" --json | grep -o '"crc[^,]*' | sort
}
[[ $(crc w-none) == $(crc w-good=1,bad=1,so=1) ]]
[[ $(crc w-none) != $(crc w-so=3) ]]
recur info w-so=3 | grep '^labels'
recur eval w-so=3 films.tsv --json --quiet | grep -c nats
! films --class-weights so= --out x
! films --class-weights sp=2 --out x
! recur train tag --train tags --decoder crf --class-weights balanced --out x

echo "# a fold that cannot be trained is left out; one without spans says nothing of them"
for i in $(seq 12); do
    printf 'good\ta good film %s\nbad\ta bad film %s\n' "$i" "$i"
done >rare.tsv
printf 'single\tthe only one\n' >>rare.tsv
! recur train classify --train rare.tsv --class-weights single=2 --folds 5 --seed 3 --steps 2 \
    --valid-split 0 --hidden 4 --out rare --quiet >rare.out 2>rare.err
grep -c 'is left out: ' rare.err
grep -c finished rare.out
grep -c refused rare.out
tail -n 1 rare.err
for i in $(seq 12); do
    printf 'Ann B-PER\nsleeps O\n\n%s O\nsleeps O\n\nnobody O\n\n' "$i"
done >few
recur train tag --train few --folds 36 --valid-split 0 --hidden 8 --lr 0.05 --epochs 20 --quiet \
    --out few.runs | grep '^test span' | sed -E 's/  +/ /g'

echo "# what cannot be"
! films --folds 3 --seeds 2 --epochs 4 --out both
! films --folds 4 --seeds 2 --epochs 3 --out both
! films --seeds 2 --epochs 3 --out both
cp films.tsv others.tsv
recur train classify --train others.tsv --seeds 2 --steps 2 --hidden 4 --out data --quiet >/dev/null
echo 'so	more' >>others.tsv
! recur resume data
! films --seeds 2 --out both --force
! films --seeds 2 --out log --log x
! films --seeds 2 --out ''
! films --seeds 2 --out no/such/folder
! films --seeds 2 --out films.tsv
! films --seeds -1 --out x
! films --seeds 100000 --folds 10 --out x
! films --csv --out x
! films --seeds 2 --json --csv --out x
! recur train classify --train - --seeds 2 --out x
! films --folds 40 --out forty
! films --folds 1 --out forty
! recur search classify "${small[@]}" --folds 3 --vary lr=0.1,0.2 --dir s
! recur resume both --epochs 9
! recur resume alone --csv
mkdir empty
! recur resume empty
echo '{"runs": 3' >empty/runs.json
! recur resume empty
echo '{"runs": 0, "config": {"task": "classify"}}' >empty/runs.json
! recur resume empty
echo '{"runs": 2, "config": {"task": "classify", "wings": "2"}}' >empty/runs.json
! recur resume empty
echo precious >empty/seed-1.model
rm empty/runs.json
! films --seeds 2 --out empty
cat empty/seed-1.model
ls -d x forty 2>/dev/null || true # what never began leaves nothing
