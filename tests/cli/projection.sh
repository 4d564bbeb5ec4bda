# projection.sh -- a cell whose output is narrower than its memory does what an LSTM does: trains,
# goes on, samples, is looked into, in fewer bits, in both directions, one layer above the other.
. "$TESTS/cli/tiny.bash"
proj=(--cell lstm-proj --hidden 10 --layers 2 --tied)

tiny_train a.model "${proj[@]}" --projection 3 | hide_numbers | grep -v '^speed'
recur info a.model | grep -E '^(layers|projection|gate order)|^rnn\.' |
    sed -E 's, +[0-9]+ +[0-9a-f]{8}$,,'
recur info a.model --json | grep crc32 >straight

echo "# the same bits for any number of threads, and after a stop"
tiny_train threads.model "${proj[@]}" --projection 3 --threads 3 >/dev/null
recur info threads.model --json | grep crc32 | cmp straight -
recur train lm --train text --out b.model --batch 4 --seq 16 --steps 20 --quiet \
    "${proj[@]}" --projection 3 >/dev/null
recur resume b.model --steps 60 --quiet >/dev/null
recur info b.model --json | grep crc32 | cmp straight -

echo "# step by step, in fewer bits"
nats() {
    recur eval "$@" --json | grep -o '"nats_per_token": [0-9.]\{8\}'
}
diff <(nats a.model text) <(nats a.model text --stepwise)
for bits in int8 bf16; do
    recur quantize a.model --to $bits --out $bits.model --quiet >/dev/null
    recur sample $bits.model --length 20 --seed 2 | wc -m
done
diff <(nats bf16.model text) <(nats bf16.model text --stepwise)

echo "# looked into"
recur xray a.model text --length 12 --windows 3 --json >json
! grep -i 'nan' json
grep -c '"radius"' json
grep -o '"units": [0-9]*' json
recur trace a.model text --unit 9 --plain | tail -n 1 | wc -l
! recur trace a.model text --vector h --unit 3 2>&1 | head -n 1
recur draw a.model --dot - | grep -o 'weight_h[hr]_l[01][^"]*' | sort -u

echo "# sizes that cannot be"
recur train lm --train text --hidden 8 --cell lstm-proj --projection 9 --out x 2>&1 | tail -n 1
recur train lm --train text --hidden 8 --projection 4 --out x 2>&1 | tail -n 2
recur train lm --train text --cell lstm-proj --hidden 1 --steps 3 --quiet --out one.model >/dev/null
recur info one.model | grep '^projection'
