# cells.sh -- a model of any cell lives through the same commands as an LSTM: it trains, goes on
# after an end to the same bits as in one go, samples, scores, shrinks, is drawn, looked into and
# described; in a language model and in series.
. "$TESTS/cli/tiny.bash"

tiny_text >text
weights() { recur info "$1" --json | grep crc32; }

# lives WHAT TRAIN...: the same training in one go and in two sittings, on one thread and on two.
lives() {
    local what=$1
    shift
    recur train "$@" --steps 14 --threads 1 --out whole --force --quiet >/dev/null
    recur train "$@" --steps 6 --threads 2 --out parts --force --quiet >/dev/null
    [[ $(weights whole) != $(weights parts) ]] || { echo "$what: nothing was learnt"; exit 1; }
    recur resume parts --steps 14 --threads 2 --quiet >/dev/null
    [[ $(weights whole) == $(weights parts) ]] || { echo "$what: resumed to other bits"; exit 1; }
    recur info whole --json | grep "\"cell\": \"$cell\"" >/dev/null
    recur draw whole --unroll 3 --svg drawn.svg 2>/dev/null >/dev/null
    grep '</svg>' drawn.svg >/dev/null
}

for cell in $(recur list cells | awk '{print $1}'); do
    lives "lm $cell" lm --train text --cell "$cell" --hidden 8 --layers 2 --batch 4 --seq 16 \
        --dropout 0.1 --epochs 0
    recur sample whole --length 40 --seed 3 >one
    recur sample parts --length 40 --seed 3 >other
    cmp one other
    [[ $(wc -c <one) -ge 40 ]]
    recur score whole text --json >said
    [[ $(wc -l <said) -eq 300 ]]
    recur xray whole text --json >seen.json
    recur trace whole text >/dev/null
    recur quantize whole --to int8 --out small --force >/dev/null
    recur sample small --length 5 --seed 3 >/dev/null

    lives "series $cell" series --train order:12 --valid order:12:20 --cell "$cell" --hidden 8 \
        --batch 4 --epochs 0 --keep last
    recur predict whole order:12:3 >one
    recur predict parts order:12:3 >other
    cmp one other
    [[ $(wc -l <one) -eq 3 ]]
    echo "$cell"
done >cells
recur list cells | awk '{print $1}' | cmp - cells
echo "all cells"
