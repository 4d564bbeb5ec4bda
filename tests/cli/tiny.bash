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

# has FILE N PATTERN: are there N lines or more with the pattern?
has() {
    [[ $(grep -c "$3" "$1" 2>/dev/null) -ge $2 ]]
}
