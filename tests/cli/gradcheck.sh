# gradcheck.sh -- gradients agree with differences, by recur64 beside recur.
. "$TESTS/cli/tiny.bash"
command -v recur64 >/dev/null || { echo "recur64 is not in this build" >&2; exit 77; }
tiny_text >text
check() {
    recur gradcheck lm --train text --hidden 5 --batch 2 --seq 4 "$@"
}

check | awk '{ print $1, $NF }' | hide_numbers
check --json | grep -o '"ok": true, "tolerance": 1e-7'
check --layers 2 --tied --per-tensor 3 --tolerance 1e-6 | tail -n 1 | hide_numbers
! check --precision bf16

echo "# recur64 is looked for beside recur"
mkdir alone
cp "$(command -v recur)" alone
PATH=$PWD/alone alone/recur gradcheck lm --train text || echo "exit $?"

hide() { sed 's/, the largest.*//'; }
echo "== series: classes in both directions, the next step, numbers with penalties"
printf '%s\n' '@classLabel true up down' 1,2,3:up 3,2:down 0,4:up 5,1,0:down 2,3:up 9,8:down \
    >ways.ts
printf '%s\n' '60,64 62 - 60' '72 74,76' '50' >roll
recur gradcheck series --train ways.ts --hidden 5 --bidirectional | tail -1 | hide
for how in mean max attention; do
    recur gradcheck series --train ways.ts --hidden 5 --pooling $how | tail -1 | hide
done
recur gradcheck series --train roll --hidden 5 --cell gru | tail -1 | hide
recur gradcheck series --train adding:6 --hidden 5 --layers 2 --activation-penalty 2 \
    --temporal-penalty 1 --dropout 0.2 | tail -1 | hide
printf '%s\n' a,b,y 1,900,3 2,100,5 '' 4,300,1 2,500,2 3,700,4 >sizes.csv
recur gradcheck series --train sizes.csv --target y --answers each --hidden 5 --standardize \
    --feedback --valid-split 0 | tail -1 | hide

echo "== zoneout"
zone=(--zoneout 0.2 --zoneout-cell 0.5)
for how in "" "--layers 2 --dropout 0.3" "--cell gru-before --zoneout-cell 0" "--shards 2"; do
    # shellcheck disable=SC2086 # options are words
    check "${zone[@]}" $how | tail -n 1 | hide
done
recur gradcheck series --train ways.ts --hidden 5 --bidirectional "${zone[@]}" | tail -n 1 | hide
recur gradcheck series --train adding:9 --hidden 5 --recompute steps "${zone[@]}" |
    tail -n 1 | hide

echo "== what is narrower than its layer"
recur gradcheck lm --train text --cell lstm-proj --hidden 6 --projection 2 --layers 2 \
    --skip residual --embed 2 --batch 2 --seq 5 "${zone[@]}" | tail -n 1 | hide
recur gradcheck series --train adding:6:20 --cell lstm-proj --hidden 5 --bidirectional \
    --learned-start --batch 2 | tail -n 1 | hide

echo "== labels"
printf 'EU I-ORG NN\nsaid O VB\nso O RB\n\nPeter I-PER NN\n\nso O RB\nEU I-ORG NN\n' >t.conll
printf 'pos\tgood film it is\nneg\tbad film\npos\tvery good\nneg\tit is bad bad bad\n' >t.tsv
flat="--flat --hidden 128" # which is the default: no layer has it
for how in "" "--decoder crf --bidirectional --scheme iobes" "--decoder crf $flat --embed 3" \
    "--char-net cnn --char-hidden 3 --char-embed 2 --casing 2 --features #3 --feature-embed 2" \
    "--char-net rnn --char-hidden 2 --char-embed 3 --dropout 0.3 --unk-rate 0.5 --layers 2" \
    "--feedback --around 1 --learned-start" "--feedback --cell none --embed-map 3 --shards 2"; do
    recur gradcheck tag --train t.conll --label-column '#2' --valid-split 0 --hidden 4 $how |
        tail -n 1 | hide
done
printf 'EU 1 2 3\nso 0 1 0\n' >some.vec
recur gradcheck tag --train t.conll --label-column '#2' --valid-split 0 --hidden 4 \
    --vectors some.vec --freeze embed.weight | tail -n 1 | hide
for how in "" "--bidirectional" "--pooling mean --layers 2" "--pooling attention --cell gru" \
    "--pooling max --widths 2,3 --maps 3 $flat --embed 4" "--tokens char --dropout 0.3" \
    "--pooling mean $flat --embed 4 --mlp 5,3 --embed-dropout 0.3"; do
    recur gradcheck classify --train t.tsv --valid-split 0 --hidden 4 $how | tail -n 1 | hide
done

echo "== what is no gradient of the loss"
! recur gradcheck lm --train text --norm-preserve 0.5 --cell tanh

echo "== every topology of the list, by the options that it names"
recur list topologies --long |
    awk '/^[^ ]/ { if (name) print name, how; name = $1 }
         /^    --/ { how = $0 }
         END { print name, how }' |
    while read -r name how; do
        case $name in
        bidirectional | learned-start | many-to-one | encoder) data=(series --train ways.ts) ;;
        feedback | many-to-many | one-to-* | autonomous) data=(series --train copy:2:6) ;;
        next-step) data=(series --train roll) ;;
        *) data=(lm --train text --seq 4) ;;
        esac
        # shellcheck disable=SC2086 # options are words
        recur gradcheck "${data[@]}" --hidden 5 --batch 2 $how | tail -n 1 | hide |
            sed "s/^/$name: /"
    done
