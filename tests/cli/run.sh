#!/usr/bin/env bash
# run.sh -- run one test of the program: run.sh [--update] BIN SCRIPT.sh
#
# The script runs under `bash -eu` in an empty folder of its own, the programs of the folder BIN
# first in PATH and the folder of the tests in $TESTS. It passes when it exits 0 and has printed
# what stands beside it in SCRIPT.out (stdout) and SCRIPT.err (stderr); a file that is not there is
# not compared. Exit 77 means skipped, with the reason as the last line of stderr. --update writes
# the files that are there anew (make an empty one to begin).
set -eu
update=no
[[ $1 != --update ]] || { update=yes; shift; }
bin=$(cd "$1" && pwd)
script=$(cd "$(dirname "$2")" && pwd)/$(basename "$2")
work=$(mktemp -d)
trap 'chmod -R u+w "$work"; rm -rf "$work"' EXIT
mkdir "$work/here"
cd "$work/here"

export PATH=$bin:$PATH TESTS=${script%/*/*} LC_ALL=C.UTF-8 TERM=dumb
unset RECUR_CPU RECUR_THREADS
code=0
bash -eu "$script" >"$work/out" 2>"$work/err" </dev/null || code=$?

if [[ $code == 77 ]]; then
    tail -n 1 "$work/err"
    exit 77
fi
failed=0
for kind in out err; do
    want=${script%.sh}.$kind
    [[ -e $want ]] || continue
    if [[ $update == yes ]]; then
        cp "$work/$kind" "$want"
    elif ! diff -u --label "wanted ($kind)" --label "got ($kind)" "$want" "$work/$kind"; then
        failed=1
    fi
done
if [[ $code != 0 ]]; then
    echo "exit status $code; standard output and standard error were:"
    tail -n 40 "$work/out" "$work/err"
    failed=1
fi
exit $failed
