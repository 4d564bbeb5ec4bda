# bench.sh -- measuring: what each kind reports, as text and as JSON, and what is refused. Numbers
# are not looked at, but for those that must agree with one another.
. "$TESTS/cli/tiny.bash"
quick="--hidden 16 --seconds 0"

# Every number, unit of time and instruction set becomes a word; doubts come and go.
plain_words() {
    sed -E '/^unsteady/d; s/  (a core|the peak) was .*//; s/(plain|avx2|avx512|avx512vnni)/ISA/' |
        sed -E 's/[0-9][0-9.,]*[kMG]?/#/g; s/# (us|ms|s)\b/# time/g' | tr -s ' '
}

for kind in lm tag step; do
    echo "# $kind"
    recur bench $kind $quick --vocab 60 --threads 1 | plain_words
done
recur bench step $quick --vocab 0 --cell gru | plain_words
for bits in bf16 int8; do
    recur bench step $quick --vocab 60 --precision $bits | plain_words
done
recur bench tag $quick --ragged 3 --batch 2 --seq 9 --threads 1 | plain_words

echo "# tables"
recur bench cells $quick --batch 2 --seq 5 --threads 1 | plain_words | head -n 3
recur bench cells $quick --batch 2 --seq 5 | grep -c '%'
recur list cells | wc -l
RECUR_CPU=plain recur bench gemm $quick --batch 2 --seq 5 --vocab 70 | plain_words

echo "# JSON"
recur bench lm $quick --vocab 60 --threads 1 --json >one
for key in bench cell hidden layers embed vocab batch seq dropout optimizer precision threads \
    seconds name isa calls median_seconds p99_seconds tokens_per_second gflops fraction_of_peak \
    peak_gflops peak_before peak_after peak_one_thread steady bytes predicted_bytes \
    resident_bytes; do
    grep "\"$key\": " one >/dev/null || echo "no $key"
done
recur bench gemm $quick --vocab 70 --json | grep -o '"rows": \[{"name": "recurrent [^"]*"'
recur bench step $quick --vocab 0 --json | grep -o '"bench": "step", "cell": "lstm", "hidden": 16'

echo "# memory is what a dry run says of the same model"
for ((i = 0; i < 2000; i++)); do echo -n "w$((i % 298)) "; done >text
number() {
    sed -E "s/.*\"$1\": ([0-9.]+).*/\1/" "$2"
}
same="--hidden 64 --layers 2 --batch 8 --seq 20 --dropout 0.5 --optimizer sgd"
recur bench lm $same --vocab 300 --seconds 0 --threads 1 --json >one
recur train lm $same --level word --valid-split 0 --train text --dry-run --json --quiet >two
awk -v a="$(number bytes one)" -v b="$(number bytes two)" -v c="$(number predicted_bytes one)" \
    'BEGIN { print (b == c), (a / b > 0.85 && a / b < 1.15) }'

echo "# misuse"
try() {
    echo "\$ recur bench $*"
    recur bench "$@" 2>&1 || echo "exit $?"
}
try
try ln
try nothing
try gemm --dropout 0.5
try lm --cell lsmt
try lm --vocab 2 --seconds 0
try lm --hidden 0
try lm --precision f8
try lm --precision int8
try lm --ragged 3
try tag --seq 3 --ragged 4
try lm text
