# quantize.sh -- a model in fewer bits: its file, its figures, and that it runs like any other.
. "$TESTS/cli/tiny.bash"
tiny_train a.model --layers 2 >/dev/null

recur quantize a.model --to int8 --out small.model --check text | sed '/^tokens/d' | hide_numbers
recur quantize a.model --to bf16 --out half.model --quiet | hide_numbers
recur info small.model | grep -E '^(parameters|precision)'
for model in small half; do
    recur sample $model.model --length 30 --seed 2 >one
    recur sample $model.model --length 30 --seed 2 | diff - one
    recur eval $model.model text --json | grep -o '"tokens": [0-9]*'
done

# reals give the same figures step by step; bf16 too, since its steps have the bits of its values
nats() {
    recur eval "$@" --json | grep -o '"nats_per_token": [0-9.]\{8\}'
}
diff <(nats a.model text) <(nats a.model text --stepwise)
diff <(nats half.model text) <(nats half.model text --stepwise)
diff <(nats half.model text --per-line) <(nats half.model text --per-line --stepwise)

recur quantize a.model --to int8 --out again.model --json --check text --from 0.5 >json
for key in precision bytes_before bytes_after tokens perplexity_before perplexity_after \
    perplexity_change tokens_per_second_before tokens_per_second_after; do
    grep "\"$key\": " json >/dev/null
done
cmp small.model again.model

! recur quantize a.model --to int8 --out small.model
! recur quantize small.model --to bf16 --out b.model
! recur quantize a.model --to int4 --out b.model
! recur quantize a.model --to int8
recur train ngram --train text --out n.model --quiet >/dev/null
! recur quantize n.model --to int8 --out b.model
head -c 900 small.model >cut.model
! recur info cut.model 2>/dev/null
! test -e b.model
! recur quantize small.model --to f32 --out b.model
! recur quantize a.model --to int8 --out -
recur quantize - --to bf16 --out piped.model <a.model | hide_numbers
cmp piped.model half.model
! recur quantize a.model --to int8 --out b.model --from 0.5
