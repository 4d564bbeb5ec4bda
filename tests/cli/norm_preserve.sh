# norm_preserve.sh -- --norm-preserve: the same model for any number of threads and after a stop,
# for both tasks, and what cannot have it.
. "$TESTS/cli/tiny.bash"

tiny_text >text
norm=(--norm-preserve 0.5 --cell tanh)
crc() { recur info "$1" --json | grep crc32; }

echo "== any number of threads, and after a stop"
tiny_train one.model "${norm[@]}" --threads 1 >/dev/null
tiny_train three.model "${norm[@]}" --threads 3 >/dev/null
tiny_train part.model "${norm[@]}" --steps 25 >/dev/null
recur resume part.model --steps 60 --quiet --threads 2 >/dev/null
tiny_train none.model --cell tanh >/dev/null
for model in three part none; do
    [[ $(crc one.model) == "$(crc $model.model)" ]] && echo "$model: the same" || echo "$model: not"
done

echo "== of series, in pieces of time"
recur train series --train order:20:100 "${norm[@]}" --recompute steps --steps 20 --quiet \
    --out series.model | grep -c trained
recur train series --train order:20:100 "${norm[@]}" --dry-run | grep -c activations

echo "== two directions side by side, and one after the other"
both=(series --train order:20:100 --bidirectional --hidden 40 --layers 2 --batch 16 --steps 20
    --quiet)
recur train "${both[@]}" "${norm[@]}" --threads 1 --out one.both >/dev/null
recur train "${both[@]}" "${norm[@]}" --threads 2 --out two.both >/dev/null
recur train "${both[@]}" --cell tanh --threads 1 --out none.both >/dev/null
for model in two none; do
    [[ $(crc one.both) == "$(crc $model.both)" ]] && echo "$model: the same" || echo "$model: not"
done

echo "== what cannot have it"
! recur train lm --train text --norm-preserve 1 --out x.model
! recur train lm --train text "${norm[@]}" --zoneout 0.1 --out x.model
