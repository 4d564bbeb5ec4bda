# embed.sh -- word vectors: trained, asked, interrupted and gone on with; what has no meaning.
. "$TESTS/cli/tiny.bash"
tiny_text >text
embed() {
    recur train embed --train text --embed 8 --min-count 2 --batch 400 --shards 4 --quiet "$@"
}

embed --out one.model --threads 1 | hide_numbers | grep -v '^speed'
for threads in 2 3; do
    embed --out other.model --threads $threads --force >/dev/null
    cmp one.model other.model
done
recur nearest one.model cat --best 2 | wc -l
! recur nearest one.model catt --best 2
recur eval one.model - --json <<<$'cat rats 3\nmat rats 2\ncat mat 1\nsat ate 1' | grep -c spearman
recur info one.model | sed -n 1,5p

echo "# every model and loss"
for model in skipgram cbow; do
    for loss in negative hierarchical full sampled; do
        embed --out x.model --force --model $model --loss $loss --epochs 2 --json |
            grep -o '"steps": [0-9]*'
    done
done
embed --out x.model --force --share-negatives --lock-free --fixed-window --subsample 0 --json |
    grep -o '"steps": [0-9]*'

echo "# counts"
glove() {
    recur train embed --model glove --train text --embed 8 --min-count 2 --shards 4 --quiet "$@"
}
glove --out glove.model --threads 1 | hide_numbers | grep -v '^speed'
glove --out other.model --force --threads 3 >/dev/null
cmp glove.model other.model
recur nearest glove.model cat --best 2 | wc -l
recur convert glove.model --out glove.bin
cmp <(recur nearest glove.model cat) <(recur nearest glove.bin cat)
recur info glove.model | sed -n 1,5p
interrupted recur train embed --model glove --train text --embed 8 --min-count 2 --shards 4 \
    --quiet --out parts.model --epochs 0 --lr-schedule constant
recur resume parts.model --quiet --threads 3 --steps $((there + 10)) >/dev/null
glove --out whole.model --epochs 0 --lr-schedule constant --steps $((there + 10)) >/dev/null
cmp <(recur info whole.model --json | grep crc32) <(recur info parts.model --json | grep crc32)
rm parts.model* whole.model*
! glove --out no.model --negatives 3
! glove --out no.model --lock-free
! embed --out no.model --x-max 10

echo "# parts of words"
embed --out sub.model --subword 2-4 --threads 1 | hide_numbers | grep -v '^speed'
embed --out other.model --subword 2-4 --threads 3 --force >/dev/null
cmp sub.model other.model
recur info sub.model | sed -n 1,5p
recur nearest sub.model catss --best 2 | wc -l
recur analogy sub.model cat catss mat --best 2 | wc -l
recur nearest sub.model cat catss --best 1 --json | wc -l
recur convert sub.model --out sub.vec
cmp <(recur nearest sub.model cat) <(recur nearest sub.vec cat)
! recur nearest sub.vec catss
recur resume sub.model --quiet | grep '^trained'
tr a-z A-Z <text >loud
recur train embed --train loud --lower --embed 8 --min-count 2 --subword 2-4 --quiet \
    --out low.model >/dev/null
cmp <(recur nearest low.model CATSS 2>/dev/null) <(recur nearest low.model catss 2>/dev/null)
! recur nearest sub.model 'ÄÖÜ'
printf 'O\tthe catss\nO\tthe mat\nP\tthe zzz\n' >labels.tsv
recur train classify --train labels.tsv --valid-split 0 --vectors sub.model --hidden 4 \
    --epochs 1 --batch 2 --quiet --out tuned.model >/dev/null
recur info tuned.model | grep '^word vectors' | sed 's/crc32 [0-9a-f]*/crc32 C/'
embed --out x.model --force --model cbow --subword 3 --loss full --epochs 2 --json |
    grep -o '"steps": [0-9]*'
! embed --out no.model --subword 3-2
! embed --out no.model --subword 3-6 --share-negatives
! embed --out no.model --buckets 10
! glove --out no.model --subword 3-6

echo "# interrupted"
interrupted recur train embed --train text --embed 8 --min-count 2 --batch 400 --shards 4 --quiet \
    --out parts.model --epochs 0 --lr-schedule constant
recur resume parts.model --quiet --threads 3 --steps $((there + 10)) >/dev/null
embed --out whole.model --epochs 0 --lr-schedule constant --steps $((there + 10)) >/dev/null
for part in whole parts; do
    recur info $part.model --json | grep crc32 >$part
done
cmp whole parts

echo "# a dry run"
for model in skipgram glove; do
    recur train embed --train text --model $model --embed 8 --min-count 2 --dry-run --quiet \
        --threads 1 | sed -E 's/[0-9.]+[kMG]?B/#/g; s/(speed|time).*/\1/'
done

echo "# no meaning"
! embed --out no.model --lr-schedule plateau
! embed --out no.model --valid text
! embed --out no.model --model glvoe
! embed --out no.model --loss full --negatives 3
! embed --out no.model --min-count 1000000
! embed --out no.model --embed 0
! recur sample one.model
! recur train embed --train /dev/null --out no.model
ls no.model* 2>/dev/null | wc -l
