# tinyshakespeare.sh -- every cell trains on real text from the command line: from the uniform 4.19
# nats per character to below 2.8, where words begin to show, in 300 steps over the first 200 kB,
# scored line by line on the last hundredth. Several passes over little text, so that cells whose
# gates feed back on each other also see what comes after a fresh state.
[[ -n ${RECUR_DATA:-} ]] || { echo "skipped: RECUR_DATA is not set" >&2; exit 77; }
text=$RECUR_DATA/tinyshakespeare/input.txt.xz
xzcat "$text" | head -c 200000 >some.txt || true

number() { sed -E "s/.*\"$1\": ?([0-9.]+).*/\1/"; }

for cell in $(recur list cells | awk '{print $1}'); do
    rate=(--lr 0.005)
    # its output is its state, which nothing bounds
    [[ $cell != lstm-noaf ]] || rate=(--lr 0.002 --forget-bias 0)
    recur train lm --train some.txt --cell "$cell" --hidden 64 --steps 300 "${rate[@]}" \
        --valid-split 0.01 --out "$cell" --json --quiet >"$cell.json"
    recur eval "$cell" "$text" --from 0.99 --per-line --json >eval.json
    awk "BEGIN{exit !($(number nats_per_token <eval.json) < 2.8)}" ||
        { echo "$cell scores $(number nats_per_token <eval.json) nats per character"; exit 1; }
done
echo "$(number tokens <eval.json) characters scored, $(number unknown <eval.json) unknown"
