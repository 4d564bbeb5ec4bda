#!/usr/bin/env bash
# check_ops.sh -- src/graph/ops.def names every operation of src/graph/op_*.c and no other, and each
# has its rc_NAME() in recur.h. (That each has a gradient case is seen by tests/graph/check_test.c.)
set -eu
cd "$(dirname "$0")/.."
bad=0
complain() { echo "$*"; bad=1; }

listed=$(sed -n 's/^OP(\([a-z_0-9]*\)).*/\1/p' src/graph/ops.def | sort)
written=$(sed -n 's/.*\.name = "\([a-z_0-9]*\)".*/\1/p' src/graph/op_*.c | sort)
[[ -n $listed && -n $written ]] || complain "no operations found"
for op in $(comm -23 <(echo "$listed") <(echo "$written")); do
    complain "ops.def: no source has operation '$op'"
done
for op in $(comm -13 <(echo "$listed") <(echo "$written")); do
    complain "src/graph: operation '$op' is not in ops.def"
done
for op in $listed; do
    grep -q "rc_var \*rc_$op(" include/recur.h || complain "recur.h: no rc_$op()"
done
exit $bad
