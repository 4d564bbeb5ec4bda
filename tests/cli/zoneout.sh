# zoneout.sh -- --zoneout and --zoneout-cell: the same model for any number of threads and after a
# stop, one step at a time as whole, and what is said of it. Gradients: gradcheck.sh.
. "$TESTS/cli/tiny.bash"

tiny_text >text
zone=(--zoneout 0.2 --zoneout-cell 0.5)
crc() { recur info "$1" --json | grep crc32; }

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
