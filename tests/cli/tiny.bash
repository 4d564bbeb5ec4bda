# tiny.bash -- for the tests of the program: a text and a model that trains in a blink.

# The text: 300 lines that rhyme with themselves.
tiny_text() {
    local i
    for ((i = 0; i < 300; i++)); do
        echo "the cat $((i % 7)) sat on the mat and ate $((i * i % 5)) rats"
    done
}

# tiny_train MODEL [options]: some steps of a small network on `text`.
tiny_train() {
    local model=$1
    shift
    [[ -e text ]] || tiny_text >text
    recur train lm --train text --out "$model" --hidden 8 --batch 4 --seq 16 --steps 60 --quiet "$@"
}

# Numbers with a point become #, so that expected outputs hold on every machine.
hide_numbers() {
    sed -E 's/-?[0-9]+\.[0-9]+(e[-+]?[0-9]+)?/#/g'
}

# wait_for COMMAND...: until it succeeds, for a minute at most.
wait_for() {
    local i
    for ((i = 0; i < 3000; i++)); do
        ! "$@" || return 0
        sleep 0.02
    done
    echo "waited in vain for: $*" >&2
    return 1
}

# interrupted COMMAND...: met by a signal at its first report, which is of the log `log`; prints its
# exit code, leaves what it said in out and err, and the step where it stopped in $there.
interrupted() {
    local pid code=0
    rm -f log
    "$@" --report 0.01 --log log >out 2>err &
    pid=$!
    wait_for has log 1 '"event": "report"'
    kill -TERM "$pid"
    wait "$pid" || code=$?
    echo "interrupted: exit $code"
    there=$(sed -n 's/^interrupted at step \([0-9]*\);.*/\1/p' err)
}

# has FILE N PATTERN: are there N lines or more with the pattern?
has() {
    [[ $(grep -c "$3" "$1" 2>/dev/null) -ge $2 ]]
}

# killed_often DIR COMMAND...: trials in DIR, five times begun or gone on with, and met by a signal
# when some lines more are in their logs than before, unless all is over by then.
killed_often() {
    local dir=$1 signal pid code before hits=0
    shift
    lines() { cat "$dir"/*.jsonl 2>/dev/null | wc -l; }
    is_at_work() { [[ $(lines) -ge $1 || ! -e /proc/$pid ]]; }
    for signal in KILL TERM KILL INT KILL; do
        before=$(lines)
        "$@" >/dev/null 2>err &
        pid=$!
        wait_for is_at_work $((before + 3))
        kill -$signal "$pid" 2>/dev/null || true
        code=0
        wait "$pid" 2>/dev/null || code=$?
        case $signal:$code in
        KILL:137) hits=$((hits + 1)) ;;
        *:0) ;; # it was over
        *:130) hits=$((hits + $(grep -c -e '^hint: the same' -e '^hint: recur resume' \
            -e '^recur: interrupted' err))) ;;
        *)
            echo "$signal: exit $code"
            cat err
            ;;
        esac
    done
    [[ $hits -ge 2 ]] || echo "only $hits of 5 signals met it"
}
