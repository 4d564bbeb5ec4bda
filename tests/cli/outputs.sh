# outputs.sh -- every output layer trains, is gone on with, scored, sampled and explained.
. "$TESTS/cli/tiny.bash"
tiny_text >text

for output in $(recur list outputs | cut -d ' ' -f 1); do
    echo "# $output"
    tiny_train "$output.model" --level word --output "$output" --samples 5 --steps 40 >/dev/null
    recur resume "$output.model" --steps 60 --quiet | grep -o '^trained *60 steps'
    recur info "$output.model" | grep -E '^(out\.|output |output tensors)' |
        sed -E 's/ +[0-9a-f]{8}$//'
    recur eval "$output.model" text | grep -o '^perplexity'
    recur sample "$output.model" --length 5 --seed 3 >/dev/null
    echo "the cat 3 sat" | recur score "$output.model" --trace | wc -l
done

echo "# what does not fit"
misfit() {
    recur train lm --train text --out no.model --quiet "$@" || echo "exit $?"
}
misfit --output ful
misfit --output class --tied
misfit --output class --classes 1000
misfit --output adaptive --cutoffs 9,5
misfit --output sampled --samples 0
