# interrupt.sh -- a signal ends every command the same way: one line, exit 130, nothing left behind.
. "$TESTS/cli/tiny.bash"
tiny_text >text

# signalled SIGNAL FILE COMMAND...: the signal comes when a file of that pattern is there.
signalled() {
    local signal=$1 pattern=$2 pid code=0
    shift 2
    recur "$@" >/dev/null 2>err &
    pid=$!
    wait_for compgen -G "$pattern" >/dev/null
    kill -"$signal" "$pid"
    wait "$pid" || code=$?
    echo "$1: exit $code, $(cat err)"
}

mkdir data temp
signalled TERM 'data/.*.tmp-*' data coin --length 1e12 --out data/coin.txt
signalled HUP 'data/.*.tmp-*' data coin --length 1e12 --out data/coin.txt
ls -A data
TMPDIR=$PWD/temp
export TMPDIR
signalled TERM 'temp/recur-draw-*/data' draw lm --hidden 2000 --layers 4 --svg temp/lm.svg
ls -A temp
# A training lost its terminal: a checkpoint, as for the others.
signalled HUP model.log.jsonl train lm --train text --hidden 4 --epochs 0 --quiet --out model |
    sed 's/step [0-9]*/step #/'
ls model.state
# One that writes nothing: to its first words.
recur demo agreement >words 2>err &
pid=$!
wait_for test -s words
kill -TERM "$pid"
code=0
wait "$pid" || code=$?
echo "demo: exit $code, $(cat err)"
