# bench.sh -- measuring: what each kind reports, as text and as JSON, and what is refused. Numbers
# are not looked at, but for those that must agree with one another.
. "$TESTS/cli/tiny.bash"
quick="--hidden 16 --seconds 0"

# Every number, unit of time and instruction set becomes a word; doubts come and go.
plain_words() {
    sed -E '/^unsteady/d; s/  (a core|the peak) was .*//
        s/(plain|avx2|avx512|avx512vnni|avx512bf16)/ISA/' |
        sed -E 's/[0-9][0-9.,]*[kMG]?/#/g; s/# (us|ms|s)\b/# time/g' | tr -s ' '
}

for kind in lm tag step; do
    echo "# $kind"
    recur bench $kind $quick --vocab 60 --threads 1 | plain_words
done
recur bench step $quick --vocab 0 --cell gru | plain_words
recur bench lm $quick --vocab 60 --threads 1 --output class | plain_words | head -n 1
for bits in bf16 int8; do
    recur bench step $quick --vocab 60 --precision $bits | plain_words
done
recur bench lm $quick --vocab 60 --precision bf16 --threads 1 | plain_words
recur bench tag $quick --ragged 3 --batch 2 --seq 9 --threads 1 | plain_words
recur bench layers $quick --ragged 3 --batch 2 --seq 9 --threads 1 --rounds 3 | plain_words

echo "# tables"
recur bench cells $quick --batch 2 --seq 5 --threads 1 | plain_words | head -n 3
diff <(recur bench cells $quick --batch 2 --seq 5 | grep -c '%') <(recur list cells | wc -l)
echo 'a row for every cell'
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

echo "# a sweep is a table, JSON and a picture"
small="--vocab 60 --batch 2 --seq 5 --seconds 0"
recur bench lm $small --sweep hidden=8,16,32,64 --sweep threads=1,2 --rounds 2 --svg a.svg |
    plain_words
recur bench lm $small --sweep hidden=8,16 --sweep cell=lstm,gru --json |
    grep -oE '"rows"|"(hidden|cell)": [^,]*, "(cell|name)": "[^"]*"'
recur bench step --sweep precision=f32,int8 --hidden 16 --vocab 0 --seconds 0 | plain_words
recur bench step --sweep hidden=8,16 --vocab 0 --seconds 0 --svg - | sed -n '1p;$p' | cut -c 1-38
recur bench lm $small --sweep batch=2,3,4 --hidden 8 --svg b.svg --quiet >/dev/null
for picture in a b; do
    echo "$(grep -c '<polyline' $picture.svg) curves, $(grep -c '<circle' $picture.svg) points," \
        "$(grep -c '[%?]</text>' $picture.svg) labels"
    # Equal factors (8 to 64) or steps (2 to 4) are equally far apart, and all is in the frame.
    sed -n 's/.*points="\([^"]*\) ".*/\1/p' $picture.svg | tr ' ' '\n' | awk -F , '
        $1 < x { step = 0; x = 0 }
        x && step && ($1 - x - step)^2 > 0.001 { print "uneven" }
        { if (x) step = $1 - x
          x = $1
          if (x < 88 || x > 768 || $2 < 72 || $2 > 416) print "outside", $0 }'
    grep -oE '>(hidden|batch|tokens/s|threads 2|8|64|2|3|4|recur bench lm[^<]*)<' $picture.svg
done

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

echo "# every output layer can be tried, and tells what it takes"
for output in $(recur list outputs | cut -d ' ' -f 1); do
    recur train lm --output "$output" --samples 20 $same --level word --valid-split 0 --train text \
        --dry-run --json --quiet >dry
    awk -v n="$(number flops_per_token dry)" -v all="$(number flops_per_token two)" \
        -v what="$output" 'BEGIN { print what, n == all ? "as much" : n < all ? "less" : "more" }'
done

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
try gemm --precision bf16
try lm --ragged 3
try lm --output sofmax
try step --output class
try tag --seq 3 --ragged 4
try lm text
try lm --sweep hidden
try lm --sweep hiden=1,2
try lm --sweep ragged=1,2
try lm --sweep hidden=16,x
try lm --sweep hidden=16,16
try lm --sweep hidden=
try lm --sweep hidden=8 --sweep hidden=16
try lm --sweep hidden=8 --sweep batch=2 --sweep seq=3
try lm --svg a.svg
try lm --svg a.svg --sweep cell=lstm,gru
try lm --svg a.svg --sweep hidden=8,16 --sweep batch=1,2,3,4,5,6,7
try lm --svg - --json --sweep hidden=8,16
try lm --sweep vocab=2,60 --hidden 8 --seconds 0
try step --sweep hidden=8,16 --vocab 0 --seconds 0 --quiet --svg nowhere/a.svg | tail -n 2
try cells --sweep hidden=8,16
try gemm --rounds 2
