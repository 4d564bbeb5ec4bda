# allocations.sh -- whatever allocation of the program fails, the run ends by itself: done, or with
# one line that says so; files that were there are whole, and training goes on from them.
#
# The n-th allocation is refused (and, in a second turn, every one from the n-th on), for every n up
# to 300 and for ever wider steps after that, until a run no longer gets so far.
. "$TESTS/cli/tiny.bash"
${CC:-cc} -shared -fPIC -O1 -o failing.so "$TESTS/slow/failing_malloc.c" 2>cc.err || {
    echo "no shared object by ${CC:-cc}: $(head -n 1 cc.err)" >&2
    exit 77
}
tiny_text | head -n 40 >text
head -n 3 text >lines
printf 'a B-A B-A\nb I-A O\n\nc B-B I-B\n' >tags
printf 'a\tb\t0.5\nb\tb\t0.25\n' >examples
mkdir old work

small=(--train text --valid text --hidden 4 --batch 2 --seq 8 --valid-every 1 --threads 1)
tiny() {
    recur train lm "${small[@]}" "$@"
}
tiny --steps 1 --out old/m >old/out 2>old/err
mkdir whole
cp old/m* whole
recur resume whole/m --steps 3 --threads 1 >/dev/null 2>&1

mkdir jsb_chorales
for part in train valid test; do
    printf '60 62,67 - 64\n61 64 60,72\n' >jsb_chorales/jsb-quarter.$part.txt
done
odyssey=(repro odyssey --data . --dir odyssey --trials 2 --epochs 1 --threads 1)
recur "${odyssey[@]}" --quiet >/dev/null

two=(train lm "${small[@]}" --steps 2 --seeds 2)
recur "${two[@]}" --out two --quiet >/dev/null

complain() {
    echo "$turn=$n: recur $*: $why" >&2
    tail -n 5 err >&2
    bad=$((bad + 1))
    [[ $bad -lt 20 ]] || exit 1
}

# What is left in work/: whole files, nothing half written, a run that ends where it should.
sound() {
    [[ -z $(find work -name '.*tmp*') ]] || { why="a temporary file is left"; return 1; }
    [[ ! -e work/m ]] || recur info work/m >info 2>&1 || { why="$(cat info)"; return 1; }
    [[ -e work/m.state ]] || return 0
    recur resume work/m --steps 3 --threads 1 >info 2>&1 || { why="$(tail -n 1 info)"; return 1; }
    cmp -s work/m whole/m || { why="resumed, it ends elsewhere"; return 1; }
}

# attempt WORDS...: refuse one allocation after the other.
attempt() {
    local code fired lines why n turn
    for turn in FAIL_AT FAIL_FROM; do
        n=1 fired=yes
        while [[ $fired == yes ]]; do
            rm -rf work mark
            mkdir work
            [[ $fresh == yes ]] || cp old/m* work
            code=0
            env "$turn=$n" FAIL_MARK="$PWD/mark" LD_PRELOAD="$PWD/failing.so" \
                recur "$@" >out 2>err <lines || code=$?
            [[ -e mark ]] || fired=no
            lines=$(grep -c '^recur: ' err) || true
            why="exit $code with $lines lines"
            [[ $code$lines == 00 || $code$lines == 11 ]] || complain "$@"
            [[ $fired == yes || $code == 0 ]] || complain "$@"
            if [[ $changes == yes ]]; then
                sound || complain "$@"
            else
                [[ $(ls -A work) == "$(cd old && ls m*)" ]] && cmp -s work/m old/m || complain "$@"
            fi
            runs=$((runs + 1))
            [[ $turn == FAIL_FROM ]] && skip=$((n / 8)) || skip=$((n > 300 ? n / 32 : 0))
            n=$((n + 1 + skip))
        done
    done
    echo "recur $*: $runs runs" >&2
    total=$((total + runs)) runs=0
}

bad=0 runs=0 total=0
changes=yes fresh=yes
attempt train lm "${small[@]}" --steps 3 --out work/m --log work/log --tensorboard work/events
attempt "${two[@]}" --out work/two
fresh=no
attempt train lm "${small[@]}" --steps 3 --out work/m --force --json
attempt resume work/m --steps 3 --threads 2
changes=no
attempt eval work/m text --json
attempt eval work/m text --per-line --threads 2
attempt sample work/m --length 20 --prompt 'the cat'
attempt sample work/m --length 20 --json
attempt score work/m
attempt score work/m lines --json --trace
attempt score work/m lines --trace
attempt info work/m
attempt info work/m --json
attempt info work/m --curve --svg /dev/null
attempt draw work/m --unroll 2 --svg /dev/null --json
attempt draw series --bidirectional --dot -
attempt draw decay
attempt surface --grid 5 --updates 3 --svg -
attempt surface --grid 5 --updates 3 --json
attempt report tags --resamples 5 --confusion --svg /dev/null
attempt report tags --resamples 5 --json
attempt report examples --labels --format conlleval
attempt compare tags tags --resamples 5
attempt compare examples examples --labels --json
attempt demo wrong-gradient
attempt demo deep-sigmoid --json
attempt "${odyssey[@]}" --show --svg /dev/null
attempt "${odyssey[@]}" --show --json
attempt "${two[@]}" --out two
attempt resume two --json
attempt list
attempt list --json
attempt list options
attempt version --json
attempt help train
[[ $bad == 0 && $total -gt 1000 ]]
