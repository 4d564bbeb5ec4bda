# tinyshakespeare.sh -- every cell trains on real text from the command line: from the uniform 4.19
# nats per character to below 2.7, where words begin to show, within 150 steps.
[[ -n ${RECUR_DATA:-} ]] || { echo "skipped: RECUR_DATA is not set" >&2; exit 77; }
text=$RECUR_DATA/tinyshakespeare/input.txt.xz

number() { sed -E "s/.*\"$1\": ?([0-9.]+).*/\1/"; }

for cell in $(recur list cells | awk '{print $1}'); do
    recur train lm --train "$text" --cell "$cell" --hidden 64 --steps 150 --lr 0.005 \
        --valid-split 0.01 --out "$cell" --json --quiet >"$cell.json"
    recur eval "$cell" "$text" --from 0.99 --tracks 8 --json >eval.json
    echo "$cell $(number tokens <eval.json) characters scored, $(number unknown <eval.json) unknown"
    awk "BEGIN{exit !($(number nats_per_token <eval.json) < 2.7)}"
done
