# classify.sh -- a label for a text: training on several formats, evaluation, answers, resuming to
# the same bits, and what is refused.
for i in 1 2 3 4 5 6; do
    printf 'good\ta very good film %s\nbad\ta bad film %s\nso\tneither here nor there %s\n' $i $i $i
done >films.tsv
small=(--hidden 8 --batch 4 --lr 0.03 --threads 1)
recur train classify --train films.tsv --valid films.tsv "${small[@]}" --epochs 12 --out a.model \
    --quiet | grep -v speed
recur eval a.model films.tsv | grep -v speed
recur eval a.model films.tsv --json | sed 's/, "sequences_per_second.*//'
printf 'good\tgood film\nbad\tbad\n' >two.tsv
recur eval a.model films.tsv --report | grep -v speed
recur eval a.model films.tsv --report --json | grep -o '"report": {.*' | cut -c1-60
recur predict a.model two.tsv --best 2 | cut -c1-8
recur predict a.model two.tsv --format labels --gold | cut -f1,2
recur predict a.model two.tsv --json --gold | sed 's/"p": [0-9.e-]*/"p": P/g'
recur info a.model | grep -E '^(task|pooling|words|labels)'

# Every way through the model, in the same bits for any number of threads and after a stop.
for o in "--bidirectional --pooling max" "--pooling attention --cell gru" "--tokens char" \
    "--pooling mean --hidden 128 --flat --mlp 7" "--flat --hidden 128 --widths 2,3 --maps 5" \
    "--char-net cnn --lower --casing 3 --dropout 0.3 --unk-rate 0.5"; do
    recur train classify --train films.tsv "${small[@]}" $o --epochs 3 --out one.model --quiet \
        --force >/dev/null
    recur train classify --train films.tsv "${small[@]}" $o --epochs 3 --out two.model --quiet \
        --force --threads 3 >/dev/null
    cmp one.model two.model
    recur train classify --train films.tsv "${small[@]}" $o --epochs 2 --out two.model --quiet \
        --force >/dev/null
    recur resume two.model --epochs 3 --quiet >/dev/null
    cmp one.model two.model
done

# Other formats; folds.
printf '__label__good a good film\n__label__bad a bad film\n' >x.txt
printf 'text,label\n"a good, long film",good\nbad,bad\n' >x.csv
printf 'a good film\n' >x.good
printf 'a bad film\n' >x.bad
for files in x.txt x.csv "x.good x.bad --format classes"; do
    recur train classify --train $files --valid-split 0 "${small[@]}" --steps 2 --out f.model \
        --quiet --force | grep trained
done
recur train classify --train films.tsv --folds 6 --fold 2 "${small[@]}" --epochs 1 --out f.model \
    --quiet --force | grep -c '^test'
cat films.tsv films.tsv >twice.tsv
recur train classify --train twice.tsv --folds 3 --fold 2 "${small[@]}" --epochs 1 --out f.model \
    --force --copies-together 2>&1 >/dev/null | grep note

# What was passed over or mended is said.
printf 'good\tcaf\xe9\nbad\t \nbad\tx\nbad\ty\n' >latin.tsv
recur train classify --train latin.tsv --valid-split 0 "${small[@]}" --steps 2 --out f.model \
    --force 2>&1 >/dev/null | grep note
recur eval a.model latin.tsv 2>&1 >/dev/null | grep note
recur predict a.model latin.tsv 2>&1 >/dev/null | grep note
recur eval a.model latin.tsv --quiet 2>&1 >/dev/null | wc -l

# A label with a tab would be two in a line.
printf 'text,label\n"a good film","very\tgood"\nbad,bad\n' >tab.csv
recur train classify --train tab.csv --valid-split 0 "${small[@]}" --steps 2 --out tab.model \
    --quiet --force | grep -c trained
! recur predict tab.model tab.csv --format labels
recur predict tab.model tab.csv --json | wc -l

# The instruments.
recur xray a.model films.tsv | head -n 2
recur draw a.model | grep -c label
recur quantize a.model --to int8 --out small.model --quiet
recur eval small.model films.tsv | grep accuracy
recur trace a.model <films.tsv 2>&1 | head -n 1

# What cannot be.
: >empty.tsv
printf 'good\tx\nno tab here\n' >torn.tsv
printf 'good\tx\ngood\ty\n' >one.tsv
for bad in empty torn one missing; do
    ! recur train classify --train $bad.tsv "${small[@]}" --out b.model
done
! recur train classify --train films.tsv --folds 1 --out b.model
! recur train classify --train films.tsv --widths 2,x --out b.model
! recur train classify --train films.tsv --pooling most --out b.model
! recur predict a.model two.tsv --format tables
! recur predict a.model two.tsv --states
! recur predict a.model two.tsv --gold
! recur predict a.model two.tsv --format labels --best 2
! recur predict a.model two.tsv --format labels --json
printf 'very good\ta good film\n' >blank.tsv
! recur predict a.model blank.tsv --format conll --gold
recur predict a.model blank.tsv --format labels --gold | cut -f 1
recur eval a.model blank.tsv | grep -v speed
! recur train classify --train films.tsv --binary --out b.model
! recur train classify --train films.tsv --fold 3 --out b.model
! recur predict a.model two.tsv --ahead 3
! recur predict a.model two.tsv --beyond
! recur train classify --train films.tsv "${small[@]}" --judge spans --out b.model --quiet
! recur sample a.model
ls *.model
