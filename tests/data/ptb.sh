# ptb.sh -- the Penn Treebank reads as published: tokens with one <eos> a line, 10,000 symbols,
# nothing unknown in the other parts, whichever way the state is carried.
[[ -n ${RECUR_DATA:-} ]] || { echo "skipped: RECUR_DATA is not set" >&2; exit 77; }
ptb=$RECUR_DATA/ptb/ptb

recur train lm --level word --train "$ptb.train.txt.xz" --valid "$ptb.valid.txt.xz" --hidden 16 \
    --batch 20 --seq 20 --steps 3 --valid-every 1000 --out model --quiet >/dev/null
number() { sed -E "s/.*\"$1\": ?([0-9.]+).*/\1/"; }

echo "symbols $(recur info model | sed -nE 's/^vocabulary +([0-9]+) symbols$/\1/p')"
for part in train valid test; do
    [[ $part == train ]] && tracks=16 || tracks=1
    recur eval model "$ptb.$part.txt.xz" --tracks "$tracks" --json >"$part.json"
    echo "$part $(number tokens <"$part.json") tokens, $(number unknown <"$part.json") unknown"
done
