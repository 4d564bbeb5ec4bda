# train.sh -- training: what it says where, what it writes, what it refuses.
. "$TESTS/cli/tiny.bash"
tiny_text >text

echo "# to the end"
recur train lm --train text --out a.model --hidden 8 --batch 4 --seq 16 --epochs 2 --report 1000 \
    --log log --threads 2 --seed 7 >out 2>err
grep -v '^speed' out | hide_numbers
sed -E 's/  [0-9.]+[kM]? tok.s  eta .*//; s/, (plain|avx2|avx512|avx512vnni|avx512bf16)$//
    s/epoch [0-9]+/epoch #/' err |
    hide_numbers
ls

echo "# the log is one object per line"
grep -c . log
sed '1d; $d' log >between
for key in event step epoch loss valid lr grad_norm tokens_per_second seconds threads isa; do
    [[ $(grep -c "\"$key\": " between) == $(grep -c . between) ]] || echo "not everywhere: $key"
done
grep -o '"event": "[a-z]*"' log | sort | uniq -c

echo "# a model that is there stays"
! recur train lm --train text --out a.model
rm a.model
! recur train lm --train text --out a.model
tiny_train a.model --force | grep -v ^speed | hide_numbers

echo "# JSON; files by one option or by several"
head -n 100 text >a
tail -n 200 text >b
tiny_train b.model --json --train a b --valid text --test text >one
tiny_train c.model --json --train=a --train b --valid text --test text >two
cmp b.model c.model
for key in model task finished steps epoch tokens parameters vocabulary seconds tokens_per_second \
    best_valid best_step test bits_per_char perplexity; do
    grep "\"$key\": " one >/dev/null
done

echo "# the same text by pipe, compressed and plain; time is a limit"
rm -f ?.model*
tiny_train a.model >/dev/null
recur train lm --train - --out b.model --hidden 8 --batch 4 --seq 16 --steps 60 --quiet \
    <text >/dev/null
recur info a.model --json | grep crc32 >a
recur info b.model --json | grep crc32 | diff a -
recur train lm --train text --out c.model --hidden 8 --epochs 0 --time 0.2 2>&1 |
    grep 'the time is over'

echo "# places and files that are not there"
! recur train lm --train text --out no/such/place.model
! recur train lm --train nothing --out d.model
! recur train lm --train text --out d.model --log no/such/log
: >empty
! recur train lm --train empty --out d.model
ls d.model* 2>/dev/null || true

echo "# a dry run writes nothing and needs no place"
mkdir dry
cd dry
recur train lm --train ../text --hidden 8 --batch 4 --seq 16 --dry-run --quiet --threads 1 |
    sed -E '/^(in all|speed|time) /s/[0-9][0-9.,hms]*[kMGT]?/#/g'
recur train lm --train ../text --out a.model --epochs 0 --steps 7 --dry-run --json >../one
for key in parameters vocabulary bytes weights_bytes gradients_bytes optimizer_bytes \
    activations_bytes saving_bytes peak_bytes flops_per_token flops_per_epoch epoch_tokens \
    epoch_steps tried_steps step_seconds tokens_per_second gflops epoch_seconds seconds; do
    grep -E "\"$key\": [1-9]|\"$key\": 0\.[0-9]" ../one >/dev/null || echo "no $key"
done
grep -o '"steps": [0-9]*' ../one
! recur train ngram --train ../text --dry-run
! recur train lm --train nothing --dry-run
ls
cd ..

echo "# products of bf16"
tiny_train a.model --force --precision bf16 | grep '^trained' | hide_numbers
recur info a.model | grep -o -- '--precision bf16'
recur train lm --train text --hidden 8 --precision bf16 --dry-run --json --quiet |
    grep -c '"weights_bytes"'
! recur train lm --train text --out d.model --precision int8

echo "# logits that are made again"
for kind in none logits; do
    tiny_train a.model --force --recompute "$kind" | grep '^valid'
done

echo "# a task that learns by counting"
recur train ngram --train text --order 3 --out n.model --threads 2 2>&1 |
    sed -E "s/, (plain|avx2|avx512|avx512vnni|avx512bf16)\$//" | hide_numbers
recur sample n.model --length 20 | wc -l | grep '[1-9]' >/dev/null
recur eval n.model text --json | grep -o '"tokens": [0-9]*'
