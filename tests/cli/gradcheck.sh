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
