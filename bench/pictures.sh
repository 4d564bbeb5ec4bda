#!/usr/bin/env bash
# pictures.sh -- tokens a second of training against units, batch, steps, symbols and threads, as docs/bench-*.svg.
#
#   bench/pictures.sh [FOLDER]       or: ./dev bench pictures [FOLDER] (builds first)
#
# FOLDER is docs unless said. ROUNDS (3) and SECONDS_EACH (0.1, for every point and round) say how long; RECUR names the
# program. The whole takes a minute or two.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
folder=${1:-docs}

draw() { # NAME OPTION...
    "${RECUR:-build/release/recur}" bench lm --dropout 0 --rounds "${ROUNDS:-3}" --seconds "${SECONDS_EACH:-0.1}" "${@:2}" \
        --svg "$folder/bench-$1.svg"
}
draw hidden --sweep hidden=64,128,256,512 --sweep threads=1,2 --seq 20 --vocab 1000
draw batch --sweep batch=1,2,5,10,20,50 --sweep threads=1,2 --hidden 256 --vocab 1000
draw seq --sweep seq=5,10,20,35,70 --sweep threads=1,2 --hidden 256 --vocab 1000
draw vocab --sweep vocab=100,1000,10000 --sweep threads=1,2 --hidden 256 --seq 20
draw threads --sweep threads=1,2 --sweep hidden=64,256,512 --vocab 1000
