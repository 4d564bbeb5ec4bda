#!/usr/bin/env bash
# check_mirror.sh -- src/room/file.c and tests/room/file_test.c come in pairs, and the build knows
# every source, every test and every fuzzer: nothing is silently left out. A header
# that computes may have a test too, by being named in ROOM_headers.
set -eu
cd "$(dirname "$0")/.."
shopt -s nullglob
bad=0
complain() { echo "$*"; bad=1; }

# listed LIST... NAME: is NAME in one of these lists of CMakeLists.txt, read as set(LIST name name
# ...)?
listed() {
    local name=${*: -1} list
    for list in "${@:1:$#-1}"; do
        sed -n "/^set(${list}[ )]/,/)/p" CMakeLists.txt | sed 's/#.*//; s/^set([a-z_]*//' |
            grep -qE "(^|[ )])$name([ )]|\$)" && return
    done
    return 1
}

for source in src/*/*.c; do
    room=${source#src/} room=${room%%/*} name=$(basename "$source" .c)
    [[ -e tests/$room/${name}_test.c ]] || complain "$source: no tests/$room/${name}_test.c"
    listed "$room" "${room}_once" "$name" || complain "$source: not in CMakeLists.txt"
done
for test in tests/*/*_test.c; do
    source=src/${test#tests/} source=${source%_test.c}.c
    room=$(basename "$(dirname "$source")") name=$(basename "$source" .c)
    [[ -e $source ]] || listed "${room}_headers" "$name" || complain "$test: no $source"
done
for source in cli/*.c; do
    listed cli "$(basename "$source" .c)" || complain "$source: not in CMakeLists.txt"
done
for script in tests/{cli,slow,data}/*.sh; do
    kind=$(basename "$(dirname "$script")") name=$(basename "$script" .sh)
    [[ $name == run ]] || listed "${kind}_tests" "$name" ||
        complain "$script: not in CMakeLists.txt"
done
for fuzzer in tests/fuzz/*.c; do
    name=$(basename "$fuzzer" .c)
    [[ $name == replay ]] || listed fuzzers "$name" || complain "$fuzzer: not in CMakeLists.txt"
done
exit $bad
