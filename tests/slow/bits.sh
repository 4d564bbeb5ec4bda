# bits.sh -- the checkpoint after 200 steps is the same file for any number of threads, for every
# instruction set that promises it, and for trainings killed at random moments and resumed, 20 times
# over.
cat "$TESTS"/../src/graph/*.c >corpus.txt
train=(recur train lm --train corpus.txt --level char --cell lstm --layers 2 --hidden 48 --batch 8
    --seq 40 --dropout 0.2 --epochs 0 --steps 200 --valid-every 25 --save-every 10 --quiet --force)
same() {
    cmp one.recur "$1.recur" || exit 1
    cmp one.recur.state "$1.recur.state" || exit 1
}

"${train[@]}" --out one.recur --threads 1 >/dev/null
for threads in 2 3 7; do
    "${train[@]}" --out "t$threads.recur" --threads "$threads" >/dev/null
    same "t$threads"
    echo "the same bits on $threads threads"
done
for isa in avx2 avx512 avx512vnni avx512bf16; do
    RECUR_CPU=$isa recur version >/dev/null 2>&1 || continue
    RECUR_CPU=$isa "${train[@]}" --out "$isa.recur" >/dev/null
    same "$isa"
    echo "the same bits on $isa" >&2
done

half=("${train[@]}" --precision bf16)
for isa in avx2 avx512 avx512vnni; do # the processor's own bf16 is outside the promise
    RECUR_CPU=$isa recur version >/dev/null 2>&1 || continue
    RECUR_CPU=$isa "${half[@]}" --out other.recur --threads 3 >/dev/null
    RECUR_CPU=$isa "${half[@]}" --out half.recur --threads 1 >/dev/null
    [[ ! -e first.state ]] || cmp first.state half.recur.state || exit 1
    cp half.recur.state first.state
    cmp half.recur.state other.recur.state || exit 1
done
! cmp -s half.recur one.recur
echo "the same bits of bf16 products on 1 and 3 threads"

RANDOM=${RECUR_TEST_SEED:-1}
kills=0
for try in $(seq 20); do
    rm -f killed.recur killed.recur.state
    "${train[@]}" --out killed.recur --threads $((RANDOM % 3 + 1)) >/dev/null &
    while :; do
        sleep "0.$((RANDOM % 40 + 5))"
        kill -9 $! 2>/dev/null && kills=$((kills + 1))
        wait $! 2>/dev/null && break
        if [[ -e killed.recur.state ]]; then
            recur resume killed.recur --quiet --threads $((RANDOM % 3 + 1)) >/dev/null &
        else # killed before the first checkpoint
            "${train[@]}" --out killed.recur >/dev/null &
        fi
    done
    same killed
done
echo "killed and resumed, 20 trainings, the same bits"
echo "$kills kills" >&2
[[ $kills -ge 20 ]]
