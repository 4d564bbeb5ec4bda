# eval.sh -- evaluating: the figures, the keys, and that they agree with one another.
. "$TESTS/cli/tiny.bash"
tiny_train a.model >/dev/null

recur eval a.model text | sed '/^speed/d' | hide_numbers
recur eval a.model text --json >json
for key in tokens chars unknown nats_per_token bits_per_token bits_per_char perplexity \
    tokens_per_second seconds; do
    grep "\"$key\": " json >/dev/null
done
figures() {
    recur eval a.model "$@" --json | grep -o '"nats_per_token": [0-9.]*'
}
diff <(figures text) <(figures - <text)
diff <(figures text --threads 1) <(figures text --threads 3)
diff <(figures text --per-line --threads 1) <(figures text --per-line --threads 2)
recur eval a.model text --from 0.5 --json | grep -o '"tokens": [0-9]*'
recur eval a.model text --to 0.5 --json | grep -o '"tokens": [0-9]*'
printf 'A mat, a RAT\n' | recur eval a.model - | grep unknown

! recur eval a.model nothing
! recur eval nothing text
! recur eval text text 2>/dev/null
! recur eval a.model text --report
: >empty
! recur eval a.model empty
