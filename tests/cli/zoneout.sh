# zoneout.sh -- --zoneout and --zoneout-cell: gradients, the same model for any number of threads
# and after a stop, one step at a time as whole, and what is said of it.
. "$TESTS/cli/tiny.bash"

tiny_text >text
zone=(--zoneout 0.2 --zoneout-cell 0.5)
crc() { recur info "$1" --json | grep crc32; }

echo "== gradients"
for how in "" "--layers 2 --dropout 0.3" "--cell gru-before --zoneout-cell 0" "--shards 2"; do
    # shellcheck disable=SC2086 # options are words
    recur gradcheck lm --train text --hidden 5 --batch 2 --seq 4 "${zone[@]}" $how |
        tail -n 1 | sed 's/, the largest.*//'
done
printf '%s\n' '@classLabel true up down' 1,2,3:up 3,2:down 0,4:up 5,1,0:down 2,3:up 9,8:down \
    >ways.ts
recur gradcheck series --train ways.ts --hidden 5 --bidirectional "${zone[@]}" | tail -n 1 |
    sed 's/, the largest.*//'
recur gradcheck series --train adding:9 --hidden 5 --recompute steps "${zone[@]}" | tail -n 1 |
    sed 's/, the largest.*//'

echo "== any number of threads, and after a stop"
tiny_train one.model "${zone[@]}" --threads 1 >/dev/null
tiny_train three.model "${zone[@]}" --threads 3 >/dev/null
tiny_train part.model "${zone[@]}" --steps 25 >/dev/null
recur resume part.model --steps 60 --quiet --threads 2 >/dev/null
tiny_train none.model >/dev/null
for model in three part none; do
    [[ $(crc one.model) == "$(crc $model.model)" ]] && echo "$model: the same" || echo "$model: not"
done

echo "== one step at a time"
recur eval one.model text --json | grep -o '"nats_per_token": [0-9.]\{8\}' >whole
recur eval one.model text --stepwise --json | grep -o '"nats_per_token": [0-9.]\{8\}' >steps
cmp whole steps && echo the same
recur info one.model | grep zoneout

echo "== what cannot be"
! recur train lm --train text --cell gru --zoneout-cell 0.5 --out x.model
! recur train lm --train text --zoneout 1 --out x.model
