#!/usr/bin/env bash
# stall.sh -- what a core that goes away costs a training step: two workers on two cores, on one core from the
# start, on one core that was two when they started, and beside a busy program on one of them.
# Medians of single steps in milliseconds, and times of one thread. Needs two cores and taskset.
#
#   bench/stall.sh [ROUNDS] [OPTIONS of recur bench lm]      RECUR=... for another program
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-5}
shift || true
recur=${RECUR:-build/release/recur}
options=("${@:---hidden=200 --seq=20}")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# Median seconds of a step on so many threads.
measure() { # THREADS, then a command before it
    local threads=$1
    shift
    # shellcheck disable=SC2068
    "$@" "$recur" bench lm ${options[@]} --threads "$threads" --seconds 1 --json |
        sed 's/.*"median_seconds": \([^,]*\),.*/\1/'
}

# Two threads that find two cores, and lose one of them as soon as both are there.
lose_one() {
    "$@" &
    local pid=$! i
    for ((i = 0; i < 200 && $(ls "/proc/$pid/task" 2>/dev/null | wc -l) < 2; i++)); do sleep 0.005; done
    taskset -apc 0 "$pid" >/dev/null
    wait "$pid"
}

beside_busy() {
    taskset -c 1 bash -c 'while :; do :; done' &
    local busy=$!
    "$@"
    kill "$busy"
    wait "$busy" 2>/dev/null || true
}

for ((i = 0; i < rounds; i++)); do
    measure 1 taskset -c 0 >>"$work/1"
    measure 2 env >>"$work/2"
    measure 2 taskset -c 0 >>"$work/3"
    measure 2 lose_one >>"$work/4"
    measure 2 beside_busy >>"$work/5"
done
names=('one thread' 'two threads, two cores' 'two threads, one core' 'two threads, one core lost'
    'two threads, one core shared')
for k in 1 2 3 4 5; do
    sort -g "$work/$k" | awk -v name="${names[k - 1]}" -v one="$(sort -g "$work/1" |
        awk '{ x[NR] = $1 } END { print x[int((NR + 1) / 2)] }')" '
        { x[NR] = $1 }
        END { m = x[int((NR + 1) / 2)]; printf "%-30s %7.2f ms  %5.2f\n", name, m * 1e3, m / one }'
done
