# vectors.sh -- word vectors of a file: what is reported, frozen and tuned, the same bits after a
# stop and without the file, and what is refused.
for i in 1 2 3 4; do
    printf 'EU NN I-ORG\nrejects VB O\nGerman JJ I-MISC\ncall NN O\n. . O\n\n'
    printf 'Peter NN I-PER\nBlackburn NN I-PER\n\nthe DT O\nEU NN I-ORG\nBRUSSELS NN B-ORG\n\n'
done >news.conll
printf '%s\n' 'EU 0.5 -0.5 0.1' 'peter 1 0 0' 'Berlin 0 1 0' '. 0 0 1' 'the 0.2 0.2 0.2' \
    'rejects -1 -1 0' >glove.txt
{
    echo 6 3
    cat glove.txt
} >fast.vec
small=(--hidden 8 --batch 4 --lr 0.03 --threads 1 --epochs 3 --force)
tag() { recur train tag --train news.conll "${small[@]}" "$@"; }

tag --vectors glove.txt --out a.model 2>&1 | grep -E '^(note|trained)'
tag --vectors fast.vec --out b.model --quiet | grep trained
recur info a.model | grep -E '^(word|vocabulary |parameters)'
recur info a.model --json | grep -c '"word vectors"'

echo "== frozen vectors stay, tuned ones do not"
row() { recur info "$1" | grep '^embed.weight'; }
tag --vectors glove.txt --freeze embed.weight --out frozen.model --quiet | grep trained
tag --vectors glove.txt --freeze embed.weight --epochs 1 --out early.model --quiet | grep trained
test "$(row frozen.model)" = "$(row early.model)"
test "$(row frozen.model)" != "$(row a.model)"
tag --vectors glove.txt --freeze embed.weight --embed-map 4 --out mapped.model --quiet |
    grep trained

echo "== the same bits after a stop, when the file is gone"
for o in "" "--freeze embed.weight --mean all" "--vectors-top 5 --feedback --around 1" \
    "--freeze embed.weight --embed-map 5" \
    "--freeze *weight_hh*,embed* --shards 2 --lower"; do
    # shellcheck disable=SC2086 # options are words
    {
        set -f
        cp glove.txt now.txt
        tag --vectors now.txt $o --out one.model --quiet >all
        tag --vectors now.txt $o --epochs 2 --out two.model --quiet >all
        rm now.txt
        recur resume two.model --epochs 3 --quiet >all
        cmp one.model two.model
        cp glove.txt now.txt
        tag --vectors now.txt $o --out two.model --threads 3 --quiet >all
        cmp one.model two.model
        set +f
    }
done

echo "== vectors of a model, and of other formats"
tag --vectors a.model --out of-model.model 2>&1 | grep "^note"
recur convert fast.vec --out fast.npy
tag --vectors fast.npy --out npy.model --quiet | grep trained
recur train lm --train news.conll --level char --hidden 4 --batch 2 --epochs 1 --out char.model \
    --quiet >/dev/null
! tag --vectors char.model --out x.model

echo "== words of the file that training has not"
for top in 0 3; do
    tag --vectors glove.txt --vectors-top $top --out top.model --quiet >all
    recur info top.model | grep '^word'
    recur info top.model --vocab | grep -c Berlin || true
done

echo "== other tasks"
printf 'good\ta very good film\nbad\tnot a good film\ngood\tso good\nbad\tbad\n' >film.tsv
printf '3 2\nfilm 1 2\nGOOD 3 4\n</s> 5 6\n' >two.vec
few=(--vectors two.vec --hidden 4 --batch 2 --epochs 2 --threads 1 --valid-split 0)
recur train classify --train film.tsv --lower "${few[@]}" --out c.model 2>&1 |
    grep -E '^(note|trained)'
printf 'a very good film\nnot a good film\n' >film.txt
recur train lm --level word --train film.txt "${few[@]}" --out l.model 2>&1 |
    grep -E '^(note|trained)'
recur train tag --train news.conll --vectors glove.txt --hidden 8 --freeze embed.weight --dry-run \
    2>/dev/null | grep -E '^(parameters|memory)' | sed 's/, activations.*//'

echo "== several runs have the same vectors"
many=(--train news.conll --valid-split 0 --hidden 4 --steps 2 --quiet)
recur train tag "${many[@]}" --vectors glove.txt --seeds 1 --out many >/dev/null
sed 's/0.5/0.7/' glove.txt >other.txt
cp glove.txt kept.txt
cp other.txt glove.txt
! recur train tag "${many[@]}" --vectors glove.txt --seeds 2 --out many
cp kept.txt glove.txt
recur train tag "${many[@]}" --vectors glove.txt --seeds 2 --out many | grep -c finished
! recur train tag "${many[@]}" --vectors - --seeds 2 --out more

echo "== what is refused"
: >empty.vec
printf '7 3\n' | cat - glove.txt >short.vec
head -c 38 glove.txt >torn.vec
printf 'EU 0.5 -0.5 0.1\npeter 1 0\n' >uneven.vec
printf 'EU 0.5 -0.5 inf\n' >inf.vec
printf '2 3\nEU \0\0\0\0\0\0\0\0\0\0\0\0' >torn.bin
for bad in empty.vec short.vec torn.vec uneven.vec inf.vec torn.bin missing.vec; do
    ! tag --vectors $bad --out x.model
done
! tag --vectors glove.txt --embed 50 --out x.model
! tag --vectors glove.txt --vectors fast.vec --out x.model
! tag --vectors-top 10 --out x.model
! tag --freeze embed.weight,embed.weigth --out x.model
! tag --freeze '*' --out x.model
! tag --feedback --decoder crf --out x.model
! tag --feedback --bidirectional --out x.model
! recur train lm --train film.txt --vectors two.vec --out x.model
! recur train classify --train film.tsv --tokens char --vectors two.vec --out x.model
! ls x.model 2>/dev/null
